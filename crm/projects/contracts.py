"""Contract: a joint-research or licence contract with an organisation (共同研究契約, ライセンス契約), with its evidence.

The day of signing decides in which fiscal year a company newly entered; a month lies within one fiscal year, so its precision
is kept and nothing is guessed.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Model, Versioned, db
from crm.documents.files import StoredFile
from crm.errors import Refused
from crm.organisations.organisations import Organisation
from crm.projects.participations import in_order
from crm.text import _
from crm.values.dates import DayOrMonth


class ContractKind(StrEnum):
    """共同研究契約 and ライセンス契約."""

    JOINT_RESEARCH = "joint_research"
    LICENCE = "licence"


class Contract(Versioned, Model):
    """One contract. ``signed`` is the day or month of signing, ``starts`` and ``ends`` its term where it has one."""

    __tablename__ = "contracts"
    __table_args__ = (Index("ix_contracts_kind_signed", "kind", "signed"),)

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True, init=False)
    organisation: Mapped[Organisation] = relationship()
    kind: Mapped[ContractKind]
    title: Mapped[str]
    signed: Mapped[DayOrMonth]
    starts: Mapped[DayOrMonth | None] = mapped_column(default=None)
    ends: Mapped[DayOrMonth | None] = mapped_column(default=None)
    evidence: Mapped[str] = mapped_column(default="")
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True, init=False)
    evidence_file: Mapped[StoredFile | None] = relationship(default=None)

    def runs_on(self, day: date) -> bool:
        """Whether it is in force on a day; without a term of its own it is from the signing on."""
        return (self.starts or self.signed).first_day <= day and (self.ends is None or day <= self.ends.last_day)

    def change(self, **values: object) -> None:
        """Set it right. Raises ``Refused`` when it would end before it begins."""
        signed, starts, ends = (values.get(name, getattr(self, name)) for name in ("signed", "starts", "ends"))
        in_order(starts or signed, ends, "ends")
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)


def record(
    organisation: Organisation,
    kind: ContractKind,
    *,
    signed: DayOrMonth,
    title: str = "",
    starts: DayOrMonth | None = None,
    ends: DayOrMonth | None = None,
    evidence: str = "",
    evidence_file: StoredFile | None = None,
) -> Contract:
    """Record a contract in the running act. Raises ``Refused`` naming the field."""
    if any(one.signed == signed and one.title == title for one in of(organisation, kind)):
        raise Refused(_("This contract is recorded already: same organisation, kind, day and subject."), field="title")
    in_order(starts or signed, ends, "ends")
    contract = Contract(
        organisation=organisation, kind=kind, title=title, signed=signed, starts=starts, ends=ends, evidence=evidence,
        evidence_file=evidence_file,
    )  # fmt: skip
    db.session.add(contract)
    return contract


def of(organisation: Organisation, kind: ContractKind | None = None) -> list[Contract]:
    """An organisation's contracts, by the day of signing."""
    if not sa.inspect(organisation).persistent:
        return []
    found = sa.select(Contract).where(Contract.organisation_id == organisation.id)
    found = found.where(Contract.kind == kind) if kind else found
    return list(db.session.scalars(found.order_by(Contract.signed, Contract.id)))
