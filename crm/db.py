"""The database: the base of all tables, columns for our value types, and how SQLite and PostgreSQL are opened.

Models are dataclasses; what a caller may choose stands in the constructor, the record's own business is ``init=False``.
SQLite tables are STRICT, so both engines refuse the same values. ``PERSONAL`` and ``SECRET`` columns reach the history
only as salted digests, or not at all.
"""

from __future__ import annotations

import enum
import json
import re
import sqlite3
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import Dialect, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Mapper, declared_attr, mapped_column

from crm.values.dates import DayOrMonth
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen

db = SQLAlchemy()

PERSONAL = {"personal": True}
"""``mapped_column(info=PERSONAL)``: about a person; the record keeps the values apart, erasable, and chains salted digests."""
SECRET = {"secret": True}
"""``mapped_column(info=SECRET)``: the record notes the change without the values."""

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


_NEVER_STORED = re.compile("[\0\ud800-\udfff]")


class Words(sa.TypeDecorator[str]):
    """Text to the letter as given; NUL and lone surrogates, which the engines treat differently, are refused."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None and _NEVER_STORED.search(value):
            raise ValueError("text with NUL or a lone surrogate reached the database")
        return value


class Money(sa.TypeDecorator[Yen]):
    """Whole yen in a BIGINT."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Yen | None, dialect: Dialect) -> int | None:
        return None if value is None else value.amount

    def process_result_value(self, value: int | None, dialect: Dialect) -> Yen | None:
        return None if value is None else Yen(int(value))


class Year(sa.TypeDecorator[FiscalYear]):
    """The calendar year in which a fiscal year begins."""

    impl = sa.SmallInteger
    cache_ok = True

    def process_bind_param(self, value: FiscalYear | None, dialect: Dialect) -> int | None:
        return None if value is None else value.start

    def process_result_value(self, value: int | None, dialect: Dialect) -> FiscalYear | None:
        return None if value is None else FiscalYear(value)


class MonthOrDay(sa.TypeDecorator[DayOrMonth]):
    """A day, or a month where only that is known, as 2025-05-01 or 2025-05: sorted as text, a month before its days."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: DayOrMonth | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> DayOrMonth | None:
        return None if value is None else DayOrMonth.parse(value)


class Moment(sa.TypeDecorator[datetime]):
    """An aware moment, kept in UTC; naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(sa.TypeDecorator[Any]):
    """Plain JSON in one canonical spelling, as text on both engines, so that digests agree."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def canonical(value: Any) -> str:
    """The one spelling of a JSON value: sorted keys, no spaces, characters as they are, no NaN."""
    return "null" if value is None else "{}" if value == {} else _canonical.encode(value)


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


class Model(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    """The base of all nouns. Tables outside the record of acts say ``__audited__ = False``."""

    __audited__: ClassVar[bool] = True

    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Words(),
        Yen: Money(),
        FiscalYear: Year(),
        DayOrMonth: MonthOrDay(),
        date: sa.Date(),
        datetime: Moment(),
        bytes: sa.LargeBinary(),
        bool: sa.Boolean(create_constraint=False),
        int: sa.BigInteger(),
        dict[str, Any]: Json(),
        list[Any]: Json(),
        enum.StrEnum: sa.Enum(
            enum.StrEnum,
            native_enum=False,
            create_constraint=False,
            length=40,
            values_callable=lambda members: [m.value for m in members],
        ),
    }

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, init=False, sort_order=-10
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        table = cls.__dict__.get("__table__")
        if table is not None:
            table.dialect_options["sqlite"]["strict"] = True


class Versioned(MappedAsDataclass, kw_only=True, eq=False, repr=False):
    """A noun two people may edit: the version an edit form read is compared when it is sent back."""

    version: Mapped[int] = mapped_column(sa.Integer, init=False, nullable=False, sort_order=90)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__dict__.get("version") or cls.version}


@event.listens_for(Mapper, "mapper_configured")
def _notice_old_values(mapper: Mapper[Any], class_: type) -> None:
    """Old values are loaded before a change on every column, else the record would say 'before: nothing'."""
    for attribute in mapper.column_attrs:
        if not isinstance(attribute.columns[0], sa.Column):
            continue
        getattr(class_, attribute.key).impl.active_history = True


def engine_options(url: str) -> dict[str, Any]:
    """What ``create_engine`` is told besides the address."""
    if url.startswith("sqlite"):
        return {"url": url, "connect_args": {"timeout": 30, "check_same_thread": False}}
    return {
        "url": url,
        "pool_pre_ping": True,
        "pool_size": 8,
        "max_overflow": 8,
        "connect_args": {"options": "-c timezone=UTC"},
    }


def tune(engine: Engine) -> None:
    """Open SQLite as promised: foreign keys, WAL, full synchronous, and BEGIN emitted by us."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)


def _on_sqlite_connect(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver would not BEGIN before a SELECT: reads would not be one moment
    for pragma in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=30000",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_sqlite_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("crm_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@compiles(sa.Date, "sqlite")
@compiles(sa.DateTime, "sqlite")
@compiles(sa.String, "sqlite")
@compiles(sa.Enum, "sqlite")
def _text_in_strict_tables(type_: Any, compiler: Any, **kw: Any) -> str:
    return "TEXT"


@compiles(sa.Boolean, "sqlite")
@compiles(sa.BigInteger, "sqlite")
@compiles(sa.SmallInteger, "sqlite")
def _integer_in_strict_tables(type_: Any, compiler: Any, **kw: Any) -> str:
    return "INTEGER"
