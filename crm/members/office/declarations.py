"""Employee figures that members told (社員数の申告) in the office: the list, accepting them, asking again with a remark."""

from __future__ import annotations

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import contains_eager
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires, signed_in_user
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import declarations, fees, letters
from crm.members.declarations import Declaration, DeclarationState
from crm.members.forms import AskAgainForm
from crm.members.members import Member
from crm.members.office import BIGGEST_ID, area
from crm.members.renewing import usual_year
from crm.organisations.organisations import Organisation, named_like
from crm.text import _, ngettext
from crm.values.fiscal_year import FiscalYear
from crm.web.forms import EmptyForm, done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page

MOST = 200  # accepted at once


def _listing() -> Listing:
    years = sorted(db.session.scalars(sa.select(Declaration.year).distinct()), key=lambda y: -y.start)
    return Listing(
        name="declarations",
        title=_("Employee figures told by members"),
        columns=[
            Column("organisation", _("Legal name"), value="member.organisation.name", sort=Organisation.kana),
            Column("year", _("Fiscal year"), kind="year", sort=Declaration.year),
            Column("state", _("State"), kind="status", sort=Declaration.state),
            Column("asked_on", _("Letter sent on"), value=lambda d: clock.day_of(d.asked_at), kind="day", sort=Declaration.asked_at),
            Column("times_asked", _("Letters"), kind="number"),
            Column("held", _("Figure held"), value=lambda d: d.held.employees if d.held else None, kind="number"),
            Column("employees", _("Figure told"), kind="number", sort=Declaration.employees),
            Column("counted_on", _("As of"), kind="day", sort=Declaration.counted_on),
            Column("remark", _("Remark")),
            Column("decided_by", _("Reviewed by")),
        ],
        order=[Declaration.state != DeclarationState.ANSWERED, Declaration.asked_at.desc(), Declaration.id.desc()],
        search=named_like,
        filters=[
            choice_filter("state", _("State"), Declaration.state, DeclarationState),
            Filter("year", _("Fiscal year"), lambda: [(str(y.start), y.era) for y in years],
                   lambda s, v: s.where(Declaration.year == FiscalYear(int(v)))),
        ],
    )  # fmt: skip


@area.get("/declarations")
@requires(Permission.MEMBERS_READ)
def declared() -> ResponseReturnValue:
    """What was asked and answered."""
    return _list(EmptyForm(formdata=None))


@area.post("/declarations")
@requires(Permission.MEMBERS_EDIT)
def accept_chosen() -> ResponseReturnValue:
    """Accept the chosen answers, all or none."""
    form = EmptyForm()
    if form.validate():
        with form.refusals(), act(Kind.EMPLOYEES_ACCEPTED):
            rows = _chosen()
            for declaration in rows:
                declarations.accept(declaration, by=signed_in_user().name)
            message = ngettext("%(num)d figure was accepted.", "%(num)d figures were accepted.", len(rows))
            return done(url_for(".declared"), message)
    return _list(form, 422)


@area.get("/declarations/<int:declaration_id>")
@requires(Permission.MEMBERS_READ)
def declaration(declaration_id: int) -> ResponseReturnValue:
    """One of them: what we hold, what was told, what the fee would be."""
    return _show(_found(declaration_id), AskAgainForm(formdata=None))


@area.post("/declarations/<int:declaration_id>/accept")
@requires(Permission.MEMBERS_EDIT)
def accept(declaration_id: int) -> ResponseReturnValue:
    """From now on it counts."""
    one = _found(declaration_id)
    with act(Kind.EMPLOYEES_ACCEPTED, about=one.member):
        declarations.accept(one, by=signed_in_user().name)
        return done(url_for(".declaration", declaration_id=declaration_id), _("The figure is accepted."))


@area.post("/declarations/<int:declaration_id>/hand-back")
@requires(Permission.MEMBERS_EDIT)
def hand_back(declaration_id: int) -> ResponseReturnValue:
    """Ask again, with a remark."""
    one, form = _found(declaration_id), AskAgainForm()
    if form.validate():
        with form.refusals(), act(Kind.EMPLOYEES_HANDED_BACK, about=one.member, note=form.remark.data):
            declarations.hand_back(one, by=signed_in_user().name, remark=form.remark.data)
            letters.employees_asked(one)
            return done(url_for(".declaration", declaration_id=declaration_id), _("The member was asked again."))
    return _show(_found(declaration_id), form, 422)


def _list(form: EmptyForm, status: int = 200) -> ResponseReturnValue:
    select = sa.select(Declaration).join(Declaration.member).join(Member.organisation).options(
        contains_eager(Declaration.member).contains_eager(Member.organisation).selectinload(Organisation.employee_counts)
    )  # fmt: skip
    listing = _listing().of(select, url=lambda one: url_for(".declaration", declaration_id=one.id))
    return listing.exit() or page(
        "members/office/declarations.html", status, listing=listing, form=form, year=usual_year(clock.today())
    )


def _show(one: Declaration, form: AskAgainForm, status: int = 200) -> ResponseReturnValue:
    return page(
        "members/office/declaration.html", status, declaration=one, member=one.member, form=form,
        basis=fees.basis(one.member, one.year), by_month=fees.by_month(),
        tier=declarations.tier_told(one),
    )  # fmt: skip


def _chosen() -> list[Declaration]:
    """The boxes that were ticked. Raises ``Refused`` without any, or with too many."""
    written = {one for one in request.form.getlist("selected") if one.isascii() and one.isdecimal() and len(one) < 19}
    if not 0 < len(written) <= MOST:
        raise Refused(_("Please choose up to %(n)s answers in the list.", n=MOST))
    chosen = sa.select(Declaration).where(Declaration.id.in_(int(one) for one in written)).order_by(Declaration.id)
    return list(db.session.scalars(chosen))


def _found(declaration_id: int) -> Declaration:
    one = db.session.get(Declaration, declaration_id) if declaration_id <= BIGGEST_ID else None
    if one is None:
        raise NotFound
    return one
