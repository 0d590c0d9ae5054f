"""The accounts members transfer to: which there are, adding one, which one invoices name."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.billing import bank_accounts
from crm.billing.bank_accounts import BankAccount
from crm.billing.forms import BankAccountForm
from crm.db import db
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _
from crm.values import BadValue, japanese
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.listing import Column, Listing
from crm.web.templating import page

area = office_area("accounts", __name__, prefix="/billing/accounts")


def _like(words: str) -> sa.ColumnElement[bool]:
    """Bank, branch and holder as typed, the number in any width, the kana in any kana."""
    number = japanese.narrow(words)
    try:
        kana = japanese.bank_text(words)
    except BadValue:
        kana = words
    return sa.or_(
        *(column.icontains(words, autoescape=True) for column in (BankAccount.bank, BankAccount.branch, BankAccount.holder)),
        BankAccount.number.contains(number, autoescape=True), BankAccount.holder_kana.contains(kana, autoescape=True),
    )  # fmt: skip


LISTING = Listing(
    name="bank-accounts",
    title=_("Bank accounts"),
    columns=[
        Column("bank", _("Bank"), sort=BankAccount.bank),
        Column("branch", _("Branch"), sort=BankAccount.branch),
        Column("type", _("Type of account")),
        Column("number", _("Account number"), sort=BankAccount.number),
        Column("holder_kana", _("Account holder in kana")),
        Column("is_printed", _("Printed on invoices"), kind="bool", sort=BankAccount.is_printed),
    ],
    order=[BankAccount.is_printed.desc(), BankAccount.id],
    search=_like,
)


@area.get("/")
@requires(Permission.SETTINGS_READ)
def index() -> ResponseReturnValue:
    """All accounts, the printed one first."""
    listing = LISTING.of(sa.select(BankAccount), url=lambda account: url_for(".show", account_id=account.id))
    return listing.exit() or page("billing/office/accounts.html", listing=listing)


@area.get("/new")
@requires(Permission.SETTINGS_EDIT)
def new() -> ResponseReturnValue:
    """The form of another account."""
    return page("billing/office/account_new.html", form=BankAccountForm())


@area.post("/new")
@requires(Permission.SETTINGS_EDIT)
def create() -> ResponseReturnValue:
    """Add it; the first one is printed on invoices."""
    form = BankAccountForm()
    if form.validate():
        with form.refusals(), act(Kind.BANK_ACCOUNT_ADDED) as deed:
            deed.about = bank_accounts.add(**form.values())
            return done(url_for(".index"), _("The account was added."))
    return page("billing/office/account_new.html", 422, form=form)


@area.get("/<int:account_id>")
@requires(Permission.SETTINGS_READ)
def show(account_id: int) -> ResponseReturnValue:
    """One account, as papers name it."""
    account = _found(account_id)
    entries = timeline.of(account)
    return page(
        "billing/office/account.html", account=account, entries=entries, names=actor_names(e.actor for e in entries)
    )


@area.post("/<int:account_id>/print")
@requires(Permission.SETTINGS_EDIT)
def print_on_invoices(account_id: int) -> ResponseReturnValue:
    """Have invoices name it from now on."""
    account = _found(account_id)
    with act(Kind.BANK_ACCOUNT_CHANGED, about=account):
        bank_accounts.print_on_invoices(account)
        return done(url_for(".show", account_id=account_id), _("Invoices issued from now on name this account."))


def _found(account_id: int) -> BankAccount:
    account = db.session.get(BankAccount, account_id)
    if account is None:
        raise NotFound
    return account
