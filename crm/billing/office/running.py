"""The annual run in the office: the preview that shows what will be billed, starting it, watching it, its record."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.billing import bank_accounts, issuing, planning, runs
from crm.billing.forms import AnnualRunForm
from crm.billing.invoices import Invoice
from crm.billing.office.invoices import area
from crm.billing.planning import Plan, Reason
from crm.billing.runs import AnnualRun, RunState
from crm.db import db
from crm.errors import Busy, Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.settings.settings import office_setting
from crm.text import _, gettext
from crm.values import dates
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import total
from crm.web.forms import done
from crm.web.listing import Column, Listing, choice_filter
from crm.web.templating import page

AT_ONCE = 2.0  # seconds a press of the button bills by itself; the worker goes on with the rest

LISTING = Listing(
    name="annual-runs",
    title=_("Annual runs"),
    columns=[
        Column("id", _("Run"), sort=AnnualRun.id),
        Column("year", _("Fiscal year"), kind="year", sort=AnnualRun.year),
        Column("issue_on", _("Issued on"), kind="day", sort=AnnualRun.issue_on),
        Column("due_on", _("Due on"), kind="day", sort=AnnualRun.due_on),
        Column("expected", _("To be billed"), kind="number"),
        Column("failed", _("Not billed"), value=lambda run: len(run.failed), kind="number"),
        Column("left_out", _("Left out"), value=lambda run: len(run.left_out), kind="number"),
        Column("started_at", _("Started"), kind="moment", sort=AnnualRun.started_at),
        Column("state", _("State"), kind="status", sort=AnnualRun.state),
    ],
    order=[AnnualRun.id.desc()],
    search=lambda words: sa.cast(AnnualRun.year, sa.Text).contains(words, autoescape=True),
    filters=[choice_filter("state", _("State"), AnnualRun.state, RunState)],
)

# Where what keeps someone from being billed can be mended: an endpoint that takes the organisation.
MENDED_AT = {
    Reason.NO_BILLING_CONTACT: "office.organisations.people_of",
    Reason.NO_ADDRESS: "office.organisations.edit",
    Reason.NO_EMPLOYEE_COUNT: "office.organisations.show",
    Reason.ALREADY_BILLED: "office.billing.of_organisation",
}


@area.get("/runs", endpoint="runs")
@requires(Permission.INVOICES_READ)
def index() -> ResponseReturnValue:
    """All runs, newest first."""
    listing = LISTING.of(sa.select(AnnualRun), url=lambda run: url_for(".run", run_id=run.id))
    unfinished = db.session.scalars(runs.unfinished()).all()
    return listing.exit() or page("billing/office/runs.html", listing=listing, unfinished=unfinished)


@area.get("/runs/new")
@requires(Permission.INVOICES_ISSUE)
def plan_run() -> ResponseReturnValue:
    """Year and dates, and below them who will be billed, how much and why, and who is left out."""
    form = AnnualRunForm(formdata=request.args if "year" in request.args else None, data=_proposed())
    return _preview(form, 422 if "year" in request.args and not form.validate() else 200)


@area.post("/runs/start")
@requires(Permission.INVOICES_ISSUE)
def start() -> ResponseReturnValue:
    """Begin the run one has seen. What changed meanwhile is shown first."""
    form = AnnualRunForm()
    if form.validate():
        with form.refusals():
            run_id, answer = _begun(form)
            _bill_for_a_while(run_id)
            return answer
    return _preview(form, 422)


def _begun(form: AnnualRunForm) -> tuple[int, ResponseReturnValue]:
    with act(Kind.ANNUAL_RUN_STARTED, note=str(form.year.data)) as deed:
        _same_as_seen(form)
        deed.about = begun = issuing.begin(form.year.data, on=form.issue_on.data, due=form.due_on.data)
        return begun.id, done(url_for(".run", run_id=begun.id))


@area.get("/runs/<int:run_id>")
@requires(Permission.INVOICES_READ)
def run(run_id: int) -> ResponseReturnValue:
    """One run: how far it is, or what came of it."""
    found = _run(run_id)
    entries = timeline.of(found)
    made = db.session.execute(
        sa.select(
            sa.func.count(Invoice.id), sa.cast(sa.func.coalesce(sa.func.sum(Invoice.total), 0), sa.BigInteger)
        ).where(Invoice.run_id == run_id)
    ).one()
    return page(
        "billing/office/run.html", run=found, made=made[0], sum=int(made[1]), entries=entries, progress=_progress(found),
        failed=[_with_way(f) for f in found.failed], left_out=[_with_way(f) for f in found.left_out],
        names=actor_names(e.actor for e in entries),
    )  # fmt: skip


@area.get("/runs/<int:run_id>/progress")
@requires(Permission.INVOICES_READ)
def progress(run_id: int) -> ResponseReturnValue:
    """How far it is, for the page that watches it."""
    return jsonify(_progress(_run(run_id)))


@area.post("/runs/<int:run_id>/continue")
@requires(Permission.INVOICES_ISSUE)
def go_on(run_id: int) -> ResponseReturnValue:
    """Go on with a run that was interrupted."""
    found = _run(run_id)
    with act(Kind.ANNUAL_INVOICES_ISSUED, about=found):
        issuing.work_off(run_id)
        answer = done(url_for(".run", run_id=run_id))
    _bill_for_a_while(run_id)
    return answer


def _bill_for_a_while(run_id: int) -> None:
    """Bill in short acts for a moment; the worker, which looks every few seconds, does the rest."""
    until = time.monotonic() + AT_ONCE
    try:
        while time.monotonic() < until:
            with act(Kind.ANNUAL_INVOICES_ISSUED, about=db.session.get(AnnualRun, run_id)):
                if not issuing.work_off(run_id):
                    return
    except Busy:
        return


def _preview(form: AnnualRunForm, status: int) -> ResponseReturnValue:
    year, on, due = form.year.data, form.issue_on.data, form.due_on.data
    plan = planning.plan(year, on=on) if year and on else None
    if plan is not None and due is not None and status == 200:
        with form.refusals():
            issuing.check_dates(year, on=on, due=due)
    if plan is not None:
        form.seen.data = _seen(plan)
    return page(
        "billing/office/run_new.html", status, form=form, plan=plan, tiers=_by_tier(plan), left_out=_left_out(plan),
        account=bank_accounts.printed(), going_on=db.session.scalars(runs.unfinished(year)).first() if year else None,
    )  # fmt: skip


def _proposed() -> dict[str, Any]:
    today = clock.today()
    due = dates.next_bank_day(today + timedelta(days=office_setting("billing.due_days")))
    return {"year": _next_to_bill(today), "issue_on": today, "due_on": due}


def _next_to_bill(today: date) -> FiscalYear:
    """This fiscal year; from February on the one to come."""
    return FiscalYear.of(today) + (1 if today.month in (2, 3) else 0)


def _seen(plan: Plan) -> str:
    """What a preview showed, to be held against what would be billed now."""
    return f"{len(plan.billable)}:{plan.total.amount}"


def _same_as_seen(form: AnnualRunForm) -> None:
    if db.session.scalars(runs.unfinished(form.year.data)).first() is not None:
        return
    if form.seen.data != _seen(planning.plan(form.year.data, on=form.issue_on.data)):
        raise Refused(_("Meanwhile something changed: please look at the preview again."))


def _by_tier(plan: Plan | None) -> list[tuple[Any, int, Any]]:
    """Each tier with how many pay it and what they pay together, the dearest first."""
    if plan is None:
        return []
    counted = Counter(b.tier for b in plan.billable)
    in_order = sorted(counted, key=lambda tier: (-tier.annual_fee.amount, tier.code))
    return [(tier, counted[tier], total(b.fee for b in plan.billable if b.tier is tier)) for tier in in_order]


def _left_out(plan: Plan | None) -> list[dict[str, Any]]:
    return [] if plan is None else [_with_way(runs.fact(x.member, x.reason.value)) for x in plan.left_out]


def _with_way(fact: runs.Fact) -> dict[str, Any]:
    """Who was left out or failed and why, with the page where it can be mended."""
    reason = Reason(fact["reason"]) if fact["reason"] in {r.value for r in Reason} else fact["reason"]
    return {**fact, "reason": reason, "endpoint": MENDED_AT.get(reason, "office.organisations.show")}


def _progress(found: AnnualRun) -> dict[str, Any]:
    """As progress.mjs reads it."""
    left = len(runs.remaining(found)) if found.is_running else 0
    done_ = found.expected - left
    return {
        "done": done_, "total": found.expected, "finished": not found.is_running, "url": url_for(".run", run_id=found.id),
        "text": gettext("%(done)s of %(total)s done", done=f"{done_:,}", total=f"{found.expected:,}"),
    }  # fmt: skip


def _run(run_id: int) -> AnnualRun:
    found = db.session.get(AnnualRun, run_id)
    if found is None:
        raise NotFound
    return found
