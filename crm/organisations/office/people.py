"""People at an organisation in the office: adding and correcting them, roles with days, leaving with a successor."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import people, portal_access
from crm.organisations.forms import LeavingForm, PersonForm, RoleEndForm, RoleForm, leaving_form
from crm.organisations.office import BIGGEST_ID, area, found
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person, PersonRole
from crm.text import _, label
from crm.web.forms import done
from crm.web.templating import page


@area.get("/<int:organisation_id>/people")
@requires(Permission.ORGANISATIONS_READ)
def people_of(organisation_id: int) -> ResponseReturnValue:
    """Everyone there, with their roles, and the form for one more."""
    return _list(found(organisation_id), PersonForm())


@area.post("/<int:organisation_id>/people")
@requires(Permission.ORGANISATIONS_EDIT)
def add_person(organisation_id: int) -> ResponseReturnValue:
    """Add someone."""
    organisation, form = found(organisation_id), PersonForm()
    if form.validate():
        with form.refusals(), act(Kind.PERSON_ADDED) as deed:
            deed.about = people.adding(organisation, **form.values())
            db.session.flush()
            return done(url_for(".person", person_id=deed.about.id), _("Added. Now give them their roles."))
    return _list(found(organisation_id), form, 422)


@area.get("/people/<int:person_id>")
@requires(Permission.ORGANISATIONS_READ)
def person(person_id: int) -> ResponseReturnValue:
    """Someone, with their roles."""
    someone = found_person(person_id)
    return _show(someone, PersonForm.of(someone))


@area.post("/people/<int:person_id>")
@requires(Permission.ORGANISATIONS_EDIT)
def save_person(person_id: int) -> ResponseReturnValue:
    """Correct someone."""
    someone, form = found_person(person_id), PersonForm()
    if form.validate():
        with form.refusals(), act(Kind.PERSON_CHANGED, about=someone):
            form.check_version(someone)
            someone.change(**form.values())
            return done(url_for(".person", person_id=person_id), _("Saved."))
    return _show(found_person(person_id), form, status=422)


@area.post("/people/<int:person_id>/roles")
@requires(Permission.ORGANISATIONS_EDIT)
def give_role(person_id: int) -> ResponseReturnValue:
    """Give someone a role from a day on."""
    someone, form = found_person(person_id), RoleForm()
    if form.validate():
        with form.refusals(), act(Kind.ROLE_GIVEN, about=someone):
            if someone.takes(form.role.data, form.since.data) is None:
                raise Refused(_("The role is held already."), field="role")
            return done(url_for(".person", person_id=person_id), _("Saved."))
    return _show(found_person(person_id), role_form=form, status=422)


@area.post("/people/<int:person_id>/roles/end")
@requires(Permission.ORGANISATIONS_EDIT)
def end_role(person_id: int) -> ResponseReturnValue:
    """End a role with its last day."""
    someone, form = found_person(person_id), RoleEndForm()
    if form.validate():
        with form.refusals(), act(Kind.ROLE_ENDED, about=someone):
            someone.gives_up(form.ended_role.data, form.last_day.data)
            return done(url_for(".person", person_id=person_id), _("Saved."))
    return _show(found_person(person_id), end_form=form, status=422)


@area.get("/people/<int:person_id>/leave")
@requires(Permission.ORGANISATIONS_EDIT)
def leaving(person_id: int) -> ResponseReturnValue:
    """Who follows someone who leaves."""
    someone = found_person(person_id)
    return _leaving(someone, _leaving_form(someone))


@area.post("/people/<int:person_id>/leave")
@requires(Permission.ORGANISATIONS_EDIT)
def leave(person_id: int) -> ResponseReturnValue:
    """Someone leaves; their roles pass on, and what nobody takes over is said."""
    someone = found_person(person_id)
    form = _leaving_form(someone)
    if form.validate():
        with form.refusals(), act(Kind.PERSON_CHANGED, about=someone):
            left_over = portal_access.leave(someone, form.left_on.data, _successors(someone, form))
            words = "、".join(label(role) for role in left_over)
            message = _("Saved. Nobody has now: %(roles)s.", roles=words) if left_over else _("Saved.")
            url = url_for(".people_of", organisation_id=someone.organisation_id)
            return done(url, message, "warning" if left_over else "success")
    return _leaving(found_person(person_id), form, 422)


@area.post("/people/<int:person_id>/invite")
@requires(Permission.MEMBERS_EDIT)
def invite(person_id: int) -> ResponseReturnValue:
    """Let someone into the members' pages, by a letter of invitation; pressed again, another letter."""
    someone = found_person(person_id)
    with act(Kind.USER_INVITED) as deed:
        deed.about = portal_access.invite_person(someone)
        db.session.flush()
        return done(url_for(".person", person_id=person_id), _("The invitation is on its way."))


@area.post("/people/<int:person_id>/end-access")
@requires(Permission.MEMBERS_EDIT)
def end_access(person_id: int) -> ResponseReturnValue:
    """Close someone's account of the members' pages."""
    someone = found_person(person_id)
    with act(Kind.USER_DISABLED, about=someone):
        if not portal_access.end(someone):
            raise Refused(_("%(name)s has no access to the members' pages.", name=someone.name))
        return done(url_for(".person", person_id=person_id), _("The account is disabled. All its sessions have ended."))


def _successors(someone: Person, form: LeavingForm) -> dict[PersonRole, Person]:
    chosen = {role: form[f"successor_{role.value}"].data for role in _roles(someone)}
    return {role: found_person(int(person_id)) for role, person_id in chosen.items() if person_id}


def _leaving_form(someone: Person) -> LeavingForm:
    others = db.session.scalars(people.at(someone.organisation)).all()
    candidates = [(str(p.id), p.name) for p in others if p is not someone and p.left_on is None]
    return leaving_form(_roles(someone), candidates)


def _roles(someone: Person) -> list[PersonRole]:
    held = {role.role for role in someone.roles if role.until is None or role.until >= clock.today()}
    return [role for role in PersonRole if role in held]


def found_person(person_id: int) -> Person:
    """The person of an address, or 404."""
    someone = db.session.get(Person, person_id) if person_id <= BIGGEST_ID else None
    if someone is None:
        raise NotFound
    return someone


def _list(organisation: Organisation, form: PersonForm, status: int = 200) -> ResponseReturnValue:
    everyone = db.session.scalars(people.at(organisation)).all()
    return page(
        "organisations/office/people.html",
        status,
        organisation=organisation,
        people=everyone,
        form=form,
        on=clock.today(),
    )


def _show(
    someone: Person, form: PersonForm | None = None, role_form: RoleForm | None = None, end_form: RoleEndForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    return page(
        "organisations/office/person.html", status, person=someone, organisation=someone.organisation,
        form=form or _filled(someone), role_form=role_form or RoleForm(None, data={"since": clock.today()}),
        end_form=end_form or RoleEndForm(None, data={"last_day": clock.today()}), on=clock.today(),
        access=portal_access.of(someone),
    )  # fmt: skip


def _filled(someone: Person) -> PersonForm:
    """The form as it stands, whatever other form of the page was sent."""
    form = PersonForm(None, obj=someone)
    form.version.data = str(someone.version)
    return form


def _leaving(someone: Person, form: LeavingForm, status: int = 200) -> ResponseReturnValue:
    return page(
        "organisations/office/leaving.html", status, person=someone, organisation=someone.organisation, form=form,
        roles=[(role, form[f"successor_{role.value}"]) for role in _roles(someone)],
    )  # fmt: skip
