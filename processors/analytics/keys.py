"""Keyed hashes in the place of phones and ids: HMAC-SHA-256, cut to 128 bits.

A hash without a secret is no protection: an area code has ten million numbers, and TextLink's event ids and message
keys are hashes of a phone, a text and a time.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from functools import lru_cache
from uuid import UUID

#: Bytes of the hash that are kept: two of a billion values meet by chance once in 10^20 times.
_BYTES = 16
#: Phones and words that are remembered with their keys.
_REMEMBERED = 50_000
#: What may stand as it is where a word of ours or the name of an account is expected: no number of five digits or more.
_PLAIN_WORD = re.compile(r"(?!.*[0-9]{5})[A-Za-z][A-Za-z0-9_.-]{0,62}", re.ASCII)
_SHORT_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
#: In front of a key that stands where a word is expected.
_SIGN = "#"


class Keys:
    """Makes keys with one secret. The same value gives the same key, for each kind of value another."""

    def __init__(self, secret: str) -> None:
        self._keyed = hmac.new(secret.encode(), digestmod="sha256")
        self.key_id = self._hash("key_id", "").hex()[:8]  #: says which secret it was, and nothing about it
        self.phone = lru_cache(_REMEMBERED)(lambda phone: self.of("phone", phone))
        self.word = lru_cache(_REMEMBERED)(self._word)

    def of(self, kind: str, value: str) -> str:
        """The key of `value`, 22 characters."""
        return urlsafe_b64encode(self._hash(kind, value)).rstrip(b"=").decode()

    def maybe(self, kind: str, value: str | None) -> str | None:
        """The key of `value`, where there is one."""
        return None if value is None else self.of(kind, value)

    def event_id(self, event_id: UUID) -> UUID:
        """The keyed id of an event: a UUID of version 8, whose bits are the application's own (RFC 9562)."""
        found = bytearray(self._hash("event", event_id.hex))
        found[6] = found[6] & 0x0F | 0x80
        found[8] = found[8] & 0x3F | 0x80
        return UUID(bytes=bytes(found))

    def _word(self, value: str) -> str:
        """A word of ours or an account's name as it is; what is no plain word, as a key."""
        return value if _PLAIN_WORD.fullmatch(value) else _SIGN + self.of("word", value)

    def short_number(self, value: str | None) -> str | None:
        """A number of up to six digits as it is, such as a SIM's; anything else as a key."""
        return value if value is None or _SHORT_NUMBER.fullmatch(value) else _SIGN + self.of("word", value)

    def label(self, value: str, readable: frozenset[str]) -> str:
        """A tag as it is where it is one of `readable`, or empty; else as a key."""
        return value if not value or value in readable else _SIGN + self.of("tag", value)

    def _hash(self, kind: str, value: str) -> bytes:
        # Not hmac.digest: that lets go of the interpreter's lock each time, and then waits for the thread that reads.
        found = self._keyed.copy()
        found.update(f"{kind}:{value}".encode("utf-8", "surrogatepass"))
        return found.digest()[:_BYTES]
