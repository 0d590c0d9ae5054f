"""What a person agreed to, and what they may do in the members' pages, in the office."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import consents, portal_rights
from crm.organisations.forms import ConsentForm, RightsForm, WithdrawalForm
from crm.organisations.office import area
from crm.organisations.office.people import found_person
from crm.organisations.people import Person
from crm.organisations.portal_rights import PortalRight
from crm.text import _
from crm.web.forms import Form, done
from crm.web.templating import page


@area.get("/people/<int:person_id>/consents")
@requires(Permission.ORGANISATIONS_READ)
def consents_of(person_id: int) -> ResponseReturnValue:
    """Every consent with its words and days, and the rights in the members' pages."""
    return _show(found_person(person_id))


@area.post("/people/<int:person_id>/consents")
@requires(Permission.ORGANISATIONS_EDIT)
def record_consent(person_id: int) -> ResponseReturnValue:
    """Keep that someone agreed: on paper, by telephone, in person."""
    someone, form = found_person(person_id), ConsentForm()
    if form.validate():
        with form.refusals(), act(Kind.CONSENT_RECORDED, about=someone):
            values = form.values()
            day = values.pop("given_on")
            if day > clock.today():
                raise Refused(_("This day is still to come."), field="given_on")
            at = clock.now() if day == clock.today() else clock.moment_of(day)
            consents.record(someone, values.pop("purpose"), given_at=at, **values)
            return done(url_for(".consents_of", person_id=person_id), _("Saved."))
    return _show(found_person(person_id), form)


@area.post("/people/<int:person_id>/consents/withdraw")
@requires(Permission.ORGANISATIONS_EDIT)
def withdraw_consent(person_id: int) -> ResponseReturnValue:
    """Someone takes a consent back; it counts at once."""
    someone, form = found_person(person_id), WithdrawalForm()
    if form.validate():
        with form.refusals(), act(Kind.CONSENT_WITHDRAWN, about=someone):
            purpose, way = form.withdrawn.data, form.withdrawn_way.data
            if not consents.withdraw(someone, purpose, way=way, note=form.note.data or ""):
                raise Refused(_("No consent to this stands."), field="withdrawn")
            return done(url_for(".consents_of", person_id=person_id), _("Saved."))
    return _show(found_person(person_id), form)


@area.post("/people/<int:person_id>/rights")
@requires(Permission.MEMBERS_EDIT)
def choose_rights(person_id: int) -> ResponseReturnValue:
    """Say what someone may do in the members' pages."""
    someone, form = found_person(person_id), RightsForm()
    if form.validate():
        with form.refusals(), act(Kind.PORTAL_RIGHTS_CHOSEN, about=someone):
            form.check_version(someone)
            chosen = None if form.by_role.data else [PortalRight(value) for value in form.rights.data or ()]
            portal_rights.choose(someone, chosen)
            return done(url_for(".consents_of", person_id=person_id), _("Saved."))
    return _show(found_person(person_id), form)


def _show(someone: Person, sent: Form | None = None) -> ResponseReturnValue:
    """The page with its three forms, the one that was sent showing what is wrong with it."""
    today = clock.today()
    held = portal_rights.rights_of(someone, today)
    rights = {
        "by_role": someone.portal_rights is None,
        "rights": [right.value for right in PortalRight if right in held],
    }
    rights_form = sent if isinstance(sent, RightsForm) else RightsForm(None, data=rights)
    rights_form.version.data = str(someone.version)
    return page(
        "organisations/office/consents.html", 422 if sent else 200, person=someone, organisation=someone.organisation,
        consents=consents.consents_of(someone), rights=[right for right in PortalRight if right in held],
        form=sent if isinstance(sent, ConsentForm) else ConsentForm(None, data={"given_on": today}),
        withdrawal=sent if isinstance(sent, WithdrawalForm) else WithdrawalForm(None), rights_form=rights_form,
    )  # fmt: skip
