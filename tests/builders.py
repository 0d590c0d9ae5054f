"""Nouns for tests, made through the rules and never around them. Each builder writes in an act of its own.

``an_organisation("株式会社アオゾラ")`` and the like: what is not said is filled in sensibly.
"""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from crm.history.kinds import Kind
from crm.history.recording import act

_numbers = itertools.count(1)


# --- organisations


def an_organisation(name: str = "", *, employees: int | None = None, on: date = date(2025, 4, 1), **values: Any) -> Any:
    """An organisation, with an employee count if one is given."""
    from crm.organisations import organisations

    with act(Kind.ORGANISATION_ADDED) as deed:
        made = organisations.adding(name or f"株式会社見本{next(_numbers)}", **values)
        if employees is not None:
            made.count_employees(employees, on=on, source=organisations.CountSource.DECLARED)
        deed.about = made
    return made


def a_person(
    organisation: Any = None, *roles: Any, name: str = "見本 花子", since: date | None = None, **values: Any
) -> Any:
    """Someone at an organisation, with roles (``PersonRole``) held since a day, or ever since."""
    from crm.organisations import people

    organisation = organisation or an_organisation()
    values.setdefault("email", f"person{next(_numbers)}@example.test")
    with act(Kind.PERSON_ADDED) as deed:
        made = people.adding(organisation, name, **values)
        for role in roles:
            made.takes(role, since)
        deed.about = made
    return made


# --- projects


def a_participation(organisation: Any = None, since: str | None = "2025-04-01", **values: Any) -> Any:
    """A participation in project CHANGE since a day or month."""
    from crm.projects import participations
    from crm.values.dates import DayOrMonth

    organisation = organisation or an_organisation()
    with act(Kind.PARTICIPATION_RECORDED) as deed:
        begun = DayOrMonth.parse(since) if since else None
        made = participations.record(organisation, since=begun, **{"topic": 1, **values})
        deed.about = made
    return made


def a_contract(organisation: Any = None, kind: Any = None, signed: str = "2025-04-01", **values: Any) -> Any:
    """A joint-research contract, or one of another ``ContractKind``, signed on a day or in a month."""
    from crm.projects import contracts
    from crm.values.dates import DayOrMonth

    organisation = organisation or an_organisation()
    with act(Kind.CONTRACT_RECORDED) as deed:
        made = contracts.record(
            organisation, kind or contracts.ContractKind.JOINT_RESEARCH, signed=DayOrMonth.parse(signed), **values
        )
        deed.about = made
    return made


# --- events


def an_event(
    *capacities: int | None, slug: str = "", days: float = 30, hours: float = 2, published: bool = True, **values: Any
) -> Any:
    """An event beginning in so many days, with a session for each capacity (one of 50 seats without any)."""
    from datetime import timedelta

    from crm import clock
    from crm.events import arranging, events

    title = values.pop("title", "見本セミナー")
    kind = values.pop("kind", events.EventKind.CARE_SEMINAR)
    with act(Kind.EVENT_CREATED) as deed:
        made = events.adding(slug or f"mihon-{next(_numbers)}", title, kind, **values)
        for number, capacity in enumerate(capacities or (50,)):
            starts = clock.now() + timedelta(days=days + number)
            events.add_session(made, starts, starts + timedelta(hours=hours), capacity)
        if published:
            arranging.publish(made)
        deed.about = made
    return made


def a_registration(session: Any, name: str = "", *, source: Any = None, **values: Any) -> Any:
    """A registration for a session, seated or waiting as the rules say."""
    from crm.events import registering
    from crm.events.registrations import Source

    number = next(_numbers)
    visitor = registering.Visitor(
        name=name or f"見本 {number}郎", email=values.pop("email", f"guest{number}@example.test"), **values
    )
    with act(Kind.REGISTERED) as deed:
        made = registering.register(session.id, visitor, source or Source.PUBLIC)
        deed.about = made
    return made


# --- members


def the_tiers() -> None:
    """The published fee tiers, once."""
    from crm.members import tiers

    with act(Kind.TIER_CHANGED):
        tiers.ensure()


def a_member(
    organisation: Any = None, member_class: Any = "corporate", *, on: date = date(2026, 4, 1), employees: int | None = 101,
    number: str | None = None, billing: bool = True, **values: Any,
) -> Any:  # fmt: skip
    """A member since a day, with an employee count, a liaison who is the billing contact, too (unless ``billing=False``)."""
    from crm.members import terms
    from crm.members.tiers import MemberClass
    from crm.organisations.people import PersonRole

    the_tiers()
    if organisation is None:
        organisation = an_organisation(employees=employees, on=date(2024, 11, 1), **values)
        roles = (PersonRole.LIAISON, PersonRole.BILLING) if billing else (PersonRole.LIAISON,)
        a_person(organisation, *roles, name="見本 花子")
    with act(Kind.MEMBER_ADMITTED) as deed:
        deed.about = made = terms.admit(organisation, MemberClass(member_class), on=on, number=number)
    return made


def an_application(*, confirmed: bool = True, **values: Any) -> Any:
    """An application for corporate membership; confirmed, it waits for the office."""
    from crm.members import applications
    from crm.members.tiers import MemberClass
    from crm.organisations.organisations import OrganisationKind

    filled: dict[str, Any] = {
        "name": f"株式会社申込{next(_numbers)}", "kana": "モウシコミ", "kind": OrganisationKind.COMPANY,
        "member_class": MemberClass.CORPORATE, "employees": 101, "employees_on": date(2026, 3, 31),
        "industry": "情報通信", "postal_code": "210-0821", "address": "神奈川県川崎市川崎区殿町3-25-14", "phone": "044-000-0000",
        "representative": "見本 太郎", "contact_name": "見本 花子", "contact_email": "hanako@example.test", "locale": "ja",
    }  # fmt: skip
    with act(Kind.APPLICATION_SUBMITTED) as deed:
        deed.about = made = applications.apply(**{**filled, **values})
    if confirmed:
        with act(Kind.APPLICATION_CONFIRMED, about=made):
            made.confirm()
    return made


# --- billing


def a_bank_account(**values: Any) -> Any:
    """The account invoices name."""
    from crm.billing import bank_accounts

    given = {"bank": "川崎見本銀行", "branch": "殿町支店", "number": "1234567", "holder_kana": "ｶﾜｻｷｹｱﾃﾞｻﾞｲﾝ", **values}
    with act(Kind.BANK_ACCOUNT_ADDED) as deed:
        deed.about = bank_accounts.add(type=bank_accounts.AccountType.ORDINARY, **given)
    return deed.about


def a_paying_member(
    name: str = "",
    *,
    employees: int | None = 50,
    on: date = date(2025, 4, 1),
    contact: bool = True,
    associate: bool = False,
    **values: Any,
) -> Any:
    """A member since a day, with a billing contact unless told otherwise; 企業会員 unless ``associate``."""
    from crm.members import terms
    from crm.members.tiers import MemberClass
    from crm.organisations.people import PersonRole

    the_tiers()
    values = {"postal_code": "210-0821", "address": "神奈川県川崎市川崎区殿町3-25-14", **values}
    organisation = an_organisation(name, employees=employees, on=on, **values)
    if contact:
        a_person(organisation, PersonRole.BILLING, name="見本 太郎", department="経理部")
    with act(Kind.MEMBER_ADMITTED) as deed:
        deed.about = terms.admit(organisation, MemberClass.ASSOCIATE if associate else MemberClass.CORPORATE, on=on)
    return deed.about


def an_annual_run(
    year: int = 2026, *, on: date = date(2026, 4, 1), due: date = date(2026, 4, 30), most: int = 200
) -> Any:
    """A run over the year, worked off to its end; the account to pay to is added when there is none."""
    from crm.billing import bank_accounts, issuing
    from crm.values.fiscal_year import FiscalYear

    if bank_accounts.printed() is None:
        a_bank_account()
    with act(Kind.ANNUAL_RUN_STARTED) as deed:
        deed.about = run = issuing.begin(FiscalYear(year), on=on, due=due)
    left = 1
    while left:
        with act(Kind.ANNUAL_INVOICES_ISSUED, about=run):
            left = issuing.work_off(run.id, most=most)
    return run


def an_issued_invoice(member: Any = None, year: int = 2026, **dates: Any) -> Any:
    """The invoice of a member for a year's fee, issued on 1 April and due on the 30th."""
    from crm.billing import bank_accounts, issuing
    from crm.values.fiscal_year import FiscalYear

    member = member or a_paying_member()
    if bank_accounts.printed() is None:
        a_bank_account()
    first = FiscalYear(year).first_day
    with act(Kind.INVOICE_ISSUED) as deed:
        deed.about = issuing.issue_for(member, FiscalYear(year), **{"on": first, "due": first.replace(day=30), **dates})
    return deed.about


def a_payment(amount: int = 120_000, *, invoices: Any = (), member: Any = None, **values: Any) -> Any:
    """Money that came in by transfer, allocated to invoices as far as it goes."""
    from crm import clock
    from crm.billing import payments
    from crm.values.yen import Yen

    given = {"received_on": date(2026, 4, 20), "payer": "ｶ)ﾐﾎﾝ", "method": payments.PaymentMethod.TRANSFER, **values}
    with act(Kind.PAYMENT_RECORDED) as deed:
        deed.about = made = payments.record(amount=Yen(amount), member=member, today=clock.today(), **given)
        payments.settle(made, list(invoices), on=clock.today())
    return made
