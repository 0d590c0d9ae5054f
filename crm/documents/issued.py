"""Issued documents: the register of every paper that left the house.

``issue`` freezes the facts in the running act. Drawing comes later and apart: ``render`` outside any transaction, ``attach``
in an act of its own; both may be repeated, the bytes are the same and the first stored ones stay. A reissue prints the same
facts marked 再発行 and is registered with its reason. Nothing else of an issued document ever changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, UniqueConstraint, event, inspect
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.db import PERSONAL, Model, db
from crm.documents import files, papers, signing
from crm.documents.files import StoredFile
from crm.documents.numbering import Counter
from crm.documents.papers import Paper
from crm.errors import Refused
from crm.history import inserting, recording
from crm.text import _
from crm.values.yen import Yen

PDF = "application/pdf"


class DocumentState(StrEnum):
    """Whether the bytes are there. A failed drawing says why and waits for a person."""

    PENDING = "pending"
    DRAWN = "drawn"
    FAILED = "failed"


class IssuedDocument(Model):
    """A paper as issued: number, to whom, when, its facts, and the bytes once drawn.

    ``amount``, ``counterparty`` and ``transaction_date`` are what the books are searched by (電子帳簿保存法施行規則 4条1項).
    """

    __tablename__ = "issued_documents"
    __table_args__ = (Index("ix_issued_documents_about", "about_table", "about_id"),)

    kind: Mapped[str] = mapped_column(index=True)
    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    language: Mapped[str]
    issued_on: Mapped[date] = mapped_column(index=True)
    issued_at: Mapped[datetime]
    transaction_date: Mapped[date | None] = mapped_column(index=True)
    amount: Mapped[Yen | None] = mapped_column(index=True)
    about_table: Mapped[str | None]
    about_id: Mapped[int | None]
    addressee: Mapped[str] = mapped_column(info=PERSONAL)
    counterparty: Mapped[str] = mapped_column(index=True, info=PERSONAL)
    facts: Mapped[dict[str, Any]] = mapped_column(info=PERSONAL)
    state: Mapped[DocumentState] = mapped_column(default=DocumentState.PENDING, init=False, index=True)
    trouble: Mapped[str | None] = mapped_column(default=None, init=False)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), default=None, init=False, index=True)
    file: Mapped[StoredFile | None] = relationship(default=None, init=False)
    copies: Mapped[list[DocumentCopy]] = relationship(
        back_populates="document", order_by="DocumentCopy.ordinal", default_factory=list, init=False
    )

    @property
    def paper(self) -> Paper:
        """The paper of the stored facts."""
        return papers.unpacked(self.kind, self.facts)

    @property
    def file_name(self) -> str:
        """What the file is called when it is handed out."""
        return f"{self.number}.pdf"


class DocumentCopy(Model):
    """A reissue: the same facts marked 再発行; when, why and by whom."""

    __tablename__ = "document_copies"
    __table_args__ = (UniqueConstraint("document_id", "ordinal"),)

    document_id: Mapped[int] = mapped_column(ForeignKey("issued_documents.id"), init=False, index=True)
    document: Mapped[IssuedDocument] = relationship(back_populates="copies")
    ordinal: Mapped[int]
    reason: Mapped[str]
    reissued_at: Mapped[datetime]
    reissued_by: Mapped[str]
    state: Mapped[DocumentState] = mapped_column(default=DocumentState.PENDING, init=False, index=True)
    trouble: Mapped[str | None] = mapped_column(default=None, init=False)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), default=None, init=False, index=True)
    file: Mapped[StoredFile | None] = relationship(default=None, init=False)

    @property
    def file_name(self) -> str:
        """What the file is called when it is handed out."""
        return f"{self.document.number}-{self.ordinal}.pdf"


Drawable = IssuedDocument | DocumentCopy


def issue(
    paper: Paper, *, number: str, to: str, counterparty: str = "", amount: Yen | None = None, issued_on: date | None = None,
    transaction_date: date | None = None, about: Model | None = None,
) -> IssuedDocument:  # fmt: skip
    """Register a paper in the running act; it is drawn a moment later.

    ``to`` is the addressee's name for the register, ``counterparty`` the name the books know, if it is another. ``about`` is
    the row the paper belongs to. Raises ``MissingGlyph`` naming a character that could not be printed.
    """
    about_table, about_id = _row(about)
    document = IssuedDocument(
        kind=paper.kind, number=number, title=paper.title, language=paper.language, addressee=to, facts=paper.packed(),
        counterparty=counterparty or to, amount=amount, issued_on=issued_on or clock.today(), issued_at=clock.now(),
        transaction_date=transaction_date, about_table=about_table, about_id=about_id,
    )  # fmt: skip
    db.session.add(document)
    db.session.flush()
    return document


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One of many papers that are issued together; the fields are those of ``issue``, ``about`` a table and a row's id.

    ``facts`` are the packed facts of the paper as it is issued: under its number.
    """

    paper: Paper
    facts: dict[str, Any]
    number: str
    to: str
    counterparty: str
    amount: Yen | None
    issued_on: date
    transaction_date: date | None
    about: tuple[str, int]


def issue_all(entries: Sequence[Entry]) -> list[int]:
    """Register many papers in the running act, as ``issue`` does one, with a few statements; the documents' ids in order."""
    now = clock.now()
    return inserting.insert_all(IssuedDocument, [
        {
            "kind": each.paper.kind, "number": each.number, "title": each.paper.title, "language": each.paper.language,
            "addressee": each.to, "facts": each.facts, "counterparty": each.counterparty, "amount": each.amount,
            "issued_on": each.issued_on, "issued_at": now, "transaction_date": each.transaction_date,
            "about_table": each.about[0], "about_id": each.about[1],
        }
        for each in entries
    ])  # fmt: skip


def reissue(document: IssuedDocument, *, reason: str) -> DocumentCopy:
    """Register a copy marked 再発行 in the running act. Raises ``Refused`` without a reason."""
    if not reason.strip():
        raise Refused(_("Please say why the document is issued again."), field="reason")
    db.session.refresh(document, with_for_update=True)  # two at once would take the same place
    before = sa.select(sa.func.count()).where(DocumentCopy.document_id == document.id)
    copy = DocumentCopy(
        document=document, ordinal=(db.session.scalar(before) or 0) + 1, reason=reason.strip(), reissued_at=clock.now(),
        reissued_by=str(recording.acting()),
    )  # fmt: skip
    db.session.add(copy)
    db.session.flush()
    return copy


def about(row: Model) -> sa.Select[IssuedDocument]:
    """The documents that belong to a row, newest first."""
    mine = (IssuedDocument.about_table == row.__tablename__, IssuedDocument.about_id == row.id)
    return sa.select(IssuedDocument).where(*mine).order_by(IssuedDocument.id.desc())


def pending() -> sa.Select[IssuedDocument]:
    """Documents that wait to be drawn, oldest first."""
    return sa.select(IssuedDocument).where(IssuedDocument.state == DocumentState.PENDING).order_by(IssuedDocument.id)


def pending_copies() -> sa.Select[DocumentCopy]:
    """Copies that wait to be drawn, oldest first."""
    return sa.select(DocumentCopy).where(DocumentCopy.state == DocumentState.PENDING).order_by(DocumentCopy.id)


def undrawn(limit: int = 100) -> list[Drawable]:
    """What the worker draws next."""
    found: list[Drawable] = list(db.session.scalars(pending().limit(limit)))
    return [*found, *db.session.scalars(pending_copies().limit(limit))]


def pdf(thing: Drawable) -> bytes:
    """The stored bytes; of what is not drawn yet the bytes that will be stored. Writes nothing."""
    return render(thing) if thing.file is None else files.read(thing.file)


def for_reading(thing: Drawable) -> bytes:
    """The bytes for someone who asks for them. Raises ``Refused`` for a document that could not be drawn."""
    if thing.state is DocumentState.FAILED and thing.file is None:
        raise Refused(_("This document could not be drawn: %(trouble)s", trouble=thing.trouble or ""))
    return pdf(thing)


def render(thing: Drawable) -> bytes:
    """Draw a document or copy from its facts, signed where its kind is. Call it outside an act: it takes a while."""
    document = thing if isinstance(thing, IssuedDocument) else thing.document
    when = thing.issued_at if isinstance(thing, IssuedDocument) else thing.reissued_at
    paper = document.paper
    mark = "" if isinstance(thing, IssuedDocument) else papers.COPY_MARK[paper.language]
    drawn = papers.render(paper, images=images_of([paper]), mark=mark)
    if paper.signed:
        drawn = signing.sign(drawn, reason=f"{document.title} {document.number}", when=when, name=paper.issuer.name)
    return drawn


def attach(thing: Drawable, drawn: bytes) -> None:
    """Store what was drawn, in an act. What was stored before stays: drawing twice changes nothing."""
    db.session.refresh(thing, with_for_update=True)
    if thing.file_id is not None:
        return
    thing.file = files.keep(drawn, name=thing.file_name, media_type=PDF)
    thing.state, thing.trouble = DocumentState.DRAWN, None


def give_up(thing: Drawable, trouble: str) -> None:
    """Note, in an act, why something could not be drawn; it waits for a person."""
    if thing.file_id is None:
        thing.state, thing.trouble = DocumentState.FAILED, trouble[:500]


def try_again(thing: Drawable) -> None:
    """Let something that failed be drawn again. Raises ``Refused`` when it did not fail."""
    if thing.state is not DocumentState.FAILED:
        raise Refused(_("This document has not failed to be drawn."))
    thing.state, thing.trouble = DocumentState.PENDING, None


def images_of(papers_: Iterable[Paper]) -> dict[str, bytes]:
    """The kept images that papers show, by their SHA-256."""
    found = {digest: files.of_digest(digest) for digest in {paper.issuer.seal for paper in papers_} if digest}
    return {digest: files.read(file) for digest, file in found.items() if file is not None}


def _row(row: Model | None) -> tuple[str | None, int | None]:
    if row is None:
        return None, None
    if not inspect(row).persistent:
        db.session.add(row)
        db.session.flush()  # a row made in this act learns its id
    return row.__tablename__, row.id


def breaches() -> Iterator[str]:
    """Numbers of a series that were taken and yet stand on no document: gaps. Series without any document number other things."""
    for counter in db.session.scalars(sa.select(Counter).order_by(Counter.series, Counter.fiscal_year)):
        prefix = f"{counter.series}-{counter.fiscal_year.start}-"
        found = db.session.scalars(
            sa.select(IssuedDocument.number).where(IssuedDocument.number.startswith(prefix, autoescape=True))
        )
        there = {number.removeprefix(prefix).lstrip("0") for number in found}
        if there:
            for n in range(1, counter.value + 1):
                if str(n) not in there:
                    yield f"numbers: {prefix}{n:04d} was taken and stands on no document"


_MAY_CHANGE = {"state", "trouble", "file_id"}


@event.listens_for(IssuedDocument, "before_update")
@event.listens_for(DocumentCopy, "before_update")
def _refuse_changes(_mapper: Any, _connection: Any, thing: Drawable) -> None:
    """What was issued stays as it was issued, whatever code may try."""
    state: Any = inspect(thing)
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if not history.has_changes():
            continue
        if attribute.key not in _MAY_CHANGE or (attribute.key == "file_id" and history.deleted[0] is not None):
            raise RuntimeError(f"{attribute.key} of an issued document may not change")


@event.listens_for(IssuedDocument, "before_delete")
@event.listens_for(DocumentCopy, "before_delete")
def _refuse_deletion(_mapper: Any, _connection: Any, _thing: Drawable) -> None:
    raise RuntimeError("an issued document may not be deleted")
