"""One member: at a glance, year by year, its certificates, its history; the tier fixed by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.db import db
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import certificates, declarations, fees, terms, tiers
from crm.members.declarations import Declaration
from crm.members.forms import FixTierForm
from crm.members.members import Member, MembershipTerm
from crm.members.office import area, found
from crm.members.renewing import usual_year
from crm.members.tiers import MemberClass
from crm.organisations.office import found as organisation_found
from crm.organisations.people import Person, at
from crm.text import _
from crm.values.fiscal_year import FiscalYear
from crm.web.forms import done
from crm.web.templating import page


@area.get("/<int:member_id>")
@requires(Permission.MEMBERS_READ)
def show(member_id: int) -> ResponseReturnValue:
    """The membership at a glance."""
    member, today = found(member_id), clock.today()
    people = db.session.scalars(at(member.organisation).where(Person.left_on.is_(None))).all()
    return page(
        "members/office/show.html", member=member, basis=fees.basis(member, FiscalYear.of(today)),
        by_month=fees.by_month(), people=people,
    )  # fmt: skip


@area.get("/of/<int:organisation_id>")
@requires(Permission.MEMBERS_READ)
def of_organisation(organisation_id: int) -> ResponseReturnValue:
    """The membership of an organisation, as a tab of its page."""
    organisation = organisation_found(organisation_id)
    member = terms.of(organisation)
    basis = fees.basis(member, FiscalYear.of(clock.today())) if member is not None else None
    return page(
        "members/office/of_organisation.html",
        organisation=organisation,
        member=member,
        basis=basis,
        by_month=fees.by_month(),
    )


@area.get("/<int:member_id>/years")
@requires(Permission.MEMBERS_READ)
def years(member_id: int) -> ResponseReturnValue:
    """Each fiscal year: class, days, tier, fee and why; the days between two memberships are a row one sees."""
    member, rows = found(member_id), tiers.all_tiers()
    year = usual_year(clock.today())
    asked = db.session.scalars(declarations.of_year(year).where(Declaration.member == member)).one_or_none()
    return page(
        "members/office/years.html", member=member, rows=_years(member, rows), by_month=fees.by_month(), year=year,
        declaration=asked, may_ask=any(p.member_class is MemberClass.CORPORATE for p in member.classes_in(year)),
    )  # fmt: skip


def _years(member: Member, rows: list[tiers.FeeTier]) -> list[dict[str, Any]]:
    if not member.classes:
        return []
    first = FiscalYear.of(member.classes[0].since)
    last = max([FiscalYear.of(clock.today()), *(t.year for t in member.terms)])
    by_year = {t.year: t for t in member.terms}
    spanned = [last - n for n in range(last - first + 1)] if last >= first else [first]
    found: list[dict[str, Any]] = []
    for year in spanned:
        ended = [gap for gap in member.gaps if FiscalYear.of(gap.last + timedelta(days=1)) == year]
        basis = fees.basis(member, year, rows)
        if basis is not None or not any(g.first <= year.first_day and year.last_day <= g.last for g in member.gaps):
            found.append({"year": year, "term": by_year.get(year), "basis": basis, "gap": None})
        found += [{"gap": gap} for gap in reversed(ended)]
    return found


@area.get("/<int:member_id>/certificates")
@requires(Permission.CERTIFICATES_READ)
def papers(member_id: int) -> ResponseReturnValue:
    """The member's certificates."""
    member = found(member_id)
    issued = db.session.scalars(certificates.of(member)).all()
    return page("members/office/member_certificates.html", member=member, issued=issued, form=_year_form())


def _year_form() -> Any:
    from crm.members.forms import IssueCertificatesForm

    return IssueCertificatesForm(formdata=None, data={"year": FiscalYear.of(clock.today()), "send": True})


@area.get("/<int:member_id>/history")
@requires(Permission.HISTORY_READ)
def history(member_id: int) -> ResponseReturnValue:
    """What happened to the membership."""
    member = found(member_id)
    entries = timeline.of(member)
    return page(
        "members/office/history.html", member=member, entries=entries, names=actor_names(e.actor for e in entries)
    )


@area.get("/<int:member_id>/terms/<int:term_id>/tier")
@requires(Permission.MEMBERS_EDIT)
def tier(member_id: int, term_id: int) -> ResponseReturnValue:
    """The form that fixes a term's tier by hand."""
    term = _term(member_id, term_id)
    return page("members/office/tier.html", **_about_tier(term, _tier_form(term)))


@area.post("/<int:member_id>/terms/<int:term_id>/tier")
@requires(Permission.MEMBERS_EDIT)
def fix_tier(member_id: int, term_id: int) -> ResponseReturnValue:
    """Fix it, with a reason, or give it back to the rule."""
    term = _term(member_id, term_id)
    form = _tier_form(term)
    if form.validate():
        with form.refusals(), act(Kind.MEMBER_TIER_FIXED, about=term.member, note=form.reason.data):
            form.check_version(term)
            chosen = next((t for t in tiers.all_tiers() if str(t.id) == form.tier.data), None)
            terms.fix_tier(term, chosen, reason=form.reason.data)
            return done(url_for(".years", member_id=member_id), _("Saved."))
    return page("members/office/tier.html", 422, **_about_tier(_term(member_id, term_id), form))


def _term(member_id: int, term_id: int) -> MembershipTerm:
    term = next((t for t in found(member_id).terms if t.id == term_id), None)
    if term is None:
        raise NotFound
    return term


def _tier_form(term: MembershipTerm) -> FixTierForm:
    form = FixTierForm(data={"tier": str(term.fixed_tier_id or ""), "reason": term.fixed_reason})
    if not form.is_sent:
        form.version.data = str(term.version)
    fitting = [
        t for t in tiers.in_force(term.year.first_day) or tiers.all_tiers() if t.member_class is term.member_class
    ]
    form.tier.choices = [("", str(_("By the rule"))), *((str(t.id), f"{t.name}　￥{t.annual_fee}") for t in fitting)]
    return form


def _about_tier(term: MembershipTerm, form: FixTierForm) -> dict[str, Any]:
    return {"member": term.member, "term": term, "form": form, "basis": fees.basis(term.member, term.year)}
