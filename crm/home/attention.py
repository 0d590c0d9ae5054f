"""What needs a person today, gathered from every package: each line a count that opens into its list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from crm import clock
from crm.access.permissions import Permission
from crm.billing import invoices, payments, runs
from crm.db import db
from crm.documents.issued import DocumentState, IssuedDocument
from crm.events.events import Event, EventSession, EventState
from crm.mail.outbox import Letter, LetterState
from crm.mail.resting_addresses import RestingAddress
from crm.members import declarations, renewing
from crm.members.applications import Application, ApplicationState
from crm.organisations import change_requests, register_checks, reviews
from crm.privacy import requests
from crm.text import _


@dataclass(frozen=True)
class Attention:
    """One thing to do: its words, how many, how urgent, where it opens, and whom it is for."""

    label: Any
    count: int
    tone: str
    endpoint: str
    permission: Permission
    arguments: dict[str, str]
    note: Any = ""


def gathered(today: date) -> list[Attention]:
    """Everything that waits, most urgent first; what nobody has to do is not there."""
    order = {"danger": 0, "warning": 1, "info": 2}
    return sorted((a for a in (*_late(today), *_waiting(today)) if a.count), key=lambda a: order[a.tone])


def _late(today: date) -> Iterator[Attention]:
    """What went wrong or is overdue."""
    yield Attention(
        _("Letters that could not be sent"), _number(Letter, Letter.state == LetterState.FAILED), "danger",
        "office.letters.index", Permission.LETTERS_READ, {"state": "failed"},
    )  # fmt: skip
    yield Attention(
        _("Papers that could not be drawn"), _number(IssuedDocument, IssuedDocument.state == DocumentState.FAILED), "danger",
        "office.papers.index", Permission.PAPERS_READ, {"state": "failed"},
    )  # fmt: skip
    yield Attention(
        _("Requests about personal data past their last day"), _counted(requests.late(today)), "danger",
        "office.privacy.index", Permission.PRIVACY_MANAGE, {"standing": "open"},
    )  # fmt: skip
    overdue = _counted(invoices.open_(today))
    yield Attention(
        _("Invoices overdue"),
        overdue,
        "danger",
        "office.billing.index",
        Permission.INVOICES_READ,
        {"standing": "overdue"},
    )


def _waiting(today: date) -> Iterator[Attention]:
    """What waits for a decision, and what comes soon."""
    yield Attention(
        _("Annual runs to be continued"), _counted(runs.unfinished()), "warning", "office.billing.runs",
        Permission.INVOICES_READ, {},
    )  # fmt: skip
    yield from _of_members(today)
    yield Attention(
        _("Imported rows to be decided"), reviews.waiting_count(), "warning", "office.reviews.index",
        Permission.ORGANISATIONS_IMPORT, {},
    )  # fmt: skip
    yield Attention(
        _("Requests about personal data to be answered"), _counted(requests.waiting()), "warning", "office.privacy.index",
        Permission.PRIVACY_MANAGE, {"standing": "open"},
    )  # fmt: skip
    yield Attention(
        _("Corporate numbers the register says otherwise about"), register_checks.different_count(), "warning",
        "office.organisations.corporate_numbers", Permission.ORGANISATIONS_EDIT, {"standing": "to_do"},
    )  # fmt: skip
    yield Attention(
        _("Payments without a home"), _counted(payments.without_a_home()), "warning", "office.payments.index",
        Permission.PAYMENTS_READ, {"allocation": "unallocated"},
    )  # fmt: skip
    yield Attention(
        _("Letters held"), _number(Letter, Letter.state == LetterState.HELD), "warning", "office.letters.index",
        Permission.LETTERS_READ, {"state": "held"},
    )  # fmt: skip
    yield Attention(
        _("Addresses that can no longer be reached"), _number(RestingAddress, RestingAddress.woken_at.is_(None)), "warning",
        "office.announcements.unreachable", Permission.LETTERS_READ, {},
    )  # fmt: skip
    yield Attention(
        _("Events within seven days"), _counted(sessions_between(today, today + timedelta(days=7))), "info",
        "office.events.index", Permission.EVENTS_READ, {},
    )  # fmt: skip


def _of_members(today: date) -> Iterator[Attention]:
    """What waits about members: applications, the terms of a year, what members told or asked for."""
    yield Attention(
        _("Applications waiting for review"), _number(Application, Application.state == ApplicationState.SUBMITTED), "warning",
        "office.applications.index", Permission.APPLICATIONS_READ, {"state": "submitted"},
    )  # fmt: skip
    yield Attention(
        _("Applications whose board approval is to be noted"),
        _number(Application, Application.state == ApplicationState.BOARD), "info", "office.applications.index",
        Permission.APPLICATIONS_READ, {"state": "board"},
    )  # fmt: skip
    year, missing = renewing.overdue(today)
    begun = today >= year.first_day
    yield Attention(
        _("Terms of membership to be made"), missing, "danger" if begun else "warning",
        "office.members.renewal", Permission.MEMBERS_READ, {"year": str(year.start)},
        note=_("Fiscal year %(year)s", year=year.start),
    )  # fmt: skip
    yield Attention(
        _("Employee figures told by members, to be looked at"), _counted(declarations.waiting()), "warning",
        "office.members.declared", Permission.MEMBERS_READ, {"state": "answered"},
    )  # fmt: skip
    yield Attention(
        _("Changes asked for by members"), _counted(change_requests.waiting()), "warning", "office.organisations.changes",
        Permission.ORGANISATIONS_READ, {"state": "open"},
    )  # fmt: skip


def sessions_between(first: date, last: date) -> sa.Select[EventSession]:
    """The sessions of published events that begin on the days from ``first`` up to before ``last``."""
    return (
        sa.select(EventSession)
        .join(EventSession.event)
        .where(EventSession.starts_at >= clock.moment_of(first), EventSession.starts_at < clock.moment_of(last))
        .where(Event.state == EventState.PUBLISHED)
        .order_by(EventSession.starts_at)
    )


def coming(today: date) -> sa.Select[EventSession]:
    """The next sessions of published events, with their events."""
    select = sessions_between(today, today + timedelta(days=366))
    return select.options(contains_eager(EventSession.event))


def _number(noun: Any, condition: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(noun).where(condition)) or 0


def _counted(select: sa.Select[Any]) -> int:
    inner = select.with_only_columns(sa.literal(1)).order_by(None).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(inner)) or 0
