"""What the gate answers: the state of each number, and `out` for whatever is not surely known.

Fail closed: a text that is not sent can be sent later, one that was sent to a person who said stop cannot be
called back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg

from ops.gate.certainty import SOON, Certainty, Doubt, split, with_certainty
from runtime import logs, metrics
from runtime.phones import read_phone
from runtime.postgres import Connection
from runtime.reminder import Reminder

log = logs.logger("hookline.gate")

_STATES = "SELECT phone, state, since, reason FROM opt_outs WHERE phone = ANY (%s)"
_STATEMENT = with_certainty(_STATES)


@dataclass(frozen=True, slots=True)
class Answer:
    """About one number."""

    phone: str  #: as the ledger has it
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
        region: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fresh`: seconds after which a stop has to be in the ledger. `topics`: those that opt-out reads."""
        self._connect = connect
        self._timeout = timeout
        self._fresh = fresh
        self._topics = topics
        self._clock = clock
        self._region = region
        self._reminder = Reminder()
        self._held = threading.local()
        # A server that hangs keeps its threads; those who ask have their answer in time all the same.
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="gate")

    def about(self, asked: Sequence[str]) -> list[Answer]:
        """One answer a number, in their order. Never raises for what is down."""
        phones = [normal(text, self._region) for text in asked]
        begun = self._clock()
        try:
            certainty, known = self._pool.submit(self._read, sorted({one.phone for one in phones})).result(
                self._timeout
            )
        except (psycopg.Error, NoAnswer) as error:
            metrics.GATE_FAILURES.inc()
            if self._reminder.due():
                log.error("gate_fails_closed", error_class=type(error).__name__, phones=len(phones))
            why = "it is not known: the ledger does not answer"
            return [Answer(one.phone, "out", None, why, sure=False, retry_after=SOON) for one in phones]
        self._reminder.reset()
        found = [self._answer(one, known) for one in phones]
        # Asked last: this process may have been frozen since the ledger was read.
        doubt = certainty.doubt(self._topics, self._fresh, self._clock() - begun)
        return found if doubt is None else [doubted(answer, doubt) for answer in found]

    def doubt(self) -> Doubt | None:
        """Why nothing sure can be said about any number at the moment; None: it can. Raises psycopg.Error, NoAnswer."""
        begun = self._clock()
        certainty, _ = self._pool.submit(self._read, []).result(self._timeout)
        return certainty.doubt(self._topics, self._fresh, self._clock() - begun)

    def _read(self, phones: list[str]) -> tuple[Certainty, dict[str, Answer]]:
        connection: Connection | None = getattr(self._held, "connection", None)
        try:
            rows = self._rows(connection or self._connected(), phones)
        except psycopg.OperationalError:
            # The session may have ended long ago, with nobody to hear of it: once more, on a new one.
            rows = self._rows(self._connected(), phones)
        certainty, states = split(rows)
        return certainty, {phone: Answer(phone, state, since, why) for phone, state, since, why in states}

    def _connected(self) -> Connection:
        """This thread's connection, made anew."""
        old: Connection | None = getattr(self._held, "connection", None)
        self._held.connection = None
        if old is not None:
            old.close()
        connection = self._held.connection = self._connect()
        return connection

    @staticmethod
    def _rows(connection: Connection, phones: list[str]) -> list[tuple[Any, ...]]:
        """One statement outside of any transaction: one way there and back."""
        return connection.execute(_STATEMENT, (phones,), prepare=True).fetchall()

    @staticmethod
    def _answer(one: Number, known: dict[str, Answer]) -> Answer:
        if one.phone in known:
            return known[one.phone]
        if not one.valid:
            return Answer(one.phone, "out", None, "it is no possible phone number", sure=False)
        return Answer(one.phone, "in", None, "the ledger has never heard of it")


def doubted(answer: Answer, doubt: Doubt) -> Answer:
    """`answer`, when the ledger may lack a stop: out, whatever it says."""
    return replace(answer, state="out", why=doubt.why, sure=False, retry_after=doubt.retry_after)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as the ledger has it."""

    phone: str
    valid: bool


def normal(text: str, region: str) -> Number:
    """E.164 where `text` is a possible number, as ingest has made it, else as it is."""
    bare = text.strip().replace("\x00", "")
    found = read_phone(bare, region)
    return Number(found.number, True) if found and found.valid else Number(bare, False)
