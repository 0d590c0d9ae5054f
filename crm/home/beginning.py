"""The first steps of a new office (はじめての準備): what must stand before the first year can be billed, and what stands already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crm.access.permissions import Permission
from crm.billing.bank_accounts import BankAccount
from crm.billing.invoices import Invoice
from crm.db import db
from crm.members.members import Member
from crm.organisations.organisations import Organisation
from crm.settings.settings import Setting
from crm.text import _


@dataclass(frozen=True)
class Step:
    """One step: its words, whether it is done, where it is done, and who may."""

    label: Any
    is_done: bool
    endpoint: str
    permission: Permission


def steps() -> list[Step]:
    """The steps in their order, in one query; none once an invoice was issued, when the office is past its beginning."""
    names = Setting.key.in_(["issuer.address", "issuer.phone", "issuer.representative"])
    asked = [sa.select(Invoice.id), sa.select(Setting.id).where(names), sa.select(BankAccount.id),
             sa.select(Organisation.id), sa.select(Member.id)]  # fmt: skip
    billed, *done = db.session.execute(sa.select(*(one.exists() for one in asked))).one()
    if billed:
        return []
    return [
        Step(_("Write who issues the papers"), done[0], "office.settings.index", Permission.SETTINGS_EDIT),
        Step(_("Enter the bank account printed on invoices"), done[1], "office.accounts.new", Permission.SETTINGS_EDIT),
        Step(_("Import or add the organisations"), done[2], "office.imports.index", Permission.ORGANISATIONS_IMPORT),
        Step(_("Make organisations members"), done[3], "office.members.choose", Permission.MEMBERS_EDIT),
        Step(_("Bill the year's fees"), False, "office.billing.plan_run", Permission.INVOICES_ISSUE),
    ]
