"""Everything one may do, and which role may do it, on one page."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """Everything one may do, alphabetical. ``<things>:<verb>``."""

    ACCESS_MANAGE = "access:manage"
    ACCESS_READ = "access:read"
    ANNOUNCEMENTS_READ = "announcements:read"
    ANNOUNCEMENTS_SEND = "announcements:send"
    APPLICATIONS_READ = "applications:read"
    APPLICATIONS_REVIEW = "applications:review"
    CARE_READ = "care:read"
    CERTIFICATES_ISSUE = "certificates:issue"
    CERTIFICATES_READ = "certificates:read"
    DASHBOARD_READ = "dashboard:read"
    EVENTS_EDIT = "events:edit"
    EVENTS_READ = "events:read"
    HISTORY_READ = "history:read"
    INVOICES_ISSUE = "invoices:issue"
    INVOICES_READ = "invoices:read"
    KPI_EDIT = "kpi:edit"
    KPI_READ = "kpi:read"
    LETTERS_MANAGE = "letters:manage"
    LETTERS_READ = "letters:read"
    MEMBERS_EDIT = "members:edit"
    MEMBERS_READ = "members:read"
    ORGANISATIONS_EDIT = "organisations:edit"
    ORGANISATIONS_IMPORT = "organisations:import"
    ORGANISATIONS_MERGE = "organisations:merge"
    ORGANISATIONS_READ = "organisations:read"
    OUTREACH_READ = "outreach:read"
    PAPERS_READ = "papers:read"
    PAPERS_REISSUE = "papers:reissue"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_RECORD = "payments:record"
    PRIVACY_MANAGE = "privacy:manage"
    PROFILE_OWN = "profile:own"
    PROJECTS_EDIT = "projects:edit"
    PROJECTS_READ = "projects:read"
    REGISTRATIONS_EDIT = "registrations:edit"
    REGISTRATIONS_READ = "registrations:read"
    SCHOOLS_READ = "schools:read"
    SETTINGS_EDIT = "settings:edit"
    SETTINGS_READ = "settings:read"


class Role(StrEnum):
    """Whom the office knows."""

    DIRECTOR = "director"
    CLERK = "clerk"
    TREASURER = "treasurer"
    COORDINATOR = "coordinator"
    AUDITOR = "auditor"
    CITY_OFFICER = "city_officer"
    MEMBER = "member"


P = Permission
READING = frozenset(p for p in P if p.value.endswith(":read")) | {P.PROFILE_OWN}
OFFICE_WORK = READING - {P.HISTORY_READ, P.ACCESS_READ}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.DIRECTOR: frozenset(P),
    Role.CLERK: OFFICE_WORK
    | {
        P.ANNOUNCEMENTS_SEND, P.APPLICATIONS_REVIEW, P.CERTIFICATES_ISSUE, P.EVENTS_EDIT, P.INVOICES_ISSUE, P.KPI_EDIT, P.LETTERS_MANAGE,
        P.MEMBERS_EDIT, P.ORGANISATIONS_EDIT, P.ORGANISATIONS_IMPORT, P.ORGANISATIONS_MERGE, P.PAPERS_REISSUE,
        P.PAYMENTS_RECORD, P.PRIVACY_MANAGE, P.PROJECTS_EDIT, P.REGISTRATIONS_EDIT, P.SETTINGS_EDIT, P.HISTORY_READ,
    },
    Role.TREASURER: OFFICE_WORK
    | {P.INVOICES_ISSUE, P.PAYMENTS_RECORD, P.PAPERS_REISSUE, P.LETTERS_MANAGE, P.SETTINGS_EDIT, P.HISTORY_READ},
    Role.COORDINATOR: OFFICE_WORK
    - {P.INVOICES_READ, P.PAYMENTS_READ, P.PAPERS_READ, P.LETTERS_READ, P.SETTINGS_READ}
    | {P.ANNOUNCEMENTS_SEND, P.EVENTS_EDIT, P.REGISTRATIONS_EDIT, P.ORGANISATIONS_EDIT, P.PROJECTS_EDIT},
    Role.AUDITOR: READING,
    Role.CITY_OFFICER: frozenset({P.PROFILE_OWN, P.KPI_READ, P.OUTREACH_READ}),
    Role.MEMBER: frozenset({P.PROFILE_OWN}),
}  # fmt: skip


def holders(permission: Permission) -> list[Role]:
    """The roles that hold a permission."""
    return [role for role in Role if permission in GRANTS[role]]
