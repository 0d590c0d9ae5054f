"""Forms of signing in, one's own account, and the office's accounts."""

from __future__ import annotations

from wtforms import HiddenField

from crm.access.permissions import Permission, Role
from crm.text import _
from crm.web.fields import (
    ChoiceField,
    EmailField,
    LongTextField,
    PickField,
    PickManyField,
    SecretField,
    TextField,
    required,
)
from crm.web.forms import Form

LANGUAGES = [("ja", "日本語"), ("en", "English")]


class SignInForm(Form):
    """Mail address and password."""

    email = TextField(_("Mail address"), [required()], longest=254)
    password = SecretField(_("Password"), [required()])
    next = HiddenField()


class CodeForm(Form):
    """A one-time code or a recovery code."""

    code = TextField(_("Code"), [required()], longest=60)
    next = HiddenField()


class ForgotForm(Form):
    """Where to mail a link for a new password."""

    email = EmailField(_("Mail address"), [required()])


class LinkForm(Form):
    """Where to mail a link to sign in."""

    email = EmailField(_("Mail address"), [required()])


class NewPasswordForm(Form):
    """A new password, once: it can be shown while typing, so it need not be typed twice."""

    password = SecretField(_("New password"), [required()])


class ChangePasswordForm(Form):
    """A new password for whoever knows the present one."""

    current = SecretField(_("Present password"), [required()])
    password = SecretField(_("New password"), [required()])


class ConfirmForm(Form):
    """The password once more, before what protects the account is changed."""

    password = SecretField(_("Password"), [required()])
    next = HiddenField()


class CodeAppForm(Form):
    """The first code of a new app; the secret travels signed."""

    code = TextField(_("Code shown by the app"), [required()], longest=20)
    sealed = HiddenField()


class PasskeyForm(Form):
    """A passkey the browser made, with a name to recognise it by."""

    name = TextField(_("Name of the device"), longest=60)
    answer = HiddenField()


class ProfileForm(Form):
    """One's own name and language."""

    name = TextField(_("Name"), [required()], longest=100)
    locale = PickField(_("Language"), choices=LANGUAGES)


class InvitationForm(Form):
    """Whom to invite, as what."""

    email = EmailField(_("Mail address"), [required()])
    name = TextField(_("Name"), [required()], longest=100)
    role = ChoiceField(_("Role"), Role)
    locale = PickField(_("Language"), choices=LANGUAGES)


class UserForm(Form):
    """What the office may correct of an account."""

    name = TextField(_("Name"), [required()], longest=100)
    role = ChoiceField(_("Role"), Role)
    locale = PickField(_("Language"), choices=LANGUAGES)


class ReasonForm(Form):
    """Why."""

    reason = LongTextField(_("Reason"), [required()], longest=500)


class TokenForm(Form):
    """A token for a program: what it is called, what it may do."""

    name = TextField(_("Name of the program"), [required()], longest=100)
    scopes = PickManyField(_("What it may do"), choices=[(p.value, p.value) for p in Permission])
