"""What the office decides, on screen."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from PIL import Image

from crm.db import db
from crm.documents import files
from crm.history.kinds import Kind
from crm.history.records import Act
from crm.home.office.settings import GROUPS
from crm.settings.keys import KEYS
from crm.settings.settings import office_setting
from tests.visiting import Visitor


def _png(width: int = 40, height: int = 40) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (width, height), (200, 50, 30, 255)).save(out, "PNG")
    return out.getvalue()


def _save(visitor: Visitor, group: str, **fields: object) -> int:
    return visitor.fill_in(f"/office/settings/{group}", form="/office/settings/", **fields).status_code


def test_saving_is_one_act_that_names_the_keys(sign_in: Callable[..., Visitor]) -> None:
    clerk = sign_in("clerk")
    assert _save(clerk, "issuer", issuer_phone="０４４ー１２３ー４５６７", issuer_representative="代表 見本") == 303
    assert (office_setting("issuer.phone"), office_setting("issuer.representative")) == ("044-123-4567", "代表 見本")
    act = db.session.scalars(sa.select(Act).where(Act.kind == Kind.SETTING_CHANGED)).one()
    assert act.note == "issuer.representative, issuer.phone"


def test_saving_without_a_change_is_no_act(sign_in: Callable[..., Visitor]) -> None:
    assert _save(sign_in("clerk"), "texts") == 303
    assert db.session.scalars(sa.select(Act).where(Act.kind == Kind.SETTING_CHANGED)).all() == []


@pytest.mark.parametrize(
    ("group", "field", "value"),
    [
        ("issuer", "issuer_registration_number", "T1234567890123"),
        ("issuer", "issuer_name", "あ" * 201),
        ("issuer", "issuer_name", "あ\0い"),
        ("billing", "billing_due_days", "-1"),
        ("fees", "fees_tax", "none"),
    ],
)
def test_a_wrong_value_is_named_and_writes_nothing(
    sign_in: Callable[..., Visitor], group: str, field: str, value: str
) -> None:
    visitor = sign_in("clerk")
    answer = visitor.fill_in(f"/office/settings/{group}", form="/office/settings/", **{field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session.scalars(sa.select(Act).where(Act.kind == Kind.SETTING_CHANGED)).all() == []


def test_a_form_opened_before_someone_else_saved_is_stopped(sign_in: Callable[..., Visitor]) -> None:
    clerk = sign_in("clerk")
    _save(clerk, "billing", billing_due_days="40")
    assert _save(clerk, "billing", billing_due_days="45", version="0123456789abcdef") == 409
    assert office_setting("billing.due_days") == 40


def test_the_seal_is_kept_and_shown(sign_in: Callable[..., Visitor]) -> None:
    clerk = sign_in("clerk")
    assert _save(clerk, "issuer", issuer_seal=(io.BytesIO(_png()), "印.png")) == 303
    kept = files.of_digest(office_setting("issuer.seal"))
    assert kept is not None
    assert clerk.get("/office/settings/seal.png").data == _png()
    assert _save(clerk, "issuer", issuer_phone="044-123-4567") == 303
    assert office_setting("issuer.seal") == kept.digest


@pytest.mark.parametrize("content", [b"GIF89a", b"", _png()[:60], _png(4000, 1), _png() + b"x" * 2000])
def test_what_is_not_a_small_png_is_refused(
    sign_in: Callable[..., Visitor], content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.home.office.settings.SEAL_BYTES", 1000)
    assert _save(sign_in("clerk"), "issuer", issuer_seal=(io.BytesIO(content), "x.png")) == 422
    assert office_setting("issuer.seal") == ""


def test_every_key_is_on_the_screen(sign_in: Callable[..., Visitor]) -> None:
    visitor = sign_in("auditor")
    pages = "".join(visitor.get(f"/office/settings/{group}").text for group in GROUPS)
    assert [key.name for key in KEYS if f'name="{key.name.replace(".", "_")}"' not in pages] == []
    assert visitor.get("/office/settings/none").status_code == 404
