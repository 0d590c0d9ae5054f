"""Sending an announcement: its recipients are fixed at its time, then their letters are posted in batches until none is left.

Each batch is one act under the announcement's lock: letters and the note that they were posted commit together, and a letter's
key and the address's one place on the list keep a repeated or interrupted round from writing to anybody twice. Consent and
rest are looked at again in each batch, for someone may have said stop since the list was fixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from crm import clock
from crm.announcements import announcements, choosing, letters, recipients
from crm.announcements.announcements import Announcement, AnnouncementState
from crm.announcements.choosing import WhyNot
from crm.announcements.recipients import AnnouncementRecipient
from crm.announcements.wording import Addressee
from crm.db import db
from crm.errors import Refused
from crm.history import inserting
from crm.mail import outbox
from crm.mail.outbox import Draft, Letter, LetterState, Trouble
from crm.members.members import Member
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person
from crm.text import _

BATCH = 200  # letters in one act
ROWS = 1000  # recipients inserted by one statement
_RECIPIENTS = cast(sa.Table, AnnouncementRecipient.__table__)


def schedule(announcement: Announcement, at: datetime | None) -> None:
    """Let an announcement go at a moment (now, without one). Raises ``Refused`` when nobody would be written to."""
    letters.check_sender()
    announcements.check_texts(
        subject=announcement.subject, body=announcement.body, subject_en=announcement.subject_en, body_en=announcement.body_en
    )  # fmt: skip
    if not choosing.count(announcement.segment.conditions).written_to:
        raise Refused(_("Nobody in this segment can be written to. Please look at its list for the reasons."))
    announcement.schedule(at or clock.now())


def begin(announcement: Announcement) -> int:
    """Fix the recipients of an announcement whose time has come; answers how many letters there will be.

    The caller has locked it; one that was held, called off or begun meanwhile is left as it is.
    """
    if announcement.state is not AnnouncementState.SCHEDULED:
        return 0
    conditions = announcement.segment.conditions
    rows = list(_rows(announcement, choosing.entries(conditions)))
    for start in range(0, len(rows), ROWS):
        inserting.insert_all(AnnouncementRecipient, rows[start : start + ROWS])
    number = sum(row["why_not"] is None for row in rows)
    announcement.fix(conditions)
    if not number:
        announcement.finish()
    return number


def _rows(announcement: Announcement, entries: Iterable[choosing.Entry]) -> Iterator[dict[str, Any]]:
    """Everyone on the list; of several with one address the first is written to."""
    seen: set[str] = set()
    for entry in entries:
        address, why_not = entry.email.casefold(), entry.why_not
        if why_not is None and address in seen:
            why_not = WhyNot.SAME_ADDRESS
        elif why_not is None:
            seen.add(address)
        yield {
            "announcement_id": announcement.id, "person_id": entry.person_id, "organisation_name": entry.organisation,
            "name": entry.name, "email": entry.email, "address": None if why_not else address, "why_not": why_not,
        }  # fmt: skip


def post_next(announcement: Announcement) -> int:
    """Post the letters of the next batch, or finish; answers how many recipients were dealt with. The caller has locked it."""
    if announcement.state is not AnnouncementState.SENDING:
        return 0
    batch = list(db.session.scalars(recipients.waiting(announcement.id).limit(BATCH)))
    if not batch:
        announcement.finish()
        return 0
    now = _as_they_are(batch)
    drafts: dict[int, Draft] = {}
    for recipient in batch:
        person, member, why_not = now[recipient.person_id]
        if why_not is None and person.email.casefold() != recipient.address:
            why_not = WhyNot.ADDRESS_CHANGED
        if person.left_on is not None and person.left_on <= clock.today():
            why_not = WhyNot.LEFT
        if why_not is not None:
            _leave_out(recipient, why_not)
        else:
            drafts[recipient.id] = letters.drafted(announcement, recipient.id, Addressee(person, member))
    outbox.post_all(letters.NAME, drafts.values())
    _note_letters(drafts)
    if len(batch) < BATCH:
        announcement.finish()
    return len(batch)


def _as_they_are(batch: list[AnnouncementRecipient]) -> dict[int, tuple[Person, Member | None, WhyNot | None]]:
    """The people of a batch as they are now, their membership, and whether something speaks against writing to them."""
    ids = [recipient.person_id for recipient in batch]
    select = sa.select(Person, choosing.why_not()).where(Person.id.in_(ids)).options(selectinload(Person.organisation))
    rows = db.session.execute(select).all()
    members = members_of([row[0].organisation for row in rows])
    return {row[0].id: (row[0], members.get(row[0].organisation_id), choosing.reason(row)) for row in rows}


def members_of(organisations: list[Organisation]) -> dict[int, Member]:
    """The memberships of some organisations, by the organisation's id, with their classes; two queries."""
    ids = {organisation.id for organisation in organisations}
    select = sa.select(Member).where(Member.organisation_id.in_(ids)).options(selectinload(Member.classes))
    return {member.organisation_id: member for member in db.session.scalars(select)}


def _leave_out(recipient: AnnouncementRecipient, why_not: WhyNot) -> None:
    """Someone who was on the list and is not written to after all."""
    recipient.why_not = WhyNot.UNSUBSCRIBED if why_not is WhyNot.NO_CONSENT else why_not
    recipient.address = None


def _note_letters(drafts: dict[int, Draft]) -> None:
    db.session.flush()
    posted = {key: letter_id for letter_id, key in db.session.execute(
        sa.select(Letter.id, Letter.key).where(Letter.key.in_([draft.key for draft in drafts.values()]))
    )}  # fmt: skip
    notes = [{"row": row_id, "letter": posted[draft.key]} for row_id, draft in drafts.items()]
    if notes:
        change = sa.update(_RECIPIENTS).where(_RECIPIENTS.c.id == sa.bindparam("row"))
        db.session.connection().execute(change.values(letter_id=sa.bindparam("letter")), notes)


def hold(announcement: Announcement) -> None:
    """Keep an announcement from going; letters of it that wait in the outbox are held with it."""
    announcement.hold()
    _letters(
        announcement,
        LetterState.QUEUED,
        LetterState.RETRY,
        state=LetterState.HELD,
        trouble=Trouble.BY_HAND,
        wakes_at=None,
    )


def go_on(announcement: Announcement) -> None:
    """Let the rest of an announcement go; a letter held because its address rests is left."""
    announcement.go_on()
    by_hand = Letter.trouble == Trouble.BY_HAND
    _letters(announcement, LetterState.HELD, also=by_hand, state=LetterState.QUEUED, trouble=None, wakes_at=clock.now())


def cancel(announcement: Announcement) -> None:
    """Call an announcement off: who has no letter yet gets none, and what waits in the outbox is never sent."""
    announcement.cancel()
    unposted = sa.update(AnnouncementRecipient).where(
        AnnouncementRecipient.announcement_id == announcement.id, AnnouncementRecipient.why_not.is_(None),
        AnnouncementRecipient.letter_id.is_(None),
    )  # fmt: skip
    change = unposted.values(why_not=WhyNot.CALLED_OFF, address=None)
    db.session.execute(change.execution_options(synchronize_session="fetch"))
    waiting = (LetterState.QUEUED, LetterState.RETRY, LetterState.HELD)
    _letters(announcement, *waiting, state=LetterState.DROPPED, trouble=Trouble.CALLED_OFF, wakes_at=None)


def _letters(
    announcement: Announcement, *states: LetterState, also: sa.ColumnElement[bool] | None = None, **values: Any
) -> None:
    """Change the letters of an announcement that are in one of some states, by one statement."""
    mine = recipients.letters_of(announcement.id).scalar_subquery()
    change = sa.update(Letter).where(Letter.id.in_(mine), Letter.state.in_(states)).values(**values)
    change = change if also is None else change.where(also)
    db.session.execute(change.execution_options(synchronize_session="fetch"))
