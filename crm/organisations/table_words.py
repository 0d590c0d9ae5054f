"""What the rows of a table are called before people: for a merge, which tells what moves and what stands in its way."""

from __future__ import annotations

from crm.text import _

WORDS: dict[str, object] = {
    "allocations": _("Allocated payments"),
    "announcement_recipients": _("Recipients of announcements"),
    "applications": _("Applications"),
    "bank_names": _("Bank names"),
    "care_sites": _("Care sites"),
    "certificates": _("Certificates"),
    "change_requests": _("Change requests"),
    "class_periods": _("Periods of membership"),
    "consents": _("Consents"),
    "contracts": _("Contracts"),
    "declarations": _("Employee figures told by members"),
    "employee_counts": _("Employee counts"),
    "events": _("Events"),
    "former_names": _("Former names"),
    "import_reviews": _("Rows in doubt"),
    "indicator_readings": _("Indicator readings"),
    "indicator_targets": _("Indicator targets"),
    "indicators": _("Indicators"),
    "invoice_lines": _("Invoice lines"),
    "invoices": _("Invoices"),
    "issued_documents": _("Papers"),
    "letter_attachments": _("Attachments of letters"),
    "letters": _("Letters"),
    "members": _("Memberships"),
    "membership_terms": _("Membership years"),
    "organisations": _("Organisations"),
    "participations": _("Participations in CHANGE"),
    "payments": _("Payments"),
    "memoranda": _("Memoranda"),
    "people": _("People"),
    "person_roles": _("Roles"),
    "portal_access": _("Accounts of the members' pages"),
    "receipts": _("Receipts"),
    "registrations": _("Event registrations"),
    "reported_totals": _("Figures reported"),
    "school_programs": _("School programs"),
    "schools": _("Schools"),
    "successions": _("Successions"),
    "ventures": _("Ventures"),
}


def called(table: str) -> object:
    """What the rows of a table are called; a table nobody named yet says its own name."""
    return WORDS.get(table) or _("Other rows (%(table)s)", table=table)
