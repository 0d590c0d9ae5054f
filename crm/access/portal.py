"""The members' own accounts: the same pages as the office's people have, without tokens for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from crm.access.office import factors, me
from crm.web.audiences import portal_area

area = portal_area("me", __name__)
factors_area = Blueprint("factors", __name__, url_prefix="/second-factor")

Views = tuple[tuple[str, str, Callable[..., Any]], ...]

OWN: Views = (
    ("/", "GET POST", me.show),
    ("/password", "GET POST", me.password),
    ("/sessions", "GET", me.own_sessions),
    ("/sessions/<int:sign_in_id>/end", "POST", me.end_session),
    ("/sessions/end-others", "POST", me.end_others),
)
FACTORS: Views = (
    ("/", "GET", factors.show),
    ("/confirm", "GET POST", factors.confirm),
    ("/code-app", "GET", factors.code_app),
    ("/code-app", "POST", factors.add_code_app),
    ("/code-app/remove", "POST", factors.remove_code_app),
    ("/passkeys/options", "POST", factors.passkey_options),
    ("/passkeys", "POST", factors.add_passkey),
    ("/passkeys/<int:passkey_id>/remove", "POST", factors.remove_passkey),
    ("/recovery-codes", "POST", factors.make_recovery_codes),
)

for blueprint, views in ((area, OWN), (factors_area, FACTORS)):
    for rule, methods, view in views:
        blueprint.add_url_rule(rule, view_func=view, methods=methods.split())
area.register_blueprint(factors_area)
