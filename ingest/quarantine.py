"""What is stored of webhooks that were answered 400 or 401, so that a mistake of ours loses none.

An attacker must gain nothing by it: a request thread only puts what came into a queue that is bounded in bytes; one
thread reads, masks and stores, in groups and with pauses, so that authentic webhooks hardly notice. Whatever is not
stored is counted, and so is whatever is removed later without having been replayed.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from uuid6 import uuid7

from ingest.json_body import BadBody, Json, read_body
from ingest.provider import Headers, Provider, Unauthorized
from ingest.quarantine_masking import given_secret, legible, without_pairs, without_secret_keys, without_values
from ingest.quarantine_queue import RefusedQueue, RefusedWebhook
from ingest.quarantine_store import KeptWebhook, Losses, QuarantineStore
from ingest.sanitise import without_secrets
from ingest.times import occurred
from runtime import metrics
from runtime.logs import logger

log = logger("ingest.quarantine")

#: Bytes that wait in a worker at most, and that are stored in one transaction.
WAITING, GROUP = 16 * 1024 * 1024, 1024 * 1024
#: The longest that a webhook waits before it is stored, in seconds.
INTERVAL = 0.2
#: Webhooks after which the thread lets others run, and for how many seconds: Python runs one thread at a time.
SLICE, PAUSE = 8, 0.001
#: Seconds after which what had its time is removed although nothing comes.
TIDY_INTERVAL = 600.0

#: Headers that say how the body is to be read.
READING_HEADERS = ("Content-Type", "Content-Encoding")
#: Headers that hold a secret in clear, never stored whatever a provider's file or a setting names.
_SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie")
#: Characters of a header that are stored.
_HEADER_LENGTH = 1_024
#: Set by the proxy in front, which tells whom it serves.
_ORIGIN_HEADER = "X-Forwarded-For"
#: Bytes of a digest that tell senders apart.
_SENDER_BYTES = 16


class Quarantine(Protocol):
    """Keeps refused webhooks."""

    def keep(
        self, provider: Provider, kind: str | None, headers: Headers, body: bytes, reason: str, received_at: datetime
    ) -> None:
        """Take note of a webhook that is answered 400 or 401 for `reason`. Never waits, never raises."""


class NoQuarantine:
    """Keeps nothing, and counts that."""

    def keep(
        self, provider: Provider, kind: str | None, headers: Headers, body: bytes, reason: str, received_at: datetime
    ) -> None:
        del kind, headers, body, reason, received_at
        _lost(provider.name, "no_quarantine")

    def close(self) -> None:
        """There is nothing to let go of."""


class StorableWebhook(NamedTuple):
    """A refused webhook as it is stored."""

    webhook: KeptWebhook
    authentic: bool  #: its signature or its secret is right: it was refused because it could not be read


class KeepingQuarantine:
    """The Quarantine of a worker."""

    def __init__(
        self, store: QuarantineStore, *, waiting: int = WAITING, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """`waiting`: bytes that may wait to be stored."""
        self._store = store
        self._queue = RefusedQueue(waiting)
        self._sleep = sleep
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="quarantine", daemon=True)
        if store.found_damaged:
            _lost("all", "damaged")

    def keep(
        self, provider: Provider, kind: str | None, headers: Headers, body: bytes, reason: str, received_at: datetime
    ) -> None:
        origin = headers.get(_ORIGIN_HEADER, "").rpartition(",")[2].strip()
        secret = given_secret(body[:4096].decode("latin-1"))  # only to share the queue: what is stored is read properly
        webhook = RefusedWebhook(provider, kind, _storable(provider, headers), body, reason, received_at, origin)
        if not self._queue.put((provider.name, reason, origin) if secret is None else secret, webhook):
            _lost(provider.name, "queue_full")

    def start(self) -> KeepingQuarantine:
        """Store what comes, in a thread of its own."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Store what waits, and let go."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.store_waiting()
        self._store.close()

    def store_waiting(self) -> None:
        """Store everything that waits."""
        while group := self._queue.take(GROUP):
            found: list[StorableWebhook] = []
            for number, refused in enumerate(group, start=1):
                if (storable := self._storable(refused)) is not None:
                    found.append(storable)
                if number % SLICE == 0 and not self._stopped.is_set():
                    self._sleep(PAUSE)
            self._add(found)

    def _storable(self, refused: RefusedWebhook) -> StorableWebhook | None:
        """What to store of `refused`; None: nothing, which is counted. One webhook never ends the thread of all."""
        try:
            storable = storable_webhook(refused, self._store.digest)
        except Exception as error:  # noqa: BLE001 - counted and logged, without its text, which may quote the webhook
            log.error("quarantine_masking_failed", error_class=type(error).__name__, provider=refused.provider.name)
            _lost(refused.provider.name, "masking_failed")
            return None
        if storable is None:
            _lost(refused.provider.name, "packed_unreadably")
        return storable

    def _add(self, found: list[StorableWebhook]) -> None:
        by_provider = Counter(storable.webhook.provider for storable in found)
        authentic = {storable.webhook.sender for storable in found if storable.authentic and storable.webhook.sender}
        try:
            losses = self._store.add([storable.webhook for storable in found], authentic=authentic)
        except sqlite3.Error as error:
            log.error("quarantine_failed", error=str(error), lost=len(found))
            for provider, count in by_provider.items():
                _lost(provider, "not_written", count)
            return
        for provider, count in by_provider.items():  # only now are they on the disk
            metrics.QUARANTINED.labels(provider, "kept").inc(count)
        _count(losses)

    def _run(self) -> None:
        tidied_at = time.monotonic()
        while not self._stopped.wait(INTERVAL):
            self.store_waiting()
            if time.monotonic() - tidied_at > TIDY_INTERVAL:
                tidied_at = time.monotonic()
                self._add([])


def storable_webhook(refused: RefusedWebhook, digest: Callable[[str], bytes]) -> StorableWebhook | None:
    """What to store of `refused`; None: it is packed in a way that we cannot undo, so a secret in it would stay."""
    provider = refused.provider
    is_signed = type(provider).verify_headers is not Provider.verify_headers  # else the secret stands in the body
    fields: Json | None = None
    given: str | None = None
    try:
        content = read_body(refused.headers, refused.body)
    except BadBody:
        text = legible(refused.headers, refused.body)
        if text is None and not is_signed:
            return None
        given = None if text is None or is_signed else given_secret(text)
        body = _without_secrets(refused, text, given)
        event_id: UUID = uuid7()
    else:
        fields = provider.without_secret(content.fields)
        given = _removed_secret(content.fields, fields)
        own_time = occurred(provider.time_in(fields), refused.received_at).own
        event_id = provider.event_id(refused.kind, fields, refused.headers, own_time)
        body = _without_values(refused) if is_signed else _as_json(provider, fields, given)
    secret_digest = None if given is None else digest(given)
    is_authentic = given in provider.secrets if given is not None else is_signed and _is_verified(refused)
    hint = "" if fields is None else provider.sender_hint(fields) or ""
    sender = secret_digest or digest("\n".join((provider.name, refused.reason, hint, refused.origin)))
    webhook = KeptWebhook(
        received_at=refused.received_at,
        provider=provider.name,
        kind=refused.kind,
        reason=refused.reason,
        headers=refused.headers if body is refused.body else _without(READING_HEADERS, refused.headers),
        body=body,
        secret_digest=secret_digest,
        event_id=event_id,
        identified=fields is not None,
        sender=sender[:_SENDER_BYTES],
    )
    return StorableWebhook(webhook, is_authentic)


def _as_json(provider: Provider, fields: Json, given: str | None) -> bytes:
    """A body that was read, without the secrets in it."""
    secrets = (*provider.secrets, *([given] if given else []))
    return json.dumps(without_secret_keys(without_secrets(fields, secrets))).encode()


def _without_values(refused: RefusedWebhook) -> bytes:
    """A signed body that was read: as it came, because the signature is over every byte, unless a secret is in it."""
    text = legible(refused.headers, refused.body) or ""
    masked = without_values(text, refused.provider.secrets)
    return refused.body if masked == text else masked.encode("utf-8", "surrogateescape")


def _without_secrets(refused: RefusedWebhook, text: str | None, given: str | None) -> bytes:
    """A body that could not be read, or its `text`: as it came, unless a secret is in it."""
    if text is None:
        return refused.body
    secrets = (*refused.provider.secrets, *([given] if given else []))
    masked = without_pairs(without_values(text, secrets))
    if masked != text:
        return masked.encode("utf-8", "surrogateescape")
    octets = refused.body.decode("latin-1")  # what is written in another charset than it claims
    masked = without_pairs(without_values(octets, secrets))
    return refused.body if masked == octets else masked.encode("latin-1")


def _is_verified(refused: RefusedWebhook) -> bool:
    try:
        refused.provider.verify_headers(refused.headers, refused.body)
    except Unauthorized:
        return False
    return True


def _removed_secret(fields: Json, without: Json) -> str | None:
    """The secret that the body carried: what its provider takes out of it."""
    removed = [value for key, value in fields.items() if key not in without]
    return removed[0] if len(removed) == 1 and isinstance(removed[0], str) and removed[0] else None


def _storable(provider: Provider, headers: Headers) -> dict[str, str]:
    """Of a request's headers those that may be stored: named by its provider, and without a secret of ours."""
    names = [name for name in (*provider.kept_headers, *READING_HEADERS) if name.lower() not in _SECRET_HEADERS]
    found = {name: headers.get(name, "")[:_HEADER_LENGTH] for name in names}
    return {name: value for name, value in found.items() if value and not any(key in value for key in provider.secrets)}


def _without(names: Iterable[str], headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


def _lost(provider: str, reason: str, count: int = 1) -> None:
    metrics.QUARANTINE_LOST.labels(provider, reason).inc(count)


def _count(losses: Losses) -> None:
    for reason, by_provider in losses._asdict().items():
        for provider, count in by_provider.items():
            _lost(provider, reason, count)
