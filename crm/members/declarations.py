"""Declaration (社員数の申告): the office asks a member how many employees it has, and the member answers under a mailed link.

There is one for a member and fiscal year. What is answered becomes an employee count of the organisation, told by the member
(申告): at once, at once only where the fee stays the same, or when the office has accepted it, as the office has set it
(``members.declarations``). A count that nobody has looked at names no reviewer.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.config import settings
from crm.db import PERSONAL, SECRET, Model, Versioned, db
from crm.errors import Refused
from crm.members import certificates, fees, tiers
from crm.members.applications import derived_token, token_digest
from crm.members.members import Member, belonging_in
from crm.members.tiers import FeeTier, MemberClass
from crm.organisations import employee_counts
from crm.organisations.organisations import CountSource, EmployeeCount
from crm.organisations.people import Person, PersonRole, holding
from crm.settings.settings import office_setting
from crm.text import _
from crm.values.fiscal_year import FiscalYear

OLD_AFTER_DAYS = 365  # a figure that was not asked for since the last renewal
MOST = 10_000_000  # employees


class DeclarationState(StrEnum):
    """Asked; answered, and the office has to look at it; counting although nobody looked at it yet; accepted."""

    ASKED = "asked"
    ANSWERED = "answered"
    APPLIED = "applied"
    ACCEPTED = "accepted"


class Declaration(Versioned, Model):
    """What was asked of a member for a fiscal year, and what it said. ``counted_on`` is the day the figure was true."""

    __tablename__ = "declarations"
    __table_args__ = (UniqueConstraint("member_id", "year"), CheckConstraint("employees >= 0", name="not_negative"))

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), init=False)
    member: Mapped[Member] = relationship()
    year: Mapped[FiscalYear] = mapped_column(index=True)
    asked_at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True, init=False)
    person: Mapped[Person | None] = relationship()
    times_asked: Mapped[int] = mapped_column(default=1, init=False)
    state: Mapped[DeclarationState] = mapped_column(default=DeclarationState.ASKED, init=False, index=True)
    employees: Mapped[int | None] = mapped_column(default=None, init=False)
    counted_on: Mapped[date | None] = mapped_column(default=None, init=False)
    remark: Mapped[str] = mapped_column(default="", init=False, info=PERSONAL)
    answered_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    decided_by: Mapped[str] = mapped_column(default="", init=False, info=PERSONAL)
    office_remark: Mapped[str] = mapped_column(default="", init=False)
    seed: Mapped[str] = mapped_column(init=False, info=SECRET)
    token_hash: Mapped[str] = mapped_column(init=False, unique=True, info=SECRET)

    def __post_init__(self) -> None:
        self.seed = secrets.token_urlsafe(24)
        self.token_hash = token_digest(self.token)

    @property
    def token(self) -> str:
        """The secret in the mailed link."""
        return derived_token("declaration", self.seed)

    @property
    def url(self) -> str:
        """Where the member answers."""
        return f"{settings().base_url}/employees/{self.token}"

    @property
    def held(self) -> EmployeeCount | None:
        """The figure that decides the year's fee as things stand."""
        return self.member.organisation.employees_on(self.year.first_day)

    @property
    def latest_day(self) -> date:
        """The day a figure told today is said to be of: today, but not after the day that decides the year's fee."""
        return min(clock.today(), self.year.first_day)

    @property
    def may_be_answered(self) -> bool:
        """Whether the member may still say or correct it: until a figure counts, or the year is over."""
        is_open = self.state in (DeclarationState.ASKED, DeclarationState.ANSWERED)
        return is_open and clock.today() <= self.year.last_day

    @property
    def may_be_decided(self) -> bool:
        """Whether the office has still to look at the answer."""
        return self.state in (DeclarationState.ANSWERED, DeclarationState.APPLIED)

    def ask_again(self, person: Person) -> None:
        """Another letter with the same link; an answer the office did not take is asked for anew."""
        self.state, self.person, self.asked_at, self.times_asked = (
            DeclarationState.ASKED, person, clock.now(), self.times_asked + 1,
        )  # fmt: skip
        self.token_hash = token_digest(self.token)  # also after the operator's key was changed

    def answer(self, employees: int, on: date, remark: str = "") -> None:
        """What the member says. Raises ``Refused`` for a day to come or long past, or when it cannot be said any more."""
        if not self.may_be_answered:
            raise Refused(_("The office has your figure already. Please write to it if something changed."))
        if on > clock.today():
            raise Refused(_("This day is still to come."), field="on")
        if on < clock.today() - timedelta(days=OLD_AFTER_DAYS):
            raise Refused(_("Please give a figure of the last twelve months."), field="on")
        self.employees, self.counted_on, self.remark = employees, on, remark.strip()
        self.state, self.answered_at, self.office_remark = DeclarationState.ANSWERED, clock.now(), ""


@dataclass(frozen=True)
class Candidate:
    """A paying member whose figure is old or missing; ``why_not`` says why it is not asked now."""

    member: Member
    count: EmployeeCount | None
    person: Person | None
    declaration: Declaration | None
    why_not: object | None


def candidates(year: FiscalYear) -> list[Candidate]:
    """Every paying member of a fiscal year whose figure is older than a year or missing, by number, and who is not asked now."""
    rows, people = tiers.all_tiers(), _liaisons()
    known = {d.member_id: d for d in db.session.scalars(of_year(year))}
    members = db.session.scalars(
        fees.with_basis(sa.select(Member).where(belonging_in(year))).order_by(Member.number)
    ).unique()
    found = []
    for member in members:
        basis = fees.basis(member, year, rows)
        if basis is None or basis.member_class is not MemberClass.CORPORATE:
            continue
        if basis.count is None or (basis.days_old or 0) > OLD_AFTER_DAYS:
            person, declaration = people.get(member.organisation_id), known.get(member.id)
            found.append(
                Candidate(member, basis.count, person, declaration, why_not(member, year, person, declaration))
            )
    return found


def ask(member: Member, year: FiscalYear) -> Declaration:
    """Ask a member for a fiscal year, in the running act; the caller posts the letter.

    Raises ``Refused`` when there is nobody to ask, nothing to ask for, or it was asked only just now.
    """
    _alone([member.id])
    person = certificates.liaison(member, clock.today())
    declaration = db.session.scalars(of_year(year).where(Declaration.member_id == member.id)).one_or_none()
    refusal = why_not(member, year, person, declaration)
    if refusal is not None or person is None:
        raise Refused(refusal)
    return _asked(member, year, person, declaration)


def ask_all(year: FiscalYear) -> list[Declaration]:
    """Ask everyone of `candidates` who can be asked now; safe to repeat, also at the same time. The caller posts the letters."""
    _alone([candidate.member.id for candidate in candidates(year)])
    return [_asked(c.member, year, c.person, c.declaration) for c in candidates(year) if c.why_not is None and c.person]


def why_not(member: Member, year: FiscalYear, person: Person | None, declaration: Declaration | None) -> object | None:
    """Why a member is not asked now; ``None`` when it can be."""
    held = member.classes_in(year)
    if not any(period.member_class is MemberClass.CORPORATE for period in held):
        return _("Only corporate members are asked; no fee of others follows from the figure.")
    if declaration is not None and declaration.state is DeclarationState.ANSWERED:
        return _("The member has answered; the office has to look at it.")
    if declaration is not None and clock.day_of(declaration.asked_at) > clock.today() - _pause():
        return _("Asked on %(day)s already.", day=f"{clock.day_of(declaration.asked_at):%Y-%m-%d}")
    if clock.today() > year.last_day:
        return _("The fiscal year is over.")
    if person is None or not person.email:
        return _("There is no liaison with a mail address.")
    return None


def answer(declaration: Declaration, employees: int, on: date, remark: str = "") -> None:
    """What a member says; it counts at once where the office's rule says so, else it waits for the office."""
    db.session.refresh(declaration, with_for_update=True)
    organisation = declaration.member.organisation
    declaration.answer(employees, on, remark)
    if _counts_at_once(declaration):
        organisation.count_employees(employees, on=on, source=CountSource.DECLARED)
        declaration.state = DeclarationState.APPLIED


def tell(member: Member, year: FiscalYear, person: Person, employees: int, on: date, remark: str = "") -> Declaration:
    """What a member says by itself, asked or not, in the running act; then as `answer`. A newer figure follows an older one."""
    _alone([member.id])
    declaration = db.session.scalars(of_year(year).where(Declaration.member_id == member.id)).one_or_none()
    if declaration is None:
        declaration = Declaration(member=member, year=year, asked_at=clock.now(), person=person)
        declaration.times_asked = 0
        db.session.add(declaration)
        db.session.flush()
    elif declaration.state in (DeclarationState.APPLIED, DeclarationState.ACCEPTED):
        declaration.state = DeclarationState.ASKED
        db.session.flush()  # what follows reads it anew
    answer(declaration, employees, on, remark)
    return declaration


def accept(declaration: Declaration, *, by: str) -> None:
    """The office takes the figure: from now on it counts, and names who reviewed it. Raises ``Refused`` without an answer."""
    db.session.refresh(declaration, with_for_update=True)
    if not declaration.may_be_decided or declaration.employees is None or declaration.counted_on is None:
        raise Refused(_("There is no answer that waits for the office."))
    employee_counts.add(
        declaration.member.organisation, declaration.employees, on=declaration.counted_on, source=CountSource.DECLARED, by=by,
        today=clock.today(),
    )  # fmt: skip
    declaration.state, declaration.decided_at, declaration.decided_by = DeclarationState.ACCEPTED, clock.now(), by


def hand_back(declaration: Declaration, *, by: str, remark: str) -> None:
    """The office doubts the figure and asks again with a remark; the caller posts the letter.

    Raises ``Refused`` without an answer that waits, without a remark, or without anybody to ask. A figure that counts already
    is corrected at the organisation, not here.
    """
    db.session.refresh(declaration, with_for_update=True)
    if declaration.state is not DeclarationState.ANSWERED:
        raise Refused(_("There is no answer that waits for the office."))
    if not remark.strip():
        raise Refused(_("Please tell the member what to look at again."), field="remark")
    person = certificates.liaison(declaration.member, clock.today())
    if person is None or not person.email:
        raise Refused(_("There is no liaison with a mail address."))
    declaration.ask_again(person)
    declaration.office_remark, declaration.decided_at, declaration.decided_by = remark.strip(), clock.now(), by


def of_year(year: FiscalYear) -> sa.Select[Declaration]:
    """What was asked for a fiscal year."""
    return sa.select(Declaration).where(Declaration.year == year)


def tier_told(declaration: Declaration) -> FeeTier | None:
    """The tier the figure a member told leads to."""
    return tiers.tier_for(MemberClass.CORPORATE, declaration.employees, tiers.in_force(declaration.year.first_day))


def waiting() -> sa.Select[Declaration]:
    """Answers the office has to look at before they count."""
    return sa.select(Declaration).where(Declaration.state == DeclarationState.ANSWERED)


def of_token(token: str) -> Declaration | None:
    """What a mailed link opens, as long as who was asked is still at the organisation."""
    found = sa.select(Declaration).where(Declaration.token_hash == token_digest(token))
    declaration = db.session.scalars(found).one_or_none()
    gone = declaration and declaration.person and declaration.person.left_on
    return None if gone and gone <= clock.today() else declaration


def _asked(member: Member, year: FiscalYear, person: Person, declaration: Declaration | None) -> Declaration:
    if declaration is not None:
        declaration.ask_again(person)
        declaration.office_remark = ""
        return declaration
    declaration = Declaration(member=member, year=year, asked_at=clock.now(), person=person)
    db.session.add(declaration)
    db.session.flush()
    return declaration


def _counts_at_once(declaration: Declaration) -> bool:
    on, counts = declaration.counted_on, declaration.member.organisation.employee_counts
    if any(c.on == on and c.employees != declaration.employees for c in counts):
        return False  # it would replace a figure of the same day: a person decides which is right
    rule = office_setting("members.declarations")
    return rule == "at_once" or (rule == "same_fee" and _keeps_fee(declaration))


def _keeps_fee(declaration: Declaration) -> bool:
    """Whether the figure that was told leads to the tier the one we hold leads to."""
    held, day = declaration.held, declaration.year.first_day
    in_force = tiers.in_force(day)
    new = tiers.tier_for(MemberClass.CORPORATE, declaration.employees, in_force)
    return (
        held is not None and new is not None and new is tiers.tier_for(MemberClass.CORPORATE, held.employees, in_force)
    )


def _liaisons() -> dict[int, Person]:
    """The liaison of each organisation, as `certificates.liaison` names one."""
    found: dict[int, Person] = {}
    for person in db.session.scalars(holding(PersonRole.LIAISON, clock.today())):
        found.setdefault(person.organisation_id, person)
    return found


def _pause() -> timedelta:
    return timedelta(days=office_setting("members.ask_again_days"))


def _alone(member_ids: list[int]) -> None:
    """Whoever else would ask these members waits; then they see that they were asked here."""
    db.session.execute(sa.select(Member.id).where(Member.id.in_(member_ids)).order_by(Member.id).with_for_update())
