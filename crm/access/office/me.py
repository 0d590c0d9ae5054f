"""One's own account: name, language, password, where one is signed in, tokens for programs.

All but the tokens are members' pages, too: ``access/portal.py`` shows the same views under addresses of its own.
"""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access import accounts, login_door, sessions, throttle, tokens
from crm.access.forms import ChangePasswordForm, ProfileForm, TokenForm
from crm.access.gates import current_sign_in, requires, signed_in_user
from crm.access.permissions import Permission
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act, housekeeping
from crm.text import _
from crm.web import languages
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.templating import page

area = office_area("me", __name__)


def own_page(name: str, status: int = 200, **context: Any) -> ResponseReturnValue:
    """A page of ``templates/access/own`` in the layout of whoever looks: office or portal."""
    return page(f"access/own/{name}.html", status, audience=request.blueprints[-1], **context)


@area.route("/", methods=["GET", "POST"])
@requires(Permission.PROFILE_OWN)
def show() -> ResponseReturnValue:
    """Name and language."""
    user = signed_in_user()
    form = ProfileForm.of(user)
    if form.is_sent and form.validate():
        with form.refusals(), act(Kind.USER_CHANGED, about=user):
            form.check_version(user)
            user.change(role=user.role, **form.values())
            languages.choose(user.locale)  # what was chosen for the visit must not stand in the way of the setting
            return done(url_for(".show"), _("Saved."))
    return own_page("me", form=form, user=user, status=422 if form.is_sent else 200)


@area.route("/password", methods=["GET", "POST"])
@requires(Permission.PROFILE_OWN)
def password() -> ResponseReturnValue:
    """Change one's password; one is signed out everywhere else."""
    user, form = signed_in_user(), ChangePasswordForm()
    if form.is_sent and form.validate() and not _guessing(form):
        with form.refusals(), act(Kind.PASSWORD_SET, about=user):
            here = current_sign_in()
            accounts.change_password(user, form.current.data, form.password.data, keep=here)
            token = sessions.renew(here)
            answer = done(url_for(".password"), _("The password was changed. You were signed out everywhere else."))
        if not form.refused:
            login_door.carry_on(here, token)
            return answer
    return own_page("password", form=form, user=user, status=422 if form.is_sent else 200)


def _guessing(form: ChangePasswordForm) -> bool:
    """Whether too many present passwords were tried here; a stolen session must not find out the password."""
    draw = (throttle.PASSWORD_ACCOUNT, f"change {signed_in_user().id}")
    with housekeeping():
        wait = throttle.counted(draw)
    if wait:
        form.form_errors.append(str(_("Too many attempts. Please wait %(minutes)s minutes.", minutes=-(-wait // 60))))
    return bool(wait)


@area.get("/sessions")
@requires(Permission.PROFILE_OWN)
def own_sessions() -> ResponseReturnValue:
    """Where one is signed in."""
    user = signed_in_user()
    return own_page("sessions", user=user, here=current_sign_in(), sign_ins=sessions.of(user))


@area.post("/sessions/<int:sign_in_id>/end")
@requires(Permission.PROFILE_OWN)
def end_session(sign_in_id: int) -> ResponseReturnValue:
    """End one of them."""
    user = signed_in_user()
    with act(Kind.SESSIONS_ENDED, about=user):
        if not sessions.end(sign_in_id, user=user):
            raise NotFound
        return done(url_for(".own_sessions"), _("The session has ended."))


@area.post("/sessions/end-others")
@requires(Permission.PROFILE_OWN)
def end_others() -> ResponseReturnValue:
    """End all but this one."""
    user = signed_in_user()
    with act(Kind.SESSIONS_ENDED, about=user):
        sessions.end_all(user, keep=current_sign_in())
        return done(url_for(".own_sessions"), _("All other sessions have ended."))


@area.route("/tokens", methods=["GET", "POST"])
@requires(Permission.PROFILE_OWN)
def own_tokens() -> ResponseReturnValue:
    """Tokens for one's programs. A new one is shown on the answer to its form, and never again."""
    user, form, text = signed_in_user(), TokenForm(), None
    form.scopes.choices = [(p.value, p.value) for p in sorted(user.permissions)]
    if form.is_sent and form.validate():
        with form.refusals(), act(Kind.TOKEN_ISSUED, about=user) as deed:
            deed.leads_to(url_for(".own_tokens"))
            _token, text = tokens.issue(user, form.scopes.data, name=form.name.data)
            db.session.flush()
    status = 422 if form.is_sent and text is None else 200
    return page(
        "access/office/tokens.html", form=form, user=user, tokens=tokens.of(user), text=text, status=status,
        own_token_url=lambda token: url_for(".revoke_token", token_id=token.id),
    )  # fmt: skip


@area.post("/tokens/<int:token_id>/revoke")
@requires(Permission.PROFILE_OWN)
def revoke_token(token_id: int) -> ResponseReturnValue:
    """End one of one's tokens."""
    user = signed_in_user()
    with act(Kind.TOKEN_REVOKED, about=user):
        tokens.own(user, token_id).revoke()
        return done(url_for(".own_tokens"), _("The token was revoked."))
