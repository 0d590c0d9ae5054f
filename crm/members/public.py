"""Membership for everyone: applying, one's own application under its link, and whether a certificate holds."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock, text
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import applications, certificates, letters, tiers
from crm.members.applications import Application, ApplicationState
from crm.members.forms import JoinForm
from crm.settings.settings import office_setting
from crm.text import _
from crm.web import safety
from crm.web.audiences import public_area
from crm.web.forms import done
from crm.web.safety import limiter
from crm.web.templating import page

area = public_area("members", __name__)


@area.get("/join")
def join() -> ResponseReturnValue:
    """The application form."""
    return _form(JoinForm())


@area.post("/join")
@limiter.limit(safety.public_rate)
def apply() -> ResponseReturnValue:
    """Keep the application and ask by letter whether the address is right; only then the office sees it."""
    form = JoinForm()
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_SUBMITTED) as deed:
            deed.about = application = applications.apply(locale=text.locale(), **form.filled_in())
            letters.confirm_address(application)
            return done(url_for(".sent"))
    return _form(form, 422)


@area.get("/join/sent")
def sent() -> ResponseReturnValue:
    """Please look into your mailbox."""
    return page("members/public/sent.html")


@area.get("/join/<token>")
def own(token: str) -> ResponseReturnValue:
    """One's own application: confirm it, see how it stands, or correct it."""
    application = _of(token)
    form = None
    if application.state is ApplicationState.RETURNED:
        form = JoinForm.of(application)
        form.show_texts()
    return _own(application, token, form)


@area.post("/join/<token>/confirm")
@limiter.limit(safety.public_rate)
def confirm(token: str) -> ResponseReturnValue:
    """The address is right: the application is in. Asked by a button, for mail programs follow links by themselves."""
    application = _of(token)
    if application.state is not ApplicationState.UNCONFIRMED:
        return done(url_for(".own", token=token))
    with act(Kind.APPLICATION_CONFIRMED, about=application):
        application.confirm()
        letters.application_received(application)
        return done(url_for(".own", token=token), _("Thank you. We have received your application."))


@area.post("/join/<token>")
@limiter.limit(safety.public_rate)
def correct(token: str) -> ResponseReturnValue:
    """Send a returned application again."""
    application, form = _of(token), JoinForm()
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_CORRECTED, about=application):
            form.check_version(application)
            application.correct(**form.filled_in(), **applications.text_digests())
            letters.application_received(application)
            return done(url_for(".own", token=token), _("Thank you. We have received your application."))
    return _own(_of(token), token, form, 422)


@area.get("/verify/<number>")
def verify(number: str) -> ResponseReturnValue:
    """Whether a certificate is valid, expired, withdrawn or unknown; nothing else about it."""
    certificate = certificates.numbered(number[:60])
    state = certificate.state_on(clock.today()) if certificate is not None else None
    shown = certificate.number if certificate is not None else number[:60]
    return page("members/public/verify.html", 200 if certificate is not None else 404, number=shown, state=state)


def _form(form: JoinForm, status: int = 200) -> ResponseReturnValue:
    form.show_texts()
    return page("members/public/join.html", status, form=form, **_texts())


def _own(application: Application, token: str, form: JoinForm | None, status: int = 200) -> ResponseReturnValue:
    if form is not None:
        form.show_texts()
    return page("members/public/application.html", status, application=application, token=token, form=form, **_texts())


def _texts() -> dict[str, object]:
    return {
        "rules": office_setting("texts.rules"), "privacy": office_setting("texts.privacy"),
        "tiers": sorted(tiers.in_force(clock.today()), key=lambda tier: -tier.annual_fee.amount),
    }  # fmt: skip


def _of(token: str) -> Application:
    application = applications.of_token(token) if len(token) == 64 and token.isascii() else None
    if application is None:
        raise NotFound
    return application
