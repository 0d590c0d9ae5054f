"""Venture: a company founded on the project's research, in which fiscal year, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.organisations.organisations import Organisation
from crm.text import _
from crm.values.fiscal_year import FiscalYear


class Venture(Versioned, Model):
    """One company founded. ``outcome`` says what became of it: listed, absorbed, dissolved, in the office's words."""

    __tablename__ = "ventures"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), unique=True, init=False)
    organisation: Mapped[Organisation] = relationship()
    founded: Mapped[FiscalYear] = mapped_column(index=True)
    business: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")

    def change(self, **values: object) -> None:
        """Set it right. Raises ``Refused`` when the company it shall be is recorded already."""
        organisation = values.get("organisation", self.organisation)
        if isinstance(organisation, Organisation) and organisation is not self.organisation:
            _only_once(organisation)
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)


def record(
    organisation: Organisation,
    founded: FiscalYear,
    *,
    business: str = "",
    note: str = "",
    outcome: str = "",
    source: str = "",
) -> Venture:
    """Record in the running act that a company was founded. Raises ``Refused`` when it is recorded already."""
    _only_once(organisation)
    venture = Venture(
        organisation=organisation, founded=founded, business=business, note=note, outcome=outcome, source=source
    )
    db.session.add(venture)
    return venture


def _only_once(organisation: Organisation) -> None:
    known = sa.select(Venture.id).where(Venture.organisation_id == organisation.id)
    if sa.inspect(organisation).persistent and db.session.scalar(known) is not None:
        raise Refused(_("This company is recorded as a venture already."), field="organisation")
