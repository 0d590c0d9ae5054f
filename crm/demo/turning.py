"""The turn of the year in the invented consortium: figures asked for and answered, one member leaving, one changing its class."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.members import declarations, letters, renewing, terms
from crm.members.members import Member, in_class
from crm.members.tiers import MemberClass
from crm.values.fiscal_year import FiscalYear

CONFIRMED = 3  # members who answered that nothing changed


def begun() -> None:
    """Old figures are asked for; some members confirmed theirs, one told a number that leads to another fee."""
    asked = declarations.ask_all(renewing.usual_year(clock.today()))
    for declaration in asked:
        letters.employees_asked(declaration)
    known = [d for d in asked if d.held is not None]
    for declaration in known[:CONFIRMED]:
        assert declaration.held is not None
        declarations.answer(declaration, declaration.held.employees, declaration.latest_day)
    if len(known) > CONFIRMED:
        other = known[CONFIRMED]
        assert other.held is not None
        crossing = 118 if other.held.employees <= 100 else 96
        declarations.answer(other, crossing, other.latest_day, remark="事業部の再編により増減がありました。")
    _leaving_and_changing()


def _leaving_and_changing() -> None:
    """One member leaves with the fiscal year, one associate member becomes a corporate member with the next."""
    today = clock.today()
    year = FiscalYear.of(today)
    for member_class in MemberClass:
        there = sa.select(Member).where(in_class(today, member_class), in_class(year.last_day, member_class))
        member = db.session.scalars(there.order_by(Member.number.desc()).limit(1)).one_or_none()
        if member is None or member.classes[-1].since >= today or member.left_on is not None:
            continue
        if member_class is MemberClass.CORPORATE:
            asked_on = max(today - timedelta(days=14), member.classes[-1].since)
            terms.withdraw(
                member,
                asked_on=asked_on,
                decided_on=today,
                effective_on=year.last_day,
                reason="予算の都合により（見本）",
            )
        else:
            terms.change_class(
                member, MemberClass.CORPORATE, on=(year + 1).first_day, reason="会員からの申し出（見本）"
            )
