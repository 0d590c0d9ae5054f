"""One's own second factor: an app for one-time codes, passkeys, recovery codes.

The only pages that staff without the second factor they need can reach. What protects the account is changed only within ten
minutes after the password was given. Members have the same pages by ``access/portal.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import segno
from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access import letters, links, login_door, passwords, second_factor, sessions, throttle
from crm.access.forms import CodeAppForm, ConfirmForm, PasskeyForm
from crm.access.gates import current_sign_in, requires, signed_in_user
from crm.access.office.me import own_page
from crm.access.permissions import Permission
from crm.access.sessions import Strength
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act, housekeeping
from crm.text import _
from crm.web.audiences import office_area
from crm.web.forms import done

area = office_area("factors", __name__, prefix="/me/second-factor")

SEALED = "code app"
SEALED_SECONDS = 900


def freshly_confirmed(view: Callable[..., Any]) -> Callable[..., Any]:
    """Ask for the password first, unless it was given in the last ten minutes."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_sign_in().is_fresh(clock.now()):
            return redirect(url_for(".confirm"), 303)
        return view(*args, **kwargs)

    return guarded


@area.get("/")
@requires(Permission.PROFILE_OWN)
def show() -> ResponseReturnValue:
    """What protects the account."""
    return _shown()


@area.route("/confirm", methods=["GET", "POST"])
@requires(Permission.PROFILE_OWN)
def confirm() -> ResponseReturnValue:
    """The password once more; the session gets a new token."""
    user, form = signed_in_user(), ConfirmForm()
    if form.is_sent and form.validate():
        draw = (throttle.PASSWORD_ACCOUNT, f"confirm {user.id}")
        with housekeeping():
            wait = throttle.counted(draw)
        if not wait and passwords.matches(user.password_hash, form.password.data):
            with housekeeping():
                throttle.give_back(draw)
                here = current_sign_in()
                here.confirmed_at = clock.now()
                token = sessions.renew(here)
            login_door.carry_on(here, token)
            return redirect(url_for(".show"), 303)
        words = (
            _("Too many attempts. Please wait %(minutes)s minutes.", minutes=-(-wait // 60))
            if wait
            else _("The password is not right.")
        )
        form.refuse(Refused(words, field="password"))
    return own_page("confirm", form=form, status=422 if form.is_sent else 200)


@area.get("/code-app")
@requires(Permission.PROFILE_OWN)
@freshly_confirmed
def code_app() -> ResponseReturnValue:
    """A fresh secret as QR code and text; it is kept when its first code is right."""
    secret = second_factor.new_secret()
    form = CodeAppForm()
    form.sealed.data = links.sign(SEALED, [signed_in_user().id, secret])
    return _code_app_page(form, secret)


@area.post("/code-app")
@requires(Permission.PROFILE_OWN)
@freshly_confirmed
def add_code_app() -> ResponseReturnValue:
    """Keep the app if the code fits."""
    user, form = signed_in_user(), CodeAppForm()
    owner, secret = links.read(SEALED, form.sealed.data or "", SEALED_SECONDS)
    if owner != user.id:
        raise Refused(_("This link is not valid or has expired."))
    codes: list[str] = []
    if form.validate():
        with form.refusals(), act(Kind.SECOND_FACTOR_ADDED, about=user) as deed:
            deed.leads_to(url_for(".show"))
            second_factor.add_code_app(user, secret, form.code.data)
            token, codes = _proven(first=not second_factor.recovery_codes_left(user))
    if not form.is_submitted() or form.errors or form.form_errors:
        return _code_app_page(form, secret, 422)
    return _added(token, codes)


@area.post("/passkeys/options")
@requires(Permission.PROFILE_OWN)
@freshly_confirmed
def passkey_options() -> ResponseReturnValue:
    """What the browser needs to make a passkey, as JSON."""
    with housekeeping():
        options = second_factor.registration_options(current_sign_in())
    return jsonify(options)


@area.post("/passkeys")
@requires(Permission.PROFILE_OWN)
@freshly_confirmed
def add_passkey() -> ResponseReturnValue:
    """Keep the passkey the browser made."""
    user, form = signed_in_user(), PasskeyForm()
    codes: list[str] = []
    if form.validate():
        with form.refusals(), act(Kind.SECOND_FACTOR_ADDED, about=user) as deed:
            deed.leads_to(url_for(".show"))
            second_factor.add_passkey(current_sign_in(), (form.answer.data or "")[:20_000], form.name.data)
            token, codes = _proven(first=not second_factor.recovery_codes_left(user))
    if form.errors or form.form_errors:
        return _shown(form, 422)
    return _added(token, codes)


@area.post("/recovery-codes")
@requires(Permission.PROFILE_OWN)
@freshly_confirmed
def make_recovery_codes() -> ResponseReturnValue:
    """Ten new recovery codes, shown once; the old ones end."""
    user = signed_in_user()
    with act(Kind.RECOVERY_CODES_MADE, about=user) as deed:
        deed.leads_to(url_for(".show"))
        if not second_factor.has_one(user):
            raise Refused(_("Set up an app for one-time codes or a passkey first."))
        codes = second_factor.make_recovery_codes(user)
    return own_page("recovery_codes", codes=codes, added=False)


@area.post("/code-app/remove")
@requires(Permission.PROFILE_OWN)
@freshly_confirmed
def remove_code_app() -> ResponseReturnValue:
    """Forget the app."""
    user = signed_in_user()
    with act(Kind.SECOND_FACTOR_REMOVED, about=user):
        second_factor.remove_code_app(user)
        letters.second_factor_changed(user)
        return done(url_for(".show"), _("The app was removed."))


@area.post("/passkeys/<int:passkey_id>/remove")
@requires(Permission.PROFILE_OWN)
@freshly_confirmed
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Forget a passkey."""
    user = signed_in_user()
    if all(key.id != passkey_id for key in second_factor.passkeys_of(user)):
        raise NotFound
    with act(Kind.SECOND_FACTOR_REMOVED, about=user):
        second_factor.remove_passkey(user, passkey_id)
        letters.second_factor_changed(user)
        return done(url_for(".show"), _("The passkey was removed."))


def _proven(*, first: bool) -> tuple[str, list[str]]:
    """Inside the act: this session has shown the factor, recovery codes come with the first one, the person is told."""
    user = signed_in_user()
    codes = second_factor.make_recovery_codes(user) if first else []
    letters.second_factor_changed(user)
    return sessions.renew(current_sign_in(), Strength.SECOND_FACTOR), codes


def _added(token: str, codes: list[str]) -> ResponseReturnValue:
    login_door.carry_on(current_sign_in(), token)
    if codes:
        return own_page("recovery_codes", codes=codes, added=True)
    return done(url_for(".show"), _("The second factor was added."))


def _shown(form: PasskeyForm | None = None, status: int = 200) -> ResponseReturnValue:
    user = signed_in_user()
    return own_page(
        "factors", status=status, user=user, app=second_factor.code_app_of(user),
        passkeys=second_factor.passkeys_of(user), codes_left=second_factor.recovery_codes_left(user),
        form=form or PasskeyForm(formdata=None), passkeys_work=second_factor.passkeys_work_here(),
        demanded=second_factor.is_demanded_of(user), is_fresh=current_sign_in().is_fresh(clock.now()),
        others=len(sessions.of(user)) - 1, end_others_url=url_for(f"{request.blueprints[-1]}.me.end_others"),
    )  # fmt: skip


def _code_app_page(form: CodeAppForm, secret: str, status: int = 200) -> ResponseReturnValue:
    rows = list(segno.make(second_factor.provisioning_uri(signed_in_user(), secret), error="m").matrix_iter(border=4))
    squares = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    spaced = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return own_page("code_app", status=status, form=form, squares=squares, size=len(rows), secret=spaced)
