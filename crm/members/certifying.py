"""The certificates of a year, all in one go: issued, drawn, and gathered as one ZIP and one PDF to print.

A run is worked off in short acts by the worker. Whoever was certified has a live certificate, and the database forbids a
second one, so it may be interrupted anywhere and repeated. When every certificate of the year is drawn, the signed originals go
into a ZIP with an index; the PDF to print holds the same pages one after the other, without signatures, which hold only in
a file of their own.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from crm import clock
from crm.db import Model, db
from crm.documents import files, issued, papers
from crm.documents.files import StoredFile
from crm.documents.issued import DocumentState, IssuedDocument
from crm.errors import Refused
from crm.exchange.writing import csv_bytes
from crm.members import certificates, letters
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.text import _, label
from crm.values.fiscal_year import FiscalYear

BATCH = 25
ZIP = "application/zip"


class CertifyingState(StrEnum):
    """Certificates are being issued, then drawn and gathered; then the files are there."""

    ISSUING = "issuing"
    GATHERING = "gathering"
    ENDED = "ended"


class CertificateRun(Model):
    """One go at a year's certificates. ``members`` are the ids it set out to certify, ``failed`` who could not be and why.

    ``after`` is the id of the newest certificate there was; ``send`` says whether each liaison gets theirs by letter.
    """

    __tablename__ = "certificate_runs"

    year: Mapped[FiscalYear] = mapped_column(index=True)
    members: Mapped[list[Any]]
    send: Mapped[bool]
    started_at: Mapped[datetime]
    after: Mapped[int]
    failed: Mapped[list[Any]] = mapped_column(default_factory=list, init=False)
    state: Mapped[CertifyingState] = mapped_column(default=CertifyingState.ISSUING, init=False, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    gathered: Mapped[int] = mapped_column(default=0, init=False)
    zip_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), default=None, init=False, index=True)
    zip: Mapped[StoredFile | None] = relationship(default=None, init=False, foreign_keys=[zip_id])
    pdf_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), default=None, init=False, index=True)
    pdf: Mapped[StoredFile | None] = relationship(default=None, init=False, foreign_keys=[pdf_id])

    @property
    def is_running(self) -> bool:
        """Whether there is still something to do."""
        return self.state is not CertifyingState.ENDED


@dataclass(frozen=True)
class Progress:
    """How far a run is: certificates issued and drawn, of how many of each."""

    done: int
    total: int


@dataclass(frozen=True)
class Gathered:
    """The two files of a year, and how many certificates they hold."""

    zip: bytes
    pdf: bytes
    number: int


def begin(year: FiscalYear, *, send: bool) -> CertificateRun:
    """Open a run over everyone who belongs in the year and has no certificate, or find the one that is under way.

    When nobody lacks one, it only gathers those there are. Raises ``Refused`` when there is nothing to gather either.
    """
    running = db.session.scalars(unfinished(year)).first()
    if running is not None:
        return running
    members = [found.member.id for found in certificates.candidates(year) if found.why_not is None]
    after = db.session.scalar(sa.select(sa.func.max(Certificate.id))) or 0
    run = CertificateRun(year=year, members=members, send=send, started_at=clock.now(), after=after)
    if not members:
        if not db.session.scalar(sa.select(sa.exists(_live(year)))):
            raise Refused(_("Nobody belongs in this fiscal year, or the rule leaves everyone out."))
        run.state = CertifyingState.GATHERING
    db.session.add(run)
    db.session.flush()
    return run


def work_off(run_id: int, *, most: int = BATCH) -> int:
    """Certify the next members of a run, in one act; how many are left. Who cannot be certified is named in the run."""
    run = db.session.get_one(CertificateRun, run_id, with_for_update=True, populate_existing=True)
    if run.state is not CertifyingState.ISSUING:
        return 0
    waiting = remaining(run)
    failed = []
    for member in db.session.scalars(sa.select(Member).where(Member.id.in_(waiting[:most])).order_by(Member.number)):
        try:
            made = certificates.issue(member, run.year)
        except Refused as refusal:
            failed.append({"member": member.id, "name": member.organisation.name, "reason": str(refusal)})
            continue
        if run.send:
            letters.certificate_issued(made, certificates.liaison(member, clock.today()))
    run.failed = [*run.failed, *failed]
    if len(waiting) <= most:
        run.state = CertifyingState.GATHERING
    return max(0, len(waiting) - most)


def remaining(run: CertificateRun) -> list[int]:
    """The members a run has still to certify, in their order; whose new certificate was revoked meanwhile gets no other by it."""
    failed = {fact["member"] for fact in run.failed}
    done = set(db.session.scalars(sa.select(Certificate.member_id).where(
        Certificate.year == run.year, Certificate.member_id.in_(run.members), Certificate.id > run.after
    )))  # fmt: skip
    return [member_id for member_id in run.members if member_id not in failed and member_id not in done]


def progress(run: CertificateRun) -> Progress:
    """How far it is: each member counts once when certified and each certificate of the year once when drawn."""
    left = len(remaining(run)) if run.state is CertifyingState.ISSUING else 0
    counted = sa.select(sa.func.count(Certificate.id)).join(Certificate.document).where(
        Certificate.year == run.year, Certificate.revoked_on.is_(None)
    )  # fmt: skip
    there = db.session.scalar(counted) or 0
    drawn = db.session.scalar(counted.where(IssuedDocument.state != DocumentState.PENDING)) or 0
    return Progress(len(run.members) - left + drawn, len(run.members) + there + left)


def unfinished(year: FiscalYear | None = None) -> sa.Select[CertificateRun]:
    """Runs that are under way, oldest first."""
    running = sa.select(CertificateRun).where(CertificateRun.state != CertifyingState.ENDED)
    return (running if year is None else running.where(CertificateRun.year == year)).order_by(CertificateRun.id)


def newest(year: FiscalYear) -> CertificateRun | None:
    """The last run of a year that ended, whose files may be taken."""
    ended = sa.select(CertificateRun).where(CertificateRun.year == year, CertificateRun.state == CertifyingState.ENDED)
    return db.session.scalars(ended.order_by(CertificateRun.id.desc()).limit(1)).one_or_none()


def to_gather() -> list[int]:
    """Runs whose certificates are all drawn, so that only the files are missing."""
    waiting = db.session.scalars(unfinished().where(CertificateRun.state == CertifyingState.GATHERING)).all()
    return [run.id for run in waiting if not _undrawn(run.year)]


def gather(run: CertificateRun) -> Gathered:
    """The files of a run's year, from the stored originals. Writes nothing; call it outside an act, for it takes a while."""
    drawn = _drawn(run.year)
    return Gathered(_zipped(drawn, run.started_at), _printable(drawn), len(drawn))


def end(run: CertificateRun, made: Gathered) -> None:
    """Keep the files and end the run, in an act."""
    db.session.refresh(run, with_for_update=True)
    if not run.is_running:
        return
    name = f"certificates-{run.year.start}"
    run.zip = files.keep(made.zip, name=f"{name}.zip", media_type=ZIP)
    run.pdf = files.keep(made.pdf, name=f"{name}.pdf", media_type=issued.PDF) if made.number else None
    run.gathered, run.state, run.ended_at = made.number, CertifyingState.ENDED, clock.now()


def _live(year: FiscalYear) -> sa.Select[Certificate]:
    return sa.select(Certificate).where(Certificate.year == year, Certificate.revoked_on.is_(None))


def _undrawn(year: FiscalYear) -> bool:
    pending = _live(year).join(Certificate.document).where(IssuedDocument.state == DocumentState.PENDING)
    return bool(db.session.scalar(sa.select(sa.exists(pending))))


def _drawn(year: FiscalYear) -> Sequence[Certificate]:
    found = _live(year).join(Certificate.document).where(IssuedDocument.state == DocumentState.DRAWN)
    eager = (
        joinedload(Certificate.document).joinedload(IssuedDocument.file),
        joinedload(Certificate.member).joinedload(Member.organisation),
    )
    return db.session.scalars(found.options(*eager).order_by(Certificate.number)).all()


def _zipped(drawn: Sequence[Certificate], moment: datetime) -> bytes:
    """The signed originals and an index with their SHA-256; the same certificates give the same bytes."""
    out, rows = io.BytesIO(), []
    stamp = moment.astimezone(clock.TOKYO).timetuple()[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for certificate in drawn:
            assert certificate.document is not None
            content, name = issued.pdf(certificate.document), certificate.document.file_name
            archive.writestr(zipfile.ZipInfo(name, stamp), content, zipfile.ZIP_DEFLATED)
            rows.append([
                certificate.number, certificate.member.number, certificate.member.organisation.name,
                str(label(certificate.member_class)), certificate.issued_on, name, hashlib.sha256(content).hexdigest(),
            ])  # fmt: skip
        headings = [
            _("Certificate number"), _("Member number"), _("Legal name"), _("Class"), _("Issued"), _("File"), "SHA-256",
        ]  # fmt: skip
        index = csv_bytes([str(heading) for heading in headings], rows)
        archive.writestr(zipfile.ZipInfo("index.csv", stamp), index, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _printable(drawn: Sequence[Certificate]) -> bytes:
    """All of them in one file, each beginning on a page of its own, with bookmarks."""
    documents = [(certificate, certificate.document) for certificate in drawn]
    pages = [
        (f"{certificate.number}　{certificate.member.organisation.name}", document.paper)
        for certificate, document in documents
        if document is not None
    ]
    return papers.render_together(pages, images=issued.images_of(paper for _name, paper in pages)) if pages else b""
