"""What waits to be stored in the quarantine: bounded in bytes, and shared fairly between senders.

Refused webhooks may come faster than they can be stored, and anybody may send them. So while it fills, only senders
that have been seen before are let in, and no sender gets more than a share: those that send a provider's webhooks
with one wrong secret are seen again and again; junk with a new secret each time never is.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, deque
from collections.abc import Mapping
from typing import NamedTuple

from ingest.provider import Provider
from ingest.request import WebhookRequest

#: Bytes of a webhook beside its body, about.
OVERHEAD = 1_024
#: Senders that are remembered, in each of two generations.
_REMEMBERED = 10_000
#: Bytes of what one is remembered by.
_KEY_BYTES = 16


class RefusedWebhook(NamedTuple):
    """A webhook that was just answered 400 or 401."""

    provider: Provider
    request: WebhookRequest  #: with those of its headers that are needed
    reason: str
    origin: str  #: the client's address as the proxy in front tells it; "": there is none
    headers: int = 0  #: characters of those that are kept

    @property
    def size(self) -> int:
        """Bytes that it counts: all that is kept of it."""
        request = self.request
        target = len(request.path) + len(request.query)
        return len(request.body) + target + len(self.origin) + self.headers + OVERHEAD


def length_of(headers: Mapping[str, str]) -> int:
    """Characters of `headers`."""
    return sum(len(name) + len(value) for name, value in headers.items())


def sender_key(*facts: str) -> bytes:
    """What a sender is remembered by: `facts` about it may be as long as it likes."""
    return hashlib.blake2b("\n".join(facts).encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()


class RefusedQueue:
    """The webhooks of a worker that wait to be stored."""

    def __init__(self, limit: int) -> None:
        """`limit`: the most bytes that wait."""
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: deque[tuple[bytes, RefusedWebhook]] = deque()
        self._bytes = 0
        self._by_sender: Counter[bytes] = Counter()  # bytes
        self._seen: set[bytes] = set()
        self._seen_before: set[bytes] = set()

    def put(self, sender: bytes, webhook: RefusedWebhook) -> bool:
        """Have `webhook` of `sender` (`sender_key`) wait; False: there is no room for it. Never waits."""
        with self._lock:
            known = sender in self._seen or sender in self._seen_before
            self._remember(sender)
            after, of_sender = self._bytes + webhook.size, self._by_sender[sender] + webhook.size
            crowded = after > self._limit // 2
            if after > self._limit or (crowded and (not known or of_sender > self._limit // 4)):
                return False
            self._bytes = after
            self._by_sender[sender] = of_sender
            self._waiting.append((sender, webhook))
            return True

    def take(self, size: int) -> list[RefusedWebhook]:
        """The first that wait, as many as have `size` bytes together, at least one; none where none waits."""
        with self._lock:
            taken: list[RefusedWebhook] = []
            while self._waiting and size > 0:
                sender, webhook = self._waiting.popleft()
                self._bytes -= webhook.size
                self._by_sender[sender] -= webhook.size
                if not self._by_sender[sender]:
                    del self._by_sender[sender]
                size -= webhook.size
                taken.append(webhook)
            return taken

    def _remember(self, sender: bytes) -> None:
        if len(self._seen) >= _REMEMBERED:
            self._seen_before, self._seen = self._seen, set()
        self._seen.add(sender)
