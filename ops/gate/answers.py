"""What the gate answers: the state of each number, and `out` for whatever is not surely known.

A number is looked up as whatever it may have been stored as, and the worst of what is found is the answer. One that
was erased is found by digests of its forms (docs/erasure.md). Fail closed: a text that is not sent can be sent later,
one that was sent to a person who said stop cannot be called back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg

from ops.gate.certainty import LATER, SOON, Certainty, Doubt, split, with_certainty
from processors.opt_out.ledger_phones import IS_ALIKE, NO_PEPPERS, erased_matches
from processors.opt_out.phone_digests import PhonePeppers
from runtime import logs, metrics
from runtime.phone_lookup import Match, NumberQuery, number_query
from runtime.postgres import Connection
from runtime.reminder import Reminder

log = logs.logger("hookline.gate")

#: With the keys by which each row may have been found.
_STATES = f"""
SELECT phone, state, since, reason,
    CASE WHEN phone ~ '^[+][0-9]+$' THEN ARRAY[lookup_key] ELSE phone_lookup_keys(phone) END
FROM opt_outs WHERE {IS_ALIKE}
"""  # noqa: S608 - texts of ours
_ERASED = """
SELECT o.phone, o.state, o.since, o.reason, ARRAY[e.digest] FROM erased_numbers AS e JOIN opt_outs AS o USING (phone)
WHERE e.digest = ANY (%s)
"""
_STATEMENT = with_certainty(_STATES)
_WITH_ERASED = with_certainty(f"{_STATES} UNION ALL {_ERASED}")
#: States, the worst last.
_WORSE = ("in", "hold", "out")


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """About one number."""

    phone: str  #: E.164 where it is a full number, else as it was asked
    state: str  #: "out" and "hold": do not text it; "in": it may be texted
    since: datetime | None  #: None: it was never out
    why: str
    sure: bool = True  #: False: nothing sure is known, which is why it is out
    retry_after: int | None = None  #: seconds until asking again may bring a sure answer; None: it will not

    @property
    def may_be_texted(self) -> bool:
        """Only what is surely in."""
        return self.state == "in"


class Answers:
    """Reads states, in at most so many seconds. Used by any number of threads."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        *,
        threads: int,
        timeout: float,
        fresh: float,
        topics: Collection[str],
        region: str | None,
        peppers: PhonePeppers = NO_PEPPERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fresh`: seconds after which a stop has to be in the ledger. `topics`: those that opt-out reads.

        `peppers`: by which erased numbers are found; as long as there are none, nobody looks for them.
        """
        self._connect = connect
        self.timeout = timeout  #: seconds after which nobody waits any longer
        self._fresh = fresh
        self._topics = topics
        self._clock = clock
        self._region = region
        self._peppers = peppers
        self._are_erased = False  #: whether any number was when last looked
        self._reminder = Reminder()
        self._held = threading.local()
        # A server that hangs keeps its threads; those who ask have their answer in time all the same.
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="gate")

    def about(self, numbers_asked: Sequence[str]) -> list[GateAnswer]:
        """One answer a number, in their order: `out` for each where anything fails."""
        numbers = [number_query(text, self._region) for text in numbers_asked]
        begun = self._clock()
        try:
            certainty, known, erased = self._pool.submit(self._read, numbers).result(self.timeout)
            found = [_answer(number, digests, known) for number, digests in zip(numbers, erased, strict=True)]
            # Asked last: this process may have been frozen since the ledger was read.
            doubt = self._doubt(certainty, begun)
        except Exception as error:  # noqa: BLE001 - a bug of ours is no reason to let a text go out
            metrics.GATE_FAILURES.inc()
            if self._reminder.due():
                log.error("gate_fails_closed", error_class=type(error).__name__, phones=len(numbers))
            is_down = isinstance(error, (psycopg.Error, NoAnswer))
            why = f"it is not known: {'the ledger does not answer' if is_down else 'a fault of ours'}"
            return [
                GateAnswer(number.phone.number, "out", None, why, sure=False, retry_after=SOON) for number in numbers
            ]
        self._reminder.reset()
        return found if doubt is None else [doubted(answer, doubt) for answer in found]

    def doubt(self) -> Doubt | None:
        """Why nothing sure can be said about any number at the moment; None: it can. Raises psycopg.Error, NoAnswer."""
        begun = self._clock()
        certainty, _, _ = self._pool.submit(self._read, []).result(self.timeout)
        return self._doubt(certainty, begun)

    def _doubt(self, certainty: Certainty, begun: float) -> Doubt | None:
        doubt = certainty.doubt(self._topics, self._fresh, self._clock() - begun)
        if doubt is not None:
            return doubt
        if certainty.nodes_heard_at is None:
            # Webhooks that are answered all the same are answered by a node that could not report its spool.
            return Doubt("no node of ingest is known to run", SOON)
        lacking = set(certainty.erased_peppers or ()) - self._peppers.names
        if lacking:
            return Doubt("numbers were erased under a key that the gate lacks: HOOKLINE_GATE__PHONE_PEPPERS", LATER)
        return None

    def _read(self, numbers: list[NumberQuery]) -> tuple[Certainty, Known, list[ErasedMatches]]:
        looks_for_erased = self._are_erased
        erased = self._erased(numbers) if looks_for_erased else [{}] * len(numbers)
        certainty, states = split(self._rows(numbers, erased if looks_for_erased else None))
        if certainty.erased_peppers and not looks_for_erased:
            self._are_erased = True
            erased = self._erased(numbers)
            certainty, states = split(self._rows(numbers, erased))
        known: Known = {}
        for phone, state, since, why, keys in states:
            for name in {phone, *keys}:
                known.setdefault(name, []).append(StoredState(phone, state, since, why))
        return certainty, known, erased

    def _rows(self, numbers: list[NumberQuery], erased: Sequence[ErasedMatches] | None) -> list[tuple[Any, ...]]:
        """One statement outside of any transaction: one way there and back. `erased` None: nobody looks for these."""
        phones = sorted({number.phone.number for number in numbers})
        keys = sorted({key for number in numbers for key in number.keys})
        values = [phones, keys, keys]
        if erased is not None:
            values.append(sorted({digest for digests in erased for digest in digests}))
        statement = _STATEMENT if erased is None else _WITH_ERASED
        connection: Connection | None = getattr(self._held, "connection", None)
        try:
            return (connection or self._connected()).execute(statement, values, prepare=True).fetchall()
        except psycopg.OperationalError:
            # The session may have ended long ago, with nobody to hear of it: once more, on a new one.
            return self._connected().execute(statement, values, prepare=True).fetchall()

    def _erased(self, numbers: list[NumberQuery]) -> list[ErasedMatches]:
        return [erased_matches(number, self._peppers) for number in numbers]

    def _connected(self) -> Connection:
        """This thread's connection, made anew."""
        old: Connection | None = getattr(self._held, "connection", None)
        self._held.connection = None
        if old is not None:
            old.close()
        connection = self._held.connection = self._connect()
        return connection


def doubted(answer: GateAnswer, doubt: Doubt) -> GateAnswer:
    """`answer`, when the ledger may lack a stop: out, whatever it says."""
    return replace(answer, state="out", why=doubt.why, sure=False, retry_after=doubt.retry_after)


@dataclass(frozen=True, slots=True)
class StoredState:
    """The state of a number, under the text as which it is stored."""

    phone: str
    state: str
    since: datetime
    why: str


#: By digest, how sure it is that an erased number that is found by it is the one that is asked about.
ErasedMatches = Mapping[str, Match]
#: What was found, by its number, by its lookup key, and by the digest of an erased one.
Known = dict[str | None, list[StoredState]]


def _answer(number: NumberQuery, erased: ErasedMatches, known: Known) -> GateAnswer:
    """The worst of what is known of `number`, and of numbers that cannot be told apart from it."""
    phone, full = number.phone
    found = [
        (number.match(stored.phone), stored)
        for stored in {stored for name in (phone, *number.keys) for stored in known.get(name, ())}
    ]
    found += [(match, stored) for digest, match in erased.items() for stored in known.get(digest, ())]
    worst = GateAnswer(phone, "in", None, "the ledger has never heard of it")
    if not full:
        worst = GateAnswer(phone, "out", None, "it is no full phone number of the region", sure=False)
    for match, stored in sorted(found, key=lambda pair: pair[1].phone):
        if match is Match.SAME and (full or stored.state != "in"):
            answer = GateAnswer(phone, stored.state, stored.since, stored.why)
        elif match is Match.POSSIBLE and stored.state != "in":
            answer = GateAnswer(phone, "out", None, "it cannot be told apart from a number that is out", sure=False)
        else:
            continue
        worst = max(worst, answer, key=_severity)
    return worst


def _severity(answer: GateAnswer) -> tuple[int, bool, bool]:
    return _WORSE.index(answer.state), answer.sure, answer.since is not None
