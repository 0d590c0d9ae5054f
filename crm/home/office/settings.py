"""What the office decides, on screen: the same keys as ``crm settings``, group by group, and the seal's image."""

from __future__ import annotations

import hashlib
import io
import struct
from typing import Any

from flask import Blueprint, Response, url_for
from flask.typing import ResponseReturnValue
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.documents import files
from crm.errors import Refused, Stale
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.settings import settings
from crm.settings.keys import KEYS, ROUNDINGS, TAXES, Key
from crm.text import _, gettext, label
from crm.values.tax import Rounding, Tax
from crm.web.audiences import office_area
from crm.web.fields import LongTextField, PickField, TextField, UploadField
from crm.web.forms import Form, done
from crm.web.templating import page

area: Blueprint = office_area("settings", __name__)

SEAL = "issuer.seal"
SEAL_BYTES = 1024 * 1024
SEAL_PIXELS = 3000
PNG = b"\x89PNG\r\n\x1a\n"
WORDS = {
    "yes": _("Yes"), "no": _("No"), "full": _("The full fee"), "monthly": _("By the months that remain"),
    "office": _("The office"), "board": _("The board"), "everyone": _("Everyone"), "corporate": _("Corporate members only"),
    "review": _("When the office has accepted it"), "at_once": _("At once"),
    "same_fee": _("At once if the fee stays the same, else when the office has accepted it"),
}  # fmt: skip
GROUPS = {key.group.split()[0].lower(): key.group for key in KEYS}


class _Unchanged(Exception):
    """Nothing was changed, so there is no act."""


@area.get("/")
@requires(Permission.SETTINGS_READ)
def index() -> ResponseReturnValue:
    """The first group."""
    return show(next(iter(GROUPS)))


@area.get("/<group>")
@requires(Permission.SETTINGS_READ)
def show(group: str) -> ResponseReturnValue:
    """One group's keys with their values in force."""
    keys, values = _keys(group), settings.stored()
    form = _form_of(keys, values)
    form.version.data = _digest(keys, values)
    return _page(group, form)


@area.post("/<group>")
@requires(Permission.SETTINGS_EDIT)
def save(group: str) -> ResponseReturnValue:
    """Give the group's keys new values; the act names those that changed."""
    keys = _keys(group)
    form = _form_of(keys, {})
    if form.validate():
        try:
            with form.refusals(), act(Kind.SETTING_CHANGED) as deed:
                values = settings.stored()
                if form.version.data != _digest(keys, values):
                    raise Stale(
                        _("Someone else saved this record meanwhile. Nothing was written; please look at it again.")
                    )
                deed.note = ", ".join(_change(form, keys, values))
                return done(url_for(".show", group=group), _("Saved."))
        except _Unchanged:
            return done(url_for(".show", group=group), _("Nothing was changed."), "info")
    return _page(group, form, 422)


@area.get("/seal.png")
@requires(Permission.SETTINGS_READ)
def seal() -> ResponseReturnValue:
    """The seal's image in force."""
    kept = files.of_digest(settings.office_setting(SEAL))
    if kept is None:
        raise NotFound
    return Response(files.read(kept), content_type="image/png")


def _change(form: Form, keys: list[Key], values: dict[str, str]) -> list[str]:
    """Write what differs; the names of the keys. Refusals name the form's field. Raises ``_Unchanged``."""
    changed = []
    for key in keys:
        given = _seal_of(form) if key.name == SEAL else form[_field_name(key)].data.replace("\r\n", "\n")
        if given is None or given == values[key.name]:
            continue
        try:
            if settings.change(key.name, given):
                changed.append(key.name)
        except Refused as refusal:
            raise Refused(refusal.message, field=_field_name(key)) from refusal
    if not changed:
        raise _Unchanged
    return changed


def _seal_of(form: Form) -> str | None:
    """The digest of a newly given image; none when none was given. Raises ``Refused``."""
    given: FileStorage | None = form[_field_name(_key(SEAL))].data
    if not isinstance(given, FileStorage) or not given.filename:
        return None
    content = given.stream.read(SEAL_BYTES + 1)
    if len(content) > SEAL_BYTES:
        raise Refused(_("The image may have 1 MB at most."), field=_field_name(_key(SEAL)))
    if not _is_png(content):
        raise Refused(
            _("This is not a PNG image that can be drawn. Up to 3,000 × 3,000 pixels."), field=_field_name(_key(SEAL))
        )
    return files.keep(content, name="seal.png", media_type="image/png").digest


def _is_png(content: bytes) -> bool:
    """Whether this is a PNG of a bearable size that can be decoded; the size is read before anything is unpacked."""
    if not content.startswith(PNG) or len(content) < 24:
        return False
    width, height = struct.unpack(">II", content[16:24])
    if not (0 < width <= SEAL_PIXELS and 0 < height <= SEAL_PIXELS):
        return False
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            image.load()
    except Exception:  # the library's own words for a damaged file are many
        return False
    return True


def _page(group: str, form: Form, status: int = 200) -> ResponseReturnValue:
    keys = [(key, form[_field_name(key)], _help(key, form[_field_name(key)].data)) for key in _keys(group)]
    tabs = [(gettext(title), url_for(".show", group=slug), slug == group) for slug, title in GROUPS.items()]
    has_seal = files.of_digest(settings.office_setting(SEAL)) is not None
    return page(
        "home/office/settings.html", status=status, form=form, keys=keys, tabs=tabs, group=group,
        title=gettext(GROUPS[group]), seal_key=SEAL, has_seal=has_seal,
    )  # fmt: skip


def _form_of(keys: list[Key], values: dict[str, str]) -> Form:
    fields = {_field_name(key): _field_of(key) for key in keys}
    form: Form = type("SettingsForm", (Form,), fields)(
        data={_field_name(k): values[k.name] for k in keys if k.name in values}
    )
    return form


def _field_of(key: Key) -> Any:
    words = _(key.meaning)
    if key.name == SEAL:
        return UploadField(words)
    if key.choices:
        return PickField(words, choices=[(choice, _worded(key, choice)) for choice in key.choices])
    return LongTextField(words) if key.long else TextField(words, longest=1000)


def _worded(key: Key, choice: str) -> str:
    if key.choices == TAXES:
        return label(Tax(choice))
    if key.choices == ROUNDINGS:
        return label(Rounding(choice))
    return str(WORDS.get(choice, choice))


def _help(key: Key, value: object) -> str:
    if key.name == SEAL:
        return gettext(
            "A PNG image with a transparent ground, 1 MB at most. Without one, a seal is drawn from the name."
        )
    if key.example:
        return gettext("For example: %(example)s", example=key.example)
    if key.default and value != key.default and not key.choices and not key.long:
        return gettext("Usual: %(default)s", default=key.default)
    return ""


def _keys(group: str) -> list[Key]:
    if group not in GROUPS:
        raise NotFound
    return [key for key in KEYS if key.group == GROUPS[group]]


def _key(name: str) -> Key:
    return next(key for key in KEYS if key.name == name)


def _field_name(key: Key) -> str:
    return key.name.replace(".", "_")


def _digest(keys: list[Key], values: dict[str, str]) -> str:
    """The version a form read: a digest of the group's values."""
    return hashlib.sha256("\0".join(values[key.name] for key in keys).encode()).hexdigest()[:16]
