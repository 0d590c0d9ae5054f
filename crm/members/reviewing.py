"""What a reviewer should look at first in an application: whom it may be, which proof is missing, what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import sqlalchemy as sa

from crm.db import db
from crm.members import tiers
from crm.members.applications import OPEN, Application, text_digests
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations.duplicates import Proposal
from crm.organisations.organisations import Organisation, OrganisationKind
from crm.organisations.people import Person
from crm.text import _

OLD_FIGURE = timedelta(days=365)
NEAR = 10  # percent of the employee figure within which another tier is worth a second look


class Weight(StrEnum):
    """How much a finding weighs."""

    __labelled__ = False

    STOP = "danger"
    LOOK = "warning"
    NOTE = "info"


@dataclass(frozen=True)
class Finding:
    """One thing to look at, in words."""

    weight: Weight
    text: object


Known = dict[int, tuple[Organisation, Member | None]]


def findings(application: Application, proposed: Iterable[Proposal], known: Known, today: date) -> list[Finding]:
    """What to look at before deciding, the weightiest first; ``known`` are the proposed organisations with their membership."""
    found = [
        *_identity(application, list(proposed), known, today), *_others(application), *_proof(application, today),
        *_texts(application),
    ]  # fmt: skip
    order = list(Weight)
    return sorted(found, key=lambda one: order.index(one.weight))


def _identity(application: Application, proposed: list[Proposal], known: Known, today: date) -> Iterator[Finding]:
    for proposal in proposed:
        member = known[proposal.organisation_id][1] if proposal.organisation_id in known else None
        if member is not None and member.class_on(today) is application.member_class:
            yield Finding(Weight.STOP, _("%(name)s is a member in this class already (%(number)s).", name=proposal.name,
                                         number=member.number))  # fmt: skip
    certain = [p for p in proposed if p.certain]
    if certain and certain[0].name != application.name:
        yield Finding(Weight.STOP, _("The corporate number is that of %(name)s, which we know under another name.",
                                     name=certain[0].name))  # fmt: skip
    elif proposed:
        yield Finding(Weight.LOOK, _("It may be an organisation we know: please compare below."))
    if application.corporate_number:
        yield Finding(Weight.NOTE, _("Corporate number: only its form was checked, not the register."))
    elif application.kind is OrganisationKind.COMPANY:
        yield Finding(Weight.LOOK, _("The corporate number is missing."))


def _others(application: Application) -> Iterator[Finding]:
    """Another application, or a person elsewhere, that this one meets."""
    twins = sa.select(Application.number).where(
        Application.id != application.id, Application.state.in_(OPEN), Application.number.is_not(None),
        Application.search_key == application.search_key,
    )  # fmt: skip
    for number in db.session.scalars(twins.order_by(Application.id)):
        yield Finding(Weight.LOOK, _("Another application of the same name is open: %(number)s.", number=number))
    elsewhere = sa.select(Organisation.name).join(Person, Person.organisation_id == Organisation.id).where(
        Person.email == application.contact_email, Person.left_on.is_(None), Organisation.name != application.name
    )  # fmt: skip
    for name in db.session.scalars(elsewhere.distinct().order_by(Organisation.name).limit(3)):
        yield Finding(Weight.LOOK, _("The contact's mail address is known to us from %(name)s.", name=name))


def _proof(application: Application, today: date) -> Iterator[Finding]:
    if application.member_class is not MemberClass.CORPORATE:
        return
    if application.evidence_id is None:
        yield Finding(Weight.LOOK, _("No proof of the number of employees was attached."))
    if today - application.employees_on > OLD_FIGURE:
        yield Finding(Weight.LOOK, _("The number of employees is more than a year old."))
    in_force = tiers.in_force(today)
    around = [application.employees * (100 + percent) // 100 for percent in (-NEAR, 0, NEAR)]
    if len({tiers.tier_for(MemberClass.CORPORATE, employees, in_force) for employees in around}) > 1:
        yield Finding(Weight.LOOK, _("The number of employees lies close to the edge of two fee tiers."))


def _texts(application: Application) -> Iterator[Finding]:
    now = text_digests()
    if (application.rules_digest, application.privacy_digest) != (now["rules_digest"], now["privacy_digest"]):
        yield Finding(
            Weight.NOTE, _("The rules or the privacy notice have changed since the applicant agreed to them.")
        )
