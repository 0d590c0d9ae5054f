"""Accepting an application: the organisation is found or made, becomes a member with its people, and is certified and invited.

Everything happens in the caller's one act. The first invoice stands a floor above (`billing/joining.py`), which posts the
letter, too. `preview` says beforehand what will happen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from crm import clock
from crm.access import users
from crm.access.users import UserState
from crm.db import db
from crm.members import certificates, fees, terms
from crm.members.applications import Application
from crm.members.certificates import Certificate
from crm.members.fees import ExpectedFee
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations import consents, organisations, people, portal_access
from crm.organisations.consents import Purpose, Way
from crm.organisations.organisations import CountSource, Organisation
from crm.organisations.people import Person, PersonRole
from crm.text import _
from crm.values.fiscal_year import FiscalYear

PLAIN = ("kana", "industry", "postal_code", "address", "phone", "representative")
COMPARED = ("name", *PLAIN, "kind", "corporate_number")
VERSION = 12  # characters of a text's digest that name its version


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the office decided: who it is (``None``: a new organisation), the class, the first day, what goes with it.

    ``overwrite`` replaces what is known by what the applicant wrote, where it differs. ``board_on`` and ``minutes`` are
    needed where the board decides.
    """

    organisation: Organisation | None
    member_class: MemberClass
    on: date
    overwrite: bool = False
    with_certificate: bool = True
    invite: bool = True
    board_on: date | None = None
    minutes: str = ""


@dataclass(frozen=True)
class Accepted:
    """What came of it. ``invited`` says whether the contact person got an invitation to the members' pages."""

    member: Member
    liaison: Person
    certificate: Certificate | None
    invited: bool


@dataclass(frozen=True)
class Difference:
    """A field in which the record we have and the application differ."""

    name: str
    known: Any
    written: Any

    @property
    def is_filled(self) -> bool:
        """Whether we know nothing yet, so that the applicant's word is taken."""
        return not self.known


@dataclass(frozen=True)
class Preview:
    """What accepting would do to an organisation we know, or to a new one, and why it cannot be, if so."""

    organisation: Organisation | None
    member: Member | None
    why_not: object | None
    changes_class: bool
    fee: ExpectedFee | None
    differences: list[Difference] = field(default_factory=list)
    billing_ends: list[Person] = field(default_factory=list)
    liaisons: list[Person] = field(default_factory=list)
    no_invitation: object | None = None


def accept(application: Application, decision: Decision, *, by: str) -> Accepted:
    """Make the applicant a member, in the running act; the caller posts the letter that says so.

    Of a known organisation blanks are filled. An associate member that asks for the corporate class changes class on that day.
    Raises ``Refused`` when the application does not wait or the organisation is in that class already.
    """
    application.refuse_undecidable()
    organisation = decision.organisation
    if organisation is None:
        organisation = _created(application)
    else:
        _filled(organisation, application, decision.overwrite)
    organisation.count_employees(
        application.employees, on=application.employees_on, source=CountSource.DECLARED, reviewed_by=by
    )
    db.session.flush()
    liaison = _introduce(organisation, application, min(decision.on, clock.today()), decision.overwrite)
    member = _member(organisation, decision.member_class, decision.on)
    application.accept(member, by=by, board_on=decision.board_on, minutes=decision.minutes)
    db.session.flush()
    year = FiscalYear.of(decision.on)
    certificate = None
    if decision.with_certificate and not certificates.has_one(member, year):
        certificate = certificates.issue(member, year, language=application.locale)
    invited = decision.invite and no_invitation(application.contact_email, liaison) is None
    if invited:
        portal_access.invite_person(liaison)
    return Accepted(member, liaison, certificate, invited)


def preview(
    application: Application, organisation: Organisation | None, member_class: MemberClass, on: date
) -> Preview:
    """What `accept` would do, read only."""
    figures = {application.employees_on: application.employees}
    if organisation is None:
        fee = fees.expected(None, member_class, on=on, figures=figures)
        return Preview(None, None, None, False, fee, no_invitation=no_invitation(application.contact_email, None))
    member = _known_member(organisation)
    figures = {**{count.on: count.employees for count in organisation.employee_counts}, **figures}
    present = [person for person in db.session.scalars(people.at(organisation)) if person.is_here_on(clock.today())]
    since = min(on, clock.today())
    named = _match(present, *application.billing_contact[:2])
    liaison = _match(present, application.contact_name, application.contact_email)
    return Preview(
        organisation, member, _why_not(member, member_class, on), _changes_class(member, member_class, on),
        fees.expected(member, member_class, on=on, figures=figures), _differences(organisation, application),
        [p for p in present if p is not named and _holds_from(p, PersonRole.BILLING, since)],
        [p for p in present if p is not liaison and _holds_from(p, PersonRole.LIAISON, since)],
        no_invitation(application.contact_email, liaison),
    )  # fmt: skip


def no_invitation(email: str, person: Person | None) -> object | None:
    """Why the contact person gets no invitation to the members' pages, ``None`` when they do."""
    account = users.by_email(email)
    known = portal_access.of(person) if person is not None and person.id is not None else None
    if known is not None and known.user.state is UserState.ACTIVE:
        return _("The contact person has access already.")
    if account is not None and (known is None or known.user_id != account.id):
        return _("The mail address belongs to another account.")
    return None


def _known_member(organisation: Organisation) -> Member | None:
    theirs = sa.select(Member).where(Member.organisation_id == organisation.id)
    return db.session.scalars(
        theirs.options(selectinload(Member.classes), selectinload(Member.terms))
    ).one_or_none()  # fmt: skip


def _why_not(member: Member | None, member_class: MemberClass, on: date) -> object | None:
    if member is None or _changes_class(member, member_class, on):
        return None
    if any(p.until is None or p.until >= on for p in member.classes):
        return _("This organisation is a member in this class on that day already.")
    return None


def _changes_class(member: Member | None, member_class: MemberClass, on: date) -> bool:
    return member is not None and member.class_on(on) not in (None, member_class)


def _differences(organisation: Organisation, application: Application) -> list[Difference]:
    found = []
    for name in COMPARED:
        known, written = getattr(organisation, name), getattr(application, name)
        if written and known != written:
            found.append(Difference(name, known, written))
    return found


def _created(application: Application) -> Organisation:
    return organisations.adding(
        application.name, kind=application.kind, corporate_number=application.corporate_number,
        source=application.number or "", **{field: getattr(application, field) for field in PLAIN},
    )  # fmt: skip


def _filled(organisation: Organisation, application: Application, overwrite: bool) -> None:
    """Blanks of a known organisation from the application; its name is never touched, for that is a succession."""
    fields = (*PLAIN, "corporate_number")
    given = {field: getattr(application, field) for field in fields if getattr(application, field)}
    if overwrite:
        given["kind"] = application.kind
    else:
        given = {field: value for field, value in given.items() if not getattr(organisation, field)}
    organisation.change(**given)


def _introduce(organisation: Organisation, application: Application, since: date, overwrite: bool) -> Person:
    """The people of the application with their roles; answers the liaison.

    Someone known by mail address or name takes the role as they are. Invoices go to the one the application names and to
    nobody else; another representative than the one we know is taken with ``overwrite`` only.
    """
    known = [person for person in db.session.scalars(people.at(organisation)) if person.left_on is None]
    a = application
    if overwrite or not any(_holds_from(person, PersonRole.REPRESENTATIVE, since) for person in known):
        head = _takes(organisation, known, (a.representative, "", ""), PersonRole.REPRESENTATIVE, since, a.locale)
        _ends_for_others(known, head, PersonRole.REPRESENTATIVE, since)
    contact = (a.contact_name, a.contact_email, a.contact_department)
    liaison = _takes(organisation, known, contact, PersonRole.LIAISON, since, a.locale)
    billing = _takes(organisation, known, a.billing_contact, PersonRole.BILLING, since, a.locale)
    _ends_for_others(known, billing, PersonRole.BILLING, since)
    assert liaison is not None, "the form asks for a contact person"
    db.session.flush()
    _keep_consent(liaison, application)
    return liaison


def _takes(
    organisation: Organisation, known: list[Person], who: tuple[str, str, str], role: PersonRole, since: date, locale: str
) -> Person | None:  # fmt: skip
    name, email, department = who
    if not name:
        return None
    person = _match(known, name, email)
    if person is None:
        person = people.adding(organisation, name, email=email, department=department, locale=locale)
        known.append(person)
    elif email and not person.email:
        person.email, person.department = email, person.department or department
    person.takes(role, since)
    return person


def _match(known: list[Person], name: str, email: str) -> Person | None:
    """The one of those we know who is meant: by mail address, else by name where one of the two has none."""
    person = next((p for p in known if email and p.email.casefold() == email.casefold()), None)
    return person or next((p for p in known if p.name == name and not (email and p.email)), None)


def _ends_for_others(known: list[Person], holder: Person | None, role: PersonRole, since: date) -> None:
    """The role passes to one person: whoever else holds it does so until the day before."""
    for person in known if holder is not None else ():
        for held in person.roles if person is not holder else ():
            if held.role is role and (held.until is None or held.until >= since):
                held.until = since - timedelta(days=1)


def _holds_from(person: Person, role: PersonRole, since: date) -> bool:
    return any(held.role is role and (held.until is None or held.until >= since) for held in person.roles)


def _keep_consent(person: Person, application: Application) -> None:
    """The contact person agreed to how personal data is handled: the words, when, and where the proof is."""
    if application.privacy_text:
        consents.record(
            person, Purpose.PRIVACY_NOTICE, text_version=application.privacy_digest[:VERSION], way=Way.FORM,
            wording=application.privacy_text, evidence=application.number or "", given_at=application.submitted_at,
        )  # fmt: skip


def _member(organisation: Organisation, member_class: MemberClass, on: date) -> Member:
    member = terms.of(organisation)
    if member is not None and _changes_class(member, member_class, on):
        terms.change_class(member, member_class, on=on, reason=str(_("On application")))
        return member
    return terms.admit(organisation, member_class, on=on)
