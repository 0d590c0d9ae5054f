"""Signatures: a change is found, another's signature is not taken for ours."""

import io
import shutil
import stat
from datetime import UTC, datetime

from pypdf import PdfReader

from crm.config import Settings
from crm.documents import signing
from crm.documents.papers import render
from crm.documents.signing import SignatureState
from tests.documents.sample_papers import ISSUER, SampleCertificate

WHEN = datetime(2026, 4, 1, tzinfo=UTC)


def signed() -> bytes:
    return signing.sign(render(SampleCertificate(issuer=ISSUER)), reason="発行", when=WHEN, name=ISSUER.name)


def test_a_signed_certificate_is_valid_and_names_the_consortium(settings: Settings, app: object) -> None:
    found = signing.check(signed())
    assert (found.state, found.signer, found.signed_at) == (SignatureState.VALID, ISSUER.name, WHEN)


def test_the_same_certificate_signed_twice_has_the_same_bytes(app: object) -> None:
    assert signed() == signed()


def test_signing_writes_no_present_moment_into_the_file(app: object) -> None:
    plain, other = (PdfReader(io.BytesIO(pdf)) for pdf in (render(SampleCertificate(issuer=ISSUER)), signed()))
    assert plain.metadata == other.metadata


def test_a_changed_byte_or_an_appended_one_is_found(app: object) -> None:
    good = signed()
    changed = bytearray(good)
    changed[3000] ^= 1
    for bad in (bytes(changed), good + b"\n%", good[:-200], b"%PDF-1.4 nothing", b""):
        assert signing.check(bad).state is SignatureState.CHANGED


def test_an_unsigned_file_is_said_to_be_unsigned(app: object) -> None:
    assert signing.check(render(SampleCertificate(issuer=ISSUER))).state is SignatureState.UNSIGNED


def test_a_signature_by_another_key_of_the_same_name_is_foreign(settings: Settings, app: object) -> None:
    theirs = signed()
    shutil.rmtree(settings.data_dir / "keys")
    signed()
    assert signing.check(theirs).state is SignatureState.FOREIGN


def test_the_key_can_be_read_by_the_server_alone(settings: Settings, app: object) -> None:
    signed()
    key = settings.data_dir / "keys" / "signing.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
