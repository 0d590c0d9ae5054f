"""A passkey's device in software: makes and uses P-256 credentials as a browser would hand them on."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One device with one key, at one site."""

    def __init__(self, origin: str, rp_id: str, *, verifies: bool = True) -> None:
        self.origin, self.rp_id = origin, rp_id
        self.flags = PRESENT | (VERIFIED if verifies else 0)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.count = 0

    def make(self, options: dict[str, Any]) -> str:
        """The answer to registration options."""
        client = self._client("webauthn.create", options)
        data = self._data(self.flags | ATTESTED) + bytes(16) + struct.pack(">H", 32) + self.credential_id + self._cose()
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": _words(client), "attestationObject": _words(attested)})

    def use(self, options: dict[str, Any]) -> str:
        """The answer to authentication options."""
        self.count += 1
        client, data = self._client("webauthn.get", options), self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {"clientDataJSON": _words(client), "authenticatorData": _words(data), "signature": _words(signature)}
        )

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def _cose(self) -> bytes:
        point = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})

    def _answer(self, response: dict[str, str]) -> str:
        name = _words(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _words(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def content_of(words: str) -> bytes:
    """The bytes behind base64url without padding."""
    return urlsafe_b64decode(words + "=" * (-len(words) % 4))
