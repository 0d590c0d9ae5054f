"""Letters in the office: what left, what waits and why, and letting it go, holding it back or trying it again."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.config import settings
from crm.db import db
from crm.documents import files
from crm.errors import Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.home.forms import ReasonForm
from crm.mail.outbox import Letter, LetterAttachment, LetterState
from crm.text import _, ngettext
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page

area: Blueprint = office_area("letters", __name__)

SUBJECTS = {
    "access": _("Accounts"), "members": _("Membership"), "billing": _("Invoices and payments"), "events": _("Events"),
    "announcements": _("Announcements"), "care": _("Care sites"), "schools": _("Schools"), "home": _("The record"),
}  # fmt: skip
BIGGEST_ID = 2**63 - 1

LISTING = Listing(
    name="letters",
    title=_("Letters"),
    columns=[
        Column("subject", _("Subject"), sort=Letter.subject),
        Column("recipient_name", _("Recipient"), value=lambda x: x.recipient_name or x.recipient_email, sort=Letter.recipient_name),
        Column("recipient_email", _("Mail address"), sort=Letter.recipient_email),
        Column("state", _("State"), kind="status", sort=Letter.state),
        Column("trouble", _("Why not sent"), value="trouble"),
        Column("posted_at", _("Posted at"), kind="moment", sort=Letter.posted_at),
    ],
    order=[Letter.id.desc()],
    search=lambda words: sa.or_(
        *(c.icontains(words, autoescape=True) for c in (Letter.subject, Letter.recipient_name, Letter.recipient_email))
    ),
    filters=[
        choice_filter("state", _("State"), Letter.state, LetterState),
        Filter("about", _("Letter about"), lambda: list(SUBJECTS.items()), lambda s, v: s.where(Letter.template.startswith(f"{v}/"))),
    ],
)  # fmt: skip


@area.get("/")
@requires(Permission.LETTERS_READ)
def index() -> ResponseReturnValue:
    """Every letter, newest first."""
    listing = LISTING.of(sa.select(Letter), url=lambda letter: url_for(".show", letter_id=letter.id))
    return listing.exit() or page(
        "home/office/letters.html", listing=listing, form=ReasonForm(), leave=settings().smtp_url is not None
    )


@area.get("/<int:letter_id>")
@requires(Permission.LETTERS_READ)
def show(letter_id: int) -> ResponseReturnValue:
    """One letter as it leaves the house."""
    return _page(_letter(letter_id), ReasonForm())


@area.get("/<int:letter_id>/attachments/<int:attachment_id>")
@requires(Permission.LETTERS_READ)
def attachment(letter_id: int, attachment_id: int) -> ResponseReturnValue:
    """A file that goes with a letter; papers are opened in their register."""
    found = next((a for a in _letter(letter_id).attachments if a.id == attachment_id and a.file is not None), None)
    if found is None or found.file is None:
        raise NotFound
    response = Response(files.read(found.file), content_type=found.file.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=found.file.name)
    return response


@area.post("/<int:letter_id>/hold")
@requires(Permission.LETTERS_MANAGE)
def hold(letter_id: int) -> ResponseReturnValue:
    """Keep a letter from going."""
    return _change(letter_id, Kind.LETTER_HELD, Letter.hold, _("The letter is held. It goes when it is released."))


@area.post("/<int:letter_id>/release")
@requires(Permission.LETTERS_MANAGE)
def release(letter_id: int) -> ResponseReturnValue:
    """Let a held letter go."""
    return _change(letter_id, Kind.LETTER_RELEASED, Letter.release, _("The letter is released and goes at its time."))


@area.post("/<int:letter_id>/retry")
@requires(Permission.LETTERS_MANAGE)
def retry(letter_id: int) -> ResponseReturnValue:
    """Try a letter that was given up again."""
    return _change(letter_id, Kind.LETTER_RETRIED, Letter.retry, _("The letter will be tried again at once."))


@area.post("/chosen")
@requires(Permission.LETTERS_MANAGE)
def chosen() -> ResponseReturnValue:
    """Release the chosen letters that are held, and try those that failed again; each by itself."""
    form = ReasonForm()
    ids = {int(one) for one in request.form.getlist("selected") if one.isascii() and one.isdecimal() and len(one) < 19}
    if not ids:
        form.refuse(Refused(_("Please choose the letters in the list below.")))
    if not form.validate() or not ids:
        listing = LISTING.of(sa.select(Letter), url=lambda letter: url_for(".show", letter_id=letter.id))
        return page("home/office/letters.html", 422, listing=listing, form=form, leave=settings().smtp_url is not None)
    gone = sum(_let_go(letter_id, form.reason.data) for letter_id in sorted(ids))
    message = ngettext("%(num)d letter goes now.", "%(num)d letters go now.", gone)
    if gone < len(ids):
        left = len(ids) - gone
        message += ngettext("%(num)d cannot go and was left.", "%(num)d cannot go and were left.", left)
    return done(url_for(".index"), message, "success" if gone else "warning")


def _let_go(letter_id: int, reason: str) -> bool:
    """Release or retry one letter in an act of its own; whether it goes."""
    letter = db.session.get(Letter, letter_id)
    if letter is None or letter.state not in (LetterState.HELD, LetterState.FAILED):
        return False
    was_held = letter.state is LetterState.HELD
    try:
        with act(Kind.LETTER_RELEASED if was_held else Kind.LETTER_RETRIED, about=letter, note=reason) as deed:
            deed.leads_to(url_for(".index"))
            db.session.refresh(letter, with_for_update=True)
            letter.release() if was_held else letter.retry()
    except Refused:
        return False
    return True


def _change(letter_id: int, kind: Kind, change: Callable[[Letter], None], message: object) -> ResponseReturnValue:
    letter, form = _letter(letter_id), ReasonForm()
    if form.validate():
        with form.refusals(), act(kind, about=letter, note=form.reason.data):
            db.session.refresh(letter, with_for_update=True)
            change(letter)
            return done(url_for(".show", letter_id=letter.id), message)
    return _page(_letter(letter_id), form, 422)


def _page(letter: Letter, form: ReasonForm, status: int = 200) -> ResponseReturnValue:
    entries = timeline.of(letter)
    return page(
        "home/office/letter.html", status, letter=letter, form=form, entries=entries,
        names=actor_names(entry.actor for entry in entries), about=SUBJECTS.get(letter.template.partition("/")[0]),
        is_shown=_may_be_read(letter),
    )  # fmt: skip


def _may_be_read(letter: Letter) -> bool:
    """A letter with a personal link to sign in is for its recipient only; where no letter leaves, it is read here."""
    leaves = settings().smtp_url is not None or settings().is_production
    return not (leaves and letter.template.startswith("access/"))


def _letter(letter_id: int) -> Letter:
    loading = selectinload(Letter.attachments)
    with_all = (loading.selectinload(LetterAttachment.document), loading.selectinload(LetterAttachment.file))
    letter = db.session.get(Letter, letter_id, options=with_all) if letter_id <= BIGGEST_ID else None
    if letter is None:
        raise NotFound
    return letter
