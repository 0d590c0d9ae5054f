"""The second factor: passkeys, one-time codes from an app, recovery codes.

Staff need one in production: until they have it, a password opens only the page that sets one up. One-time codes are those of
RFC 6238, 30 seconds; one step before and after is accepted for clocks that run wrong, so a code stands 90 seconds at most, and
works once. Passkeys demand that the device verifies the person. Recovery codes have 80 bits and burn.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pyotp
import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.access.sessions import SignIn
from crm.access.users import User
from crm.config import settings
from crm.db import PERSONAL, SECRET, Model, db
from crm.errors import Refused
from crm.text import _

STEP_SECONDS = 30
RECOVERY_CODES = 10
CHALLENGE_STANDS = timedelta(minutes=5)
ISSUER = "ケアさき CRM"
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # base 32 without I, O, 0, 1


class CodeApp(Model):
    """A user's app for one-time codes: its secret and the last step whose code was used."""

    __tablename__ = "code_apps"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True, init=False)
    user: Mapped[User] = relationship()
    secret: Mapped[str] = mapped_column(info=SECRET)
    last_step: Mapped[int]
    added_at: Mapped[datetime]


class Passkey(Model):
    """A key on a user's device or in their password manager."""

    __tablename__ = "passkeys"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True, init=False)
    user: Mapped[User] = relationship()
    name: Mapped[str] = mapped_column(info=PERSONAL)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    added_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class RecoveryCode(Model):
    """One of ten codes for the day the device is lost; only its digest is kept."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True, init=False)
    user: Mapped[User] = relationship()
    code_hash: Mapped[str] = mapped_column(unique=True, info=SECRET)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


def is_demanded_of(user: User) -> bool:
    """Whether the user may not work without a second factor: staff, in production."""
    return settings().is_production and user.is_staff


def has_one(user: User) -> bool:
    """Whether the user set up a second factor."""
    app = sa.select(sa.literal(1)).where(CodeApp.user_id == user.id)
    key = sa.select(sa.literal(1)).where(Passkey.user_id == user.id)
    return bool(db.session.scalar(sa.select(sa.or_(app.exists(), key.exists()))))


def code_app_of(user: User) -> CodeApp | None:
    """The user's app for one-time codes."""
    return db.session.scalars(sa.select(CodeApp).where(CodeApp.user_id == user.id)).one_or_none()


def passkeys_of(user: User) -> list[Passkey]:
    """The user's passkeys, oldest first."""
    return list(db.session.scalars(sa.select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id)))


def recovery_codes_left(user: User) -> int:
    """How many recovery codes are not burnt yet."""
    unused = sa.select(sa.func.count()).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


# --- one-time codes


def new_secret() -> str:
    """A fresh secret of 160 bits for an app."""
    return pyotp.random_base32()


def provisioning_uri(user: User, app_secret: str) -> str:
    """What the app reads from the QR code."""
    return pyotp.TOTP(app_secret).provisioning_uri(name=user.email, issuer_name=ISSUER)


def add_code_app(user: User, app_secret: str, code: str) -> None:
    """Keep an app whose first code was right. Raises ``Refused``."""
    step = _step_of(app_secret, code)
    if step is None:
        raise Refused(
            _("This code is not right. Codes change every 30 seconds; check the time on the device."), field="code"
        )
    old = code_app_of(user)
    if old is not None:
        db.session.delete(old)
        db.session.flush()
    db.session.add(CodeApp(user=user, secret=app_secret, last_step=step, added_at=clock.now()))


def take_code(user: User, code: str) -> None:
    """Use a one-time code or a recovery code up. Raises ``Refused`` when it is wrong or was used before."""
    app = db.session.scalars(
        sa.select(CodeApp).where(CodeApp.user_id == user.id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    step = None if app is None else _step_of(app.secret, code)
    if app is not None and step is not None and step > app.last_step:
        app.last_step = step
        return
    _take_recovery_code(user, code)


def _step_of(app_secret: str, code: str) -> int | None:
    """The step, now or next to it, whose code this is."""
    typed = unicodedata.normalize("NFKC", code).replace(" ", "").replace("-", "")
    now = int(clock.now().timestamp())
    totp, found = pyotp.TOTP(app_secret), None
    for offset in (-1, 0, 1):
        if hmac.compare_digest(totp.at(now, counter_offset=offset).encode(), typed.encode("utf-8", "surrogatepass")):
            found = now // STEP_SECONDS + offset
    return found


# --- recovery codes


def make_recovery_codes(user: User) -> list[str]:
    """Ten new codes, to be shown once; the old ones end."""
    for old in db.session.scalars(sa.select(RecoveryCode).where(RecoveryCode.user_id == user.id)):
        db.session.delete(old)
    codes = [
        "-".join("".join(secrets.choice(ALPHABET) for _i in range(4)) for _j in range(4))
        for _k in range(RECOVERY_CODES)
    ]
    db.session.add_all([RecoveryCode(user=user, code_hash=_digest(user, code)) for code in codes])
    return codes


def _take_recovery_code(user: User, code: str) -> None:
    unused = sa.select(RecoveryCode).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    found = db.session.scalars(
        unused.where(RecoveryCode.code_hash == _digest(user, code)).with_for_update()
    ).one_or_none()
    if found is None:
        raise Refused(_("This code is not right or was used already."), field="code")
    found.used_at = clock.now()


def _digest(user: User, code: str) -> str:
    typed = "".join(c for c in unicodedata.normalize("NFKC", code).upper() if c.isalnum())
    return hashlib.sha256(f"{user.id}:{typed}".encode("utf-8", "surrogatepass")).hexdigest()


# --- passkeys (webauthn is imported where it is used: a tenth of a second that most processes need not spend)


def passkeys_work_here() -> bool:
    """Whether browsers allow passkeys at our address: a name, not a number, over https or on this machine."""
    address = urlsplit(settings().base_url)
    host = address.hostname or ""
    named = any(c.isalpha() for c in host) and ":" not in host
    return named and (address.scheme == "https" or host == "localhost")


def registration_options(sign_in: SignIn) -> dict[str, Any]:
    """What the browser needs to make a passkey; the challenge is kept with the session."""
    import webauthn
    from webauthn.helpers import structs

    user = sign_in.user
    options = webauthn.generate_registration_options(
        rp_id=_rp_id(), rp_name=ISSUER, user_name=user.email, user_display_name=user.name,
        user_id=hashlib.sha256(f"user {user.id}".encode()).digest(), challenge=_new_challenge(sign_in),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=key.credential_id) for key in passkeys_of(user)],
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
    )  # fmt: skip
    return dict(json.loads(webauthn.options_to_json(options)))


def add_passkey(sign_in: SignIn, answer: str, name: str) -> None:
    """Keep the passkey the browser made. Raises ``Refused``."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    challenge = _take_challenge(sign_in)
    try:
        made = webauthn.verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=_rp_id(), expected_origin=_origin(),
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise no_passkey() from error
    if db.session.scalar(sa.select(Passkey.id).where(Passkey.credential_id == made.credential_id)):
        raise Refused(_("This passkey is set up already."))
    db.session.add(
        Passkey(user=sign_in.user, name=name.strip() or "Passkey", credential_id=made.credential_id,
                public_key=made.credential_public_key, sign_count=made.sign_count, added_at=clock.now())
    )  # fmt: skip


def authentication_options(sign_in: SignIn) -> dict[str, Any]:
    """What the browser needs to use one of the user's passkeys."""
    return request_options(_new_challenge(sign_in), [key.credential_id for key in passkeys_of(sign_in.user)])


def request_options(challenge: bytes, credential_ids: list[bytes]) -> dict[str, Any]:
    """What the browser needs to use one of these passkeys, or any it has for us when none are named."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=_rp_id(), challenge=challenge,
        allow_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for one in credential_ids],
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return dict(json.loads(webauthn.options_to_json(options)))


def take_passkey(sign_in: SignIn, answer: str) -> None:
    """Prove the second factor by a passkey. Raises ``Refused``; the challenge is used up either way when it commits."""
    challenge = _take_challenge(sign_in)
    key = passkey_named_in(answer)
    if key is None or key.user_id != sign_in.user_id:
        raise no_passkey()
    verify(key, answer, challenge)


def verify(key: Passkey, answer: str, challenge: bytes) -> None:
    """Judge what a passkey made of a challenge, and note its use. Raises ``Refused``."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        proven = webauthn.verify_authentication_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=_rp_id(), expected_origin=_origin(),
            credential_public_key=key.public_key, credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise no_passkey() from error
    key.sign_count, key.used_at = proven.new_sign_count, clock.now()


def passkey_named_in(answer: str) -> Passkey | None:
    """The passkey a browser's answer names, whosever it is, locked. Raises ``Refused`` for an answer nobody can read."""
    import webauthn

    try:
        credential_id = webauthn.base64url_to_bytes(json.loads(answer)["rawId"])
    except (ValueError, KeyError, TypeError) as error:
        raise no_passkey() from error
    return db.session.scalars(
        sa.select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
    ).one_or_none()


def _new_challenge(sign_in: SignIn) -> bytes:
    sign_in.challenge, sign_in.challenge_until = secrets.token_bytes(32), clock.now() + CHALLENGE_STANDS
    return sign_in.challenge


def _take_challenge(sign_in: SignIn) -> bytes:
    """The challenge of this session, once."""
    db.session.refresh(sign_in, with_for_update=True)
    challenge, until = sign_in.challenge, sign_in.challenge_until
    sign_in.challenge = sign_in.challenge_until = None
    if challenge is None or until is None or clock.now() > until:
        raise no_passkey()
    return challenge


def no_passkey() -> Refused:
    """The one answer to whatever is wrong with a passkey."""
    return Refused(_("The passkey could not be checked. Please try again."))


def _rp_id() -> str:
    return urlsplit(settings().base_url).hostname or "localhost"


def _origin() -> str:
    address = urlsplit(settings().base_url)
    return f"{address.scheme}://{address.netloc}"


# --- taking them away


def remove_code_app(user: User) -> None:
    """Forget the user's app for one-time codes."""
    app = code_app_of(user)
    if app is None:
        raise Refused(_("There is no app for one-time codes."))
    db.session.delete(app)


def remove_passkey(user: User, passkey_id: int) -> None:
    """Forget one of the user's passkeys."""
    key = db.session.scalars(
        sa.select(Passkey).where(Passkey.user_id == user.id, Passkey.id == passkey_id)
    ).one_or_none()
    if key is None:
        raise Refused(_("There is no such passkey."))
    db.session.delete(key)


def remove_all(user: User) -> None:
    """Forget every factor of a user: for someone who lost them and was recognised by the office."""
    for model in (CodeApp, Passkey, RecoveryCode):
        for row in db.session.scalars(sa.select(model).where(model.user_id == user.id)):
            db.session.delete(row)
