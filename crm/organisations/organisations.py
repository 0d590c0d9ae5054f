"""Organisation: a company, university, provider, body or office we know, each once.

What was typed is kept to the letter (髙, 﨑, 𠮷); only the key columns beside it are folded. An employee count carries the day it
was true and where it came from, for the fee tier follows from it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.organisations import naming
from crm.text import _

MANY = 20_000  # names whose keys are kept at hand: an imported list asks for each several times

# Each of name, kana and number refreshes the keys of all three; an import would fold every name three times.
_search_key = lru_cache(maxsize=MANY)(naming.search_key)

LONGEST_KEY = 300  # characters: PostgreSQL takes no more than 2,704 bytes of an index row, and ㈱ unfolds to four


@lru_cache(maxsize=MANY)
def key_of(name: str) -> str:
    """The key of a name by which two records are proposed as one, as the tables hold it."""
    return naming.duplicate_key(name)[:LONGEST_KEY]


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
    """A corporate number only checked by its form (形式のみ確認), found in the register (照合済), or not found there (該当なし)."""

    FORM_ONLY = "form_only"
    VERIFIED = "verified"
    NOT_FOUND = "not_found"


class NumberSource(StrEnum):
    """Where a number was compared with the register: by the tax agency's Web-API, or in a file it offers for download."""

    WEB_API = "web_api"
    DOWNLOAD = "download"


class CountSource(StrEnum):
    """Where an employee count came from: 申告, 登記, 有価証券報告書, 取込."""

    DECLARED = "declared"
    REGISTER = "register"
    SECURITIES_REPORT = "securities_report"
    IMPORTED = "imported"


class Organisation(Versioned, Model):
    """One organisation. ``search_key`` finds it by name, kana or former name; ``duplicate_key`` proposes the same one."""

    __tablename__ = "organisations"
    # The order of the list, and beside it what a search looks at, so that one pass over the index finds a page.
    __table_args__ = (Index("ix_organisations_list", "kana", "name", "id", "search_key"),)

    name: Mapped[str]
    kana: Mapped[str] = mapped_column(default="")
    kind: Mapped[OrganisationKind] = mapped_column(default=OrganisationKind.COMPANY, index=True)
    kind_known: Mapped[bool] = mapped_column(default=True)
    industry: Mapped[str] = mapped_column(default="", index=True)
    corporate_number: Mapped[str | None] = mapped_column(default=None, unique=True)
    number_state: Mapped[NumberState | None] = mapped_column(default=None)
    number_checked_on: Mapped[date | None] = mapped_column(default=None, init=False)
    number_source: Mapped[NumberSource | None] = mapped_column(default=None, init=False)
    postal_code: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    representative: Mapped[str] = mapped_column(default="")
    billing_postal_code: Mapped[str] = mapped_column(default="")
    billing_address: Mapped[str] = mapped_column(default="")
    remark: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    is_example: Mapped[bool] = mapped_column(default=False)
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True, default=None, init=False
    )
    search_key: Mapped[str] = mapped_column(init=False, default="")
    duplicate_key: Mapped[str] = mapped_column(init=False, default="", index=True)

    former_names: Mapped[list[FormerName]] = relationship(
        back_populates="organisation", order_by="FormerName.until", default_factory=list, init=False
    )
    employee_counts: Mapped[list[EmployeeCount]] = relationship(
        back_populates="organisation", order_by="EmployeeCount.on", default_factory=list, init=False
    )
    bank_names: Mapped[list[BankName]] = relationship(back_populates="organisation", default_factory=list, init=False)
    merged: Mapped[list[Organisation]] = relationship(
        foreign_keys=[merged_into_id], viewonly=True, default_factory=list, init=False
    )

    FOUND_BY: ClassVar[tuple[str, ...]] = ("corporate_number", "name", "kana")

    @staticmethod
    def found_by(number: str | None, name: str | None, kana: str | None, *former: str) -> str:
        """The search key of these names: each once, what was borne before behind, in an order of its own."""
        keys = dict.fromkeys(map(_search_key, filter(None, [name, kana, *sorted(former)])))
        return " ".join(filter(None, [number, *keys]))[:LONGEST_KEY]

    @validates("name", "kana", "corporate_number")
    def _keep_keys(self, attribute: str, value: Any) -> Any:
        """The keys follow the name at once, so that they can never disagree with it."""
        name = value if attribute == "name" else self._written("name")
        kana = value if attribute == "kana" else self._written("kana")
        number = value if attribute == "corporate_number" else self._written("corporate_number")
        former = [f.name for f in (*(self._written("former_names") or ()), *(self._written("merged") or ()))]
        self.search_key = self.found_by(number, name, kana, *former)
        self.duplicate_key = key_of(name or "")
        return value

    def _written(self, attribute: str) -> Any:
        """A value as it stands: read from the database when the row has one, nothing while it is being made."""
        return getattr(self, attribute) if sa.inspect(self).persistent else self.__dict__.get(attribute)

    def refresh_keys(self) -> None:
        """Renew the keys after the former names changed."""
        self.name = self.name

    def change(self, **values: Any) -> None:
        """Give fields new values. Raises ``Refused`` when another organisation has the corporate number."""
        number = values.get("corporate_number")
        if number and number != self.corporate_number:
            refuse_known_number(number, besides=self)
            self.number_state, self.number_checked_on, self.number_source = NumberState.FORM_ONLY, None, None
        elif "corporate_number" in values and not number:
            values["corporate_number"] = self.number_state = self.number_checked_on = self.number_source = None
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)

    @property
    def place_for_invoices(self) -> tuple[str, str]:
        """Postal code and address invoices and receipts are made out to: their own where there is one."""
        if self.billing_address:
            return self.billing_postal_code, self.billing_address
        return self.postal_code, self.address

    def is_called(self, name: str) -> bool:
        """Whether it bears, or once bore, exactly this name."""
        return name == self.name or any(name == former.name for former in self.former_names)

    def name_on(self, day: date) -> str:
        """The name it bore on a day."""
        return next((former.name for former in self.former_names if day < former.until), self.name)

    def count_employees(self, employees: int, *, on: date, source: CountSource, reviewed_by: str = "") -> EmployeeCount:
        """Note how many employees it had on a day; a second figure for the same day corrects the first."""
        count = next((c for c in self.employee_counts if c.on == on), None)
        if count is None:
            count = EmployeeCount(organisation=self, employees=employees, on=on, source=source, reviewed_by=reviewed_by)
            db.session.add(count)
        if (count.employees, count.source) != (employees, source):
            count.employees, count.source, count.reviewed_by, count.reviewed_on = employees, source, reviewed_by, None
        return count

    def pays_as(self, kana: str) -> BankName | None:
        """Remember a name its transfers arrive under; ``None`` when it is known already."""
        if any(known.key == naming.bank_key(kana) for known in self.bank_names):
            return None
        bank_name = BankName(organisation=self, kana=kana)
        db.session.add(bank_name)
        return bank_name

    def employees_on(self, day: date) -> EmployeeCount | None:
        """The latest employee count known to have been true on or before a day, else the earliest after it."""
        counts = sorted(self.employee_counts, key=lambda count: count.on)
        before = [c for c in counts if c.on <= day]
        return before[-1] if before else next(iter(counts), None)


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
        self.duplicate_key = key_of(value)
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
    reviewed_on: Mapped[date | None] = mapped_column(default=None, init=False)


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


def adding(name: str, **values: Any) -> Organisation:
    """A new organisation of the running act. Raises ``Refused`` when another has the corporate number."""
    number = values.get("corporate_number") or None
    if number:
        refuse_known_number(number)
    state = NumberState.FORM_ONLY if number else None
    organisation = Organisation(name=name, **{"number_state": state, **values, "corporate_number": number})
    db.session.add(organisation)
    return organisation


def industries(most: int = 200) -> list[str]:
    """The industries in use, found by jumping along their index instead of reading every row."""
    first = sa.select(sa.func.min(Organisation.industry).label("industry")).where(Organisation.industry > "")
    found = first.cte("industries", recursive=True)
    after = sa.select(sa.func.min(Organisation.industry)).where(Organisation.industry > found.c.industry)
    found = found.union_all(sa.select(after.scalar_subquery()).where(found.c.industry.is_not(None)))
    used = sa.select(found.c.industry).where(found.c.industry.is_not(None))
    return [industry for industry in db.session.scalars(used.limit(most)) if industry]


def refuse_known_number(number: str, besides: Organisation | None = None) -> None:
    """Raise ``Refused`` when an organisation other than ``besides`` has this corporate number."""
    with db.session.no_autoflush:
        holder = db.session.scalars(sa.select(Organisation).where(Organisation.corporate_number == number)).first()
    if holder is not None and holder is not besides:
        raise Refused(_("%(name)s has this corporate number.", name=holder.name), field="corporate_number")


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words, in any width or kana, all occur in an organisation's names or number."""
    from crm.organisations import searching  # it looks into people, too, who stand on organisations

    return searching.organisations(words).condition
