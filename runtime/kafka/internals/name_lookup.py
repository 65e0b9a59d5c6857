"""Brokers' names, without waiting for a name server that does not answer.

kafka-python 3.0.12 asks the system's resolver in the thread that publishes or polls (`KafkaNetSocket.dns_lookup`),
and that resolver waits 5 s for each of its name servers, twice: a webhook had no answer after 15 s, because Kafka's
name had none for a while. Here a lookup goes on in a thread of its own, and whoever connects waits WAIT seconds for
it; what it finds later is there for the next try. A name that has no answer keeps the addresses that it had.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

from runtime.logs import logger

log = logger("runtime.kafka.internals.name_lookup")

#: Seconds that a connection waits for its name; several brokers' names are asked one after the other, and a webhook
#: waits 2 s for Kafka.
WAIT = 0.25

#: An entry of socket.getaddrinfo.
AddressInfo = tuple[Any, ...]


class NameLookup:
    """Looks names up in the background, one lookup a name at a time; used by any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[str, int], list[AddressInfo]] = {}
        self._pending: dict[tuple[str, int], threading.Event] = {}

    def addresses(self, host: str, port: int, wait: float = WAIT) -> list[AddressInfo]:
        """The addresses of `host` as of now, of an earlier lookup where this takes longer than `wait`, or none."""
        with suppress(socket.gaierror, ValueError):  # a name, no address: what follows is for names
            return _addresses(host, port, socket.AI_NUMERICHOST)
        place = (host, port)
        with self._lock:
            is_first = place not in self._pending
            done = self._pending.setdefault(place, threading.Event())
        if is_first:
            threading.Thread(target=self._look, args=(place, done), name="kafka-name-lookup", daemon=True).start()
        # Who finds a lookup under way has waited for it before, or another thread does.
        if not done.wait(wait if is_first else 0) and is_first:
            log.warning("name_server_slow", host=host)
        with self._lock:
            return list(self._found.get(place, ()))

    def _look(self, place: tuple[str, int], done: threading.Event) -> None:
        try:
            found = _addresses(*place)
        except (OSError, ValueError) as error:  # ValueError: a text that cannot be a name, such as "a..b"
            log.warning("name_not_found", host=place[0], error=getattr(error, "strerror", type(error).__name__))
            found = []
        with self._lock:
            if found:
                self._found[place] = found
            del self._pending[place]
        done.set()


def _addresses(host: str, port: int, flags: int = 0) -> list[AddressInfo]:
    return list(socket.getaddrinfo(host, port, socket.AF_UNSPEC, socket.SOCK_STREAM, flags=flags))
