"""Changing a membership: another class from a day on, withdrawing, taking a withdrawal back."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import terms
from crm.members.forms import ClassForm, WithdrawForm
from crm.members.members import Member
from crm.members.office import area, found
from crm.members.tiers import MemberClass
from crm.text import _
from crm.values.fiscal_year import FiscalYear
from crm.web.forms import done
from crm.web.templating import page


@area.get("/<int:member_id>/withdraw")
@requires(Permission.MEMBERS_EDIT)
def withdrawal(member_id: int) -> ResponseReturnValue:
    """The form to end a membership, by default with the fiscal year."""
    member, today = found(member_id), clock.today()
    form = WithdrawForm(data={"asked_on": today, "effective_on": FiscalYear.of(today).last_day})
    form.version.data = str(member.version)
    return page("members/office/withdraw.html", member=member, form=form)


@area.post("/<int:member_id>/withdraw")
@requires(Permission.MEMBERS_EDIT)
def withdraw(member_id: int) -> ResponseReturnValue:
    """End the membership on a day."""
    member, form = found(member_id), WithdrawForm()
    if form.validate():
        with form.refusals(), act(Kind.MEMBER_WITHDRAWN, about=member, note=form.reason.data):
            terms.withdraw(member, **form.values())
            return done(url_for(".show", member_id=member_id), _("The withdrawal is recorded."))
    return page("members/office/withdraw.html", 422, member=found(member_id), form=form)


@area.post("/<int:member_id>/stay")
@requires(Permission.MEMBERS_EDIT)
def stay(member_id: int) -> ResponseReturnValue:
    """Take back a withdrawal that has not taken effect."""
    member = found(member_id)
    with act(Kind.MEMBER_STAYED, about=member):
        terms.stay(member)
        return done(url_for(".show", member_id=member_id), _("The membership goes on."))


@area.get("/<int:member_id>/class")
@requires(Permission.MEMBERS_EDIT)
def class_change(member_id: int) -> ResponseReturnValue:
    """The form for another class."""
    member, today = found(member_id), clock.today()
    form = ClassForm(data={"to": _other(member), "on": (FiscalYear.of(today) + 1).first_day})
    return page("members/office/class.html", member=member, form=form)


@area.post("/<int:member_id>/class")
@requires(Permission.MEMBERS_EDIT)
def change_class(member_id: int) -> ResponseReturnValue:
    """准会員 becomes 企業会員, or the reverse, from a day on."""
    member, form = found(member_id), ClassForm()
    if form.validate():
        with form.refusals(), act(Kind.MEMBER_CLASS_CHANGED, about=member, note=form.reason.data):
            terms.change_class(member, form.to.data, on=form.on.data, reason=form.reason.data)
            return done(url_for(".show", member_id=member_id), _("The change of class is recorded."))
    return page("members/office/class.html", 422, member=found(member_id), form=form)


def _other(member: Member) -> MemberClass:
    is_corporate = bool(member.classes) and member.classes[-1].member_class is MemberClass.CORPORATE
    return MemberClass.ASSOCIATE if is_corporate else MemberClass.CORPORATE
