"""ChangeRequest (変更申請): what a member asks to have changed of its own data, field by field.

A field applies at once or waits until the office has accepted it, as the office has set it (``portal.change.*``). What was asked,
by whom, why, and what came of each field stays, also when it applied at once (通則: date, content, reason, who asked, who decided).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload

from crm import clock
from crm.db import PERSONAL, Model, Versioned, db
from crm.errors import Refused
from crm.organisations import succession
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person
from crm.settings.settings import office_setting
from crm.text import _

FIELDS: dict[str, object] = {
    "name": _("Legal name"), "kana": _("Reading"), "industry": _("Industry"), "representative": _("Representative"),
    "postal_code": _("Postal code"), "address": _("Address"), "phone": _("Telephone"),
    "billing_postal_code": _("Postal code for invoices"), "billing_address": _("Address for invoices"),
}  # fmt: skip
"""What a member may ask to have changed, in the order of the form, with its words."""


class ChangeState(StrEnum):
    """Something waits for the office; everything was decided or applied; the member took it back."""

    OPEN = "open"
    SETTLED = "settled"
    TAKEN_BACK = "taken_back"


class FieldOutcome(StrEnum):
    """What became of one field: it waits, applied at once, was accepted or declined, or a newer request took its place."""

    WAITING = "waiting"
    APPLIED = "applied"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DROPPED = "dropped"


class ChangeRequest(Versioned, Model):
    """What one person of a member asked for at one time. ``renamed_on`` is the first day under a new legal name."""

    __tablename__ = "change_requests"
    __table_args__ = (Index("ix_change_requests_organisation", "organisation_id", "state"),)

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), init=False)
    organisation: Mapped[Organisation] = relationship()
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True, init=False)
    person: Mapped[Person] = relationship()
    asked_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="", info=PERSONAL)
    renamed_on: Mapped[date | None] = mapped_column(default=None)
    state: Mapped[ChangeState] = mapped_column(default=ChangeState.OPEN, init=False, index=True)
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    decided_by: Mapped[str] = mapped_column(default="", init=False, info=PERSONAL)
    office_remark: Mapped[str] = mapped_column(default="", init=False)
    fields: Mapped[list[RequestedChange]] = relationship(
        back_populates="request", order_by="RequestedChange.id", default_factory=list, init=False
    )

    @property
    def waiting(self) -> list[RequestedChange]:
        """The fields the office has still to decide."""
        return [field for field in self.fields if field.outcome is FieldOutcome.WAITING]

    @property
    def words(self) -> str:
        """The fields it is about, in words."""
        return "、".join(str(field.label) for field in self.fields)

    def settle(self) -> None:
        """Close it when nothing waits any more."""
        if not self.waiting and self.state is ChangeState.OPEN:
            self.state = ChangeState.SETTLED


class RequestedChange(Model):
    """One field of a request: its name, what stood there when it was asked, what is to stand there."""

    __tablename__ = "requested_changes"
    __table_args__ = (UniqueConstraint("request_id", "name"),)

    request_id: Mapped[int] = mapped_column(ForeignKey("change_requests.id"), init=False)
    request: Mapped[ChangeRequest] = relationship(back_populates="fields")
    name: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    outcome: Mapped[FieldOutcome] = mapped_column(default=FieldOutcome.WAITING)
    remark: Mapped[str] = mapped_column(default="", init=False)

    @property
    def label(self) -> object:
        """The field's words."""
        return FIELDS.get(self.name, self.name)

    @property
    def now(self) -> str:
        """What stands there now; not ``before`` when somebody changed it meanwhile."""
        return _value(self.request.organisation, self.name)

    @property
    def was_overtaken(self) -> bool:
        """Whether something else stands there than the member saw, and not what it asks for either."""
        return self.outcome is FieldOutcome.WAITING and self.now not in (self.before, self.after)


def values_of(organisation: Organisation) -> dict[str, str]:
    """What stands in the fields a member may ask to have changed."""
    return {name: _value(organisation, name) for name in FIELDS}


def applies_at_once(name: str) -> bool:
    """Whether the office lets a field apply without looking at it first."""
    return bool(office_setting(f"portal.change.{name}") == "at_once")


def ask(
    organisation: Organisation, person: Person, values: Mapping[str, str | None], *, reason: str = "",
    renamed_on: date | None = None,
) -> ChangeRequest:  # fmt: skip
    """Ask for new values, in the running act; what may apply at once does. An older request for the same field falls away.

    Raises ``Refused`` when nothing differs, the name is empty, or a name of which the reader sees the day lies ahead.
    """
    db.session.refresh(organisation, with_for_update=True)
    wanted = {name: (values[name] or "").strip() for name in FIELDS if name in values}
    differing = {name: value for name, value in wanted.items() if value != _value(organisation, name)}
    if not differing:
        raise Refused(_("Nothing was changed."))
    if "name" in differing and not differing["name"]:
        raise Refused(_("A name is needed."), field="name")
    if renamed_on is not None and renamed_on > clock.today():
        raise Refused(_("This day is still to come."), field="renamed_on")
    request = ChangeRequest(
        organisation=organisation, person=person, asked_at=clock.now(), reason=reason.strip(),
        renamed_on=renamed_on if "name" in differing else None,
    )  # fmt: skip
    db.session.add(request)
    _drop_older(organisation, set(differing), besides=request)
    for name, value in differing.items():
        change = RequestedChange(request=request, name=name, before=_value(organisation, name), after=value)
        db.session.add(change)
        if applies_at_once(name):
            _write(change)
            change.outcome = FieldOutcome.APPLIED
    request.settle()
    return request


def decide(request: ChangeRequest, accepted: set[str], remarks: Mapping[str, str], remark: str, *, by: str) -> None:
    """The office accepts the fields named and declines the others that wait, each with a remark or one for all of them.

    The caller posts the letter. Raises ``Refused`` when nothing waits, or when what is declined has no remark.
    """
    _only_open(request)
    for change in request.waiting:
        said = (remarks.get(change.name) or "").strip()
        if change.name in accepted:
            _write(change)
            change.outcome = FieldOutcome.ACCEPTED
        elif not said and not remark.strip():
            raise Refused(_("Please tell the member why it is declined."), field="remark")
        else:
            change.outcome = FieldOutcome.DECLINED
        change.remark = said
    request.state, request.office_remark = ChangeState.SETTLED, remark.strip()
    request.decided_at, request.decided_by = clock.now(), by


def take_back(request: ChangeRequest) -> None:
    """The member no longer asks for what still waits. Raises ``Refused`` when nothing waits."""
    _only_open(request)
    for change in request.waiting:
        change.outcome = FieldOutcome.DROPPED
    request.state = ChangeState.TAKEN_BACK


def waiting() -> sa.Select[ChangeRequest]:
    """Requests the office has to decide."""
    return sa.select(ChangeRequest).where(ChangeRequest.state == ChangeState.OPEN)


def of(organisation: Organisation) -> sa.Select[ChangeRequest]:
    """An organisation's requests with their fields, the newest first."""
    return (
        sa.select(ChangeRequest)
        .where(ChangeRequest.organisation_id == organisation.id)
        .options(selectinload(ChangeRequest.fields), joinedload(ChangeRequest.person))
        .order_by(ChangeRequest.id.desc())
    )


def _only_open(request: ChangeRequest) -> None:
    db.session.refresh(request, with_for_update={"of": ChangeRequest})  # not the person read beside it
    if request.state is not ChangeState.OPEN:
        raise Refused(_("Nothing of this request waits any more."))


def _drop_older(organisation: Organisation, names: set[str], *, besides: ChangeRequest) -> None:
    for older in db.session.scalars(of(organisation).where(ChangeRequest.state == ChangeState.OPEN)):
        if older is besides:
            continue
        for change in older.waiting:
            if change.name in names:
                change.outcome = FieldOutcome.DROPPED
        older.settle()


def _write(change: RequestedChange) -> None:
    request = change.request
    if change.name == "name" and request.renamed_on is not None:
        succession.rename(request.organisation, change.after, request.renamed_on, source=_SOURCE)
    else:
        request.organisation.change(**{change.name: change.after})


def _value(organisation: Organisation, name: str) -> str:
    return str(getattr(organisation, name) or "")


_SOURCE = "変更申請"
