"""Certificate: 会員証明書, one paper that says a member belonged in a fiscal year, and in which class.

Whoever belongs in the year gets one, whether or not the fee was paid: the certificate states membership, which the machine
never suspends for not paying. Whether it holds is computed when someone asks, so that a withdrawal shows at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload

from crm import clock
from crm.config import settings
from crm.db import Model, Versioned, db
from crm.documents import issued
from crm.documents.issued import IssuedDocument
from crm.documents.numbering import next_number
from crm.documents.papers import letterhead
from crm.errors import Refused
from crm.members import papers, terms
from crm.members.members import ClassPeriod, Member
from crm.members.tiers import MemberClass
from crm.organisations.people import Person, PersonRole, holding
from crm.settings.settings import office_setting
from crm.text import _
from crm.values.fiscal_year import FiscalYear

SERIES = "CERT"


class CertificateState(StrEnum):
    """What the public page says of a number, and nothing more."""

    UPCOMING = "upcoming"
    VALID = "valid"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Certificate(Versioned, Model):
    """One certificate of one member for one fiscal year; at most one of them is not revoked.

    ``other_document`` is the same certificate in the other language, made on request under the number with -EN or -JA.
    """

    __tablename__ = "certificates"
    __table_args__ = (
        Index("uq_certificates_live", "member_id", "year", unique=True, sqlite_where=sa.text("revoked_on IS NULL"),
              postgresql_where=sa.text("revoked_on IS NULL")),
    )  # fmt: skip

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True, init=False)
    member: Mapped[Member] = relationship()
    number: Mapped[str] = mapped_column(unique=True)
    year: Mapped[FiscalYear] = mapped_column(index=True)
    member_class: Mapped[MemberClass]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    issued_on: Mapped[date]
    document_id: Mapped[int | None] = mapped_column(
        ForeignKey("issued_documents.id"), default=None, init=False, index=True
    )
    document: Mapped[IssuedDocument | None] = relationship(default=None, init=False, foreign_keys=[document_id])
    other_document_id: Mapped[int | None] = mapped_column(
        ForeignKey("issued_documents.id"), default=None, init=False, index=True
    )
    other_document: Mapped[IssuedDocument | None] = relationship(
        default=None, init=False, foreign_keys=[other_document_id]
    )
    revoked_on: Mapped[date | None] = mapped_column(default=None, init=False)
    revoked_reason: Mapped[str] = mapped_column(default="", init=False)

    @property
    def other_language(self) -> str:
        """The language it was not issued in."""
        return "ja" if self.document is not None and self.document.language == "en" else "en"

    def state_on(self, day: date) -> CertificateState:
        """Valid, not yet, no longer, or withdrawn: revoked, or the member left before it ran out."""
        if self.revoked_on is not None:
            return CertificateState.WITHDRAWN
        if day > self.valid_until:
            return CertificateState.EXPIRED
        if self.member.class_on(max(day, self.valid_from)) is None:
            return CertificateState.WITHDRAWN
        return CertificateState.UPCOMING if day < self.valid_from else CertificateState.VALID

    def revoke(self, *, on: date, reason: str) -> None:
        """Take it back. Raises ``Refused`` without a reason or the second time."""
        if self.revoked_on is not None:
            raise Refused(_("This certificate was revoked already."))
        if not reason.strip():
            raise Refused(_("Please give the reason."), field="reason")
        self.revoked_on, self.revoked_reason = on, reason.strip()


@dataclass(frozen=True)
class Candidate:
    """Someone who would get a certificate, or why not."""

    member: Member
    why_not: object | None = None


def candidates(year: FiscalYear) -> list[Candidate]:
    """Everyone who belongs in a fiscal year, by member number, and who of them gets no certificate now and why.

    The office's rule (``certificates.to``) may leave out associate members; one by one they may have theirs all the same.
    """
    last, first = year.last_day, year.first_day
    belongs = Member.classes.any(
        sa.and_(ClassPeriod.since <= last, sa.or_(ClassPeriod.until.is_(None), ClassPeriod.until >= first))
    )
    eager = (joinedload(Member.organisation), selectinload(Member.classes), selectinload(Member.terms))
    live = {c.member_id: c for c in db.session.scalars(_live(year))}
    members = db.session.scalars(sa.select(Member).where(belongs).options(*eager).order_by(Member.number))
    by_rule = only_corporate()
    return [Candidate(member, _why_not(member, year, live.get(member.id), by_rule=by_rule)) for member in members]


def only_corporate() -> bool:
    """Whether the office's rule gives certificates to corporate members alone."""
    return bool(office_setting("certificates.to") == "corporate")


def issue(member: Member, year: FiscalYear, *, language: str | None = None) -> Certificate:
    """Issue a member's certificate for a year, in the running act.

    One that says another class than the member now has is revoked and replaced. ``language`` is otherwise that of the
    liaison. Raises ``Refused`` when one is live, or the member does not belong in that year or has left.
    """
    _alone([member.id])
    live = db.session.scalars(_live(year).where(Certificate.member_id == member.id)).one_or_none()
    why_not = _why_not(member, year, live)
    if why_not is not None:
        raise Refused(why_not, field="member")
    term = terms.term_of(member, year)
    assert term is not None
    today = clock.today()
    facts = papers.certificate(
        member, term, letterhead(), language=language or _language(member, today), issued_on=today,
        wording=office_setting("certificates.valid_text"),
    )  # fmt: skip
    facts.packed()  # a character no font has is found here, before a number is taken or anything revoked
    if live is not None:
        live.revoke(on=today, reason=str(_("The class changed.")))
        db.session.flush()
    number = next_number(SERIES, year)
    certificate = Certificate(
        member=member, number=number, year=year, member_class=term.member_class, valid_from=term.starts_on,
        valid_until=term.ends_on, issued_on=today,
    )  # fmt: skip
    db.session.add(certificate)
    paper = facts.under(number, verify_url(number))
    certificate.document = issued.issue(
        paper, number=number, to=member.organisation.name, issued_on=today, about=certificate
    )
    return certificate


def in_other_language(certificate: Certificate, *, name: str = "") -> IssuedDocument:
    """The same certificate in the other language, in the running act; asked for again, the one there is.

    It has the same facts and the same page to check it on; ``name`` is the member's name as printed, if it is another in that
    language. Raises ``Refused`` for one that was revoked, or when the first paper is not there.
    """
    db.session.refresh(certificate, with_for_update=True)
    if certificate.other_document is not None:
        return certificate.other_document
    if certificate.revoked_on is not None or certificate.document is None:
        raise Refused(_("This certificate was revoked already."))
    language, paper = certificate.other_language, certificate.document.paper
    assert isinstance(paper, papers.CertificatePaper)
    other = paper.in_language(language, name.strip(), office_setting("certificates.valid_text"))
    document = issued.issue(
        other, number=f"{certificate.number}-{language.upper()}", to=certificate.member.organisation.name,
        issued_on=clock.today(), about=certificate,
    )  # fmt: skip
    certificate.other_document = document
    return document


def issue_all(year: FiscalYear) -> list[Certificate]:
    """Issue the certificates of a year to everyone who belongs in it and has none; safe to repeat."""
    _alone([found.member.id for found in candidates(year)])
    return [issue(found.member, year) for found in candidates(year) if found.why_not is None]


def has_one(member: Member, year: FiscalYear) -> bool:
    """Whether a certificate of a year is live that says the class the member has."""
    live = db.session.scalars(_live(year).where(Certificate.member_id == member.id)).one_or_none()
    return live is not None and live.member_class is _class_in(member, year)


def liaison(member: Member, day: date) -> Person | None:
    """Whom letters about the membership go to."""
    return db.session.scalars(
        holding(PersonRole.LIAISON, day).where(Person.organisation_id == member.organisation_id)
    ).first()


def of(member: Member) -> sa.Select[Certificate]:
    """A member's certificates, newest first."""
    return sa.select(Certificate).where(Certificate.member_id == member.id).order_by(Certificate.id.desc())


def numbered(number: str) -> Certificate | None:
    """The certificate of a number as someone may type it."""
    wanted = number.strip().upper()
    return db.session.scalars(sa.select(Certificate).where(Certificate.number == wanted)).one_or_none()


def verify_url(number: str) -> str:
    """Where anyone may ask whether a certificate holds."""
    return f"{settings().base_url}/verify/{number}"


def _alone(member_ids: list[int]) -> None:
    """Whoever else would issue to these members waits; then they see what was issued here."""
    db.session.execute(sa.select(Member.id).where(Member.id.in_(member_ids)).order_by(Member.id).with_for_update())


def _live(year: FiscalYear) -> sa.Select[Certificate]:
    return sa.select(Certificate).where(Certificate.year == year, Certificate.revoked_on.is_(None))


def _why_not(
    member: Member, year: FiscalYear, live: Certificate | None, *, by_rule: bool = False
) -> object | None:  # fmt: skip
    """Why a member gets no certificate for a year now; ``None`` when they do. ``by_rule`` leaves out associate members."""
    held = member.classes_in(year)
    if not held:
        return _("The membership does not run in this fiscal year.")
    last = held[-1].until
    if last is not None and last < min(clock.today(), year.last_day):
        return _("The member has left.")
    if live is not None and live.member_class is _class_in(member, year):
        return _("A certificate was issued already.")
    if by_rule and _class_in(member, year) is MemberClass.ASSOCIATE:
        return _("The office's rule gives certificates to corporate members only.")
    return None


def _class_in(member: Member, year: FiscalYear) -> MemberClass:
    corporate = any(p.member_class is MemberClass.CORPORATE for p in member.classes_in(year))
    return MemberClass.CORPORATE if corporate else MemberClass.ASSOCIATE


def _language(member: Member, day: date) -> str:
    person = liaison(member, day)
    return person.locale if person is not None else "ja"
