"""Rows in doubt in the office: the work list, and deciding whether a row is the same as someone we know."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import duplicates, importers, reviews
from crm.organisations.finding import the_one
from crm.organisations.forms import ReviewForm
from crm.organisations.importers import ReviewDecision
from crm.organisations.office import BIGGEST_ID
from crm.organisations.organisations import Organisation
from crm.organisations.reviews import ImportReview
from crm.text import _, label
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.listing import Column, Filter, Listing
from crm.web.templating import page

area = office_area("reviews", __name__)

STATES = {
    "waiting": (_("Waiting"), ImportReview.decision.is_(None)),
    "decided": (_("Decided"), ImportReview.decision.is_not(None)),
}

LISTING = Listing(
    name="reviews",
    title=_("Rows in doubt"),
    columns=[
        Column("name", _("Name in the list"), sort=ImportReview.name),
        Column("matches", _("May be"), value=lambda one: "、".join(match["organisation"] for match in one.matches)),
        Column("file_name", _("File"), sort=ImportReview.file_name),
        Column("row_number", _("Row"), kind="number", sort=ImportReview.row_number),
        Column("held_at", _("Since"), kind="moment", sort=ImportReview.held_at),
        Column("decision", _("Decision"), value=lambda one: label(one.decision)),
    ],
    order=[ImportReview.decision.is_not(None), ImportReview.id],
    search=lambda words: ImportReview.name.icontains(words, autoescape=True),
    filters=[
        Filter(
            "state",
            _("State"),
            lambda: [(value, words) for value, (words, _condition) in STATES.items()],
            lambda select, value: select.where(STATES[value][1]),
            default="waiting",
        )
    ],
)


@area.get("/")
@requires(Permission.ORGANISATIONS_IMPORT)
def index() -> ResponseReturnValue:
    """The rows that wait for a person, oldest first."""
    listing = LISTING.of(sa.select(ImportReview), url=lambda review: url_for(".show", review_id=review.id))
    return listing.exit() or page("organisations/office/reviews.html", listing=listing)


@area.get("/<int:review_id>")
@requires(Permission.ORGANISATIONS_IMPORT)
def show(review_id: int) -> ResponseReturnValue:
    """One row beside those it may mean."""
    review = _review(review_id)
    proposals = _proposals(review)
    first = proposals[0].name if proposals else ""
    return _show(review, ReviewForm(data={"decision": ReviewDecision.SAME, "organisation": first}))


@area.post("/<int:review_id>")
@requires(Permission.ORGANISATIONS_IMPORT)
def decide(review_id: int) -> ResponseReturnValue:
    """Carry out what a person decided."""
    review, form = _review(review_id), ReviewForm()
    if form.validate():
        with form.refusals(), act(Kind.ORGANISATION_REVIEWED, about=review):
            form.check_version(review)
            reviews.decide(review, form.decision.data, _named(form))
            return done(url_for(".index"), _("Decided."))
    return _show(_review(review_id), form, 422)


def _named(form: ReviewForm) -> Organisation | None:
    if form.decision.data is not ReviewDecision.SAME:
        return None
    if not form.organisation.data:
        raise Refused(_("Say which organisation it is the same as."), field="organisation")
    return the_one(form.organisation.data, "organisation")


def _proposals(review: ImportReview) -> list[duplicates.Proposal]:
    """Whom the row may mean today, which may be others than when it was held."""
    return duplicates.proposals(review.name, review.cells.get("corporate_number"))


def _show(review: ImportReview, form: ReviewForm, status: int = 200) -> ResponseReturnValue:
    proposals = _proposals(review)
    ids = [proposal.organisation_id for proposal in proposals]
    known = {one.id: one for one in db.session.scalars(sa.select(Organisation).where(Organisation.id.in_(ids)))}
    columns = importers.named(review.kind).columns
    cells = [(columns.heading(code), cell) for code, cell in review.cells.items()]
    if not form.is_sent:
        form.version.data = str(review.version)
    return page(
        "organisations/office/review.html", status, review=review, cells=cells, form=form,
        proposals=[(proposal, known[proposal.organisation_id]) for proposal in proposals],
    )  # fmt: skip


def _review(review_id: int) -> ImportReview:
    review = db.session.get(ImportReview, review_id) if review_id <= BIGGEST_ID else None
    if review is None:
        raise NotFound
    return review
