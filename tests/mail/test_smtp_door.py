"""SMTP addresses as operators write them, and a server whose certificate nobody vouches for."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from crm.mail import messages
from crm.mail.outbox import Letter
from crm.mail.smtp_door import Door, Server, Unreachable
from tests.mail.conftest import Sink


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost", Server("localhost", 25, "", "", False)),
        ("smtp://u:p%40ss@mail.example.jp", Server("mail.example.jp", 587, "u", "p@ss", False)),
        ("smtps://u:p@mail.example.jp", Server("mail.example.jp", 465, "u", "p", True)),
        ("smtp://mail.example.jp:2525", Server("mail.example.jp", 2525, "", "", False)),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, server: Server) -> None:
    assert Server.of(url) == server


@pytest.mark.parametrize("url", ["http://mail.example.jp", "mail.example.jp:25", "smtp://", "smtp://host:port"])
def test_an_address_that_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        Server.of(url)


@pytest.fixture
def unknown_certificate(tmp_path: Path) -> ssl.SSLContext:
    """TLS with a certificate no authority signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - day).not_valid_after(now + day).add_extension(address, critical=False)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem += key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    (tmp_path / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    return context


@pytest.fixture
def offering_tls(port: int, unknown_certificate: ssl.SSLContext) -> Iterator[Sink]:
    """A server that offers STARTTLS."""
    kept = Sink()
    controller = Controller(kept, hostname="127.0.0.1", port=port, tls_context=unknown_certificate)
    controller.start()
    yield kept
    controller.stop()


def test_a_server_nobody_vouches_for_gets_no_letter(
    app: Flask, offering_tls: Sink, a_letter: object, port: int
) -> None:
    letter = a_letter()  # type: ignore[operator]
    assert isinstance(letter, Letter)
    with Door(f"smtp://127.0.0.1:{port}") as door, pytest.raises(Unreachable, match="certificate"):
        door.send(messages.envelope(letter))
    assert offering_tls.taken == []


def test_a_password_is_not_sent_in_clear_to_another_machine(
    sink: Sink, app: Flask, a_letter: object, port: int
) -> None:
    letter = a_letter()  # type: ignore[operator]
    with Door(f"smtp://user:secret@127.1:{port}") as door, pytest.raises(Unreachable, match="no TLS"):
        door.send(messages.envelope(letter))
