"""BankAccount: where members transfer to. The first one is printed on invoices unless another is chosen."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Model, Versioned, db
from crm.documents import blocks
from crm.errors import Refused
from crm.text import _, label, speaking
from crm.values import japanese


class AccountType(StrEnum):
    """普通 and 当座."""

    ORDINARY = "ordinary"
    CURRENT = "current"


class BankAccount(Versioned, Model):
    """One account of the consortium. ``holder_kana`` is kept in the characters banks know."""

    __tablename__ = "bank_accounts"
    __table_args__ = (Index("uq_bank_accounts_number", "bank", "branch", "type", "number", unique=True),)

    bank: Mapped[str]
    branch: Mapped[str]
    type: Mapped[AccountType]
    number: Mapped[str]
    holder_kana: Mapped[str]
    holder: Mapped[str] = mapped_column(default="")
    is_printed: Mapped[bool] = mapped_column(default=False, init=False)

    def as_printed(self, issuer_name: str, language: str) -> blocks.BankAccount:
        """The facts a paper in a language keeps of it."""
        with speaking(language):
            kind = label(self.type)
        return blocks.BankAccount(
            bank=self.bank, branch=self.branch, kind=kind, number=self.number, holder=self.holder or issuer_name,
            holder_kana=self.holder_kana,
        )  # fmt: skip


def add(*, bank: str, branch: str, type: AccountType, number: str, holder_kana: str, holder: str = "") -> BankAccount:
    """Add an account; the first is printed on invoices.

    Raises ``Refused`` for what is blank, for a number that is not up to 7 digits or is known.
    """
    for field, words in (("bank", bank), ("branch", branch), ("holder_kana", holder_kana)):
        if not words.strip():
            raise Refused(_("This may not be left blank."), field=field)
    digits = japanese.narrow(number).strip()
    if not (digits.isascii() and digits.isdecimal() and 1 <= len(digits) <= 7):
        raise Refused(_("An account number has up to seven digits."), field="number")
    try:
        kana = japanese.bank_text(holder_kana)
    except ValueError as error:
        raise Refused(_(str(error)), field="holder_kana") from error
    account = BankAccount(bank=bank, branch=branch, type=type, number=digits.zfill(7), holder_kana=kana, holder=holder)
    if db.session.scalar(same(account)):
        raise Refused(_("This account is there already."), field="number")
    if printed() is None:
        account.is_printed = True
    db.session.add(account)
    return account


def same(account: BankAccount) -> sa.Select[int]:
    """The account that has the same bank, branch, type and number."""
    return sa.select(BankAccount.id).where(
        BankAccount.bank == account.bank, BankAccount.branch == account.branch, BankAccount.type == account.type,
        BankAccount.number == account.number,
    )  # fmt: skip


def print_on_invoices(account: BankAccount) -> None:
    """Have invoices name this account from now on; issued ones keep theirs."""
    for other in db.session.scalars(sa.select(BankAccount).where(BankAccount.is_printed)):
        other.is_printed = False
    account.is_printed = True


def printed() -> BankAccount | None:
    """The account invoices name, if any was added."""
    return db.session.scalars(sa.select(BankAccount).where(BankAccount.is_printed)).first()
