"""Colleagues in the portal: who is with the organisation, in which roles; adding, inviting and ending, as far as one's rights go."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import Forbidden, NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import people, portal_access, portal_rights
from crm.organisations.forms import ColleagueForm, GivenRoleForm, OwnPersonForm, PersonForm
from crm.organisations.people import Person, PersonRole
from crm.organisations.portal import current_organisation, current_person, has_right, holds
from crm.organisations.portal_rights import PortalRight
from crm.text import _, label
from crm.web.audiences import portal_area
from crm.web.forms import done
from crm.web.templating import page

area = portal_area("people", __name__)


@area.get("/")
@requires(Permission.PROFILE_OWN)
def index() -> ResponseReturnValue:
    """Everyone of the organisation who is here, with their roles and whether they have access."""
    today = clock.today()
    everyone = [one for one in db.session.scalars(people.at(current_organisation())) if one.is_here_on(today)]
    return page(
        "organisations/portal/people.html", people=everyone, today=today, me=current_person(),
        access=portal_access.states_of(everyone),
    )  # fmt: skip


@area.get("/new")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.COLLEAGUES_MANAGE)
def new() -> ResponseReturnValue:
    """The form for a colleague the office does not know yet."""
    return page("organisations/portal/person_new.html", form=_colleague_form())


@area.post("/new")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.COLLEAGUES_MANAGE)
def add() -> ResponseReturnValue:
    """Add a colleague, with a role and an invitation if wanted."""
    form = _colleague_form()
    if form.validate():
        with form.refusals(), act(Kind.PERSON_ADDED) as deed:
            values = form.values()
            role, invites = values.pop("role"), values.pop("invites")
            deed.about = made = people.adding(current_organisation(), **values)
            db.session.flush()
            if role:
                made.takes(PersonRole(role), clock.today())
            if invites:
                portal_access.invite_person(made)
            return done(url_for(".show", person_id=made.id), _("Added."))
    return page("organisations/portal/person_new.html", 422, form=form)


@area.get("/<int:person_id>")
@requires(Permission.PROFILE_OWN)
def show(person_id: int) -> ResponseReturnValue:
    """One colleague, or oneself."""
    return _show(_own(person_id))


@area.post("/<int:person_id>")
@requires(Permission.PROFILE_OWN)
def save(person_id: int) -> ResponseReturnValue:
    """Correct a colleague, or oneself."""
    someone = _own(person_id)
    if not (_is_me(someone) or _may_manage(someone)):
        raise Forbidden
    form = _form_class(someone)()
    if form.validate():
        with form.refusals(), act(Kind.PERSON_CHANGED, about=someone):
            form.check_version(someone)
            someone.change(**form.values())
            return done(url_for(".show", person_id=person_id), _("Saved."))
    return _show(_own(person_id), form=form, status=422)


@area.post("/<int:person_id>/roles")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.COLLEAGUES_MANAGE)
def give_role(person_id: int) -> ResponseReturnValue:
    """Give a colleague a role from today on."""
    someone = _managed(person_id)
    form = _role_form()
    if form.validate():
        with form.refusals(), act(Kind.ROLE_GIVEN, about=someone):
            if someone.takes(PersonRole(form.role.data), clock.today()) is None:
                raise Refused(_("The role is held already."), field="role")
            return done(url_for(".show", person_id=person_id), _("Saved."))
    return _show(_own(person_id), role_form=form, status=422)


@area.post("/<int:person_id>/roles/<role>/end")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.COLLEAGUES_MANAGE)
def end_role(person_id: int, role: str) -> ResponseReturnValue:
    """End a role; today is its last day. Someone must stay who can be reached in it."""
    someone = _managed(person_id)
    if role not in {one.value for one in portal_rights.roles_in_gift_of(current_person(), clock.today())}:
        raise NotFound
    with act(Kind.ROLE_ENDED, about=someone):
        _refuse_last(someone, {PersonRole(role)})
        someone.gives_up(PersonRole(role), clock.today())
        return done(url_for(".show", person_id=person_id), _("The role ends today."))


@area.post("/<int:person_id>/invite")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.COLLEAGUES_MANAGE)
def invite(person_id: int) -> ResponseReturnValue:
    """Let a colleague into these pages, by a letter of invitation; pressed again, another letter."""
    someone = _managed(person_id)
    with act(Kind.USER_INVITED) as deed:
        deed.about = portal_access.invite_person(someone)
        db.session.flush()
        return done(url_for(".show", person_id=person_id), _("The invitation is on its way."))


@area.post("/<int:person_id>/end-access")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.COLLEAGUES_MANAGE)
def end_access(person_id: int) -> ResponseReturnValue:
    """Close a colleague's account of these pages."""
    someone = _managed(person_id)
    _refuse_oneself(someone)
    with act(Kind.USER_DISABLED, about=someone):
        if not portal_access.end(someone):
            raise Refused(_("%(name)s has no access to the members' pages.", name=someone.name))
        return done(url_for(".show", person_id=person_id), _("The account is disabled. All its sessions have ended."))


@area.post("/<int:person_id>/leave")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.COLLEAGUES_MANAGE)
def leave(person_id: int) -> ResponseReturnValue:
    """A colleague has left: roles, access and letters end today."""
    someone = _managed(person_id)
    _refuse_oneself(someone)
    with act(Kind.PERSON_CHANGED, about=someone):
        _refuse_last(someone, someone.roles_on(clock.today()))
        portal_access.leave(someone, clock.today(), {})
        return done(
            url_for(".index"), _("%(name)s is no longer with you. Thank you for telling us.", name=someone.name)
        )


def _own(person_id: int) -> Person:
    """Someone who is with the organisation, or 404."""
    mine = sa.select(Person).where(
        Person.id == person_id, Person.organisation_id == current_organisation().id, Person.merged_into_id.is_(None)
    )
    someone = db.session.scalars(mine.options(selectinload(Person.roles))).one_or_none()
    if someone is None or not someone.is_here_on(clock.today()):
        raise NotFound
    return someone


def _managed(person_id: int) -> Person:
    """Someone whom who looks may manage: 404 for a stranger, 403 for a colleague who may do more than oneself."""
    someone = _own(person_id)
    if not _may_manage(someone):
        raise Forbidden
    return someone


def _may_manage(someone: Person) -> bool:
    return portal_rights.may_manage(current_person(), someone, clock.today())


def _is_me(someone: Person) -> bool:
    return someone.id == current_person().id


def _refuse_oneself(someone: Person) -> None:
    if _is_me(someone):
        raise Refused(_("You cannot shut yourself out. Please ask a colleague or the office."))


def _refuse_last(someone: Person, roles: set[PersonRole]) -> None:
    """Raise ``Refused`` when a role would be left without anybody."""
    for role in roles:
        holders = people.holding(role, clock.today()).where(Person.organisation_id == someone.organisation_id)
        if all(one.id == someone.id for one in db.session.scalars(holders)):
            raise Refused(_("Nobody else holds the role %(role)s. Give it to a colleague first.", role=label(role)))


def _colleague_form() -> ColleagueForm:
    form = ColleagueForm()
    form.role.choices = [("", str(_("No role"))), *_roles()]
    return form


def _role_form() -> GivenRoleForm:
    form = GivenRoleForm()
    form.role.choices = _roles()
    return form


def _roles() -> list[tuple[str, str]]:
    given = portal_rights.roles_in_gift_of(current_person(), clock.today())
    return [(role.value, label(role)) for role in given]


def _form_class(someone: Person) -> type[Any]:
    return PersonForm if _may_manage(someone) else OwnPersonForm


def _show(someone: Person, form: Any = None, role_form: Any = None, status: int = 200) -> ResponseReturnValue:
    today = clock.today()
    if form is None:
        form = _form_class(someone)(None, obj=someone)
        form.version.data = str(someone.version)
    if role_form is None:
        role_form = GivenRoleForm(None)
        role_form.role.choices = _roles()
    return page(
        "organisations/portal/person.html", status, person=someone, today=today, form=form, role_form=role_form,
        is_me=_is_me(someone), may_manage=_may_manage(someone), roles=sorted(someone.roles_on(today), key=list(PersonRole).index),
        may_end=portal_rights.roles_in_gift_of(current_person(), today), access=portal_access.of(someone),
        rights=[right for right in PortalRight if right in portal_rights.rights_of(someone, today)],
        sees_address=_is_me(someone) or has_right(PortalRight.COLLEAGUES_MANAGE),
    )  # fmt: skip
