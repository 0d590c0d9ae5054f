"""A person's page: what we hold, as a file or a paper, and erasing it. Every look at the data itself is an act."""

from __future__ import annotations

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.exchange import writing
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.people import Person
from crm.privacy import erasing, erasures, finding, hand_overs, holdings, papers, requests
from crm.privacy.forms import ErasureForm, ShowingForm
from crm.privacy.office import area, found_person
from crm.text import _
from crm.web.forms import done
from crm.web.templating import page

PDF, JSON = "pdf", "json"


@area.get("/people/<int:person_id>")
@requires(Permission.PRIVACY_MANAGE)
def person(person_id: int) -> ResponseReturnValue:
    """What we hold, counted by kind, with what was asked, given and erased; the data itself is taken out below."""
    return _show(found_person(person_id), ShowingForm())


@area.post("/people/<int:person_id>/json")
@requires(Permission.PRIVACY_MANAGE)
def as_json(person_id: int) -> ResponseReturnValue:
    """Everything as JSON, for a program of the person's choice."""
    return _out(person_id, JSON)


@area.post("/people/<int:person_id>/pdf")
@requires(Permission.PRIVACY_MANAGE)
def as_pdf(person_id: int) -> ResponseReturnValue:
    """Everything as a paper to hand over."""
    return _out(person_id, PDF)


@area.get("/people/<int:person_id>/erase")
@requires(Permission.PRIVACY_MANAGE)
def erase(person_id: int) -> ResponseReturnValue:
    """What would go, what would stay and why."""
    return _erasing(found_person(person_id), ErasureForm())


@area.post("/people/<int:person_id>/erase")
@requires(Permission.PRIVACY_MANAGE)
def erase_now(person_id: int) -> ResponseReturnValue:
    """Erase; it cannot be undone."""
    someone, form = found_person(person_id), ErasureForm()
    if form.validate():
        with form.refusals(), act(Kind.PERSON_ERASED, about=someone):
            asked = next(
                (one for one in requests.of(someone) if one.is_open and one.kind is requests.RequestKind.ERASURE), None
            )
            erasing.erase(someone, reason=form.reason.data, confirmed=form.confirmed.data, request=asked)
            return done(url_for(".person", person_id=person_id), _("The personal data was erased."))
    return _erasing(found_person(person_id), form, 422)


def _out(person_id: int, kind: str) -> ResponseReturnValue:
    someone, form = found_person(person_id), ShowingForm()
    if not form.validate():
        return _show(someone, form, 422)
    with act(Kind.PERSONAL_DATA_SHOWN, about=someone, note=f"{kind}: {form.why.data}") as deed:
        deed.leads_to(url_for(".person", person_id=person_id))
        who = finding.whom(someone)
        if kind == JSON:
            body, media = writing.json_bytes(holdings.as_json(who)), "application/json"
        else:
            number = next((one.number for one in requests.of(someone) if one.is_open), "")
            body, media = (
                papers.drawn(papers.personal_data(who, number=number, language=someone.locale)),
                "application/pdf",
            )
    response = Response(body, content_type=media)
    response.headers.set("Content-Disposition", "attachment", filename=f"personal-data-{person_id}.{kind}")
    response.headers["Cache-Control"] = "no-store"
    return response


def _show(someone: Person, form: ShowingForm, status: int = 200) -> ResponseReturnValue:
    who = finding.whom(someone)
    return page(
        "privacy/office/person.html", status, person=someone, organisation=someone.organisation, form=form, who=who,
        holdings=holdings.of(who), requests=requests.of(someone), hand_overs=hand_overs.of(someone),
        erasures=erasures.of(someone), erased=someone.name == erasing.ERASED_NAME,
    )  # fmt: skip


def _erasing(someone: Person, form: ErasureForm, status: int = 200) -> ResponseReturnValue:
    seen = erasing.preview(someone)
    return page(
        "privacy/office/erase.html", status, person=someone, organisation=someone.organisation, form=form, seen=seen,
        erased=someone.name == erasing.ERASED_NAME,
    )  # fmt: skip
