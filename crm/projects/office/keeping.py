"""What the pages of a participation, a contract and a venture have in common: recording, showing, correcting, proving by a file.

The views stay with their nouns, each with its address and its permission; here is what they do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from crm.db import Model, db
from crm.errors import Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.finding import the_one
from crm.projects.forms import EvidenceForm
from crm.projects.office import downloaded, found, uploaded
from crm.text import _
from crm.web.forms import Form, done
from crm.web.templating import page


@dataclass(frozen=True)
class Keeping:
    """A noun about an organisation, as the office keeps it.

    ``name`` names the endpoints (``contract``, ``add_contract``), ``overview`` the one of the list, ``shown`` and ``asked`` the
    templates of one and of the form for one more. ``record`` takes the organisation and the form's values, and the file where
    ``proven`` says that one may prove it.
    """

    noun: type[Any]
    form: type[Form]
    name: str
    overview: str
    shown: str
    asked: str
    recorded: Kind
    changed: Kind
    record: Callable[..., Model]
    proven: bool = True

    def blank(self) -> ResponseReturnValue:
        """The form for one more; ``?organisation=`` fills in the name."""
        return self._new(self.form(data={"organisation": request.args.get("organisation", "")[:200]}))

    def add(self) -> ResponseReturnValue:
        """Record one more."""
        form = self.form()
        if form.validate():
            with form.refusals(), act(self.recorded) as deed:
                values = _values(form)
                organisation = the_one(values.pop("organisation"), "organisation")
                proof = {"evidence_file": uploaded()} if self.proven else {}
                deed.about = self.record(organisation, **values, **proof)
                db.session.flush()
                return done(self._url(deed.about.id), _("Recorded."))
        return self._new(form, 422)

    def show(self, row_id: int) -> ResponseReturnValue:
        """One with its evidence and history."""
        return self._show(found(self.noun, row_id))

    def save(self, row_id: int) -> ResponseReturnValue:
        """Set it right."""
        one, form = found(self.noun, row_id), self.form()
        if form.validate():
            with form.refusals(), act(self.changed, about=one):
                form.check_version(one)
                values = _values(form)
                one.change(**{**values, "organisation": the_one(values["organisation"], "organisation")})
                return done(self._url(row_id), _("Saved."))
        return self._show(found(self.noun, row_id), 422, form=form)

    def add_evidence(self, row_id: int) -> ResponseReturnValue:
        """Put a file to it as evidence."""
        one, form = found(self.noun, row_id), EvidenceForm()
        if form.validate():
            with form.refusals(), act(Kind.EVIDENCE_ADDED, about=one):
                file = uploaded()
                if file is None:
                    raise Refused(_("Please choose a file."), field="file")
                one.evidence_file = file
                return done(self._url(row_id), _("Saved."))
        return self._show(found(self.noun, row_id), 422, evidence_form=form)

    def evidence(self, row_id: int) -> Response:
        """Its evidence file."""
        return downloaded(found(self.noun, row_id).evidence_file)

    def _url(self, row_id: int) -> str:
        return url_for(f".{self.name}", **{f"{self.name}_id": row_id})

    def _new(self, form: Form, status: int = 200) -> ResponseReturnValue:
        return page(
            self.asked, status, form=form, add_url=url_for(f".add_{self.name}"), list_url=url_for(self.overview)
        )  # fmt: skip

    def _show(
        self, one: Any, status: int = 200, *, form: Form | None = None, evidence_form: Form | None = None
    ) -> ResponseReturnValue:
        return page(
            self.shown, status, one=one, form=form or self._filled(one), proven=self.proven, here=self._url(one.id),
            evidence_form=evidence_form or EvidenceForm(None), entries=timeline.of(one), list_url=url_for(self.overview),
        )  # fmt: skip

    def _filled(self, one: Any) -> Form:
        form = self.form(None, obj=one)
        form["organisation"].data = one.organisation.name
        form.version.data = str(one.version)
        return form


def _values(form: Form) -> dict[str, Any]:
    """What was filled in, the file apart: it is kept by itself."""
    return {name: value for name, value in form.values().items() if name != "file"}
