"""Membership for everyone: applying, putting aside and going on, one's own application, and whether a certificate holds."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock, text
from crm.documents.files import StoredFile
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import applications, certificates, declarations, drafts, evidence, letters, tiers
from crm.members.applications import Application, ApplicationState
from crm.members.declarations import Declaration
from crm.members.drafts import ApplicationDraft
from crm.members.forms import FigureForm, JoinForm, TakeBackForm
from crm.settings.settings import office_setting
from crm.text import _
from crm.web import safety
from crm.web.audiences import public_area
from crm.web.forms import done
from crm.web.safety import limiter, takes_files
from crm.web.templating import page

area = public_area("members", __name__)


@area.get("/join")
def join() -> ResponseReturnValue:
    """The application form."""
    return _form(JoinForm())


@area.post("/join")
@takes_files
@limiter.limit(safety.public_rate)
def apply() -> ResponseReturnValue:
    """Keep the application and ask by letter whether the address is right; only then the office sees it."""
    form = JoinForm()
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_SUBMITTED) as deed:
            deed.about = application = applications.apply(
                locale=text.locale(), evidence=_attached(), **form.filled_in()
            )
            letters.confirm_address(application)
            return done(url_for(".sent"))
    return _form(form, 422)


@area.get("/join/sent")
def sent() -> ResponseReturnValue:
    """Please look into your mailbox."""
    return page("members/public/sent.html", days=office_setting("members.unconfirmed_days"))


# --- put aside, to be gone on with


@area.post("/join/save")
@takes_files
@limiter.limit(safety.public_rate)
def save() -> ResponseReturnValue:
    """Put aside what was typed so far and mail the link under which to go on. Only the mail address is needed."""
    form = JoinForm()
    if form.contact_email.validate(form):
        with form.refusals(), act(Kind.APPLICATION_PUT_ASIDE):
            draft = drafts.begin(
                email=form.contact_email.data, typed=form.typed(), locale=text.locale(), evidence=_attached()
            )
            letters.application_put_aside(draft)
            return done(url_for(".put_aside"))
    return _form(form, 422)


@area.get("/join/saved")
def put_aside() -> ResponseReturnValue:
    """The link is on its way."""
    return page("members/public/saved.html", days=office_setting("members.unconfirmed_days"))


@area.get("/join/draft/<token>")
def draft(token: str) -> ResponseReturnValue:
    """Go on with what was put aside; once it was sent, the link leads to the application."""
    found = _draft(token)
    if found.application is not None:
        return redirect(_where_it_went(found), 303)
    return _drafted(found, token, JoinForm.again(found.typed))


@area.post("/join/draft/<token>")
@takes_files
@limiter.limit(safety.public_rate)
def send_draft(token: str) -> ResponseReturnValue:
    """Send it. Who came by the mailed link need not confirm that address once more."""
    found, form = _draft(token), JoinForm()
    if found.application is None and form.validate():
        with form.refusals(), act(Kind.APPLICATION_SUBMITTED) as deed:
            drafts.lock(found)
            proof = _attached() or found.evidence
            deed.about = application = applications.apply(locale=text.locale(), evidence=proof, **form.filled_in())
            found.became(application)
            if found.proves_address:
                application.confirm()
                letters.application_received(application)
            else:
                letters.confirm_address(application)
            return done(_where_it_went(found))
    found = _draft(token)
    if found.application is not None:
        return redirect(_where_it_went(found), 303)
    return _drafted(found, token, form, 422)


@area.post("/join/draft/<token>/save")
@takes_files
@limiter.limit(safety.public_rate)
def save_draft(token: str) -> ResponseReturnValue:
    """Put it aside again under the same link."""
    found, form = _draft(token), JoinForm()
    if form.is_sent:
        with form.refusals(), act(Kind.APPLICATION_PUT_ASIDE):
            if found.application is None:
                found.save(form.typed(), _attached())
            return done(
                url_for(".draft", token=token), _("Saved. You may close this page and go on under the same link.")
            )
    return _drafted(_draft(token), token, form, 422)


# --- one's own application


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
@takes_files
@limiter.limit(safety.public_rate)
def correct(token: str) -> ResponseReturnValue:
    """Send a returned application again; a proof attached before stays unless another comes."""
    application, form = _of(token), JoinForm()
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_CORRECTED, about=application):
            form.check_version(application)
            attached = _attached()
            new = {"evidence": attached} if attached is not None else {}
            application.correct(**form.filled_in(), **applications.texts_agreed(), **new)
            letters.application_received(application)
            return done(url_for(".own", token=token), _("Thank you. We have received your application."))
    return _own(_of(token), token, form, 422)


@area.get("/join/<token>/withdraw")
def leave(token: str) -> ResponseReturnValue:
    """Asking whether the application shall really be taken back."""
    application = _of(token)
    if not application.may_be_withdrawn:
        return redirect(url_for(".own", token=token), 303)
    return _leaving(application, token, TakeBackForm())


@area.post("/join/<token>/withdraw")
@limiter.limit(safety.public_rate)
def withdraw(token: str) -> ResponseReturnValue:
    """The applicant takes the application back."""
    application, form = _of(token), TakeBackForm()
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_WITHDRAWN, about=application):
            applications.lock(application)
            application.withdraw(form.reason.data)
            letters.application_withdrawn(application)
            return done(url_for(".own", token=token), _("Your application is withdrawn."))
    return _leaving(_of(token), token, form, 422)


# --- how many employees, asked by a mailed link


@area.get("/employees/<token>")
def employees(token: str) -> ResponseReturnValue:
    """The figure we hold, to be confirmed or corrected; what was answered, once it was."""
    declaration = _declaration(token)
    return _figure(declaration, FigureForm(formdata=None, data={
        "employees": declaration.employees, "on": declaration.counted_on or declaration.latest_day,
        "remark": declaration.remark,
    }))  # fmt: skip


@area.post("/employees/<token>")
@limiter.limit(safety.public_rate)
def tell_employees(token: str) -> ResponseReturnValue:
    """Another number, with its day; or, by the other button, that the number is unchanged as of today."""
    declaration, form = _declaration(token), FigureForm()
    if form.validate():
        with form.refusals(), act(Kind.EMPLOYEES_DECLARED, about=declaration.member):
            declarations.answer(declaration, form.employees.data, form.on.data, form.remark.data)
            return done(url_for(".employees", token=token), _("Thank you. We have received your answer."))
    return _figure(_declaration(token), form, 422)


@area.get("/verify/<number>")
def verify(number: str) -> ResponseReturnValue:
    """Whether a certificate is valid, expired, withdrawn or unknown; nothing else about it."""
    certificate = certificates.numbered(number[:60])
    state = certificate.state_on(clock.today()) if certificate is not None else None
    shown = certificate.number if certificate is not None else number[:60]
    return page(
        "members/public/verify.html",
        200 if certificate is not None else 404,
        number=shown,
        state=state,
        now=clock.now(),
    )


def _form(form: JoinForm, status: int = 200) -> ResponseReturnValue:
    form.show_texts()
    return page("members/public/join.html", status, form=form, **_texts())


def _drafted(draft: ApplicationDraft, token: str, form: JoinForm, status: int = 200) -> ResponseReturnValue:
    form.show_texts()
    return page("members/public/draft.html", status, draft=draft, token=token, form=form, **_texts())


def _own(application: Application, token: str, form: JoinForm | None, status: int = 200) -> ResponseReturnValue:
    if form is not None:
        form.show_texts()
    return page("members/public/application.html", status, application=application, token=token, form=form,
                remarks=application.field_remarks or {}, **_texts())  # fmt: skip


def _leaving(application: Application, token: str, form: TakeBackForm, status: int = 200) -> ResponseReturnValue:
    return page("members/public/leave.html", status, application=application, token=token, form=form)


def _where_it_went(draft: ApplicationDraft) -> str:
    """The application, for whom its address was proved by the link; nobody else may confirm or change it."""
    application = draft.application
    if application is None or not draft.proves_address:
        return url_for(".sent")
    return url_for(".own", token=application.token)


def _attached() -> StoredFile | None:
    """The proof that came with the form, checked and kept in the running act; ``None`` without one."""
    upload = request.files.get("evidence")
    if upload is None or not upload.filename:
        return None
    return evidence.keep(upload.read(), name=upload.filename)


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


def _draft(token: str) -> ApplicationDraft:
    found = drafts.of_token(token) if len(token) == 64 and token.isascii() else None
    if found is None:
        raise NotFound
    return found


def _figure(declaration: Declaration, form: FigureForm, status: int = 200) -> ResponseReturnValue:
    return page(
        "members/public/employees.html", status, declaration=declaration, token=declaration.token, form=form,
        unchanged_on=declaration.latest_day,
    )  # fmt: skip


def _declaration(token: str) -> Declaration:
    found = declarations.of_token(token) if len(token) == 64 and token.isascii() else None
    if found is None:
        raise NotFound
    return found
