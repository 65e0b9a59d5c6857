"""What the ledger's chain holds in place of a phone: a keyed digest, which only holders of the key can guess back.

So the phone, which stands beside it, can be erased and the chain still holds. HMAC-SHA256 rather than a hash: there are
few enough phone numbers to try them all. An erased phone is kept as `erased:PEPPER:DIGEST`, wherever numbers have to be
told apart.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

_ERASED = re.compile(r"erased:([0-9a-f]{16}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class PhoneDigest:
    """What the chain holds of one phone."""

    pepper: str  #: the name of the key (`pepper_name`)
    digest: str  #: HMAC-SHA256 of the phone's UTF-8, hexadecimal

    @property
    def erased_phone(self) -> str:
        """What stands in the phone's place once it is erased."""
        return f"erased:{self.pepper}:{self.digest}"


class PhonePeppers:
    """The keys, newest first: the first makes digests, all check them."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        """`secrets`: of HOOKLINE_OPT_OUT__PHONE_PEPPERS."""
        self._keys: Mapping[str, bytes] = MappingProxyType({pepper_name(secret): secret.encode() for secret in secrets})

    def __bool__(self) -> bool:
        return bool(self._keys)

    @property
    def names(self) -> frozenset[str]:
        """What the keys are called in the ledger."""
        return frozenset(self._keys)

    def digest(self, phone: str) -> PhoneDigest:
        """The digest of `phone` by the newest key; of an erased one the digest that it has. Raises ValueError."""
        if (erased := erased_digest(phone)) is not None:
            return erased
        if not self._keys:
            raise ValueError("no pepper is set: HOOKLINE_OPT_OUT__PHONE_PEPPERS")
        name, key = next(iter(self._keys.items()))
        return PhoneDigest(name, _digest(key, phone))

    def digests(self, text: str) -> list[PhoneDigest]:
        """The digest of `text` by each key."""
        return [PhoneDigest(name, _digest(key, text)) for name, key in self._keys.items()]

    def is_of(self, phone: str, known: PhoneDigest) -> bool | None:
        """Whether `known` is the digest of `phone`; None: its key is not among ours, or the phone is erased."""
        if (erased := erased_digest(phone)) is not None:
            return None if erased == known or erased.pepper != known.pepper else False
        key = self._keys.get(known.pepper)
        return None if key is None else hmac.compare_digest(_digest(key, phone), known.digest)


def erased_digest(phone: str) -> PhoneDigest | None:
    """The digest that stands in the place of an erased phone; None: `phone` is none that was erased."""
    found = _ERASED.fullmatch(phone)
    return None if found is None else PhoneDigest(*found.groups())


def pepper_name(secret: str) -> str:
    """How a key is called in the ledger: 16 hexadecimal digits that tell nothing about it."""
    return hmac.digest(secret.encode(), b"hookline phone pepper", hashlib.sha256).hex()[:16]


def _digest(key: bytes, phone: str) -> str:
    return hmac.digest(key, phone.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()
