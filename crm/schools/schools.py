"""School: one school we go to or that comes to us."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.text import _


class SchoolKind(StrEnum):
    """小学校, 中学校, 高等学校, 大学・専門学校, その他."""

    ELEMENTARY = "elementary"
    JUNIOR_HIGH = "junior_high"
    HIGH = "high"
    HIGHER = "higher"
    OTHER = "other"


# A school's name says what it is (学校教育法 1条); a school attached to another is named for what it is at the end.
_ENDINGS = {
    "小学校": SchoolKind.ELEMENTARY, "中学校": SchoolKind.JUNIOR_HIGH, "高校": SchoolKind.HIGH, "高等学校": SchoolKind.HIGH,
    "大学": SchoolKind.HIGHER, "専門学校": SchoolKind.HIGHER,
}  # fmt: skip


class School(Versioned, Model):
    """One school, by its name."""

    __tablename__ = "schools"

    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[SchoolKind] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(default="")


def kind_of(name: str) -> SchoolKind:
    """What a school's name says it is."""
    return next((kind for ending, kind in _ENDINGS.items() if name.strip().endswith(ending)), SchoolKind.OTHER)


def adding(name: str, kind: SchoolKind | None = None, source: str = "") -> School:
    """A new school of the running act; its kind by its name unless given. Raises ``Refused`` when it is there already."""
    if db.session.scalar(sa.select(School.id).where(School.name == name)) is not None:
        raise Refused(_("This school is there already."), field="name")
    school = School(name=name, kind=kind or kind_of(name), source=source)
    db.session.add(school)
    return school


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words all occur in the name."""
    return sa.and_(*(School.name.icontains(word, autoescape=True) for word in words.split()))
