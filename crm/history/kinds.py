"""Everything that can happen, on one page. An act's kind says in the office's words what was done."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """<thing>.<what was done to it>, in the order of the packages."""

    # settings and access
    SETTING_CHANGED = "setting.changed"
    BANK_ACCOUNT_ADDED = "bank_account.added"
    BANK_ACCOUNT_CHANGED = "bank_account.changed"
    USER_ADDED = "user.added"
    USER_INVITED = "user.invited"
    USER_CHANGED = "user.changed"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    PASSWORD_SET = "password.set"
    PASSWORD_LETTER_ASKED = "password.letter_asked"
    SECOND_FACTOR_ADDED = "second_factor.added"
    SECOND_FACTOR_REMOVED = "second_factor.removed"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    TOKEN_ISSUED = "token.issued"
    TOKEN_REVOKED = "token.revoked"
    SESSIONS_ENDED = "sessions.ended"
    SIGNED_IN = "sign_in.succeeded"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGNED_OUT = "sign_in.ended"

    # organisations
    ORGANISATION_ADDED = "organisation.added"
    ORGANISATION_CHANGED = "organisation.changed"
    ORGANISATIONS_IMPORTED = "organisations.imported"
    ORGANISATION_REVIEWED = "organisation.reviewed"
    EMPLOYEES_COUNTED = "employees.counted"
    SUCCESSION_RECORDED = "succession.recorded"
    SUCCESSIONS_IMPORTED = "successions.imported"
    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    ROLE_GIVEN = "role.given"
    ROLE_ENDED = "role.ended"

    # projects
    PARTICIPATION_RECORDED = "participation.recorded"
    PARTICIPATION_CHANGED = "participation.changed"
    CONTRACT_RECORDED = "contract.recorded"
    CONTRACT_CHANGED = "contract.changed"
    ENGAGEMENTS_IMPORTED = "engagements.imported"
    VENTURE_RECORDED = "venture.recorded"
    VENTURE_CHANGED = "venture.changed"
    EVIDENCE_ADDED = "evidence.added"

    # members
    APPLICATION_SUBMITTED = "application.submitted"
    APPLICATION_CONFIRMED = "application.confirmed"
    APPLICATION_CORRECTED = "application.corrected"
    APPLICATION_ACCEPTED = "application.accepted"
    APPLICATION_RETURNED = "application.returned"
    APPLICATION_DECLINED = "application.declined"
    MEMBER_ADMITTED = "member.admitted"
    MEMBER_CLASS_CHANGED = "member.class_changed"
    MEMBER_TIER_FIXED = "member.tier_fixed"
    MEMBER_WITHDRAWN = "member.withdrawn"
    MEMBER_STAYED = "member.stayed"
    TERMS_RENEWED = "terms.renewed"
    TIER_CHANGED = "tier.changed"
    CERTIFICATES_ISSUED = "certificates.issued"
    CERTIFICATE_REVOKED = "certificate.revoked"

    # money
    ANNUAL_RUN_STARTED = "annual_run.started"
    ANNUAL_INVOICES_ISSUED = "annual_invoices.issued"
    INVOICE_ISSUED = "invoice.issued"
    INVOICE_VOIDED = "invoice.voided"
    PAYMENT_RECORDED = "payment.recorded"
    PAYMENT_ALLOCATED = "payment.allocated"
    PAYMENT_UNMATCHED = "payment.unmatched"
    RECEIPT_ISSUED = "receipt.issued"

    # documents and letters
    PAPER_DRAWN = "paper.drawn"
    PAPER_DRAWING_RETRIED = "paper.drawing_retried"
    PAPER_REISSUED = "paper.reissued"
    FILE_KEPT = "file.kept"
    LETTER_HELD = "letter.held"
    LETTER_RELEASED = "letter.released"
    LETTER_RETRIED = "letter.retried"

    # care, schools, outreach
    CARE_SITES_IMPORTED = "care_sites.imported"
    SCHOOL_PROGRAMS_IMPORTED = "school_programs.imported"
    TOTALS_IMPORTED = "totals.imported"

    # events
    EVENT_CREATED = "event.created"
    EVENT_CHANGED = "event.changed"
    EVENT_PUBLISHED = "event.published"
    EVENT_CANCELLED = "event.cancelled"
    EVENT_SESSIONS_CHANGED = "event.sessions_changed"
    EVENT_CAPACITY_CHANGED = "event.capacity_changed"
    EVENT_QUESTIONS_CHANGED = "event.questions_changed"
    REGISTERED = "registration.made"
    REGISTRATION_CHANGED = "registration.changed"
    REGISTRATION_CANCELLED = "registration.cancelled"
    OFFER_ACCEPTED = "offer.accepted"
    OFFER_DECLINED = "offer.declined"
    OFFERS_EXPIRED = "offers.expired"
    ATTENDANCE_TAKEN = "attendance.taken"
    ATTENDANCE_IMPORTED = "attendance.imported"

    # indicators
    KPI_TABLE_IMPORTED = "kpi_table.imported"
    INDICATOR_CHANGED = "indicator.changed"

    # the house itself
    DEMONSTRATION_FILLED = "demonstration.filled"
    RECORD_HEAD_SENT = "record.head_sent"
