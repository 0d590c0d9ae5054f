"""Signing in and out, the second factor, forgotten passwords, invitations: open to everyone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Response, g, jsonify, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, TooManyRequests

from crm.access import accounts, login_door, mailed_links, passkey_sign_in, second_factor, sessions, throttle, users
from crm.access.forms import CodeForm, ForgotForm, LinkForm, NewPasswordForm, SignInForm
from crm.access.mailed_links import Purpose
from crm.access.sessions import SignIn, Strength
from crm.access.users import User
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act, acting, acting_as, housekeeping
from crm.text import _
from crm.web.audiences import public_area
from crm.web.forms import done
from crm.web.templating import page

area = public_area("access", __name__)
log = logging.getLogger("crm.access")

CHALLENGE = "passkey"  # where the cookie carries the number of the challenge this browser was given
WRONG = _("The mail address or the password is not right.")


@area.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The form; whoever is signed in already goes on."""
    target = login_door.safe_path(request.args.get("next"))
    if g.user is not None:
        return redirect(target or _home(g.user), 303)
    return _sign_in_page(SignInForm(data={"next": target}), ended=request.args.get("ended"))


@area.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Judge a password."""
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, 422)
    key = users.email_key(form.email.data)
    draws = (
        (throttle.PASSWORD_ACCOUNT, login_door.account_subject(users.by_email(key), key)),
        (throttle.PASSWORD_ADDRESS, login_door.address()),
        (throttle.PASSWORD_ALL, ""),
    )
    if wait := _count(*draws):
        return _slow_down("access/public/sign_in.html", wait, **_signing_in(form))
    user, is_right = accounts.holder(key, form.password.data)
    if user is None or not is_right:
        with act(Kind.SIGN_IN_FAILED, about=user):
            pass
        log.warning("sign-in failed actor=public what=password")
        form.form_errors.append(str(WRONG))
        return _sign_in_page(form, 422)
    return _admit(user, form, draws)


def _admit(user: User, form: SignInForm, draws: tuple[throttle.Draw, ...]) -> ResponseReturnValue:
    """The password was right: a session, complete or halfway to its second factor."""
    target = login_door.safe_path(form.next.data)
    halfway = second_factor.has_one(user)
    if halfway:
        with housekeeping():
            throttle.give_back(*draws)
            token = sessions.start(user, Strength.PASSWORD, address=login_door.address(), agent=login_door.agent())
    else:
        with acting_as(user.actor), act(Kind.SIGNED_IN, about=user):
            throttle.give_back(*draws)
            accounts.refresh_hash(user, form.password.data)
            token = sessions.start(user, Strength.PASSWORD, address=login_door.address(), agent=login_door.agent())
    _carry(token)
    onward = url_for(".prove", next=target) if halfway else target or _home(user)
    response = make_response(redirect(onward, 303))
    return response if halfway else login_door.remember_browser(response, user, token)


@area.get("/sign-in/second-factor")
def prove() -> ResponseReturnValue:
    """The form for a code, the button for a passkey."""
    halfway = _halfway()
    if halfway is None:
        return redirect(url_for(".sign_in", next=login_door.safe_path(request.args.get("next"))), 303)
    form = CodeForm(data={"next": login_door.safe_path(request.args.get("next"))})
    return _proving_page(halfway, form)


@area.post("/sign-in/second-factor")
def prove_by_code() -> ResponseReturnValue:
    """Judge a one-time or recovery code."""
    form = CodeForm()
    halfway = _halfway()
    if halfway is None:
        return redirect(url_for(".sign_in"), 303)
    if not form.validate():
        return _proving_page(halfway, form, 422)
    return _prove(halfway, form, lambda: second_factor.take_code(halfway.user, form.code.data))


@area.post("/sign-in/passkey/options")
def passkey_options() -> ResponseReturnValue:
    """What the browser needs to use a passkey, as JSON."""
    halfway = _halfway()
    if halfway is None:
        raise BadRequest
    with housekeeping():
        options = second_factor.authentication_options(halfway)
    return jsonify(options)


@area.post("/sign-in/passkey")
def prove_by_passkey() -> ResponseReturnValue:
    """Judge what the browser's passkey answered."""
    form = CodeForm()
    halfway = _halfway()
    if halfway is None:
        return redirect(url_for(".sign_in"), 303)
    return _prove(halfway, form, lambda: second_factor.take_passkey(halfway, request.form.get("answer", "")[:20_000]))


def _prove(halfway: SignIn, form: CodeForm, judge: Any) -> ResponseReturnValue:
    user, draws = halfway.user, tuple((limit, str(halfway.user_id)) for limit in throttle.FACTOR)
    if wait := _count(*draws):
        return _slow_down("access/public/prove.html", wait, form=form, **_proving(halfway))
    try:
        with acting_as(user.actor), act(Kind.SIGNED_IN, about=user):
            judge()
            throttle.give_back(*draws)
            token = sessions.renew(halfway, Strength.SECOND_FACTOR)
    except Refused as refusal:
        with act(Kind.SIGN_IN_FAILED, about=user):
            halfway.challenge = halfway.challenge_until = None
        log.warning("sign-in failed actor=%s what=second factor", user.actor)
        form.refuse(refusal)
        return _proving_page(halfway, form, 422)
    _carry(token)
    target = login_door.safe_path(form.next.data) or _home(user)
    return login_door.remember_browser(make_response(redirect(target, 303)), user, token)


def _halfway() -> SignIn | None:
    """The session that still lacks its second factor."""
    return g.sign_in if g.lacks == "second factor" else None


def _proving(halfway: SignIn) -> dict[str, Any]:
    return {
        "has_code_app": second_factor.code_app_of(halfway.user) is not None,
        "has_passkey": bool(second_factor.passkeys_of(halfway.user)),
    }


def _proving_page(halfway: SignIn, form: CodeForm, status: int = 200) -> ResponseReturnValue:
    return page("access/public/prove.html", form=form, status=status, **_proving(halfway))


@area.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session: its row, and what the browser holds of it."""
    ending: SignIn | None = g.sign_in
    if ending is not None:
        if g.user is not None:
            with act(Kind.SIGNED_OUT, about=ending.user):
                sessions.end(ending.id, user=ending.user)
        else:
            with housekeeping():
                sessions.end(ending.id, user=ending.user)
    login_door.drop()
    response = make_response(redirect(url_for(".sign_in", ended="yes"), 303))
    response.headers["Clear-Site-Data"] = login_door.CLEAR_SITE_DATA
    return response


@area.route("/forgot", methods=["GET", "POST"])
def forgot() -> ResponseReturnValue:
    """Mail a link for a new password. The answer is the same whether or not there is such an account."""
    form = ForgotForm()
    if request.method == "GET" or not form.validate():
        return page("access/public/forgot.html", form=form, sent=False, status=422 if form.is_sent else 200)
    key = users.email_key(form.email.data)
    if wait := _count((throttle.LETTER_ACCOUNT, key), (throttle.LETTER_ADDRESS, login_door.address())):
        return _slow_down("access/public/forgot.html", wait, form=form, sent=False)
    user = users.by_email(key)
    if user is None:
        with act(Kind.PASSWORD_LETTER_ASKED) as deed:
            deed.leads_to(url_for(".forgot"))
    else:
        with act(Kind.PASSWORD_LETTER_ASKED, about=user) as deed:
            deed.leads_to(url_for(".forgot"))
            accounts.ask_for_reset(user)
    return page("access/public/forgot.html", form=form, sent=True)


@area.route("/sign-in/link", methods=["GET", "POST"])
def ask_for_link() -> ResponseReturnValue:
    """Mail a member a link to sign in. The answer is the same whether or not there is such an account."""
    form = LinkForm()
    if request.method == "GET" or not form.validate():
        return page("access/public/ask_for_link.html", form=form, sent=False, status=422 if form.is_sent else 200)
    key = users.email_key(form.email.data)
    if wait := _count((throttle.LINK_ACCOUNT, key), (throttle.LETTER_ADDRESS, login_door.address())):
        return _slow_down("access/public/ask_for_link.html", wait, form=form, sent=False)
    user = users.by_email(key)
    with act(Kind.SIGN_IN_LINK_ASKED, about=user) as deed:
        deed.leads_to(url_for(".ask_for_link"))
        if user is not None:
            accounts.ask_for_sign_in_link(user)
    return page("access/public/ask_for_link.html", form=form, sent=True)


@area.route("/sign-in/link/<token>", methods=["GET", "POST"])
def enter_by_link(token: str) -> ResponseReturnValue:
    """Sign in by a mailed link: the page asks for a press of the button, for mail programs open links by themselves."""
    link = mailed_links.find(token, Purpose.SIGN_IN)
    if link is None:
        if wait := _count((throttle.UNKNOWN_TOKEN, login_door.address())):
            return _slow_down("access/public/link_ended.html", wait, purpose=Purpose.SIGN_IN)
        return page("access/public/link_ended.html", purpose=Purpose.SIGN_IN, wait=None, status=410)
    if request.method == "GET":
        return page("access/public/enter_by_link.html", user=link.user)
    user = link.user
    if second_factor.has_one(user):
        with housekeeping():
            mailed_links.take(token, Purpose.SIGN_IN)
            session_token = _started(user, Strength.PASSWORD)
        _carry(session_token)
        return redirect(url_for(".prove"), 303)
    return _let_in(user, Strength.PASSWORD, lambda: mailed_links.take(token, Purpose.SIGN_IN))


@area.post("/sign-in/with-passkey/options")
def passkey_only_options() -> ResponseReturnValue:
    """What the browser needs to offer its passkeys to somebody who has not said who they are, as JSON."""
    if _count((throttle.PASSKEY_ADDRESS, login_door.address())):
        raise TooManyRequests
    with housekeeping():
        number, options = passkey_sign_in.options()
    session[CHALLENGE] = number
    return jsonify(options)


@area.post("/sign-in/with-passkey")
def enter_by_passkey() -> ResponseReturnValue:
    """Sign a member in by a passkey alone: the device and the person it has verified are two factors."""
    form, answer, number = SignInForm(), request.form.get("answer", "")[:20_000], int(session.pop(CHALLENGE, 0))
    if wait := _count((throttle.PASSKEY_ADDRESS, login_door.address())):
        return _slow_down("access/public/sign_in.html", wait, **_signing_in(form))
    try:
        key = second_factor.passkey_named_in(answer)
        if key is None:
            raise second_factor.no_passkey()
        with acting_as(key.user.actor), act(Kind.SIGNED_IN) as deed:
            user = deed.about = passkey_sign_in.judge(number, answer)
            token = _started(user, Strength.SECOND_FACTOR)
    except Refused as refusal:
        with act(Kind.SIGN_IN_FAILED):
            passkey_sign_in.take(number)
        log.warning("sign-in failed actor=public what=passkey")
        form.refuse(refusal)
        return _sign_in_page(form, 422)
    return _welcomed(user, token, login_door.safe_path(request.form.get("next")))


def _signing_in(form: SignInForm, ended: str | None = None) -> dict[str, Any]:
    return {"form": form, "ended": ended, "passkeys_work": second_factor.passkeys_work_here()}


def _sign_in_page(form: SignInForm, status: int = 200, ended: str | None = None) -> ResponseReturnValue:
    return page("access/public/sign_in.html", status=status, **_signing_in(form, ended))


def _started(user: User, strength: Strength) -> str:
    return sessions.start(user, strength, address=login_door.address(), agent=login_door.agent())


def _let_in(user: User, strength: Strength, judge: Callable[[], object]) -> ResponseReturnValue:
    """A complete session for a user once ``judge`` has used up what they showed. Raises ``Refused``."""
    with acting_as(user.actor), act(Kind.SIGNED_IN, about=user):
        judge()
        token = _started(user, strength)
    return _welcomed(user, token, None)


def _welcomed(user: User, token: str, target: str | None) -> ResponseReturnValue:
    _carry(token)
    return login_door.remember_browser(make_response(redirect(target or _home(user), 303)), user, token)


@area.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    """Choose a new password by a mailed link; signing in comes after it, with the second factor as ever."""
    return _choose_password(token, Purpose.PASSWORD_RESET)


@area.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> ResponseReturnValue:
    """Choose a first password by the letter of invitation."""
    return _choose_password(token, Purpose.INVITATION)


def _choose_password(token: str, purpose: Purpose) -> ResponseReturnValue:
    form, link = NewPasswordForm(), mailed_links.find(token, purpose)
    if link is None:
        if wait := _count((throttle.UNKNOWN_TOKEN, login_door.address())):
            return _slow_down("access/public/link_ended.html", wait, purpose=purpose)
        return page("access/public/link_ended.html", purpose=purpose, wait=None, status=410)
    if request.method == "POST" and form.validate():
        take = accounts.accept_invitation if purpose is Purpose.INVITATION else accounts.reset_password
        with form.refusals(), acting_as(link.user.actor), act(Kind.PASSWORD_SET, about=link.user):
            take(token, form.password.data)
            return done(url_for(".sign_in"), _("The password is set. Please sign in with it."))
    return page(
        "access/public/choose_password.html",
        form=form,
        purpose=purpose,
        user=link.user,
        status=422 if form.is_sent else 200,
    )


def _count(*draws: throttle.Draw) -> int:
    """Count an attempt; the seconds to wait when there were too many."""
    with housekeeping():
        return throttle.counted(*draws)


def _slow_down(template: str, wait: int, **context: Any) -> Response:
    log.warning("too many attempts actor=%s endpoint=%s", acting(), request.endpoint)
    response = make_response(page(template, wait=wait, status=429, **context))
    response.headers["Retry-After"] = str(wait)
    return response


def _carry(token: str) -> None:
    sign_in = sessions.find(token)
    if sign_in is not None:
        login_door.carry(sign_in, token)


def _home(user: User) -> str:
    return "/office/" if user.is_staff else "/portal/"
