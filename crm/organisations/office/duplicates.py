"""The work list of records that may be the same (重複候補), what a person told apart, and what was merged."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import candidates, distinctions
from crm.organisations.distinctions import Distinction
from crm.organisations.merges import Merge, Thing
from crm.organisations.office import BIGGEST_ID, area
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person
from crm.text import _
from crm.web.forms import EmptyForm, done
from crm.web.listing import Column, Filter, Listing
from crm.web.templating import page

THINGS = {Thing.ORGANISATIONS: _("Organisations"), Thing.PEOPLE: _("People")}


def _things() -> list[tuple[str, object]]:
    return [(thing.value, words) for thing, words in THINGS.items()]


LISTING = Listing(
    name="duplicates",
    title=_("Possible duplicates"),
    columns=[
        Column("one", _("Organisation"), value=lambda pair: pair[0].name, sort=candidates.ONE.name),
        Column("other", _("May be the same as"), value=lambda pair: pair[1].name, sort=candidates.OTHER.name),
        Column("why", _("Why"), value=lambda pair: str(candidates.why(pair[0], pair[1], pair[2]))),
        Column(
            "number", _("Corporate number"), value=lambda pair: pair[0].corporate_number or pair[1].corporate_number
        ),
    ],
    order=[candidates.ONE.kana, candidates.ONE.id, candidates.OTHER.id],
    search=candidates.named_like,
)

PEOPLE = Listing(
    name="duplicate-people",
    title=_("People who may be the same"),
    columns=[
        Column("one", _("Name"), value=lambda pair: pair[0].name),
        Column("other", _("May be the same as"), value=lambda pair: pair[1].name),
        Column("organisation", _("Organisation"), value=lambda pair: pair[0].organisation.name),
        Column("email", _("Mail address"), value=lambda pair: pair[0].email or pair[1].email),
        Column("why", _("Why"), value=lambda pair: str(candidates.why_people(pair[2]))),
    ],
    order=[candidates.PERSON.organisation_id, candidates.PERSON.id, candidates.TWIN.id],
    search=candidates.people_like,
)

APART = Listing(
    name="told-apart",
    title=_("Told apart"),
    columns=[
        Column("lower_name", _("Name"), value=lambda row: row[1]),
        Column("upper_name", _("Is not"), value=lambda row: row[2]),
        Column("reason", _("Reason"), value=lambda row: row[0].reason),
        Column(
            "decided_at", _("When"), value=lambda row: row[0].decided_at, kind="moment", sort=Distinction.decided_at
        ),
    ],
    order=[Distinction.id.desc()],
    search=lambda words: Distinction.reason.icontains(words, autoescape=True),
    filters=[Filter("thing", _("Kind"), _things, lambda s, v: s.where(Distinction.thing == Thing(v)))],
)

MERGES = Listing(
    name="merges",
    title=_("Merged records"),
    columns=[
        Column("merged_name", _("Merged"), value=lambda row: row[0].merged_name),
        Column("survivor", _("Goes on as"), value=lambda row: row[1]),
        Column("merged_at", _("When"), value=lambda row: row[0].merged_at, kind="moment", sort=Merge.merged_at),
        Column("reason", _("Reason"), value=lambda row: row[0].reason),
        Column("undone_at", _("Undone"), value=lambda row: row[0].undone_at, kind="moment"),
    ],
    order=[Merge.id.desc()],
    search=lambda words: Merge.merged_name.icontains(words, autoescape=True),
    filters=[Filter("thing", _("Kind"), _things, lambda s, v: s.where(Merge.thing == Thing(v)))],
)


@area.get("/duplicates")
@requires(Permission.ORGANISATIONS_READ)
def duplicates() -> ResponseReturnValue:
    """Organisations that may be the same, each pair with the reason."""
    listing = LISTING.of(candidates.organisations(), url=lambda pair: _compare(Thing.ORGANISATIONS, pair))
    return listing.exit() or _page("organisations/office/duplicates.html", listing)


@area.get("/duplicates/people")
@requires(Permission.ORGANISATIONS_READ)
def duplicate_people() -> ResponseReturnValue:
    """People of one organisation who may be the same."""
    select = candidates.people().options(sa.orm.joinedload(candidates.PERSON.organisation))
    listing = PEOPLE.of(select, url=lambda pair: _compare(Thing.PEOPLE, pair))
    return listing.exit() or _page("organisations/office/duplicate_people.html", listing)


@area.get("/duplicates/apart")
@requires(Permission.ORGANISATIONS_READ)
def told_apart() -> ResponseReturnValue:
    """What a person decided is not the same; each decision can be taken back."""
    columns = (_named(Distinction.thing, Distinction.lower_id), _named(Distinction.thing, Distinction.upper_id))
    listing = APART.of(sa.select(Distinction, *columns).where(Distinction.taken_back_at.is_(None)))
    return listing.exit() or _page("organisations/office/told_apart.html", listing)


@area.post("/duplicates/apart/<int:distinction_id>/take-back")
@requires(Permission.ORGANISATIONS_EDIT)
def take_back(distinction_id: int) -> ResponseReturnValue:
    """Propose two records again."""
    known = db.session.get(Distinction, distinction_id) if distinction_id <= BIGGEST_ID else None
    if known is None:
        raise NotFound
    if EmptyForm().validate():
        with act(Kind.DUPLICATE_REOPENED, about=known):
            distinctions.take_back(known)
            return done(url_for(".told_apart"), _("The two are proposed again."))
    return told_apart()


@area.get("/merges")
@requires(Permission.ORGANISATIONS_READ)
def merge_list() -> ResponseReturnValue:
    """Every merge, those undone among them."""
    select = sa.select(Merge, _named(Merge.thing, Merge.survivor_id))
    listing = MERGES.of(select, url=lambda row: url_for(".merge_done", merge_id=row[0].id))
    return listing.exit() or _page("organisations/office/merges.html", listing)


def _page(template: str, listing: Any) -> ResponseReturnValue:
    return page(template, listing=listing)


def _compare(thing: Thing, pair: Any) -> str:
    return url_for(".compare", thing=thing.value, survivor_id=pair[0].id, other_id=pair[1].id)


def _named(thing: Any, record_id: Any) -> Any:
    """The name of a record of either kind, within the same query."""
    organisation = sa.select(Organisation.name).where(Organisation.id == record_id).scalar_subquery()
    person = sa.select(Person.name).where(Person.id == record_id).scalar_subquery()
    return sa.case((thing == Thing.ORGANISATIONS, organisation), else_=person)
