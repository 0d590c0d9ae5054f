"""What the pages of an event's sessions and of its questions have in common: adding one, changing one, pressing a button on one.

The views stay with their nouns, each with its address and its permission; here is what they do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import url_for
from flask.typing import ResponseReturnValue

from crm.db import Versioned
from crm.events.events import Event
from crm.events.office.finding import event_or_404
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _
from crm.web.forms import Form, done

P = TypeVar("P", bound=Versioned)


@dataclass(frozen=True)
class Parts(Generic[P]):
    """The sessions or the questions of an event, as the office keeps them; each change is an act about the event.

    ``found`` gives one of the event's own or 404, ``shown`` the page with the form (for none: for another one), ``home`` names
    the endpoint one comes back to, ``saved`` is the kind of act a changed one makes where it is not ``kind``.
    """

    form: type[Form]
    found: Callable[[Event, int], P]
    shown: Callable[[Event, P | None, Form, int], ResponseReturnValue]
    home: str
    kind: Kind
    saved: Callable[[P, Form], Kind] | None = None

    def add(self, event_id: int, adding: Callable[[Event, dict[str, Any]], Any], said: object) -> ResponseReturnValue:
        """Add what was filled in; ``adding`` takes the event and the values."""
        event, form = event_or_404(event_id), self.form()
        if form.validate():
            with form.refusals(), act(self.kind, about=event):
                adding(event, form.values())
                return self._home(event, said)
        return self.shown(event, None, form, 422)

    def save(
        self, event_id: int, part_id: int, changing: Callable[[P, dict[str, Any]], Any]
    ) -> ResponseReturnValue:  # fmt: skip
        """Change one as it was filled in, unless someone saved it first."""
        event, form = event_or_404(event_id), self.form()
        part = self.found(event, part_id)
        if form.validate():
            with form.refusals(), act(self.saved(part, form) if self.saved else self.kind, about=event):
                form.check_version(part)
                changing(part, form.values())
                return self._home(event, _("Saved."))
        return self.shown(event, part, form, 422)

    def press(
        self, event_id: int, part_id: int, doing: Callable[[P], Any], said: object = None
    ) -> ResponseReturnValue:  # fmt: skip
        """Do to one what its button says."""
        event = event_or_404(event_id)
        part = self.found(event, part_id)
        with act(self.kind, about=event):
            doing(part)
            return self._home(event, said)

    def _home(self, event: Event, said: object) -> ResponseReturnValue:
        return done(url_for(self.home, event_id=event.id), said)
