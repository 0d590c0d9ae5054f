"""Withdrawing in the office: what it leaves behind is shown first, then it is recorded with its reason and its three days."""

from __future__ import annotations

from datetime import date

from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.billing import leaving
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import certificates, letters, terms
from crm.members.forms import WithdrawForm
from crm.members.members import Member
from crm.members.office import found
from crm.text import _
from crm.values import BadValue, dates
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.templating import page

area = office_area("leaving", __name__, prefix="/members")


@area.get("/<int:member_id>/withdraw")
@requires(Permission.MEMBERS_EDIT)
def withdrawal(member_id: int) -> ResponseReturnValue:
    """The form to end a membership, by default with the fiscal year; what happens then stands below, for the day asked for."""
    member, today = found(member_id), clock.today()
    on = _day() or FiscalYear.of(today).last_day
    form = WithdrawForm(
        formdata=None, data={"asked_on": today, "decided_on": today, "effective_on": on, "send": _can_tell(member)}
    )
    form.version.data = str(member.version)
    return _page(member, form, on)


@area.post("/<int:member_id>/withdraw")
@requires(Permission.MEMBERS_EDIT)
def withdraw(member_id: int) -> ResponseReturnValue:
    """End the membership on a day."""
    member, form = found(member_id), WithdrawForm()
    if form.validate():
        values = form.values()
        send = values.pop("send")
        with form.refusals(), act(Kind.MEMBER_WITHDRAWN, about=member, note=form.reason.data):
            form.check_version(member)
            terms.withdraw(member, **values)
            if send:
                letters.withdrawal_accepted(
                    member, certificates.liaison(member, clock.today()), asked_on=form.asked_on.data,
                    decided_on=form.decided_on.data, effective_on=form.effective_on.data,
                )  # fmt: skip
            return done(url_for("office.members.show", member_id=member_id), _("The withdrawal is recorded."))
    return _page(found(member_id), form, form.effective_on.data or FiscalYear.of(clock.today()).last_day, 422)


def _page(member: Member, form: WithdrawForm, on: date, status: int = 200) -> ResponseReturnValue:
    return page(
        "billing/office/withdraw.html", status, member=member, form=form, foreseen=leaving.preview(member, on),
        can_tell=_can_tell(member),
    )  # fmt: skip


def _can_tell(member: Member) -> bool:
    person = certificates.liaison(member, clock.today())
    return person is not None and bool(person.email)


def _day() -> date | None:
    written = request.args.get("effective_on", "").strip()
    try:
        return dates.parse(written) if written else None
    except BadValue as error:
        raise BadRequest("effective_on") from error
