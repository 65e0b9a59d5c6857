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
from typing import NamedTuple, Protocol
from uuid import UUID

from uuid6 import uuid7

from ingest.content_coding import BadBody, BodyTooLarge
from ingest.provider import Provider, Unauthorized
from ingest.quarantine.masking import given_secret, legible, without_pairs, without_secret_keys, without_values
from ingest.quarantine.queue import RefusedQueue, RefusedWebhook, length_of, sender_key
from ingest.quarantine.secret_pairs import first_value, no_rest
from ingest.quarantine.store import Losses, QuarantinedWebhook, QuarantineStore
from ingest.request import MAX_HEADER, WebhookRequest
from ingest.sanitise import is_ordinary, without_secrets
from runtime import metrics
from runtime.logs import logger

log = logger("ingest.quarantine")

#: Bytes that wait in a worker at most, and that are stored in one transaction.
WAITING, GROUP = 16 * 1024 * 1024, 1024 * 1024
#: The longest that a webhook waits before it is stored, in seconds.
INTERVAL = 0.2
#: Seconds of the processor after which the thread lets others run, and for how many times as long: Python runs one
#: thread at a time, and a flood of large webhooks must not take more than a quarter of it from those that are genuine.
SLICE, PAUSE = 0.0005, 3.0
#: Seconds after which what had its time is removed although nothing comes.
TIDY_INTERVAL = 600.0
#: Seconds without a group stored or given up after which the thread counts as stalled: its disk hangs, or it has ended.
STALLED_AFTER = 60.0

#: Headers that say how the body is to be read.
READING_HEADERS = ("Content-Type", "Content-Encoding")
#: Headers that hold a secret in clear, never stored whatever a provider's file or a setting names.
_SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie")
#: Characters of a path and query that are stored.
_TARGET_LENGTH = 2_048
#: Set by the proxy in front, which tells whom it serves.
_ORIGIN_HEADER = "X-Forwarded-For"
#: Characters of an address at most: of IPv6 with a zone and a port.
_ORIGIN_LENGTH = 80
#: Bytes of a body in which a secret is looked for before it waits.
_HEAD = 4_096
#: Bytes of a digest that tell senders apart.
_SENDER_BYTES = 16


class Quarantine(Protocol):
    """Keeps refused webhooks."""

    def keep(self, provider: Provider, request: WebhookRequest, reason: str) -> None:
        """Take note of a webhook that is answered 400 or 401 for `reason`. Never waits, never raises."""


class NoQuarantine:
    """Keeps nothing, and counts that."""

    def keep(self, provider: Provider, request: WebhookRequest, reason: str) -> None:
        del request, reason
        _lost(provider.name, "no_quarantine")

    def close(self) -> None:
        """There is nothing to let go of."""


class StorableWebhook(NamedTuple):
    """A refused webhook as it is stored."""

    webhook: QuarantinedWebhook
    authentic: bool  #: its signature or its secret is right: it was refused because it could not be read


class KeepingQuarantine:
    """The Quarantine of a worker."""

    def __init__(
        self,
        store: QuarantineStore,
        *,
        waiting: int = WAITING,
        sleep: Callable[[float], None] = time.sleep,
        worked: Callable[[], float] = time.thread_time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`waiting`: bytes that may wait to be stored; `worked`: seconds of the processor that this thread has had."""
        self._store = store
        self._queue = RefusedQueue(waiting)
        self._clock = clock
        self._alive_at = clock()  #: when the thread last went on
        self._stopped = threading.Event()
        self._slices = WorkSlices(worked, lambda seconds: None if self._stopped.is_set() else sleep(seconds))
        self._thread = threading.Thread(target=self._run, name="quarantine", daemon=True)
        if store.found_damaged:
            _lost("all", "damaged")

    def keep(self, provider: Provider, request: WebhookRequest, reason: str) -> None:
        # The last address is the one that the proxy added: a sender may have put any number before it.
        origin = request.headers.get(_ORIGIN_HEADER, "")[-_ORIGIN_LENGTH:].rpartition(",")[2].strip()
        # Only to share the queue: what is stored is read properly.
        in_header = None if provider.secret_header is None else request.headers.get(provider.secret_header, "")
        secret = in_header or first_value(request.body[:_HEAD].decode("latin-1"))
        headers = _queued_headers(provider, request)
        refused = RefusedWebhook(provider, _queued(request, headers), reason, origin, length_of(headers))
        sender = sender_key(provider.name, reason, origin) if secret is None else sender_key(secret)
        if not self._queue.put(sender, refused):
            _lost(provider.name, "queue_full")
        if self._thread.ident is not None and self._clock() - self._alive_at > STALLED_AFTER:
            metrics.QUARANTINE_STALLED.inc()

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
        rest = self._slices.rest
        self._slices.begin()
        while group := self._queue.take(GROUP):
            found: list[StorableWebhook] = []
            for refused in group:
                if (storable := self._storable(refused)) is not None:
                    found.append(storable)
                rest()
            self._add(found)
            self._alive_at = self._clock()
            rest()

    def _storable(self, refused: RefusedWebhook) -> StorableWebhook | None:
        """What to store of `refused`; None: nothing, which is counted. One webhook never ends the thread of all."""
        try:
            storable = storable_webhook(refused, self._store.digest, self._slices.rest)
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
        except Exception as error:  # noqa: BLE001 - counted and logged: a bug in one group never ends the thread of all
            is_from_disk = isinstance(error, (sqlite3.Error, OSError))  # another's text may quote a webhook
            log.error("quarantine_failed", error=str(error) if is_from_disk else type(error).__name__, lost=len(found))
            for provider, count in by_provider.items():
                _lost(provider, "not_written", count)
            return
        for provider, count in by_provider.items():  # only now are they on the disk
            metrics.QUARANTINED.labels(provider, "kept").inc(count)
        _count(losses)

    def _run(self) -> None:
        tidied_at = time.monotonic()
        while not self._stopped.wait(INTERVAL):
            try:
                self.store_waiting()
            except Exception as error:  # noqa: BLE001 - what comes next is still to be stored
                log.error("quarantine_thread_failed", error_class=type(error).__name__)
            if time.monotonic() - tidied_at > TIDY_INTERVAL:
                tidied_at = time.monotonic()
                self._add([])
            self._alive_at = self._clock()


class WorkSlices:
    """Divides the work of a thread, so that others run in between however large one piece of it is."""

    def __init__(self, worked: Callable[[], float], sleep: Callable[[float], None]) -> None:
        """`worked`: seconds of the processor that the thread has had."""
        self._worked = worked
        self._sleep = sleep
        self._since = 0.0

    def begin(self) -> None:
        """Count from now on."""
        self._since = self._worked()

    def rest(self) -> None:
        """Pause if the thread has worked for long enough."""
        now = self._worked()
        if now - self._since >= SLICE:
            self._sleep(PAUSE * (now - self._since))
            self._since = now


def storable_webhook(
    refused: RefusedWebhook, digest: Callable[[str], bytes], rest: Callable[[], None] = no_rest
) -> StorableWebhook | None:
    """What to store of `refused`; None: it is packed in a way that we cannot undo, so a secret in it would stay.

    `rest` is called now and then, where that takes long.
    """
    provider, request = refused.provider, refused.request
    hint = ""
    try:
        given = provider.carried_secret(request)
        reading = provider.parse(request)[0]
        hint = provider.sender_hint(request) or ""
    except (BadBody, BodyTooLarge):
        text = legible(request.headers, request.body)
        if text is None and not provider.is_signed:
            return None
        given = _carried_secret(provider, request)
        if given is None and text is not None and not provider.is_signed:
            given = given_secret(text, rest)
        body = _without_secrets(provider, request, text, given, rest)
        event_id: UUID = uuid7()
        is_identified = False
    else:
        event_id, is_identified = provider.event_id(reading), True
        rest()
        body = _without_values(provider, request) if provider.is_signed else _as_json(provider, request, given, rest)
    secret_digest = None if given is None else digest(given)
    is_authentic = given in provider.accepted_secrets if given is not None else _is_verified(provider, request)
    sender = secret_digest or digest("\n".join((provider.name, refused.reason, hint, refused.origin)))
    headers = {name: value for name in _stored_names(provider) if (value := request.headers.get(name, ""))}
    webhook = QuarantinedWebhook(
        received_at=request.received_at,
        provider=provider.name,
        kind=request.kind,
        reason=refused.reason,
        headers=headers if body is request.body else _without(READING_HEADERS, headers),
        body=body,
        secret_digest=secret_digest,
        event_id=event_id,
        identified=is_identified,
        sender=sender[:_SENDER_BYTES],
        target=without_values(request.target, provider.secrets)[:_TARGET_LENGTH],
    )
    return StorableWebhook(webhook, is_authentic)


def _carried_secret(provider: Provider, request: WebhookRequest) -> str | None:
    try:
        return provider.carried_secret(request)
    except (BadBody, BodyTooLarge):  # it stands in the body, and nobody can read that
        return None


def _as_json(provider: Provider, request: WebhookRequest, given: str | None, rest: Callable[[], None]) -> bytes:
    """A body that was read, without the secrets in it."""
    secrets = (*provider.secrets, *([given] if given else []))
    content = provider.without_secret(request.json_content())
    # A word or a number may be the message, which is to be read when it is replayed.
    spared = [secret for secret in secrets if is_ordinary(secret)]
    content = without_secrets(content, secrets, spared)
    rest()
    content = without_secret_keys(content)
    rest()
    return json.dumps(content).encode()


def _without_values(provider: Provider, request: WebhookRequest) -> bytes:
    """A signed body that was read: as it came, because the signature is over every byte, unless a secret is in it."""
    text = legible(request.headers, request.body) or ""
    masked = without_values(text, provider.secrets)
    return request.body if masked == text else masked.encode("utf-8", "surrogateescape")


def _without_secrets(
    provider: Provider, request: WebhookRequest, text: str | None, given: str | None, rest: Callable[[], None]
) -> bytes:
    """A body that could not be read, or its `text`: as it came, unless a secret is in it."""
    if text is None:
        return request.body
    secrets = (*provider.secrets, *([given] if given else []))
    masked = without_pairs(without_values(text, secrets, rest), rest)
    if masked != text:
        return masked.encode("utf-8", "surrogateescape")
    octets = request.body.decode("latin-1")  # what is written in another charset than it claims
    masked = without_pairs(without_values(octets, secrets, rest), rest)
    return request.body if masked == octets else masked.encode("latin-1")


def _is_verified(provider: Provider, request: WebhookRequest) -> bool:
    """Whether it has a signature that is right."""
    if not provider.is_signed:
        return False
    try:
        provider.verify(request)
    except (Unauthorized, BadBody, BodyTooLarge):
        return False
    return True


def _queued(request: WebhookRequest, headers: Mapping[str, str]) -> WebhookRequest:
    """`request` with `headers` in place of its own."""
    return WebhookRequest(
        request.kind,
        headers,
        request.body,
        request.received_at,
        method=request.method,
        path=request.path,
        query=request.query,
        public_url=request.public_url,
    )


def _queued_headers(provider: Provider, request: WebhookRequest) -> dict[str, str]:
    """The headers that may be stored, and the one by which the secret is told from others."""
    found = {name: request.headers.get(name, "")[:MAX_HEADER] for name in _stored_names(provider)}
    storable = {
        name: value for name, value in found.items() if value and not any(key in value for key in provider.secrets)
    }
    if provider.secret_header is not None and (value := request.headers.get(provider.secret_header, "")):
        storable[provider.secret_header] = value[:MAX_HEADER]
    return storable


def _stored_names(provider: Provider) -> list[str]:
    """The headers that may be stored: those that the provider names, unless one holds a secret in clear."""
    return [name for name in (*provider.stored_headers, *READING_HEADERS) if name.lower() not in _SECRET_HEADERS]


def _without(names: Iterable[str], headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


def _lost(provider: str, reason: str, count: int = 1) -> None:
    metrics.QUARANTINE_LOST.labels(provider, reason).inc(count)


def _count(losses: Losses) -> None:
    for reason, by_provider in losses._asdict().items():
        for provider, count in by_provider.items():
            _lost(provider, reason, count)
