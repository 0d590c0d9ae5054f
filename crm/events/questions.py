"""Question: what an event asks besides name and address, and how an answer is read.

An answer keeps the question's text as it was asked, so a form that is changed afterwards changes no answer given before.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, attributes, joinedload, mapped_column, relationship

from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.events.events import Event
from crm.text import _, locale
from crm.values import BadValue, dates
from crm.values.japanese import clean_text

MOST_QUESTIONS = 40
MOST_OPTIONS = 40
LONGEST_LINE = 200
LONGEST_TEXT = 2000
LARGEST_NUMBER = 1_000_000_000


class QuestionKind(StrEnum):
    """A line, a paragraph, one of several, several of several, a whole number, a day."""

    LINE = "line"
    PARAGRAPH = "paragraph"
    CHOICE = "choice"
    SEVERAL = "several"
    NUMBER = "number"
    DAY = "day"


CHOOSING = (QuestionKind.CHOICE, QuestionKind.SEVERAL)


class Question(Versioned, Model):
    """One question of an event's form. ``options`` are what to choose from; ``options_en`` the same in English, or nothing."""

    __tablename__ = "event_questions"

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), index=True, init=False)
    event: Mapped[Event] = relationship(back_populates="questions")
    kind: Mapped[QuestionKind]
    position: Mapped[int]
    text: Mapped[str]
    text_en: Mapped[str] = mapped_column(default="")
    help: Mapped[str] = mapped_column(default="")
    help_en: Mapped[str] = mapped_column(default="")
    is_required: Mapped[bool] = mapped_column(default=False)
    options: Mapped[list[Any]] = mapped_column(default_factory=list)
    options_en: Mapped[list[Any]] = mapped_column(default_factory=list)

    def spoken(self, name: str) -> str:
        """The text or help in the language in force; the Japanese where there is no English."""
        english: str = getattr(self, f"{name}_en") if locale() == "en" else ""
        japanese: str = getattr(self, name)
        return english or japanese

    def choices(self) -> list[tuple[str, str]]:
        """What to choose from: the answer as it is kept, and as it is shown."""
        shown = self.options_en if locale() == "en" and self.options_en else self.options
        return list(zip(self.options, shown, strict=True))

    def change(self, **values: Any) -> None:
        """Give fields new values. Raises ``Refused`` when there is nothing to choose from, or the languages differ."""
        for field, value in {**values, **_checked_options(self, values)}.items():
            if getattr(self, field) != value:
                setattr(self, field, value)

    def read(self, given: Any) -> Any:
        """An answer as it is kept: text, a number, an ISO day, a list for several, ``None`` for nothing.

        Raises ``Refused`` with the field ``q<id>`` when it is missing, too long, or not one of the choices.
        """
        try:
            answer = READERS[self.kind](self, given)
        except BadValue as error:
            raise Refused(_(str(error)), field=self.field) from error
        if self.is_required and answer in (None, "", []):
            raise Refused(_("Please answer “%(question)s”.", question=self.spoken("text")), field=self.field)
        return answer

    @property
    def field(self) -> str:
        """The name of its field in forms."""
        return f"q{self.id}"

    def _refuse(self, message: object) -> Refused:
        return Refused(message, field=self.field)


def _checked_options(question: Question, values: dict[str, Any]) -> dict[str, list[str]]:
    kind = values.get("kind", question.kind)
    if kind not in CHOOSING:
        return {"options": [], "options_en": []}
    options, english = values.get("options", question.options), values.get("options_en", question.options_en)
    if len(options) < 2:
        raise Refused(_("Give at least two choices, one per line."), field="options")
    if len(options) > MOST_OPTIONS or len(set(options)) < len(options):
        raise Refused(_("At most %(n)s choices, each only once.", n=MOST_OPTIONS), field="options")
    if english and len(english) != len(options):
        raise Refused(_("Give as many English choices as Japanese ones, or none."), field="options_en")
    return {"options": options, "options_en": english}


def adding(event: Event, kind: QuestionKind, text: str, **values: Any) -> Question:
    """A new question at the end of an event's form. Raises ``Refused`` naming the field."""
    if len(event.questions) >= MOST_QUESTIONS:
        raise Refused(_("A form may have at most %(n)s questions.", n=MOST_QUESTIONS), field="text")
    position = max((q.position for q in event.questions), default=0) + 1
    question = Question(event=event, kind=kind, position=position, text=text)
    question.change(**values)
    db.session.add(question)
    return question


def move(question: Question, by: int) -> None:
    """Let a question change places with its neighbour: ``by`` is -1 for up, 1 for down. At the end nothing happens."""
    ordered = list(question.event.questions)
    here = ordered.index(question)
    there = here + by
    if 0 <= there < len(ordered):
        ordered[here], ordered[there] = ordered[there], ordered[here]
        for position, each in enumerate(ordered, 1):
            if each.position != position:
                each.position = position


def remove(question: Question) -> None:
    """Ask it no more. Answers given keep its text."""
    question.event.questions.remove(question)
    db.session.delete(question)


def answers(questions: Sequence[Question], given: dict[str, Any]) -> list[dict[str, Any]]:
    """The answers to a form as they are kept: question, its text as asked, and what was said. ``given`` by field name."""
    kept = []
    for question in questions:
        value = question.read(given.get(question.field))
        if value not in (None, "", []):
            kept.append({"question": question.id, "text": question.text, "kind": question.kind.value, "value": value})
    return kept


def with_form(slug: str) -> Event | None:
    """The event at an address with its sessions and questions, as a form needs it."""
    event = db.session.scalars(_with_sessions(), {"slug": slug}).unique().one_or_none()
    if event is not None:
        asked = db.session.scalars(_ASKED, {"event_id": event.id}).all()
        attributes.set_committed_value(event, "questions", asked)
    return event


@cache  # everyone who opens or sends a form asks it: putting it together takes longer than the answer
def _with_sessions() -> sa.Select[Event]:
    return sa.select(Event).where(Event.slug == sa.bindparam("slug")).options(joinedload(Event.sessions))


_ASKED = (
    sa.select(Question).where(Question.event_id == sa.bindparam("event_id")).order_by(Question.position, Question.id)
)


def _read_text(question: Question, given: Any) -> str:
    if given is not None and not isinstance(given, str):
        raise question._refuse(_("This must be text."))
    long = question.kind is QuestionKind.PARAGRAPH
    most = LONGEST_TEXT if long else LONGEST_LINE
    if len(given or "") > most:
        raise question._refuse(_("At most %(n)s characters.", n=most))
    return clean_text(given or "", multiline=long).strip()


def _read_choice(question: Question, given: Any) -> str | None:
    if given in (None, ""):
        return None
    if given not in question.options:
        raise question._refuse(_("Please choose one of the list."))
    return str(given)


def _read_several(question: Question, given: Any) -> list[str]:
    chosen = given if isinstance(given, list) else [given] if given not in (None, "") else []
    if any(each not in question.options for each in chosen):
        raise question._refuse(_("Please choose one of the list."))
    return [option for option in question.options if option in chosen]


def _read_number(question: Question, given: Any) -> int | None:
    if given in (None, ""):
        return None
    digits = unicodedata.normalize("NFKC", str(given)[:40]).replace(",", "").strip()
    if isinstance(given, bool) or not (digits.isascii() and digits.isdecimal()):
        raise question._refuse(_("Only digits, without sign or fraction."))
    if len(digits) > 12 or int(digits) > LARGEST_NUMBER:
        raise question._refuse(_("From %(least)s to %(most)s.", least=0, most=f"{LARGEST_NUMBER:,}"))
    return int(digits)


def _read_day(question: Question, given: Any) -> str | None:
    if given in (None, ""):
        return None
    if not isinstance(given, str) or len(given) > 40:
        raise question._refuse(_("This must be a day, such as 2026-04-01."))
    return dates.parse(clean_text(given).strip()).isoformat()


READERS = {
    QuestionKind.LINE: _read_text,
    QuestionKind.PARAGRAPH: _read_text,
    QuestionKind.CHOICE: _read_choice,
    QuestionKind.SEVERAL: _read_several,
    QuestionKind.NUMBER: _read_number,
    QuestionKind.DAY: _read_day,
}
