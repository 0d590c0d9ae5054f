"""Every setting of the operator, from the environment only.

What the *office* decides (issuer, bank account, fees, texts) is rows and stands in ``crm.settings``. What production
would refuse to start with is ``Settings.problems()``; ``crm doctor`` prints it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

MINIMUM_SECRET = 32
UNSAFE_SECRETS = ("secret", "changeme", "development", "password", "test")


@dataclass(frozen=True)
class Settings:
    """The operator's settings in force.

    ``database_url`` empty means SQLite in ``data_dir``. ``smtp_url`` unset means letters wait in the outbox screen.
    ``bounces_url`` is the mailbox where reports of letters that came back arrive, ``bounces_address`` its mail address.
    ``register_api_id`` is the tax agency's application id for the corporate number register's Web-API.
    ``public_rate`` is public form posts a minute and address, 0 switches it off. ``proxies`` is how many reverse proxies of our own
    stand before us: only then is what they say about the visitor's address believed.
    """

    data_dir: Path = Path("var")
    database_url: str = ""
    base_url: str = "http://127.0.0.1:8000"
    bind: str = "127.0.0.1:8000"
    secret_key: str = ""
    trusted_hosts: tuple[str, ...] = ()
    public_rate: int = 300
    smtp_url: str | None = None
    bounces_url: str | None = None
    bounces_address: str | None = None
    register_api_id: str | None = None
    register_api_base: str | None = None
    stripe_api_key: str | None = None
    stripe_api_base: str | None = None
    stripe_webhook_secret: str | None = None
    proxies: int = 0
    env: str = "development"
    web_workers: int = 2
    web_threads: int = 4
    fast_passwords: bool = field(default=False, repr=False)

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def is_sqlite(self) -> bool:
        return not self.database_url or self.database_url.startswith("sqlite")

    @property
    def sqlalchemy_url(self) -> str:
        """The address SQLAlchemy opens; plain ``postgresql://`` means psycopg 3."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir.absolute() / 'crm.sqlite3'}"
        if self.database_url.startswith(("postgresql://", "postgres://")):
            return "postgresql+psycopg://" + self.database_url.split("://", 1)[1]
        return self.database_url

    def problems(self) -> list[str]:
        """What production refuses to start with, each naming its setting."""
        found = []
        if len(self.secret_key) < MINIMUM_SECRET or self.secret_key.lower().startswith(UNSAFE_SECRETS):
            found.append(f"CRM_SECRET_KEY: needs {MINIMUM_SECRET} or more random characters")
        if not self.trusted_hosts:
            found.append("CRM_TRUSTED_HOSTS: is empty, so any Host header would be believed")
        if "*" in self.trusted_hosts:
            found.append("CRM_TRUSTED_HOSTS: '*' believes any Host header")
        if urlsplit(self.base_url).scheme != "https":
            found.append("CRM_BASE_URL: must begin with https://")
        if (self.stripe_api_key or "").startswith(("sk_test", "rk_test")):
            found.append("CRM_STRIPE_API_KEY: is a test key")
        if self.stripe_api_base and "stripe.com" not in self.stripe_api_base:
            found.append("CRM_STRIPE_API_BASE: is not Stripe's own address")
        if self.stripe_api_key and not self.stripe_webhook_secret:
            found.append("CRM_STRIPE_WEBHOOK_SECRET: is missing, so payments would not be heard of")
        return found


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings as the environment gives them. Raises ``ValueError`` naming a variable that makes no sense."""
    data_dir = Path(environ.get("CRM_DATA_DIR") or "var")
    env = environ.get("CRM_ENV") or "development"
    if env not in ("development", "production"):
        raise ValueError("CRM_ENV: development or production")
    settings = Settings(
        data_dir=data_dir,
        database_url=environ.get("CRM_DATABASE_URL", ""),
        bind=_bind(environ.get("CRM_BIND") or "127.0.0.1:8000"),
        secret_key=environ.get("CRM_SECRET_KEY", ""),
        trusted_hosts=tuple(h.strip() for h in environ.get("CRM_TRUSTED_HOSTS", "").split(",") if h.strip()),
        public_rate=_whole(environ, "CRM_PUBLIC_RATE", 300),
        smtp_url=environ.get("CRM_SMTP_URL") or None,
        bounces_url=_mailbox(environ, "CRM_BOUNCES_URL"),
        bounces_address=_address(environ, "CRM_BOUNCES_ADDRESS"),
        register_api_id=environ.get("CRM_REGISTER_API_ID") or None,
        register_api_base=environ.get("CRM_REGISTER_API_BASE") or None,
        stripe_api_key=environ.get("CRM_STRIPE_API_KEY") or None,
        stripe_api_base=environ.get("CRM_STRIPE_API_BASE") or None,
        stripe_webhook_secret=environ.get("CRM_STRIPE_WEBHOOK_SECRET") or None,
        proxies=_whole(environ, "CRM_PROXIES", 0),
        web_workers=_whole(environ, "CRM_WEB_WORKERS", 2),
        web_threads=_whole(environ, "CRM_WEB_THREADS", 4),
        env=env,
    )
    settings = replace(settings, base_url=(environ.get("CRM_BASE_URL") or f"http://{settings.bind}").rstrip("/"))
    if not settings.secret_key and not settings.is_production:
        settings = replace(settings, secret_key=_own_secret(data_dir))
    return settings


def _bind(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("CRM_BIND: host:port, such as 127.0.0.1:8000")
    return text


def _whole(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{name}: a whole number, not {text!r}")
    return int(text)


def _mailbox(environ: Mapping[str, str], name: str) -> str | None:
    url = environ.get(name) or None
    if url is not None and urlsplit(url).scheme not in ("maildir", "imap", "imaps"):
        raise ValueError(f"{name}: maildir:///path, imap://user:password@host:port/Folder or imaps://…")
    return url


def _address(environ: Mapping[str, str], name: str) -> str | None:
    """A mail address short enough to carry a letter's tag (RFC 5321, 4.5.3.1.1: 64 characters before the @)."""
    address = environ.get(name) or None
    if address is not None and not re.fullmatch(r"[A-Za-z0-9._-]{1,31}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", address):
        raise ValueError(f"{name}: a mail address with at most 31 characters before the @ and none of them +")
    return address


def _own_secret(data_dir: Path) -> str:
    """The secret of a development installation, made once and kept with mode 0600 in the data folder."""
    path = data_dir / "secret"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = data_dir / f"secret.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # whoever links first decides; the file is never seen half written
        draft.unlink()
    return path.read_text().strip()


_in_force: Settings | None = None


def settings() -> Settings:
    """The settings in force in this process: those the application was made with."""
    if _in_force is None:
        raise RuntimeError("no application has been made in this process")
    return _in_force


def put_in_force(chosen: Settings) -> None:
    """Called once by ``create_app``."""
    global _in_force
    _in_force = chosen
