"""Pages: the filters and globals of templates, and addresses of static files that browsers may keep for a year."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from datetime import date, datetime
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import flask_bootstrap
import jinja2
from flask import Flask, Response, make_response, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from crm import clock, resources, text
from crm.values import dates
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen
from crm.web.forms import form_key

VENDOR = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
YEAR_SECONDS = 31_536_000
MOST_PARTS = 500
_parts: dict[tuple[Hashable, ...], Markup] = {}
GOOD, BAD, WAITING, QUIET = "success", "danger", "warning", "secondary"
TONES = {
    GOOD: {"active", "accepted", "paid", "settled", "confirmed", "sent", "valid", "published", "done", "open", "attended",
           "admitted", "complete", "in_force", "present", "member", "NumberState.verified"},
    BAD: {"failed", "overdue", "declined", "refused", "expired", "rejected", "revoked", "withdrawn", "NumberState.not_found"},
    WAITING: {"waiting", "submitted", "held", "returned", "issued", "offered", "due", "queued", "retry", "pending", "review",
              "running", "leaving", "coming", "upcoming", "partly_paid", "Standing.open"},  # an open invoice is not done
}  # fmt: skip


def page(template: str, status: int = 200, **context: Any) -> ResponseReturnValue:
    """The rendered template with its status."""
    return make_response(render_template(template, **context), status)


def part(template: str, key: tuple[Hashable, ...] | None = None, **context: Any) -> Markup:
    """A part of a page. With a ``key`` it is drawn once for each key and language: the key must hold all it is drawn from."""
    if key is None:
        return Markup(render_template(template, **context))
    key = (template, request.script_root, text.locale(), *key)
    drawn = _parts.get(key)
    if drawn is None:
        if len(_parts) >= MOST_PARTS:
            _parts.clear()
        drawn = _parts[key] = part(template, **context)
    return drawn


def yen(value: Yen | None) -> str:
    """￥360,000, or nothing."""
    return "" if value is None else f"￥{value}"


def day(value: date | None) -> str:
    """2026/4/1, as the office writes on screens."""
    return "" if value is None else f"{value.year}/{value.month}/{value.day}"


def day_era(value: date | None) -> str:
    """令和8年4月1日; in English pages the ISO date."""
    if value is None:
        return ""
    return dates.era(value) if text.locale() == "ja" else value.isoformat()


def moment(value: datetime | None) -> str:
    """2026/4/1 09:30, Tokyo wall time."""
    if value is None:
        return ""
    local = value.astimezone(clock.TOKYO)
    return f"{day(local.date())} {local:%H:%M}"


def number(value: int | float | None) -> str:
    """With thousands separators."""
    return "" if value is None else f"{value:,}"


def year(value: FiscalYear | None) -> str:
    """令和8年度（2026年度）; FY2026 in English."""
    if value is None:
        return ""
    return f"{value.era}（{value.label}）" if text.locale() == "ja" else f"FY{value.start}"


def year_briefly(value: FiscalYear | None) -> str:
    """令和8年度, for the columns of lists; FY2026 in English."""
    if value is None:
        return ""
    return value.era if text.locale() == "ja" else f"FY{value.start}"


def tone(value: Any) -> str:
    """The colour that goes with a state's word; never the only sign."""
    name = value.value if isinstance(value, Enum) else str(value)
    names = {name, f"{type(value).__name__}.{name}"}
    return next((colour for colour, states in reversed(TONES.items()) if names & states), QUIET)


@cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """The address of one of our static files, with its digest."""
    return _address("static", path, request.script_root)


def vendor(path: str) -> str:
    """The address of a file that an installed package brings."""
    return _address("vendor", path, request.script_root)


@cache
def _address(endpoint: str, path: str, _root: str) -> str:
    """Made once for each file and root of the site: every page has two dozen of them."""
    folder = VENDOR if endpoint == "vendor" else resources.folder("static")
    return url_for(endpoint, filename=path, v=_digest(folder / path))


def icon(name: str, label: str = "") -> Markup:
    """A Bootstrap icon; decorative unless labelled."""
    return _icon(name, str(label), request.script_root)


@lru_cache(1000)
def _icon(name: str, label: str, _root: str) -> Markup:
    hidden = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="bi" {}><use href="{}#{}"></use></svg>').format(
        hidden, vendor("icons/bootstrap-icons.svg"), name
    )


def install(app: Flask) -> None:
    """Give the application its templates' words."""
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        text.message, text.plural_message, newstyle=True, pgettext=text.pgettext
    )
    app.jinja_env.filters.update(
        yen=yen,
        day=day,
        day_era=day_era,
        moment=moment,
        number=number,
        year=year,
        year_briefly=year_briefly,
        label=text.label,
        tone=tone,
    )
    app.jinja_env.globals.update(
        asset=asset, vendor=vendor, icon=icon, form_key=form_key, tone=tone, today=clock.today, locale=text.locale
    )
    app.add_url_rule("/vendor/<path:filename>", "vendor", _vendor_file)


def _vendor_file(filename: str) -> Response:
    return send_from_directory(VENDOR, filename, max_age=YEAR_SECONDS)
