"""Opt-outs for tests: a desk with a real PostgreSQL, a clock of its own, and a target in memory."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import psycopg

from processors.engine.database import Database
from processors.engine.processor import Delivery
from processors.opt_out import OptOutProcessor
from processors.opt_out.accounts import AccountsReader
from processors.opt_out.enforcement_queue import enforcer_of
from processors.opt_out.ledger import Ledger
from processors.opt_out.settings import OptOutSettings
from processors.opt_out.target import OptOutTarget, TargetAccount
from processors.outbox.budget import Budget, RequestResult, Seen
from processors.outbox.errors import NotFound
from processors.outbox.rate_limiter import PrepaidLimiter, RateLimiter
from processors.textus_api.settings import TextUsApiSettings
from runtime.kafka.consumer import Record
from runtime.postgres import connect
from runtime.settings import Configuration
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import SchemaIds
from schemas.topics import TOPIC_OF
from tests.twins.events import T0

_codec = Codec(SchemaIds.checked_in())


class MemoryTarget(OptOutTarget[TextUsApiSettings]):
    """TextUs as far as opt-outs go, without HTTP."""

    name = "textus"
    settings_type = TextUsApiSettings

    def __init__(self, limiter: RateLimiter, *slugs: str) -> None:
        self.slugs = list(slugs)
        self.out: set[tuple[str, str]] = set()
        self.calls: list[tuple[str, str]] = []
        self.troubles: list[Exception] = []
        self.seen: Seen | None = None
        self._limiter = limiter
        self._lock = threading.Lock()

    @classmethod
    def is_used(cls, settings: TextUsApiSettings) -> bool:
        del settings
        return True

    @classmethod
    def configured(cls, settings: TextUsApiSettings, limiter: RateLimiter) -> MemoryTarget:
        del settings
        return cls(limiter)

    @classmethod
    def budget(cls, settings: TextUsApiSettings) -> Budget:
        del settings
        return Budget("textus", limit=1000, window=300, reserve=50)

    def accounts(self) -> list[TargetAccount]:
        return [TargetAccount(slug, slug.title()) for slug in self.slugs]

    def opt_out(self, account: str, phone: str) -> None:
        with self._lock:
            self._limiter.acquire()
            self._limiter.report(RequestResult(self.seen))
            self.calls.append((account, phone))
            if self.troubles:
                raise self.troubles.pop(0)
            if account not in self.slugs:
                raise NotFound(account)
            self.out.add((account, phone))

    def out_of(self, account: str, phones: Collection[str]) -> set[str]:
        if self.troubles:
            raise self.troubles.pop(0)
        return {phone for phone in phones if (account, phone) in self.out}

    def batch(self) -> int:
        return 2


class Desk:
    """Everything around the ledger, on one database; `now` is moved by hand."""

    def __init__(self, postgres: Any, *slugs: str, **settings: Any) -> None:
        self.now = T0 + timedelta(days=1)
        self.settings = OptOutSettings(**settings)
        self.processor = OptOutProcessor(Configuration.of(self.settings))
        self.ledger = Ledger(self.settings, self.clock)
        self.processor._ledger = self.ledger
        self.postgres = postgres
        self.database = Database(lambda: connect(postgres.dsn("opt-out"), process="opt-out"))
        self.by_operator = Database(lambda: connect(postgres.dsn("operator"), process="opt-outs"))
        self.owner = psycopg.connect(postgres.owner_dsn, autocommit=True)
        self.limiter = PrepaidLimiter()
        self.target = MemoryTarget(self.limiter, *slugs)
        budget = self.target.budget(self.settings)
        self.enforcer = enforcer_of(self.target, budget, self.limiter, calls_at_once=4, now=self.clock)
        self.enforcer._admission._clock = itertools.count().__next__  # type: ignore[attr-defined] # no pause lasts
        self.reader = AccountsReader(self.target, every=timedelta(days=1), now=self.clock)
        if slugs:
            self.reader(self.database)

    def clock(self) -> datetime:
        return self.now

    def later(self, **given: float) -> None:
        self.now += timedelta(**given)

    def take(self, *events: Event) -> None:
        """Hand `events` to the processor as one batch."""
        with self.database.transaction() as connection:
            self.processor.handle([delivery(event, number) for number, event in enumerate(events)], connection)

    def enforce(self, rounds: int = 10) -> None:
        for _ in range(rounds):
            self.enforcer(self.database)
        self.enforcer.finish(self.database, 0.25)

    def all(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.owner.execute(statement, values).fetchall()

    def state(self, phone: str = "+13035550142") -> str | None:
        row = self.owner.execute("SELECT state FROM opt_outs WHERE phone = %s", (phone,)).fetchone()
        return None if row is None else row[0]

    def statuses(self) -> list[tuple[str, str]]:
        return self.all("SELECT account, status FROM enforcements ORDER BY position, account")

    def close(self) -> None:
        self.enforcer.close(self.database, 0.25)
        self.database.close()
        self.by_operator.close()
        self.owner.close()


def delivery(event: Event, offset: int = 0) -> Delivery:
    """`event` as it would come from Kafka."""
    value = _codec.encode(event)
    key = (event.contact_phone or "").encode()
    return Delivery(Record(TOPIC_OF[type(event)].name, 0, offset, 0, key, value, []), event)
