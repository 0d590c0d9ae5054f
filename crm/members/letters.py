"""Letters about membership: to applicants at each step, and to members with their certificate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from crm import clock
from crm.config import settings
from crm.documents.files import StoredFile
from crm.documents.issued import IssuedDocument
from crm.mail.outbox import Letter, Recipient, post
from crm.members import renewing
from crm.members.accepting import Accepted, Decision
from crm.members.applications import Application, label_of, renew_link
from crm.members.certificates import Certificate
from crm.members.declarations import Declaration
from crm.members.drafts import ApplicationDraft
from crm.members.members import Member
from crm.organisations.people import Person
from crm.settings.settings import office_setting
from crm.text import speaking
from crm.values.fiscal_year import FiscalYear


def confirm_address(application: Application) -> Letter:
    """Please confirm that this address is yours; only then the application counts."""
    days = office_setting("members.unconfirmed_days")
    return _to_applicant("members/confirm_address", application, key=f"confirm_address:{application.id}", days=days)


def application_received(application: Application) -> Letter:
    """The receipt: we have it, under this number, and how to look at it."""
    return _to_applicant("members/application_received", application)


def application_put_aside(draft: ApplicationDraft) -> Letter:
    """The link under which an application that was put aside is gone on with."""
    values = {"url": draft.url, "until": clock.day_of(draft.kept_until), "organisation": draft.typed.get("name", "")}
    name = draft.typed.get("contact_name", "")
    return post("members/application_put_aside", to=Recipient(draft.email, name, draft.locale), **values)


def application_returned(application: Application) -> Letter:
    """Please correct something, under the same link."""
    with speaking(application.locale):
        noted = [(str(label_of(name)), remark) for name, remark in (application.field_remarks or {}).items()]
    return _to_applicant(
        "members/application_returned", application, office_remark=application.returned_remark, noted=noted
    )


def application_passed_on(application: Application) -> Letter:
    """The office has reviewed it, the board decides."""
    return _to_applicant("members/application_passed_on", application)


def application_declined(application: Application) -> Letter:
    """It was not accepted, and why."""
    return _to_applicant("members/application_declined", application, reason=application.decision_reason)


def application_withdrawn(application: Application) -> Letter:
    """The applicant withdrew it: we have noted it."""
    return _to_applicant("members/application_withdrawn", application)


def application_accepted(
    application: Application, accepted: Accepted, decision: Decision, *, has_invoice: bool
) -> Letter:
    """Welcome: member number, class, first day, the certificate when it was issued, and what else is on its way."""
    certificate = accepted.certificate
    return _to_applicant(
        "members/application_accepted", application, documents=_documents(certificate),
        member_number=accepted.member.number, member_class=decision.member_class, joined_on=decision.on,
        year=FiscalYear.of(decision.on), has_certificate=certificate is not None, has_invoice=has_invoice,
        is_invited=accepted.invited,
    )  # fmt: skip


def withdrawal_accepted(
    member: Member, liaison: Person | None, *, asked_on: date, decided_on: date, effective_on: date
) -> Letter:  # fmt: skip
    """The withdrawal is accepted: until when the membership runs, and what stays; held when there is no liaison."""
    name = member.organisation.name
    recipient = Recipient(liaison.email, liaison.known_name, liaison.locale) if liaison else Recipient("", name)
    return post(
        "members/withdrawal_accepted", to=recipient, about=member, organisation=name, number=member.number,
        asked_on=asked_on, decided_on=decided_on, effective_on=effective_on,
    )  # fmt: skip


def employees_asked(declaration: Declaration) -> Letter:
    """How many employees do you have? With the figure we hold, and, when asked once more about an answer, the office's remark."""
    person, held = declaration.person, declaration.held
    assert person is not None
    return post(
        "members/employees_asked", to=Recipient(person.email, person.known_name, person.locale), about=declaration,
        key=f"employees_asked:{declaration.id}:{declaration.times_asked}", organisation=declaration.member.organisation.name,
        year=declaration.year, day=declaration.year.first_day, employees=held.employees if held else None,
        counted_on=held.on if held else None, office_remark=declaration.office_remark, url=declaration.url,
    )  # fmt: skip


def terms_missing(year: FiscalYear, email: str) -> Letter:
    """To the office: the fiscal year has begun and terms are missing."""
    return post(
        "members/terms_missing", to=Recipient(email), key=renewing.reminder_key(year, email), year=year,
        missing=renewing.not_made(year), url=f"{settings().base_url}/office/members/renewal?year={year.start}",
    )  # fmt: skip


def certificate_issued(certificate: Certificate, liaison: Person | None) -> Letter:
    """The certificate to the liaison; without one the letter is held, so that the office sees it."""
    name = certificate.member.organisation.name
    recipient = Recipient(liaison.email, liaison.name, liaison.locale) if liaison else Recipient("", name)
    return post(
        "members/certificate_issued", to=recipient, about=certificate, documents=_documents(certificate),
        key=f"certificate_issued:{certificate.number}", organisation=name, number=certificate.number,
        year=certificate.year, member_class=certificate.member_class, valid_until=certificate.valid_until,
    )  # fmt: skip


def certificate_revoked(certificate: Certificate, liaison: Person | None) -> Letter:
    """The certificate was revoked, and why; it must not be shown any more."""
    return _to_liaison("members/certificate_revoked", certificate, liaison, reason=certificate.revoked_reason)


def certificate_copied(certificate: Certificate, liaison: Person | None, copy: StoredFile) -> Letter:
    """The certificate once more, as a marked copy."""
    return _to_liaison("members/certificate_copied", certificate, liaison, files=[copy])


def _to_liaison(
    name: str, certificate: Certificate, liaison: Person | None, *, files: Iterable[StoredFile] = (), **values: Any
) -> Letter:  # fmt: skip
    organisation = certificate.member.organisation.name
    recipient = Recipient(liaison.email, liaison.name, liaison.locale) if liaison else Recipient("", organisation)
    return post(
        name, to=recipient, about=certificate, files=files, organisation=organisation, number=certificate.number,
        year=certificate.year, **values,
    )  # fmt: skip


def _documents(certificate: Certificate | None) -> list[IssuedDocument]:
    return [certificate.document] if certificate is not None and certificate.document is not None else []


def _to_applicant(
    name: str, application: Application, *, documents: Iterable[IssuedDocument] = (), key: str | None = None, **values: Any
) -> Letter:  # fmt: skip
    renew_link(application)
    return post(
        name, to=Recipient(application.contact_email, application.contact_name, application.locale),
        about=application, documents=documents, key=key, organisation=application.name, url=application.url,
        number=application.number or "", **values,
    )  # fmt: skip
