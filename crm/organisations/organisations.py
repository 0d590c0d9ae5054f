"""Organisation: a company, university, provider, body or office we know, each once.

What was typed is kept to the letter (髙, 﨑, 𠮷); only the key columns beside it are folded. An employee count carries the day it
was true and where it came from, for the fee tier follows from it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from crm.db import Model, Versioned
from crm.organisations import naming


class OrganisationKind(StrEnum):
    """企業, 大学, 研究機関, 医療機関, 職能団体, 自治体, 学校, その他."""

    COMPANY = "company"
    UNIVERSITY = "university"
    RESEARCH_INSTITUTE = "research_institute"
    MEDICAL_PROVIDER = "medical_provider"
    PROFESSIONAL_BODY = "professional_body"
    LOCAL_GOVERNMENT = "local_government"
    SCHOOL = "school"
    OTHER = "other"


class NumberState(StrEnum):
    """Whether a corporate number was only checked by its form (形式のみ確認) or against the register (照合済)."""

    FORM_ONLY = "form_only"
    VERIFIED = "verified"


class CountSource(StrEnum):
    """Where an employee count came from: 申告, 登記, 有価証券報告書, 取込."""

    DECLARED = "declared"
    REGISTER = "register"
    SECURITIES_REPORT = "securities_report"
    IMPORTED = "imported"


class Organisation(Versioned, Model):
    """One organisation. ``search_key`` finds it by name, kana or former name; ``duplicate_key`` proposes the same one."""

    __tablename__ = "organisations"
    __table_args__ = (Index("ix_organisations_kana_key_name", "kana", "name"),)

    name: Mapped[str]
    kana: Mapped[str] = mapped_column(default="")
    kind: Mapped[OrganisationKind] = mapped_column(default=OrganisationKind.COMPANY, index=True)
    kind_known: Mapped[bool] = mapped_column(default=True)
    industry: Mapped[str] = mapped_column(default="")
    corporate_number: Mapped[str | None] = mapped_column(default=None, unique=True)
    number_state: Mapped[NumberState | None] = mapped_column(default=None)
    postal_code: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    representative: Mapped[str] = mapped_column(default="")
    remark: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    is_example: Mapped[bool] = mapped_column(default=False)
    search_key: Mapped[str] = mapped_column(init=False, default="", index=True)
    duplicate_key: Mapped[str] = mapped_column(init=False, default="", index=True)

    former_names: Mapped[list[FormerName]] = relationship(
        back_populates="organisation", order_by="FormerName.until", default_factory=list, init=False
    )
    employee_counts: Mapped[list[EmployeeCount]] = relationship(
        back_populates="organisation", order_by="EmployeeCount.on", default_factory=list, init=False
    )
    bank_names: Mapped[list[BankName]] = relationship(back_populates="organisation", default_factory=list, init=False)

    @validates("name", "kana", "corporate_number")
    def _keep_keys(self, attribute: str, value: Any) -> Any:
        """The keys follow the name at once, so that they can never disagree with it."""
        name = value if attribute == "name" else self.__dict__.get("name", "")
        kana = value if attribute == "kana" else self.__dict__.get("kana", "")
        number = value if attribute == "corporate_number" else self.__dict__.get("corporate_number")
        former = [f.name for f in self.__dict__.get("former_names", ())]
        self.search_key = " ".join(filter(None, [*map(naming.search_key, [name, kana, *former]), number]))
        self.duplicate_key = naming.duplicate_key(name)
        return value

    def employees_on(self, day: date) -> EmployeeCount | None:
        """The latest employee count known to have been true on or before a day, else the earliest after it."""
        before = [c for c in self.employee_counts if c.on <= day]
        return before[-1] if before else next(iter(self.employee_counts), None)


class FormerName(Model):
    """A name the organisation bore until a day (the first day under the new name)."""

    __tablename__ = "former_names"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True, init=False)
    organisation: Mapped[Organisation] = relationship(back_populates="former_names")
    name: Mapped[str]
    until: Mapped[date]
    duplicate_key: Mapped[str] = mapped_column(init=False, default="", index=True)

    @validates("name")
    def _keep_key(self, _attribute: str, value: str) -> str:
        self.duplicate_key = naming.duplicate_key(value)
        return value


class EmployeeCount(Model):
    """How many employees, on which day, told by whom."""

    __tablename__ = "employee_counts"
    __table_args__ = (UniqueConstraint("organisation_id", "on"), CheckConstraint("employees >= 0", name="not_negative"))

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True, init=False)
    organisation: Mapped[Organisation] = relationship(back_populates="employee_counts")
    employees: Mapped[int]
    on: Mapped[date]
    source: Mapped[CountSource]
    reviewed_by: Mapped[str] = mapped_column(default="")


class BankName(Model):
    """A name, in kana, under which the organisation's transfers arrive."""

    __tablename__ = "bank_names"
    __table_args__ = (UniqueConstraint("organisation_id", "key"),)

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True, init=False)
    organisation: Mapped[Organisation] = relationship(back_populates="bank_names")
    kana: Mapped[str]
    key: Mapped[str] = mapped_column(init=False, default="", index=True)

    @validates("kana")
    def _keep_key(self, _attribute: str, value: str) -> str:
        self.key = naming.bank_key(value)
        return value


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words, in any width or kana, all occur in the keys."""
    keys = [naming.search_key(word) for word in words.split()]
    return sa.and_(*(Organisation.search_key.contains(key, autoescape=True) for key in keys if key))
