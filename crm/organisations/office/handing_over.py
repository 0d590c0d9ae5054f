"""Handing over in the office: who follows, what will happen in words, and then all of it in one step."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import can, requires
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import handing_over, people
from crm.organisations.forms import NEWCOMER, NOBODY, HandOverForm
from crm.organisations.handing_over import Wish
from crm.organisations.office import area
from crm.organisations.office.people import found_person
from crm.organisations.people import Person, PersonRole
from crm.text import _, label
from crm.web.forms import done
from crm.web.templating import page

OF_A_PERSON = ("name", "kana", "department", "title", "email", "phone", "locale")


@area.get("/people/<int:person_id>/hand-over")
@requires(Permission.ORGANISATIONS_EDIT)
def hand_over(person_id: int) -> ResponseReturnValue:
    """Who follows someone, and in what."""
    leaver, today = found_person(person_id), clock.today()
    passing = handing_over.registrations(leaver, today)
    form = HandOverForm(data={
        "handed_on": today, "successor": NEWCOMER, "leaves": True, "letters": True, "locale": leaver.locale,
        "roles": [role.value for role in handing_over.held(leaver, today)], "registrations": [key for key, _words in passing],
        "department": leaver.department,
    })  # fmt: skip
    return _show(leaver, form)


@area.post("/people/<int:person_id>/hand-over")
@requires(Permission.ORGANISATIONS_EDIT)
def hand_over_now(person_id: int) -> ResponseReturnValue:
    """Say what will happen; the same form sent on from there does it."""
    leaver, form = found_person(person_id), HandOverForm()
    _offer(leaver, form)
    if form.validate():
        with form.refusals():
            wish = _wish(form)
            if not form.looked.data:
                told = handing_over.foretell(leaver, wish)
                form.looked.data = "1"
                return _show(leaver, form, told)
            with act(Kind.CONTACT_HANDED_OVER, about=leaver) as deed:
                handed = handing_over.carry_out(leaver, wish)
                db.session.flush()
                deed.about = leaver
                words = "、".join(label(role) for role in handed.left_over)
                message = _("Handed over. Nobody has now: %(roles)s.", roles=words) if words else _("Handed over.")
                url = url_for(".person", person_id=(handed.successor or leaver).id)
                return done(url, message, "warning" if words else "success")
    form.looked.data = ""
    return _show(found_person(person_id), form, status=422)


def _wish(form: HandOverForm) -> Wish:
    if form.invites.data and not can(Permission.MEMBERS_EDIT):
        raise Refused(_("You may not invite to the members' pages."), field="invites")
    chosen = form.successor.data or NOBODY
    newcomer: dict[str, Any] | None = {name: form[name].data for name in OF_A_PERSON} if chosen == NEWCOMER else None
    successor = found_person(int(chosen)) if chosen.isascii() and chosen.isdecimal() else None
    if chosen not in (NEWCOMER, NOBODY) and successor is None:
        raise Refused(_("Please choose one of the list."), field="successor")
    return Wish(
        day=form.handed_on.data, successor=successor, newcomer=newcomer, leaves=bool(form.leaves.data),
        roles=frozenset(role for role in PersonRole if role.value in (form.roles.data or ())), invites=bool(form.invites.data),
        registrations=frozenset(form.registrations.data or ()), letters=bool(form.letters.data),
    )  # fmt: skip


def _offer(leaver: Person, form: HandOverForm) -> None:
    today = clock.today()
    others = [
        one for one in db.session.scalars(people.at(leaver.organisation)) if one is not leaver and one.left_on is None
    ]
    roles = handing_over.held(leaver, today)
    form.offer([(str(one.id), one.name) for one in others], roles, handing_over.registrations(leaver, today))


def _show(
    leaver: Person, form: HandOverForm, told: list[object] | None = None, status: int = 200
) -> ResponseReturnValue:
    _offer(leaver, form)
    return page(
        "organisations/office/hand_over.html",
        status,
        person=leaver,
        organisation=leaver.organisation,
        form=form,
        told=told,
    )
