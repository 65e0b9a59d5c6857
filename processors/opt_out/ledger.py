"""Adding to the ledger, and everything that follows from a new row, in one transaction.

One lock guards the chain. It is taken after every other lock and held until the transaction ends, so rows become
visible in the order of their positions, and whoever holds it reads a phone's rows knowing that there are no more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from processors.opt_out import business_days, enforcement, reviews, states
from processors.opt_out.entry import COLUMNS, GENESIS, SELECTED, Entry, EntryDraft
from processors.opt_out.fold import FoldedState, fold
from processors.opt_out.phone_digests import erased_digest
from processors.opt_out.settings import OptOutSettings
from runtime.postgres import Connection
from schemas.times import MICROSECOND

#: "HLOPTOUT" in ASCII, as the key of PostgreSQL's advisory lock.
LOCK = 0x484C4F50544F5554

#: How far a receipt may be ahead of the ledger's clock because no two clocks are the same.
CLOCKS_APART = timedelta(minutes=1)
_LAST = datetime.max.replace(tzinfo=UTC)
_HEAD = "SELECT position, hash, decided_at FROM opt_out_ledger ORDER BY position DESC LIMIT 1"
_KNOWN = "SELECT event_id, phone FROM opt_out_ledger WHERE event_id = ANY (%s)"
#: Those of some numbers that are back: the gate knows them under what was erased, too. Hardly ever any.
_BACK = """
SELECT phone, erased_phone FROM unnest(%s::text[], %s::text[]) AS known (phone, erased_phone)
WHERE EXISTS (SELECT FROM opt_outs AS o WHERE o.phone = known.erased_phone)
"""
#: Whoever may not say that a number is back leaves its states apart, and the gate takes the worst of them.
_MAY_LINK = "SELECT has_table_privilege('erased_returns', 'INSERT')"
_LINK = """
INSERT INTO erased_returns (phone, erased_phone) SELECT * FROM unnest(%s::text[], %s::text[])
ON CONFLICT DO NOTHING RETURNING phone
"""
_LATEST = """
SELECT phone, max(greatest(received_at, effective_at, occurred_at)) FROM opt_out_ledger
WHERE phone = ANY (%s) GROUP BY phone
"""
_INSERT = (
    f"INSERT INTO opt_out_ledger ({SELECTED}, phone_as_received)"  # noqa: S608 - our columns
    f" VALUES ({', '.join(['%s'] * len(COLUMNS))}, %s)"
)
_EVIDENCE = "INSERT INTO opt_out_evidence (digest, salt, text, name) VALUES (%s, %s, %s, %s)"
_values = attrgetter(*COLUMNS)
#: What a draft and an entry have in common.
_SHARED = tuple({field.name for field in fields(EntryDraft)} & set(COLUMNS))


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def database_clock(connection: Connection) -> Callable[[], datetime]:
    """PostgreSQL's clock, for what a person decides: the ledger refuses times ahead of it, and a stop is not to be
    refused because of a person's own machine."""

    def now() -> datetime:
        [(at,)] = connection.execute("SELECT clock_timestamp()").fetchall()
        return at.astimezone(UTC)  # type: ignore[no-any-return] # a timestamptz

    return now


def _effective(received: datetime, occurred: datetime | None, now: datetime) -> datetime:
    """When it was said, or `now` where that lies ahead: by a node's clock that was wrong, an opt-in would be later than
    every stop to come, and the deadline of a stop would not come for years."""
    said = received if occurred is None else min(occurred, received)
    return now if said > now + CLOCKS_APART else said


def _after(moment: datetime) -> datetime:
    """The first moment after `moment`; the last that there is, if that is it."""
    return moment + MICROSECOND if moment < _LAST else moment


def lock(connection: Connection) -> None:
    """Be alone with the ledger until the transaction ends. Nothing else may be locked after it."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


class Ledger:
    """Adds rows. Holds no state of its own; any number of processes may have one."""

    def __init__(self, settings: OptOutSettings, now: Callable[[], datetime] = utc_now) -> None:
        self._settings = settings
        self._peppers = settings.peppers()
        self.now = now

    def append(self, connection: Connection, drafts: Sequence[EntryDraft]) -> list[Entry]:
        """Add those of `drafts` whose event is not there yet; the new rows. Within the caller's transaction.

        With each come its evidence, the state of its phone, its enforcements, and the question that it asks.
        """
        if not drafts:
            return []
        lock(connection)
        new = self._unknown(connection, drafts)
        if not new:
            return []
        entries = self._chained(connection, new)
        with connection.cursor() as cursor:
            rows = [(*_values(entry), draft.phone_as_received) for entry, draft in zip(entries, new, strict=True)]
            cursor.executemany(_INSERT, rows)
        phones = {entry.phone for entry in entries}
        self.link_returned(connection, phones)
        self.follow(connection, phones, entries, new)
        return entries

    def link_returned(self, connection: Connection, phones: Iterable[str]) -> set[str]:
        """Have the rows about `phones` and about what was erased of the same numbers fold together; which were not."""
        pairs = [(phone, known) for phone in sorted(phones) for known in self._erased_phones(phone)]
        back = connection.execute(_BACK, _columns(pairs)).fetchall() if pairs else []
        if not back or connection.execute(_MAY_LINK).fetchone() != (True,):
            return set()
        return {phone for (phone,) in connection.execute(_LINK, _columns(back))}

    def follow(
        self,
        connection: Connection,
        phones: Iterable[str],
        entries: Sequence[Entry] = (),
        drafts: Sequence[EntryDraft] = (),
    ) -> None:
        """Bring everything that depends on the ledger's rows about `phones` up to date, `entries` being new."""
        now = self.now()
        standings = states.refold(connection, phones, self._settings.scope, now)
        enforcement.follow(connection, entries, standings, now)
        reviews.follow(connection, list(zip(entries, drafts, strict=True)), standings, now)

    def folded(self, connection: Connection, phone: str) -> FoldedState | None:
        """How `phone` stands by the rows that are there; None: no row."""
        return fold(states.counting_entries_of(connection, [phone]).get(phone, []), self._settings.scope)

    def _unknown(self, connection: Connection, drafts: Sequence[EntryDraft]) -> list[EntryDraft]:
        """Those whose event has no row about their phone, erased or not, each once."""
        ids = [draft.event_id for draft in drafts if draft.event_id is not None]
        known: set[tuple[Any, str]] = set(connection.execute(_KNOWN, (ids,)).fetchall()) if ids else set()
        new: list[EntryDraft] = []
        for draft in drafts:
            keys = {(draft.event_id, phone) for phone in (draft.phone, *self._erased_phones(draft.phone))}
            if draft.event_id is None or known.isdisjoint(keys):
                new.append(draft)
                known.add((draft.event_id, draft.phone))
        return new

    def _erased_phones(self, phone: str) -> list[str]:
        """What the ledger may have in the place of `phone`, by each key, where it was erased."""
        return [] if erased_digest(phone) else [digest.erased_phone for digest in self._peppers.digests(phone)]

    def _chained(self, connection: Connection, drafts: Sequence[EntryDraft]) -> list[Entry]:
        head = connection.execute(_HEAD).fetchone()
        position, previous, decided = head or (0, GENESIS, None)
        # The chain tells the order in which things were decided, whatever the wall clock does meanwhile.
        now = self.now() if decided is None else max(self.now(), decided)
        latest = self._latest(connection, drafts)
        echoes = enforcement.echoes(connection, drafts)
        entries: list[Entry] = []
        for draft in drafts:
            if draft.received_at is None:  # decided with all in view that is known of the phone: later than any of it
                received = max(now, _after(latest.get(draft.phone, now)))
                effective = received if draft.occurred_at is None else min(draft.occurred_at, received)
            else:
                received = draft.received_at
                effective = _effective(received, draft.occurred_at, now)
            position += 1
            unhashed = Entry(
                position=position,
                echo=id(draft) in echoes,
                effective_at=effective,
                decided_at=now,
                deadline=self._deadline(draft, effective, now if draft.clock_starts_now else min(received, now)),
                evidence_digest=None,
                previous_hash=previous,
                **self._version(draft),
                **{name: getattr(draft, name) for name in _SHARED if name != "received_at"},
                received_at=received,
            )
            if draft.evidence is not None:
                salt = os.urandom(16)
                digest = draft.evidence.digest(salt)
                connection.execute(_EVIDENCE, (digest, salt, draft.evidence.text, draft.evidence.name))
                unhashed = replace(unhashed, evidence_digest=digest)
            entry = replace(unhashed, hash=unhashed.hashed())
            entries.append(entry)
            previous = entry.hash
            latest[draft.phone] = max(received, latest.get(draft.phone, received))
        return entries

    @staticmethod
    def _latest(connection: Connection, drafts: Sequence[EntryDraft]) -> dict[str, datetime]:
        """The latest time that is known of each phone about which something is decided now."""
        decided_now = sorted({draft.phone for draft in drafts if draft.received_at is None})
        return dict(connection.execute(_LATEST, (decided_now,)).fetchall()) if decided_now else {}

    def _version(self, draft: EntryDraft) -> dict[str, Any]:
        """What the hash is over: a digest of the phone where there is a key, else the phone itself.

        A stop is written whether or not a setting is there; opt-out joins such rows later (`phone_join.py`).
        """
        if draft.action == "migration":
            return {"chain_version": 2}
        if not self._peppers:
            return {"chain_version": 1}
        digest = self._peppers.digest(draft.phone)
        return {"chain_version": 2, "phone_digest": digest.digest, "phone_pepper": digest.pepper}

    def _deadline(self, draft: EntryDraft, effective: datetime, clock_starts: datetime) -> datetime | None:
        zone = self._settings.time_zone
        if draft.action == "out":
            return business_days.after(effective, self._settings.deadline_business_days, zone)
        if draft.action == "hold":
            return business_days.after(clock_starts, self._settings.hold_business_days, zone)
        return None
