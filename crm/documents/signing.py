"""Signs certificates and checks a signature: PAdES, as a certification that allows no change (ISO 32000-1, 12.8.2.2).

The key (ECDSA P-256) and its self-signed certificate are made once and lie in ``<data_dir>/keys``, readable by the server
alone. A PDF reader shows the consortium's name and whether the file was changed; that the name is the consortium's own
is vouched for by the public verification page, not by an outside authority. The same file, reason and moment give the same
signed bytes. pyHanko takes a second to load and is imported at first use.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from crm import clock, config

FIELD = "Certification"
ROOM = 6144  # hex digits kept free for the signature, which takes about 3,700; fixed, so that bytes repeat
BOUNDARY = b"-----BEGIN CERTIFICATE-----"
VALID_DAYS = 365 * 30  # papers are checked for as long as they are kept, and nobody renews a key made once


class SignatureState(StrEnum):
    """What a check found."""

    UNSIGNED = "unsigned"
    VALID = "valid"
    FOREIGN = "foreign"
    CHANGED = "changed"


@dataclass(frozen=True)
class Checked:
    """The state of a file's signature, and who is said to have signed when."""

    state: SignatureState
    signer: str = ""
    signed_at: datetime | None = None


def sign(pdf: bytes, *, reason: str, when: datetime, name: str) -> bytes:
    """The PDF with the consortium's certification signature; the moment is aware. ``name`` serves when no key exists yet."""
    from pyhanko.sign import fields, signers

    tools = _tools()
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD, reason=reason, name=name, md_algorithm="sha256", certify=True,
        subfilter=fields.SigSeedSubFilter.PADES, docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )  # fmt: skip
    signer = tools.Signer(*_loaded(_key_file(name)))
    writer = tools.Writer(io.BytesIO(pdf))
    out = tools.Certifier(meta, signer, when.astimezone(clock.TOKYO)).sign_pdf(writer, bytes_reserved=ROOM)
    signed: bytes = out.getvalue()
    return signed


def check(pdf: bytes) -> Checked:
    """Whether a file carries the consortium's signature and is as it was signed. Never raises: a broken file is CHANGED."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        found = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        return _checked(found[0]) if found else Checked(SignatureState.UNSIGNED)
    except (PdfError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return Checked(SignatureState.CHANGED)


def _checked(embedded: Any) -> Checked:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    certificate = embedded.signer_cert
    trusted = ValidationContext(trust_roots=[certificate], allow_fetching=False)
    status = validate_pdf_signature(embedded, trusted)
    own = _key_file(None)
    if not (status.bottom_line and status.coverage is SignatureCoverageLevel.ENTIRE_FILE):
        state = SignatureState.CHANGED
    elif own.exists() and _loaded(own)[0].dump() == certificate.dump():
        state = SignatureState.VALID
    else:
        state = SignatureState.FOREIGN
    subject = certificate.subject.native
    return Checked(state, str(subject.get("common_name", "")), embedded.self_reported_timestamp)


def _key_file(name: str | None) -> Path:
    """The file with key and certificate; made for ``name`` if it is missing and a name is given."""
    path = config.settings().data_dir / "keys" / "signing.pem"
    if name is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_new_key(name))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # whoever links first decides; the file is never seen half written
        draft.unlink()
    return path


def _new_key(name: str) -> bytes:
    """A new key and its certificate as PEM. The key may sign and commit to content, nothing else (RFC 5280, 4.2.1.3)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    short = name[:64]  # RFC 5280, appendix A.1: the upper bound of a common name
    who = x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, short),
        x509.NameAttribute(NameOID.COMMON_NAME, short),
    ])  # fmt: skip
    now = clock.now()
    usage = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )  # fmt: skip
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _loaded(path: Path) -> tuple[Any, Any]:
    """Certificate and key in the form pyHanko takes."""
    from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data

    key, _, certificate = path.read_bytes().partition(BOUNDARY)
    (loaded,) = load_certs_from_pemder_data(BOUNDARY + certificate)
    return loaded, load_private_key_from_pemder_data(key, passphrase=None)


@dataclass(frozen=True)
class _Tools:
    Signer: Any
    Certifier: Any
    Writer: Any


@cache
def _tools() -> _Tools:
    """pyHanko's classes, made to give the same bytes for the same file: no chance in signature, file id or time."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    class Signer(signers.SimpleSigner):
        def __init__(self, certificate: Any, key: Any) -> None:
            super().__init__(certificate, key, SimpleCertificateStore())

        def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
            key = serialization.load_der_private_key(self.signing_key.dump(), password=None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            assert digest_algorithm == "sha256"
            return key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))  # RFC 6979

    class Certifier(signers.PdfSigner):
        def __init__(self, meta: Any, signer: Any, when: datetime) -> None:
            super().__init__(meta, signer)
            self.when = when

        def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
            session = super().init_signing_session(*args, **kwargs)
            session.system_time = self.when
            return session

    class Writer(IncrementalPdfFileWriter):
        @classmethod
        def _handle_id(cls, prev: Any) -> Any:
            first, _ = super()._handle_id(prev)
            second = hashlib.sha256(bytes(first) + b"signed").digest()[:16]
            return generic.ArrayObject([first, generic.ByteStringObject(second)])

        def _update_meta(self) -> None:
            """The paper's own dates stay; pyHanko would write the present moment."""

    return _Tools(Signer, Certifier, Writer)
