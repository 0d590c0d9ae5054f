"""What we hold about a person: every row about them in every table, in words for people and as plain JSON for programs.

個人情報保護法 33条: disclosed in the form the person asks for, electronic or on paper, with the purposes (32条2項) and the hand-overs
(33条5項). Nothing is left out but what opens doors (passwords, keys) and who of the office decided.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.history.noting import plain
from crm.history.records import Act, Change
from crm.organisations.moving import nouns
from crm.organisations.people import Person
from crm.privacy import column_words, finding, hand_overs
from crm.privacy.finding import Whom
from crm.settings import wordings
from crm.settings.settings import office_setting
from crm.text import label

PURPOSES = "texts.privacy"


@dataclass(frozen=True)
class Holding:
    """The rows of one table about a person."""

    table: str
    rows: tuple[Any, ...]

    @property
    def words(self) -> object:
        """What the rows are called."""
        return column_words.table_called(self.table)

    def said(self, who: Whom) -> list[list[tuple[object, str]]]:
        """For each row what it says, column by column, in words; what is empty is left out."""
        return [_said(row, who) for row in self.rows]


def of(who: Whom) -> list[Holding]:
    """Everything about a person, table by table; tables without a row are left out."""
    found = [Holding(table, tuple(finding.rows(table, who))) for table in finding.tables()]
    return [holding for holding in found if holding.rows]


def as_json(who: Whom) -> dict[str, Any]:
    """Everything about a person as plain JSON: rows by table, the purposes, the hand-overs, and what was done when."""
    text = wordings.in_force(PURPOSES, office_setting(PURPOSES))
    return {
        "made_at": clock.now().isoformat(),
        "controller": {key: office_setting(f"issuer.{key}") for key in ("name", "address", "email", "phone")},
        "person": {"id": who.person.id, "name": who.person.name, "records": sorted(who.person_ids)},
        "purposes": {"version": text.number, "digest": text.digest, "words": text.words},
        "held": {holding.table: [_as_json(row, who) for row in holding.rows] for holding in of(who)},
        "handed_over": [_hand_over(one) for one in hand_overs.of(who.person)],
        "acts": acts(who),
    }


def acts(who: Whom) -> list[dict[str, Any]]:
    """What the record says was done with the person's own record and when; not by whom of the office."""
    touched = sa.select(Change.act_id).where(
        Change.table_name == Person.__tablename__, Change.row_id.in_(who.person_ids)
    )
    about = sa.and_(Act.about_table == Person.__tablename__, Act.about_id.in_(who.person_ids))
    found = db.session.scalars(sa.select(Act).where(sa.or_(about, Act.id.in_(touched))).order_by(Act.number))
    return [{"number": act.number, "at": act.at.isoformat(), "kind": act.kind.value} for act in found]


def _columns(row: Any) -> list[str]:
    """The columns of a row that may be shown: no secrets, not who of the office decided."""
    return [
        key
        for key, column in finding.columns(nouns()[row.__tablename__]).items()
        if not column.info.get("secret") and key not in finding.OF_THE_OFFICE
    ]


def _shown(row: Any, who: Whom) -> list[str]:
    """The columns shown to this person: of the personal ones only theirs."""
    mine, personal = set(finding.own_columns(row, who)), set(finding.personal(nouns()[row.__tablename__]))
    return [key for key in _columns(row) if key not in personal or key in mine]


def _as_json(row: Any, who: Whom) -> dict[str, Any]:
    return {key: plain(getattr(row, key)) for key in _shown(row, who)}


def _said(row: Any, who: Whom) -> list[tuple[object, str]]:
    keys = [key for key in _shown(row, who) if key in column_words.WORDS and key not in column_words.UNSAID]
    pairs = [(column_words.called(key), worded(getattr(row, key))) for key in keys]
    return [(words, value) for words, value in pairs if value]


def worded(value: Any) -> str:
    """A value as a person reads it."""
    match value:
        case None | "" | [] | {}:
            return ""
        case enum.Enum():
            return str(label(value))
        case datetime():
            return f"{value.astimezone(clock.TOKYO):%Y-%m-%d %H:%M}"
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(plain(value))


def _hand_over(one: hand_overs.HandOver) -> dict[str, Any]:
    keys = (
        "handed_on",
        "recipient",
        "recipient_address",
        "recipient_representative",
        "items",
        "ground",
        "ground_note",
        "way",
    )
    return {key: plain(getattr(one, key)) for key in keys}
