"""Signed heads of the ledger: what an auditor compares the chain with, out of reach of whoever owns the database.

A head is the position and the hash of a row. Its signature is Ed25519 over `statement`, so anybody with the public key
and SHA-256 can check a chain without us. The first of `HOOKLINE_OPT_OUT__HEAD_KEYS` signs; every key verifies.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: Bytes of an Ed25519 key, private (its seed) or public.
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class SignedHead:
    """One head, as it is published: a line of JSON."""

    position: int  #: of the newest row when it was signed
    hash: str  #: of that row
    signed_at: str  #: ISO 8601, UTC
    key: str  #: which key signed it, see `key_name`
    signature: str  #: Base64

    @property
    def statement(self) -> bytes:
        """What is signed: four lines of ASCII, without a line end after the last."""
        return f"hookline opt-out ledger head\n{self.position}\n{self.hash}\n{self.signed_at}".encode()

    def line(self) -> bytes:
        """The JSON, without a line end."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()


class HeadSigner:
    """Signs with one private key."""

    def __init__(self, private_key: str) -> None:
        """`private_key`: Base64 of 32 random bytes. Raises ValueError where it is none."""
        self._private = Ed25519PrivateKey.from_private_bytes(key_bytes(private_key))
        self.public_key = base64.b64encode(self._private.public_key().public_bytes_raw()).decode()

    def sign(self, position: int, row_hash: str, now: datetime) -> SignedHead:
        """The signed head of the row at `position`."""
        signed_at = now.astimezone(UTC).isoformat(timespec="microseconds")
        unsigned = SignedHead(position, row_hash, signed_at, key_name(self.public_key), "")
        signature = base64.b64encode(self._private.sign(unsigned.statement)).decode()
        return SignedHead(position, row_hash, signed_at, unsigned.key, signature)


class HeadVerifier:
    """Knows public keys, and which heads they vouch for."""

    def __init__(self, public_keys: Iterable[str]) -> None:
        """`public_keys`: Base64 of 32 bytes each. Raises ValueError where one is none."""
        self._keys: Mapping[str, Ed25519PublicKey] = {
            key_name(key): Ed25519PublicKey.from_public_bytes(key_bytes(key)) for key in public_keys
        }

    def genuine(self, line: bytes) -> SignedHead | None:
        """The head in `line`; None: it is none, or no known key has signed it."""
        try:
            fields = json.loads(line)
            head = SignedHead(**fields) if isinstance(fields, dict) else None
            if head is None or not _well_formed(head):
                return None
            self._keys[head.key].verify(base64.b64decode(head.signature, validate=True), head.statement)
        except (ValueError, TypeError, KeyError, RecursionError, InvalidSignature):
            return None
        return head


def key_name(public_key: str) -> str:
    """How a key is called in a head: the first 16 hexadecimal digits of SHA-256 over the public key's bytes."""
    return hashlib.sha256(key_bytes(public_key)).hexdigest()[:16]


def key_bytes(text: str) -> bytes:
    """The 32 bytes that `text` is the Base64 of. Raises ValueError."""
    try:
        found = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != KEY_BYTES:
        raise ValueError("a key is 32 bytes in Base64; `openssl rand -base64 32` makes one")
    return found


def _well_formed(head: Any) -> bool:
    texts = (head.hash, head.signed_at, head.key, head.signature)
    is_number = isinstance(head.position, int) and not isinstance(head.position, bool)
    return is_number and all(isinstance(text, str) for text in texts)
