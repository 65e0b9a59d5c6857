"""What waits for the quarantine is bounded in bytes, all of it counted, and a sender is remembered by few."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from ingest.quarantine.keeping import KeepingQuarantine
from ingest.quarantine.queue import RefusedQueue, RefusedWebhook, length_of, sender_key
from ingest.request import MAX_HEADER, WebhookRequest
from tests.contract.players import NEW_SECRET, PLAYERS
from tests.unit.ingest.test_twilio import RECEIPT

HUGE = 100_000


class NoStore:
    found_damaged = False

    def digest(self, _text: str) -> bytes:
        return b"x" * 32


def keeping() -> KeepingQuarantine:
    """One whose thread does not run."""
    return KeepingQuarantine(NoStore())  # type: ignore[arg-type]


def refused(headers: dict[str, str], body: bytes = b"{}", query: str = "") -> WebhookRequest:
    return WebhookRequest("received", headers, body, RECEIPT, path="/webhooks/x", query=query)


@pytest.mark.parametrize("name", sorted(PLAYERS))
@pytest.mark.parametrize("header", ["X-Forwarded-For", "Authorization", "X-Twilio-Signature"])
def test_no_sender_is_remembered_by_more_than_a_digest(name: str, header: str) -> None:
    """100 KB of a header each were kept for 20,000 senders a worker."""
    quarantine, provider = keeping(), PLAYERS[name].provider(NEW_SECRET)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(100):
            quarantine.keep(provider, refused({header: f"{number:08d}" + "x" * HUGE}), "wrong_secret")
            quarantine.keep(provider, refused({}, b'{"secret": "%d' % number + b"x" * HUGE), "wrong_secret")
            while quarantine._queue.take(10**9):
                pass
        assert tracemalloc.get_traced_memory()[0] - before < 10 * HUGE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("forwarded", ["192.0.2.1", "x" * HUGE + ", 192.0.2.1", "," * HUGE + "192.0.2.1"])
def test_the_origin_is_what_the_proxy_added_last(forwarded: str) -> None:
    quarantine = keeping()
    quarantine.keep(PLAYERS["textus"].provider(NEW_SECRET), refused({"X-Forwarded-For": forwarded}), "wrong_signature")
    [webhook] = quarantine._queue.take(1)
    assert webhook.origin == "192.0.2.1"


@pytest.mark.parametrize("name", sorted(PLAYERS))
def test_whatever_is_kept_of_a_webhook_is_counted(name: str) -> None:
    quarantine, provider = keeping(), PLAYERS[name].provider(NEW_SECRET)
    kept = [*provider.stored_headers, "Content-Type", *([provider.secret_header] if provider.secret_header else [])]
    headers = dict.fromkeys([*kept, "X-Forwarded-For", "User-Agent"], "x" * HUGE)
    quarantine.keep(provider, refused(headers, b"y" * 5_000, "q" * HUGE), "wrong_secret")
    [webhook] = quarantine._queue.take(1)
    held = dict(webhook.request.headers)  # type: ignore[call-overload]
    assert set(held) == set(kept)
    assert all(len(value) == MAX_HEADER for value in held.values())
    parts = len(webhook.origin) + len(webhook.request.query) + len(webhook.request.body) + length_of(held)
    assert parts > HUGE
    assert parts <= webhook.size < parts + 2_000


def test_long_queries_fill_the_queue_as_bodies_do() -> None:
    queue, provider = RefusedQueue(1_000_000), PLAYERS["textlink"].provider(NEW_SECRET)
    webhook = RefusedWebhook(provider, refused({}, query="q" * HUGE), "wrong_secret", "")
    taken = [queue.put(sender_key("a secret"), webhook) for _ in range(50)]
    assert 1 <= sum(taken) <= 10


def test_senders_are_told_apart() -> None:
    facts: list[tuple[Any, ...]] = [("a",), ("b",), ("textlink", "wrong_secret", ""), ("textlink", "wrong_secret", "b")]
    assert len({sender_key(*each) for each in facts}) == len(facts)
    assert all(len(sender_key(*each)) == 16 for each in [*facts, ("\ud800" * HUGE,)])
