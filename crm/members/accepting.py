"""Accepting an application: the organisation is found or made, becomes a member with its people, and is told by letter."""

from __future__ import annotations

from datetime import date

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.members import certificates, letters, terms
from crm.members.applications import Application
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations import organisations, people
from crm.organisations.organisations import CountSource, Organisation
from crm.organisations.people import Person, PersonRole
from crm.text import _
from crm.values.fiscal_year import FiscalYear

PLAIN = ("kana", "industry", "postal_code", "address", "phone", "representative")


def accept(
    application: Application, *, organisation: Organisation | None, member_class: MemberClass, on: date, by: str,
    with_certificate: bool = True, overwrite: bool = False,
) -> Member:  # fmt: skip
    """Make the applicant a member from a day on, and post the letter that says so, with the certificate if wanted.

    ``organisation`` is one we know, or ``None`` for a new one. Of a known one blanks are filled; with ``overwrite`` what
    differs is replaced, too. An associate member that asks for the corporate class changes class on that day. Raises
    ``Refused`` when the application does not wait or the organisation is in that class already.
    """
    if not application.is_waiting:
        raise Refused(_("This application does not wait for a decision."))
    if organisation is None:
        organisation = _created(application)
    else:
        _filled(organisation, application, overwrite)
    organisation.count_employees(application.employees, on=application.employees_on, source=CountSource.DECLARED)
    db.session.flush()
    _introduce(organisation, application, min(on, clock.today()))
    member = _member(organisation, member_class, on)
    application.accept(member, by=by)
    certificate = _certificate(member, on, application.locale) if with_certificate else None
    letters.application_accepted(application, member, member_class, on, certificate)
    return member


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


def _introduce(organisation: Organisation, application: Application, since: date) -> None:
    """The people of the application with their roles; someone known by mail address or name takes the role as they are."""
    known = [person for person in db.session.scalars(people.at(organisation)) if person.left_on is None]
    a = application
    _takes(organisation, known, (a.representative, "", ""), PersonRole.REPRESENTATIVE, since, a.locale)
    contact = (a.contact_name, a.contact_email, a.contact_department)
    _takes(organisation, known, contact, PersonRole.LIAISON, since, a.locale)
    _takes(organisation, known, a.billing_contact, PersonRole.BILLING, since, a.locale)


def _takes(
    organisation: Organisation, known: list[Person], who: tuple[str, str, str], role: PersonRole, since: date, locale: str
) -> None:  # fmt: skip
    name, email, department = who
    if not name:
        return
    person = next((p for p in known if email and p.email.casefold() == email.casefold()), None)
    person = person or next((p for p in known if p.name == name and not (email and p.email)), None)
    if person is None:
        person = people.adding(organisation, name, email=email, department=department, locale=locale)
        known.append(person)
    elif email and not person.email:
        person.email, person.department = email, person.department or department
    person.takes(role, since)


def _member(organisation: Organisation, member_class: MemberClass, on: date) -> Member:
    member = terms.of(organisation)
    if member is not None and member.class_on(on) not in (None, member_class):
        terms.change_class(member, member_class, on=on, reason=str(_("On application")))
        return member
    return terms.admit(organisation, member_class, on=on)


def _certificate(member: Member, on: date, locale: str) -> Certificate | None:
    return certificates.issue(member, FiscalYear.of(on), language=locale)
