"""Changing a membership: another class from a day on, taking back what was planned, coming back after a gap.

Withdrawing stands with billing (`billing/office/leaving.py`), for what is still owed is part of it.
"""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import terms
from crm.members.forms import ClassForm, RejoinForm
from crm.members.members import Member
from crm.members.office import area, found
from crm.members.tiers import MemberClass
from crm.text import _
from crm.values.fiscal_year import FiscalYear
from crm.web.forms import done
from crm.web.templating import page


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


@area.post("/<int:member_id>/class/keep")
@requires(Permission.MEMBERS_EDIT)
def keep_class(member_id: int) -> ResponseReturnValue:
    """Take back a change of class that has not taken effect."""
    member = found(member_id)
    with act(Kind.MEMBER_CLASS_KEPT, about=member):
        terms.keep_class(member)
        return done(url_for(".show", member_id=member_id), _("The class stays as it is."))


@area.get("/<int:member_id>/rejoin")
@requires(Permission.MEMBERS_EDIT)
def rejoining(member_id: int) -> ResponseReturnValue:
    """The form for a former member who comes back: under the old number, the gap stays visible."""
    member = found(member_id)
    last = member.classes[-1].member_class if member.classes else MemberClass.CORPORATE
    form = RejoinForm(formdata=None, data={"member_class": last, "on": clock.today()})
    return page("members/office/rejoin.html", member=member, form=form)


@area.post("/<int:member_id>/rejoin")
@requires(Permission.MEMBERS_EDIT)
def rejoin(member_id: int) -> ResponseReturnValue:
    """Make it a member again, from a day on."""
    member, form = found(member_id), RejoinForm()
    if form.validate():
        with form.refusals(), act(Kind.MEMBER_ADMITTED, about=member):
            form.check_version(member)
            terms.admit(member.organisation, form.member_class.data, on=form.on.data)
            return done(url_for(".years", member_id=member_id), _("It is a member again. The gap stays visible."))
    return page("members/office/rejoin.html", 422, member=found(member_id), form=form)


def _other(member: Member) -> MemberClass:
    is_corporate = bool(member.classes) and member.classes[-1].member_class is MemberClass.CORPORATE
    return MemberClass.ASSOCIATE if is_corporate else MemberClass.CORPORATE
