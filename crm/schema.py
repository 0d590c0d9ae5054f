"""Every table, on one page: imports every noun once; what migrations, backups and tests look at."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa

from crm.db import Model

NOUNS = (
    "crm.history.records",
    "crm.history.commands",
    "crm.settings.settings",
    "crm.settings.wordings",
    "crm.documents.numbering",
    "crm.documents.files",
    "crm.documents.issued",
    "crm.mail.outbox",
    "crm.mail.resting_addresses",
    "crm.mail.bounces",
    "crm.access.users",
    "crm.access.mailed_links",
    "crm.access.sessions",
    "crm.access.second_factor",
    "crm.access.passkey_sign_in",
    "crm.access.throttle",
    "crm.access.tokens",
    "crm.organisations.organisations",
    "crm.organisations.register",
    "crm.organisations.people",
    "crm.organisations.portal_access",
    "crm.organisations.succession",
    "crm.organisations.reviews",
    "crm.organisations.consents",
    "crm.organisations.change_requests",
    "crm.organisations.merges",
    "crm.organisations.distinctions",
    "crm.projects.participations",
    "crm.projects.contracts",
    "crm.projects.ventures",
    "crm.members.tiers",
    "crm.members.members",
    "crm.members.declarations",
    "crm.members.applications",
    "crm.members.drafts",
    "crm.members.certificates",
    "crm.members.certifying",
    "crm.billing.bank_accounts",
    "crm.billing.runs",
    "crm.billing.invoices",
    "crm.billing.payments",
    "crm.billing.receipts",
    "crm.events.events",
    "crm.events.questions",
    "crm.events.registrations",
    "crm.care.sites",
    "crm.announcements.segments",
    "crm.announcements.announcements",
    "crm.announcements.recipients",
    "crm.schools.schools",
    "crm.schools.programs",
    "crm.outreach.totals",
    "crm.outreach.memoranda",
    "crm.kpi.indicators",
    "crm.privacy.requests",
    "crm.privacy.hand_overs",
    "crm.privacy.erasures",
)


def load() -> sa.MetaData:
    """All tables, their modules imported."""
    for module in NOUNS:
        import_module(module)
    return Model.metadata
