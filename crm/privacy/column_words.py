"""What the columns about a person are called before people: on their page, and on the paper they are given."""

from __future__ import annotations

from crm.organisations import table_words
from crm.text import _

WORDS: dict[str, object] = {
    "name": _("Name"), "kana": _("Reading"), "email": _("Mail address"), "phone": _("Telephone"),
    "department": _("Department"), "title": _("Position"), "locale": _("Language of letters"), "left_on": _("Left on"),
    "role": _("Role"), "since": _("From"), "until": _("Until"), "purpose": _("What is agreed to"),
    "text_version": _("Version of the text"), "given_at": _("When"), "way": _("How"), "evidence": _("Where the proof is"),
    "withdrawn_at": _("Withdrawn"), "withdrawn_note": _("Remark"), "recipient_email": _("Mail address"),
    "recipient_name": _("To"), "subject": _("Subject"), "body": _("Text"), "posted_at": _("Posted"), "sent_at": _("Sent"),
    "unsubscribe_url": _("Address to unsubscribe at"), "address": _("Address"), "agent": _("Browser"),
    "seen_at": _("Last seen"), "organisation": _("Organisation"), "organisation_name": _("Organisation"),
    "party_size": _("Persons"), "answers": _("Answers"), "registered_at": _("Registered"), "attended": _("Attendance"),
    "notice_version": _("Version of the privacy notice"), "representative": _("Representative"),
    "contact_name": _("Contact"), "contact_email": _("Mail address of the contact"), "billing_name": _("Billing contact"),
    "billing_email": _("Mail address for invoices"), "number": _("Number"), "state": _("State"), "addressee": _("Addressee"),
    "counterparty": _("Counterparty"), "facts": _("What the paper says"), "issued_on": _("Issued on"), "amount": _("Amount"),
    "cells": _("Cells of the row"), "file_name": _("File"), "typed": _("What was typed"), "reason": _("Reason"),
    "merged_name": _("Merged record"), "chosen": _("Values chosen"), "remark": _("Remark"), "words": _("What the server said"),
    "last_error": _("What the server said"), "email_key": _("Mail address as compared"),
    "search_key": _("As searched for"), "wish": _("What is asked for"), "received_on": _("Request received on"),
    "answered_on": _("Answered on"), "kind": _("Kind"), "employees": _("Employees"),
}  # fmt: skip
"""Columns without a word here stand only in the JSON; a personal one may not lack its word (a test)."""

UNSAID = frozenset({"email_key", "search_key"})
"""Kept only to find and compare; they say nothing beyond the columns they follow."""

TABLES: dict[str, object] = {
    "application_drafts": _("Applications begun"), "bounces": _("Letters that came back"),
    "distinctions": _("Decisions that two people are not one"), "erasures": _("Erasures"),
    "handed_over": _("Given to third parties"), "merges": _("Merged records"), "passkeys": _("Passkeys"),
    "privacy_requests": _("Requests about personal data"), "resting_addresses": _("Addresses that rest"),
    "sign_ins": _("Sign-ins to the members' pages"), "users": _("Accounts"),
}  # fmt: skip
"""What the rows of tables are called that a merge never names."""


def table_called(table: str) -> object:
    """What the rows of a table are called."""
    return TABLES.get(table) or table_words.called(table)


def called(column: str) -> object:
    """What a column is called."""
    return WORDS.get(column, column)
