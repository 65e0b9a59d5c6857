"""One row of the ledger: what it says, how it is hashed, and what it was made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from processors.opt_out.phone_digests import PhoneDigest
from schemas.provider_facts import CAREFUL, ProviderFacts

#: `migration`: about nobody; it takes rows of chain version 1 into the chain by their phones' digests.
Action = Literal["out", "in", "hold", "release", "correction", "migration"]
#: What a person is asked about.
ReviewKind = Literal["hold", "out", "unrecognized", "parked", "opt-in"]
#: What the actor of a person's decision begins with.
OPERATOR = "operator:"

#: What the first row has in place of the hash before it.
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a row was decided from: a person's own words, kept beside the ledger."""

    text: str | None
    name: str | None = None

    def digest(self, salt: bytes) -> str:
        """What the ledger holds of it: nobody can guess the text from it without the salt."""
        hashed = json.dumps([self.text, self.name], ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(salt + hashed.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """What is to be a row of the ledger. What only the ledger knows is not in it yet."""

    phone: str  #: E.164 where possible, else as it came
    phone_as_received: str | None = None  #: what came in its place, where that was another text
    action: Action
    actor: str  #: contact, provider, clock, reconcile, parked, rules, or operator:NAME
    reason: str | None = None  #: in words, for what no rule decided; without personal data
    tier: str | None = None
    rule: str | None = None
    rule_set: int | None = None
    provider: str | None = None
    account: str | None = None
    account_phone: str | None = None  #: our own number
    event_id: UUID | None = None
    message_id: str | None = None
    occurred_at: datetime | None = None  #: the provider's own time; None: it gave none that can be believed
    received_at: datetime | None = None  #: None: it is decided now, after all that is known of the phone
    event_hash: str | None = None
    topic: str | None = None
    partition: int | None = None
    record_offset: int | None = None
    corrects: int | None = None  #: the position of the row that a correction voids
    evidence: Evidence | None = None
    review: ReviewKind | None = None  #: the question to open with it
    question: str = ""  #: in words
    clock_starts_now: bool = False  #: the review's clock starts when it is decided, not when it was received


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the ledger. The meaning of each column is beside it in schemas/sql, 0007_opt_outs and 0029."""

    position: int
    phone: str
    action: Action
    echo: bool
    tier: str | None
    rule: str | None
    rule_set: int | None
    actor: str
    reason: str | None
    provider: str | None
    account: str | None
    account_phone: str | None
    event_id: UUID | None
    message_id: str | None
    effective_at: datetime
    occurred_at: datetime | None
    received_at: datetime
    decided_at: datetime
    deadline: datetime | None
    event_hash: str | None
    topic: str | None
    partition: int | None
    record_offset: int | None
    corrects: int | None
    evidence_digest: str | None
    chain_version: int = 1
    phone_digest: str | None = None
    phone_pepper: str | None = None
    previous_hash: str
    hash: str = ""
    facts: ProviderFacts = field(default=CAREFUL, compare=False)  #: about its provider; no column of the ledger

    def hashed(self) -> str:
        """The hash that it ought to have, over the columns of its chain version in canonical JSON."""
        return _hash_over(self, _HASHED[self.chain_version], {})

    def joined(self, previous: str, digest: PhoneDigest) -> str:
        """The link of a row of chain version 1 in the chain of digests, behind the link `previous`.

        Over all that it says but its phone, its own hash included, so that it still holds when the phone is erased.
        """
        extra = {"joined": previous, "phone_digest": digest.digest, "phone_pepper": digest.pepper}
        return _hash_over(self, _JOINED, extra)

    @property
    def known_digest(self) -> PhoneDigest | None:
        """What the chain holds in place of its phone; None: the phone itself, or there is none."""
        if self.phone_digest is None or self.phone_pepper is None:
            return None
        return PhoneDigest(self.phone_pepper, self.phone_digest)

    @property
    def why(self) -> str:
        """What made it, in words without personal data."""
        by = self.actor if self.provider is None else f"{self.actor} at {self.provider}/{self.account}"
        what = self.reason or (f"rule {self.rule}" if self.rule else "reported")
        return f"{self.action} by {by}: {what}"


COLUMNS = tuple(column.name for column in fields(Entry) if column.name != "facts")
_OF_VERSION_2 = ("chain_version", "phone_digest", "phone_pepper")
#: By chain version, the columns that the hash is over.
_HASHED = {
    1: tuple(name for name in COLUMNS if name not in ("hash", *_OF_VERSION_2)),
    2: tuple(name for name in COLUMNS if name not in ("hash", "phone")),
}
_JOINED = tuple(name for name in COLUMNS if name not in ("phone", *_OF_VERSION_2))
#: The columns as SQL lists them.
SELECTED = ", ".join(COLUMNS)


def entry(row: tuple[Any, ...], facts: Mapping[str, ProviderFacts] = MappingProxyType({})) -> Entry:
    """A row of `SELECT {SELECTED}`, with what `facts` has about its provider."""
    values = dict(zip(COLUMNS, row, strict=True))
    return Entry(**values, facts=facts.get(values["provider"], CAREFUL))


def _hash_over(row: Entry, columns: tuple[str, ...], extra: dict[str, str]) -> str:
    hashed = {name: _plain(getattr(row, name)) for name in columns} | extra
    text = json.dumps(hashed, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value
