"""Who else talks to TextUs, such as a CRM's processor: each request from the budget that opt-outs have, too."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from pydantic import SecretStr

from processors.outbox.budget import Budget
from processors.outbox.errors import RetryLater
from processors.outbox.rate_limiter import PrepaidLimiter
from processors.textus_api.client import TextUsClient
from processors.textus_api.settings import TextUsApiSettings
from runtime.postgres import Connection, connect
from tests.faults.services import TOKEN

#: Calls that are due for so long that somebody else's request must not go before them, and calls under way. Whoever
#: makes them looks every 0.15 s, every 0.8 s while each one fails; the rest is for a busy machine.
_DUE = """
SELECT count(*) FILTER (WHERE e.next_attempt_at < now() - interval '3 seconds'
        AND (e.leased_until IS NULL OR e.leased_until < now() - interval '3 seconds')),
    count(*) FILTER (WHERE e.leased_until > now())
FROM enforcements AS e JOIN opt_outs AS o USING (phone) WHERE e.status = 'pending' AND o.state = 'out'
"""


class Others:
    """Threads that want one request after another. Use it in a `with` block, which raises what ended one early."""

    def __init__(self, dsn: str, url: str, *, limit: int, window: float, count: int) -> None:
        self.made = 0  #: requests
        self.out_of_turn = 0  #: of those, while an opt-out waited and nobody was at any
        self.beside = 0  #: of those, while an opt-out waited for a round of calls that took longer than a second
        self._dsn = dsn
        self._settings = TextUsApiSettings(api_url=url, api_token=SecretStr(TOKEN))
        self._budget = Budget("textus", limit=limit, window=window, reserve=5)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._count = count
        self._threads = ThreadPoolExecutor(count, "others")
        self._working: list[Future[None]] = []

    def __enter__(self) -> Others:
        self._working = [self._threads.submit(self._work) for _ in range(self._count)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._threads.shutdown()
        for working in self._working:
            working.result()

    def _work(self) -> None:
        limiter = PrepaidLimiter()
        client = TextUsClient(self._settings, limiter)
        with connect(self._dsn, process="faults") as connection:
            while not self._stop.is_set():
                self._ask(connection, client, limiter)
        client.close()

    def _ask(self, connection: Connection, client: TextUsClient, limiter: PrepaidLimiter) -> None:
        with connection.transaction():
            [(due, under_way)] = connection.execute(_DUE).fetchall()
            grant = self._budget.take(connection, 1, urgent=False)
        if not grant.count:
            self._stop.wait(min(max(grant.wait, 0.02), 0.2))
            return
        with self._lock:
            self.made += 1
            self.out_of_turn += due > 0 and not under_way
            self.beside += due > 0 and under_way > 0
        with suppress(RetryLater):
            list(client.members("accounts"))
        with connection.transaction():
            self._budget.report(connection, 1, limiter.taken())
