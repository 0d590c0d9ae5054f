"""What need not be kept any longer: each rule with what it finds today, and letting it go."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.privacy.office import area
from crm.privacy.retention import BY_NAME, RULES, carry_out
from crm.text import _, ngettext
from crm.web.forms import EmptyForm, done
from crm.web.templating import page


@area.get("/retention")
@requires(Permission.PRIVACY_MANAGE)
def retention() -> ResponseReturnValue:
    """Every rule, its source and how many rows are over its period."""
    people = BY_NAME["people"].some(50)
    return page(
        "privacy/office/retention.html", rules=[(rule, rule.count()) for rule in RULES], people=people, form=EmptyForm()
    )


@area.post("/retention/<name>")
@requires(Permission.PRIVACY_MANAGE)
def let_go(name: str) -> ResponseReturnValue:
    """Let what is over one rule's period go, at most 500 rows at a time."""
    rule = BY_NAME.get(name)
    if rule is None or rule.go is None:
        raise NotFound
    with act(Kind.RETENTION_CARRIED_OUT, note=name):
        gone = carry_out(rule)
        if not gone:
            raise Refused(_("Nothing is over this period any more."))
        return done(url_for(".retention"), ngettext("%(num)d row was let go.", "%(num)d rows were let go.", gone))
