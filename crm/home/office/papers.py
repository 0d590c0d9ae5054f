"""Papers in the office: the register of everything that was issued, the PDF as sent, and a marked copy with its reason."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.db import db
from crm.documents import issued
from crm.documents.issued import DocumentCopy, DocumentState, Drawable, IssuedDocument
from crm.errors import Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.home.forms import PaperSearchForm, ReasonForm
from crm.text import _
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.listing import Column, Listing
from crm.web.pdf import pdf_answer
from crm.web.templating import page

area: Blueprint = office_area("papers", __name__)

BIGGEST_ID = 2**63 - 1

LISTING = Listing(
    name="papers",
    title=_("Issued papers"),
    columns=[
        Column("number", _("Number"), kind="code", sort=IssuedDocument.number),
        Column("title", _("Kind of paper"), sort=IssuedDocument.title),
        Column("addressee", _("Addressee"), sort=IssuedDocument.addressee),
        Column("issued_on", _("Issued on"), kind="day", sort=IssuedDocument.issued_on),
        Column("transaction_date", _("Transaction date"), kind="day", sort=IssuedDocument.transaction_date),
        Column("amount", _("Amount"), kind="yen", sort=IssuedDocument.amount),
        Column("state", _("State"), kind="status", sort=IssuedDocument.state),
    ],
    order=[IssuedDocument.id.desc()],
)


@area.get("/")
@requires(Permission.PAPERS_READ)
def index() -> ResponseReturnValue:
    """Every issued paper, searched by number, name, day and amount."""
    form = PaperSearchForm(formdata=request.args)
    fits = form.validate()
    select = (
        sa.select(IssuedDocument).where(*_conditions(form)) if fits else sa.select(IssuedDocument).where(sa.false())
    )
    listing = LISTING.of(select, url=lambda document: url_for(".show", document_id=document.id))
    listing.is_filtered = any(form.values().values())
    return (fits and listing.exit()) or page(
        "home/office/papers.html", 200 if fits else 422, listing=listing, form=form
    )


@area.get("/<int:document_id>")
@requires(Permission.PAPERS_READ)
def show(document_id: int) -> ResponseReturnValue:
    """One paper: what it says about itself, its copies, and what happened to it."""
    return _page(_document(document_id), ReasonForm())


@area.get("/<int:document_id>/file")
@requires(Permission.PAPERS_READ)
def file(document_id: int) -> ResponseReturnValue:
    """The PDF as sent; drawn now if nobody has yet, the same bytes as will be kept."""
    document = _document(document_id)
    return pdf_answer(issued.for_reading(document), document.file_name)


@area.get("/<int:document_id>/copies/<int:ordinal>")
@requires(Permission.PAPERS_READ)
def copy(document_id: int, ordinal: int) -> ResponseReturnValue:
    """A copy marked 再発行."""
    found = next((c for c in _document(document_id).copies if c.ordinal == ordinal), None)
    if found is None:
        raise NotFound
    return pdf_answer(issued.for_reading(found), found.file_name)


@area.post("/<int:document_id>/reissue")
@requires(Permission.PAPERS_REISSUE)
def reissue(document_id: int) -> ResponseReturnValue:
    """Issue a paper again: the same facts, marked, with the reason."""
    document, form = _document(document_id), ReasonForm()
    if form.validate():
        with form.refusals(), act(Kind.PAPER_REISSUED, about=document, note=form.reason.data):
            issued.reissue(document, reason=form.reason.data)
            return done(url_for(".show", document_id=document.id), _("A copy marked as reissued was made."))
    return _page(_document(document_id), form, 422)


@area.post("/<int:document_id>/draw-again")
@requires(Permission.PAPERS_REISSUE)
def draw_again(document_id: int) -> ResponseReturnValue:
    """Let what could not be drawn be tried again."""
    document = _document(document_id)
    with act(Kind.PAPER_DRAWING_RETRIED, about=document):
        things: list[Drawable] = [document, *document.copies]
        failed = [thing for thing in things if thing.state is DocumentState.FAILED]
        if not failed:
            raise Refused(_("This document has not failed to be drawn."))
        for thing in failed:
            issued.try_again(thing)
        return done(url_for(".show", document_id=document.id), _("It will be drawn again at once."))


def _conditions(form: PaperSearchForm) -> list[Any]:
    """What the form asks for; each bound is included."""
    words, columns = form.q.data, (IssuedDocument.number, IssuedDocument.addressee, IssuedDocument.counterparty)
    day = IssuedDocument.issued_on
    wanted = [
        (words, lambda: sa.or_(*(column.icontains(words, autoescape=True) for column in columns))),
        (form.issued_from.data, lambda: day >= form.issued_from.data),
        (form.issued_to.data, lambda: day <= form.issued_to.data),
        (form.amount_from.data is not None, lambda: IssuedDocument.amount >= form.amount_from.data),
        (form.amount_to.data is not None, lambda: IssuedDocument.amount <= form.amount_to.data),
    ]
    return [condition() for is_asked, condition in wanted if is_asked]


def _page(document: IssuedDocument, form: ReasonForm, status: int = 200) -> ResponseReturnValue:
    entries = timeline.of(document)
    things: list[Drawable] = [document, *document.copies]
    actors = {entry.actor for entry in entries} | {copy.reissued_by for copy in document.copies}
    return page(
        "home/office/paper.html", status, document=document, form=form, entries=entries, names=actor_names(actors),
        has_failed=any(thing.state is DocumentState.FAILED for thing in things),
    )  # fmt: skip


def _document(document_id: int) -> IssuedDocument:
    # loaded apart: a joined row that may be absent could not be locked by a reissue
    loading = (selectinload(IssuedDocument.file), selectinload(IssuedDocument.copies).selectinload(DocumentCopy.file))
    found = db.session.get(IssuedDocument, document_id, options=loading) if document_id <= BIGGEST_ID else None
    if found is None:
        raise NotFound
    return found
