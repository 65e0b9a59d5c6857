"""A client that threads use in turns, and that is replaced where it is of no use any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from runtime import metrics
from runtime.logs import logger

log = logger("runtime.kafka.turns")

Client = TypeVar("Client")


class ClientInTurns(Generic[Client]):
    """Nobody has the client but the thread whose turn it is. It is made when a first one needs it."""

    def __init__(
        self, build: Callable[[], Client], let_go: Callable[[Client], None], is_dead: Callable[[Client], bool]
    ) -> None:
        """`let_go` ends a client without waiting for Kafka; one that `is_dead` by itself is made anew."""
        self._build = build
        self._let_go = let_go
        self._is_dead = is_dead
        self._turn = threading.Lock()
        self._client: Client | None = None

    @contextmanager
    def turn(self, timeout: float) -> Iterator[Client | None]:
        """The client, for this thread alone; None where others had it for all of `timeout` seconds."""
        if not self._turn.acquire(timeout=timeout):
            yield None
            return
        try:
            if self._client is not None and self._is_dead(self._client):
                self.drop()
            if self._client is None:
                self._client = self._build()
            yield self._client
        finally:
            self._turn.release()

    def drop(self) -> None:
        """Whoever has the turn: end the client; the next turn makes another."""
        client, self._client = self._client, None
        if client is not None:
            self._let_go(client)

    def replace(self) -> None:
        """The same, and it is told: nothing got through."""
        self.drop()
        log.warning("producer_renewed")
        metrics.PRODUCERS_RENEWED.inc()

    def close(self, timeout: float) -> None:
        """End the client, if its turn comes within `timeout` seconds."""
        if self._turn.acquire(timeout=timeout):
            self.drop()
            self._turn.release()
