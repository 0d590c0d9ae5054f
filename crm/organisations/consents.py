"""Consent (同意): what a person agreed to, on which words, when and how, and when they took it back.

Opt-in, with the record of it kept (特定電子メール法 3条, 同 規則 4条; 個人情報保護法 18条, 27条). A row is never changed but to note
that the consent was withdrawn; agreeing again is a new row. The last word counts: a withdrawal ends every consent given before
it, also one that stood on another record of the same person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from crm import clock
from crm.db import PERSONAL, Model, db
from crm.documents.files import StoredFile
from crm.errors import Refused
from crm.organisations.people import Person
from crm.text import _


class Purpose(StrEnum):
    """What is agreed to: 案内メール, 個人情報の取扱い, 名簿への掲載, 写真の利用."""

    ANNOUNCEMENTS = "announcements"
    PRIVACY_NOTICE = "privacy_notice"
    DIRECTORY = "directory"
    PHOTOGRAPHS = "photographs"


class Way(StrEnum):
    """How it was given or withdrawn: 申込フォーム, 会員ページ, メールのリンク, 書面, メール, 電話, 口頭, 取込."""

    FORM = "form"
    PORTAL = "portal"
    MAILED_LINK = "mailed_link"
    PAPER = "paper"
    MAIL = "mail"
    TELEPHONE = "telephone"
    IN_PERSON = "in_person"
    IMPORTED = "imported"


class Consent(Model):
    """One consent of one person. ``text_version`` names the words, ``wording`` keeps them, ``evidence`` says where the proof is."""

    __tablename__ = "consents"
    __table_args__ = (
        Index("ix_consents_person", "person_id", "purpose"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_way IS NULL)", name="withdrawn"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), init=False)
    person: Mapped[Person] = relationship()
    purpose: Mapped[Purpose]
    text_version: Mapped[str]
    given_at: Mapped[datetime]
    way: Mapped[Way]
    wording: Mapped[str] = mapped_column(default="")
    evidence: Mapped[str] = mapped_column(default="", info=PERSONAL)
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), init=False)
    evidence_file: Mapped[StoredFile | None] = relationship(default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    withdrawn_way: Mapped[Way | None] = mapped_column(default=None, init=False)
    withdrawn_note: Mapped[str] = mapped_column(default="", init=False, info=PERSONAL)

    @property
    def is_open(self) -> bool:
        """Whether it was not withdrawn."""
        return self.withdrawn_at is None


def record(
    person: Person, purpose: Purpose, *, text_version: str, way: Way, wording: str = "", evidence: str = "",
    evidence_file: StoredFile | None = None, given_at: datetime | None = None,
) -> Consent:  # fmt: skip
    """Keep that a person agreed, in the running act; the same words agreed to twice are one consent.

    ``given_at`` (now, when left out) may not be in the future. Raises ``Refused`` without a version of the words.
    """
    at = given_at or clock.now()
    if not text_version.strip():
        raise Refused(_("Say which version of the text was agreed to."), field="text_version")
    if at > clock.now():
        raise Refused(_("This day is still to come."), field="given_on")
    standing = _standing(consents_of(person), purpose)
    if standing is not None and standing.text_version == text_version.strip():
        return standing
    consent = Consent(
        person=person, purpose=purpose, text_version=text_version.strip(), given_at=at, way=way, wording=wording,
        evidence=evidence, evidence_file=evidence_file,
    )  # fmt: skip
    db.session.add(consent)
    return consent


def withdraw(
    person: Person, purpose: Purpose, *, way: Way, note: str = "", at: datetime | None = None
) -> list[Consent]:
    """End every open consent of a person to a purpose, in the running act; gives those that ended, none when none stood."""
    moment = at or clock.now()
    ended = [consent for consent in consents_of(person) if consent.purpose is purpose and consent.is_open]
    for consent in ended:
        consent.withdrawn_at, consent.withdrawn_way, consent.withdrawn_note = moment, way, note
    return ended


def consents_of(person: Person) -> list[Consent]:
    """Everything a person agreed to, the newest first, what was withdrawn among it."""
    theirs = sa.select(Consent).where(Consent.person_id == person.id)
    return list(db.session.scalars(theirs.order_by(Consent.given_at.desc(), Consent.id.desc())))


def has_consented(person: Person, purpose: Purpose) -> bool:
    """Whether a consent of this person to a purpose stands now."""
    return _standing(consents_of(person), purpose) is not None


def consenting(purpose: Purpose) -> sa.ColumnElement[bool]:
    """The condition on ``Person`` that their consent to a purpose stands now: ``has_consented`` for whole lists."""
    given, ended = aliased(Consent), aliased(Consent)
    later = sa.exists().where(
        ended.person_id == given.person_id, ended.purpose == purpose, ended.withdrawn_at >= given.given_at
    )
    standing = sa.exists().where(given.purpose == purpose, given.withdrawn_at.is_(None), ~later)
    return standing.where(given.person_id == Person.id).correlate(Person)


def standing_of(people: Iterable[Person]) -> Mapping[int, frozenset[Purpose]]:
    """What each of some people, by id, agrees to now. One query for all of them."""
    ids = [person.id for person in people]
    every: dict[int, list[Consent]] = {person_id: [] for person_id in ids}
    for consent in db.session.scalars(sa.select(Consent).where(Consent.person_id.in_(ids))):
        every[consent.person_id].append(consent)
    return {
        person_id: frozenset(purpose for purpose in Purpose if _standing(theirs, purpose) is not None)
        for person_id, theirs in every.items()
    }


def _standing(consents: Iterable[Consent], purpose: Purpose) -> Consent | None:
    mine = [consent for consent in consents if consent.purpose is purpose]
    ended = max((consent.withdrawn_at for consent in mine if consent.withdrawn_at is not None), default=None)
    open_ = [consent for consent in mine if consent.is_open and (ended is None or consent.given_at > ended)]
    return max(open_, key=lambda consent: (consent.given_at, consent.id or 0), default=None)
