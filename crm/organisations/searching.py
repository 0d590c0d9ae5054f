"""Finding organisations and people by any part of a name among hundreds of thousands, always right and in a few milliseconds.

The words are folded as the keys are (`naming.search_key`), so width, kana and old shapes of kanji do not matter. Each engine
answers from an index of its own that the database itself keeps (migration 0011), never the application:

    SQLite       an FTS5 table of trigrams, kept by triggers. One or two characters, the usual length of a word in Japanese, are
                 found through its vocabulary: two blanks end every key, so that each pair of characters begins some trigram.
    PostgreSQL   pg_trgm for three characters and more, where the server offers it and its locale knows kanji; an index of
                 single characters for shorter words, and for all words without pg_trgm.

Up to `MOST` rows are found by the index and then put in order. What fits more rows is read in the list's own order until a page
is full, and not counted beyond `MOST`: nobody leafs through five thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection, Engine

from crm.db import db
from crm.organisations import naming
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person

MOST = 5_000
MOST_TERMS = 300  # trigrams that a short word may begin; one that begins more narrows nothing
TRIGRAM = 3
HIGHEST = "\U0010ffff"
NOUNS: dict[type[Organisation] | type[Person], str] = {Organisation: "organisation", Person: "person"}
INDEX_TABLES = tuple(f"{name}_{part}" for name in NOUNS.values() for part in ("search", "terms"))
"""SQLite's virtual tables and, by these beginnings of their names, what they keep their contents in: no nouns of ours."""
INDEX_PREFIX = "sx_"
"""How the names of PostgreSQL's search indexes begin; the models do not know them, since the engines differ."""


@dataclass(frozen=True)
class Found:
    """What a search found: the condition for reading rows in order, and, of many rows, the one for counting them.

    ``some`` are a few more than `MOST` of many: if all of these are in the list, there is nothing left to count.
    """

    condition: sa.ColumnElement[bool]
    counting: sa.ColumnElement[bool]
    some: sa.ColumnElement[bool] | None = None

    @property
    def is_many(self) -> bool:
        """Whether there are more than are counted."""
        return self.some is not None

    @property
    def most(self) -> int:
        """How many are counted."""
        return MOST


def organisations(words: str) -> Found:
    """The organisations whose name, former name, reading or corporate number holds all the words."""
    return found(Organisation, words)


def people(words: str) -> Found:
    """The people whose name, reading or mail address holds all the words."""
    return found(Person, words)


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words, in any width or kana, all occur in an organisation's names or number."""
    return found(Organisation, words).condition


def found(noun: type[Organisation] | type[Person], words: str) -> Found:
    """The rows of a noun that all the words occur in; words of marks alone say nothing, and find everything."""
    keys = [key for key in (naming.search_key(word) for word in words.replace("\0", "").split()) if key]
    if not keys:
        return Found(sa.true(), sa.true())
    if db.engine.dialect.name == "sqlite":
        return _by_trigrams(noun, keys)
    return _by_characters(noun, keys)


def _by_trigrams(noun: type[Organisation] | type[Person], keys: list[str]) -> Found:
    index = NOUNS[noun]
    terms = [_phrases(index, key) for key in keys]
    held = sa.and_(*(sa.func.instr(noun.search_key, key) > 0 for key in keys))
    match = " AND ".join(f"({' OR '.join(term)})" for term in terms if term is not None)
    if any(term == [] for term in terms):
        return Found(sa.false(), sa.false())
    if not match:
        return Found(held, held, some=sa.false())
    search = sa.table(f"{index}_search", sa.column("rowid", sa.Integer))
    whole: sa.ColumnElement[str] = sa.literal_column(f"{index}_search")
    matching = sa.select(search.c.rowid).where(whole.op("MATCH", is_comparison=True)(match))
    some = matching.limit(MOST + 1).subquery()
    # As one text: rows would cost more.
    ids = db.session.scalar(sa.select(sa.func.json_group_array(some.c.rowid))) or "[]"
    vague = sa.true() if None not in terms else held
    each = sa.func.json_each(ids).table_valued(sa.column("value", sa.Integer))
    condition = sa.and_(noun.id.in_(sa.select(each.c.value)), vague)
    if ids.count(",") >= MOST:
        return Found(held, sa.and_(noun.id.in_(matching), vague), some=condition)
    return Found(condition, condition)


def _phrases(index: str, key: str) -> list[str] | None:
    """What to match for one word: itself, or the trigrams a short one begins; ``None`` when they are too many to narrow."""
    if len(key) >= TRIGRAM:
        return [_quoted(key)]
    terms = sa.table(f"{index}_terms", sa.column("term", sa.Text))
    beginning = sa.select(terms.c.term).where(terms.c.term >= key, terms.c.term < key + HIGHEST)
    known = db.session.scalars(beginning.limit(MOST_TERMS + 1)).all()
    return None if len(known) > MOST_TERMS else [_quoted(term) for term in known]


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def _by_characters(noun: type[Organisation] | type[Person], keys: list[str]) -> Found:
    held = sa.and_(*(noun.search_key.contains(key, autoescape=True) for key in keys))
    whole = _has_trigrams(db.engine)
    characters = sorted({character for key in keys if len(key) < TRIGRAM or not whole for character in key})
    narrowed = held
    if characters:
        split = sa.func.string_to_array(noun.search_key, sa.null(), type_=ARRAY(sa.Text))
        narrowed = sa.and_(held, split.contains(sa.cast(characters, ARRAY(sa.Text))))
    some = sa.select(noun.id).where(narrowed).limit(MOST + 1).subquery()
    ids: list[int] = db.session.scalar(sa.select(sa.func.array_agg(some.c.id))) or []
    condition: sa.ColumnElement[bool] = noun.id == sa.any_(_unguessed(ids))
    return Found(held, narrowed, some=condition) if len(ids) > MOST else Found(condition, condition)


def _unguessed(ids: list[int]) -> sa.ColumnElement[Any]:
    """An array whose length the planner does not see: from it, it would guess that rows in order soon fill a page, and walk

    through the whole index of the list where all of them stand at its end.
    """
    numbers = ARRAY(sa.BigInteger)
    return sa.func.coalesce(sa.select(sa.cast(ids, numbers)).scalar_subquery(), sa.cast([], numbers), type_=numbers)


def _has_trigrams(engine: Engine) -> bool:
    """Whether the migration could use pg_trgm on this server; asked once."""
    if engine not in _TRIGRAMS:
        indexes = sa.table("pg_indexes", sa.column("indexname", sa.Text))
        index = sa.select(indexes.c.indexname).where(indexes.c.indexname == f"{INDEX_PREFIX}people_trigrams")
        with engine.connect() as connection:
            _TRIGRAMS[engine] = connection.scalar(index) is not None
    return _TRIGRAMS[engine]


_TRIGRAMS: dict[Engine, bool] = {}


# --- keys and indexes that disagree with the names


def refresh(connection: Connection) -> int:
    """Renew the search keys that the names no longer give, as after an upgrade that folds otherwise; how many were wrong.

    Keys follow from the names and are no statement of anyone's, so this stands in no act.
    """
    wrong = 0
    for noun in NOUNS:
        table: Any = noun.__table__
        for row_id, key in list(_wrong_keys(connection, noun)):
            connection.execute(sa.update(table).where(table.c.id == row_id).values(search_key=key))
            wrong += 1
    return wrong


def breaches() -> Iterator[str]:
    """For ``crm verify``: keys that are not those of their names, and rows the search does not know."""
    with db.engine.connect() as connection:
        for noun, index in NOUNS.items():
            table: Any = noun.__table__
            for row_id, _key in _wrong_keys(connection, noun):
                yield f"{table.name}: {row_id} cannot be found by its names"
            if connection.dialect.name == "sqlite":
                indexed = sa.table(f"{index}_search_docsize", sa.column("id"))
                for one, other in (
                    (sa.select(table.c.id), sa.select(indexed.c.id)),
                    (sa.select(indexed.c.id), sa.select(table.c.id)),
                ):
                    for (row_id,) in connection.execute(sa.except_(one, other)):
                        yield f"{table.name}: the search index and the table disagree about {row_id}"


def _wrong_keys(connection: Connection, noun: type[Organisation] | type[Person]) -> Iterator[tuple[int, str]]:
    table: Any = noun.__table__
    parts = [table.c[name] for name in noun.FOUND_BY]
    former: dict[int, list[str]] = {}
    if noun is Organisation:
        for organisation_id, name in connection.execute(_FORMER):
            former.setdefault(organisation_id, []).append(name)
    for row_id, known, *said in connection.execute(
        sa.select(table.c.id, table.c.search_key, *parts).order_by(table.c.id)
    ):
        key = noun.found_by(*said, *former.get(row_id, ()))
        if key != known:
            yield row_id, key


_FORMER = sa.text(
    "SELECT organisation_id, name FROM former_names "
    "UNION ALL SELECT merged_into_id, name FROM organisations WHERE merged_into_id IS NOT NULL"
)
