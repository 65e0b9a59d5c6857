"""What is kept of webhooks that were answered 401, so that a secret set wrongly loses nothing.

An attacker must gain nothing by it: a request thread only puts what came into a short queue, and only so many a
second; the rest, and whatever does not look like the provider's, is dropped. One thread reads, checks and stores. The
secret that a webhook carried is kept as a salted digest, which tells later whether it is one of those valid then.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from ingest.event import event_of
from ingest.json_body import BadBody, Body, Json, read_object
from ingest.provider import Headers, Provider, Unauthorized
from ingest.publisher import Publisher
from ingest.quarantine_store import KeptWebhook, QuarantineStore
from ingest.sanitise import without_secrets
from ingest.times import occurred
from runtime import metrics
from runtime.logs import logger
from runtime.phones import read_phone
from schemas.events import Event, EventType

log = logger("ingest.quarantine")

#: The largest body that is kept; providers' samples have less than 2 KiB.
MAX_BODY = 32 * 1024
#: Webhooks that a worker takes at once, and then each second.
BURST, RATE = 200, 20.0
#: The longest that one waits before it is stored, in seconds.
INTERVAL = 0.2


class Refused(NamedTuple):
    """A webhook that was just answered 401."""

    provider: Provider
    kind: str | None
    headers: Mapping[str, str]
    body: bytes
    reason: str
    received_at: datetime


class Quarantine(Protocol):
    """Keeps refused webhooks."""

    def keep(
        self, provider: Provider, kind: str | None, headers: Headers, body: bytes, reason: str, received_at: datetime
    ) -> None:
        """Take note of a webhook that is answered 401 for `reason`. Never waits, never raises."""


class NoQuarantine:
    """Keeps nothing."""

    def keep(
        self, provider: Provider, kind: str | None, headers: Headers, body: bytes, reason: str, received_at: datetime
    ) -> None:
        """See Quarantine."""

    def close(self) -> None:
        """There is nothing to let go of."""


class KeepingQuarantine:
    """The Quarantine of a worker."""

    def __init__(self, store: QuarantineStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._queue: deque[Refused] = deque(maxlen=BURST)
        self._tokens = float(BURST)
        self._filled_at = clock()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="quarantine", daemon=True)

    def keep(
        self, provider: Provider, kind: str | None, headers: Headers, body: bytes, reason: str, received_at: datetime
    ) -> None:
        """See Quarantine."""
        if len(body) > MAX_BODY:
            metrics.QUARANTINED.labels(provider.name, "too_large").inc()
        elif not self._admits():
            metrics.QUARANTINED.labels(provider.name, "too_many").inc()
        else:
            kept = {name: value for name in provider.kept_headers if (value := headers.get(name, ""))}
            self._queue.append(Refused(provider, kind, kept, body, reason, received_at))

    def start(self) -> KeepingQuarantine:
        """Store what comes, in a thread of its own."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Store what waits, and let go."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(2.0)
        self.store_waiting()
        self._store.close()

    def store_waiting(self) -> None:
        """Store everything that waits and looks like its provider's."""
        found = []
        while self._queue:
            refused = self._queue.popleft()
            kept = kept_webhook(refused, self._store.digest)
            metrics.QUARANTINED.labels(refused.provider.name, "unlike" if kept is None else "kept").inc()
            found += [] if kept is None else [kept]
        if found:
            self._store.add(found)

    def _admits(self) -> bool:
        with self._lock:
            now = self._clock()
            self._tokens = min(float(BURST), self._tokens + (now - self._filled_at) * RATE)
            self._filled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def _run(self) -> None:
        while not self._stopped.wait(INTERVAL):
            try:
                self.store_waiting()
            except sqlite3.Error as error:
                log.error("quarantine_failed", error=str(error))


def kept_webhook(refused: Refused, digest: Callable[[str], bytes]) -> KeptWebhook | None:
    """What to keep of `refused`; None where it does not look like a webhook of its provider."""
    provider, kind = refused.provider, refused.kind
    try:
        content = read_object(refused.body)
    except BadBody:
        return None
    fields = provider.without_secret(content.fields)
    own_time = occurred(provider.time_in(fields), refused.received_at).own
    event_id = provider.event_id(kind, fields, refused.headers, own_time)
    reading = provider.read(kind, fields, event_id, own_time)
    phone = read_phone(reading.phone, provider.settings.default_region)
    if reading.event_type is EventType.UNRECOGNIZED or phone is None or not phone.valid:
        return None
    given = _given_secret(content.fields, fields)
    if fields == content.fields:
        body = refused.body  # as it came: a signature may be over every byte
        if any(secret.encode() in body for secret in provider.secrets):
            return None
    else:
        body = json.dumps(without_secrets(fields, (*provider.secrets, *([given] if given else [])))).encode()
    return KeptWebhook(
        received_at=refused.received_at,
        provider=provider.name,
        kind=kind,
        reason=refused.reason,
        headers=refused.headers,
        body=body,
        secret_digest=None if given is None else digest(given),
        event_id=event_id,
    )


def _given_secret(fields: Json, without: Json) -> str | None:
    """The secret that the body carried: what its provider takes out of it."""
    removed = [value for key, value in fields.items() if key not in without]
    return removed[0] if len(removed) == 1 and isinstance(removed[0], str) and removed[0] else None


def check_again(webhook: KeptWebhook, provider: Provider, digest: Callable[[str], bytes]) -> Body:
    """The content of `webhook`, if it is authentic by the secrets that are valid now. Raises Unauthorized."""
    provider.verify_headers(webhook.headers, webhook.body)
    content = read_object(webhook.body)
    if webhook.secret_digest is None:
        provider.verify_body(webhook.kind, content.fields)
    elif provider.settings.auth != "open" and webhook.secret_digest not in map(digest, provider.secrets):
        raise Unauthorized("wrong_secret")
    return content


def replay(
    webhook: KeptWebhook, provider: Provider, publisher: Publisher, digest: Callable[[str], bytes], *, force: bool
) -> Event:
    """Bring `webhook` back: the event that it would have been, made durable now.

    `force`: the operator vouches for it. Raises Unauthorized without that where it is not authentic now either, and
    Unavailable.
    """
    content = read_object(webhook.body) if force else check_again(webhook, provider, digest)
    event = event_of(provider, webhook.kind, content, webhook.headers, webhook.received_at, event_id=webhook.event_id)
    publisher.publish(event)
    return event
