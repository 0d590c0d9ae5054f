"""Every table, on one page: imports every noun once; what migrations, backups and tests look at."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa

from crm.db import Model

NOUNS = (
    "crm.history.records",
    "crm.history.commands",
    "crm.settings.settings",
    "crm.documents.numbering",
    "crm.documents.files",
    "crm.documents.issued",
    "crm.mail.outbox",
    "crm.access.users",
    "crm.access.mailed_links",
    "crm.access.sessions",
    "crm.access.second_factor",
    "crm.access.throttle",
    "crm.access.tokens",
    "crm.organisations.organisations",
    "crm.organisations.people",
    "crm.organisations.portal_access",
    "crm.organisations.succession",
    "crm.organisations.reviews",
    "crm.projects.participations",
    "crm.projects.contracts",
    "crm.projects.ventures",
    "crm.members.tiers",
    "crm.members.members",
    "crm.members.applications",
    "crm.members.certificates",
    "crm.billing.bank_accounts",
    "crm.billing.runs",
    "crm.billing.invoices",
    "crm.billing.payments",
    "crm.billing.receipts",
    "crm.events.events",
    "crm.events.questions",
    "crm.events.registrations",
    "crm.care.sites",
    "crm.schools.schools",
    "crm.schools.programs",
    "crm.outreach.totals",
    "crm.outreach.memoranda",
    "crm.kpi.indicators",
)


def load() -> sa.MetaData:
    """All tables, their modules imported."""
    for module in NOUNS:
        import_module(module)
    return Model.metadata
