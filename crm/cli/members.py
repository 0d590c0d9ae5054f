"""``crm members`` and ``crm certificates``: counting members on a day, issuing the certificates of a year."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa

from crm import clock
from crm.cli.answering import Answer, command, nothing_to_do, refused
from crm.cli.membership import movements, renew
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import certificates, letters, terms
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.text import _
from crm.values import BadValue, dates
from crm.values.fiscal_year import FiscalYear


@command()
@click.option("--on", "day", required=True, help="The day, in either calendar.")
def count(day: str) -> Answer:
    """How many members of each class belong on a day."""
    try:
        on = dates.parse(day)
    except BadValue as error:
        raise refused(_(str(error)), field="on") from error
    counted = terms.count(on)
    return {
        "on": on.isoformat(), "corporate": counted[MemberClass.CORPORATE], "associate": counted[MemberClass.ASSOCIATE],
    }  # fmt: skip


@command()
@click.option("--fiscal-year", required=True, help="2026, R8 or 令和8年度.")
@click.option("--member", "number", help="Only the member with this number.")
@click.option("--no-letters", is_flag=True, help="Do not send the certificates to the liaisons.")
def issue(fiscal_year: str, number: str | None, no_letters: bool) -> Answer:
    """Issue the certificates of a fiscal year to everyone who belongs in it and has none."""
    try:
        year = FiscalYear.parse(fiscal_year)
    except BadValue as error:
        raise refused(_(str(error)), field="fiscal-year") from error
    with act(Kind.CERTIFICATES_ISSUED, note=str(year)):
        made = certificates.issue_all(year) if number is None else _one(number, year)
        if not made:
            raise nothing_to_do(issued=[])
        for certificate in made if not no_letters else []:
            letters.certificate_issued(certificate, certificates.liaison(certificate.member, clock.today()))
        answer = {"issued": [_shape(certificate) for certificate in made]}
    return answer


def _one(number: str, year: FiscalYear) -> list[Certificate]:
    member = db.session.scalars(sa.select(Member).where(Member.number == number)).one_or_none()
    if member is None:
        raise Refused(_("There is no member %(number)s.", number=number), field="member")
    return [] if certificates.has_one(member, year) else [certificates.issue(member, year)]


def _shape(certificate: Certificate) -> dict[str, Any]:
    organisation = certificate.member.organisation
    return {"number": certificate.number, "organisation": organisation.name, "organisation_id": organisation.id}


COMMANDS = [
    click.Group("members", commands=[count, movements, renew], help="Who belongs."),
    click.Group("certificates", commands=[issue], help="Certificates of membership."),
]
