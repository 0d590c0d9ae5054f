"""Program (学校プログラム): what is held with a course and grade of a school. Pupils are a head count, never names."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from crm.db import Model, Versioned
from crm.schools.schools import School


class Program(Versioned, Model):
    """One program. ``pupils`` and ``sessions`` are empty where nobody told."""

    __tablename__ = "school_programs"
    __table_args__ = (
        UniqueConstraint("school_id", "course", "grade", "content"),
        CheckConstraint("pupils >= 0", name="pupils_not_negative"),
        CheckConstraint("sessions >= 0", name="sessions_not_negative"),
    )

    school_id: Mapped[int] = mapped_column(ForeignKey("schools.id"), index=True, init=False)
    school: Mapped[School] = relationship()
    content: Mapped[str]
    course: Mapped[str] = mapped_column(default="")
    grade: Mapped[str] = mapped_column(default="")
    pupils: Mapped[int | None] = mapped_column(default=None)
    sessions: Mapped[int | None] = mapped_column(default=None)
    source: Mapped[str] = mapped_column(default="")

    def change(self, **values: object) -> None:
        """Set it right."""
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)


def all_programs() -> sa.Select[Program]:
    """Every program with its school."""
    return sa.select(Program).join(Program.school).options(joinedload(Program.school))


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words all occur in the school, the course or what is done."""
    texts = (School.name, Program.course, Program.content)
    return sa.and_(*(sa.or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in words.split()))
