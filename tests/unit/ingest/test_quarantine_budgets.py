"""A full quarantine: a flood makes room for itself alone, whatever it looks like."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.quarantine.store import FILE, QuarantinedWebhook, QuarantineStore

RECEIPT = datetime(2026, 11, 22, tzinfo=UTC)
MIB = 1024 * 1024
GENUINE, SIZE = b"genuine-sender-0", 400


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., QuarantineStore]]:
    made: list[QuarantineStore] = []

    def store(*, limit: int = MIB, free: int = 2**40) -> QuarantineStore:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(QuarantineStore(folder, limit=limit, days=7, now=RECEIPT.timestamp, free=lambda _: free))
        return made[-1]

    yield store
    for store_made in made:
        store_made.close()


def webhook(sender: bytes, number: int = 0, size: int = SIZE) -> QuarantinedWebhook:
    return QuarantinedWebhook(
        received_at=RECEIPT + timedelta(milliseconds=number),
        provider="textlink",
        kind=None,
        reason="wrong_secret",
        headers={},
        body=os.urandom(size),
        secret_digest=sender,
        event_id=uuid4(),
        sender=sender,
    )


def senders_of(store: QuarantineStore) -> Counter[bytes]:
    return Counter(found.sender for found in store.waiting() if found.sender is not None)


#: Senders of junk, by the number of the webhook: as an attacker may choose them.
FLOODS: dict[str, Callable[[int], bytes]] = {
    "a new secret each time": lambda number: b"junk-%011d" % number,
    "each secret twice": lambda number: b"junk-%011d" % (number // 2),
    "each secret ten times": lambda number: b"junk-%011d" % (number // 10),
    "one secret": lambda _: b"junk-with-1-secret",
    "three secrets": lambda number: b"junk-%011d" % (number % 3),
    "both": lambda number: b"junk-%011d" % (number if number % 2 else 0),
}


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("size", [100, 2_000, 20_000])
@pytest.mark.parametrize("genuine_comes", ["before", "during"])
def test_a_flood_does_not_evict_what_is_genuine(
    open_store: Callable[..., QuarantineStore], flood: str, size: int, genuine_comes: str
) -> None:
    # Given thirty genuine webhooks with one wrong secret, and junk three times as much as there is room for
    store = open_store()
    groups = 60
    junk_a_group = 3 * MIB // (size + 500) // groups + 1
    evicted: Counter[str] = Counter()
    if genuine_comes == "before":
        evicted += store.add([webhook(GENUINE, number) for number in range(30)]).evicted
    for group in range(groups):
        numbers = range(group * junk_a_group, (group + 1) * junk_a_group)
        evicted += store.add([webhook(FLOODS[flood](number), number, size) for number in numbers]).evicted
        if genuine_comes == "during" and group % 2 == 0:
            evicted += store.add([webhook(GENUINE, numbers[-1])]).evicted
    # Then the junk has made room for itself, and every webhook is either there or counted
    found = senders_of(store)
    assert found[GENUINE] == 30
    assert found.total() == store.count() == groups * junk_a_group + 30 - evicted.total()
    assert evicted.total() > 0
    # And the file has its bounds, but for SQLite's log of one group
    assert sum(file.stat().st_size for file in store._file.parent.glob(f"{FILE}*")) < 1.5 * MIB


@pytest.mark.parametrize("junk", [300, 500])
@pytest.mark.parametrize("size", [1, 100_000, 10 * MIB, 1_000 * MIB])
def test_a_large_step_takes_nothing_of_a_smaller_sender_while_a_larger_one_has_some(
    open_store: Callable[..., QuarantineStore], size: int, junk: int
) -> None:
    # Given large junk with one secret and small genuine webhooks, about as many, so that they share a pool
    store = open_store(limit=100 * MIB)
    store.add([webhook(b"junk-with-1-secret", number, 12_000) for number in range(junk)])
    store.add([webhook(GENUINE, number) for number in range(400)])
    # When room is wanted, however much in one step
    with store._change():
        store._budgets.evict(size)
    # Then only junk has given any
    found = senders_of(store)
    assert found[GENUINE] == 400
    assert found[b"junk-with-1-secret"] < junk


def test_genuine_ones_that_fill_it_evict_junk_first(open_store: Callable[..., QuarantineStore]) -> None:
    store = open_store()
    store.add([webhook(b"junk-%011d" % number) for number in range(500)])
    for first in range(0, 1_200, 100):
        store.add([webhook(GENUINE, first + number) for number in range(100)])
    found = senders_of(store)
    assert found[GENUINE] == 1_200
    assert found.total() < 1_500


def test_what_was_replayed_goes_first_and_is_not_lost(open_store: Callable[..., QuarantineStore]) -> None:
    store = open_store()
    store.add([webhook(GENUINE, number) for number in range(1_000)])
    store.mark_replayed(*range(1, 1_001))
    evicted: Counter[str] = Counter()
    for first in range(0, 600, 100):
        evicted += store.add([webhook(b"another-sender-1", first + number) for number in range(100)]).evicted
    assert evicted.total() == 0
    assert store.count() == 600


def test_what_is_known_to_be_authentic_goes_last(open_store: Callable[..., QuarantineStore]) -> None:
    store = open_store()
    store.add([webhook(GENUINE)], authentic={GENUINE})
    for first in range(0, 5_000, 100):
        store.add([webhook(b"another-sender-1", first + number) for number in range(100)])
    assert senders_of(store)[GENUINE] == 1


def test_it_takes_half_of_the_disk_that_is_free_at_most(open_store: Callable[..., QuarantineStore]) -> None:
    store = open_store(limit=100 * MIB, free=200_000)
    for first in range(0, 2_000, 100):
        store.add([webhook(GENUINE, first + number) for number in range(100)])
    assert 0 < store.count() < 1_500


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 12), st.integers(1, 60), st.integers(0, 3_000), st.booleans()), min_size=1, max_size=25
    )
)
def test_every_webhook_is_there_or_counted_whatever_comes(
    open_store: Callable[..., QuarantineStore], steps: list[tuple[int, int, int, bool]]
) -> None:
    store = open_store(limit=300_000)
    posted, replayed, gone = 0, 0, 0
    for sender, count, size, replays in steps:
        losses = store.add([webhook(b"sender-%d" % sender, posted, size) for _ in range(count)])
        posted += count
        gone += losses.evicted.total() + losses.expired.total()
        if replays and (waiting := next(store.waiting(), None)):
            store.mark_replayed(waiting.id)
            replayed += 1
    assert store.count() == posted - gone - replayed == len(list(store.waiting()))
    pools = dict(store._connection.execute("SELECT pool, items FROM pools WHERE items != 0"))
    rows = store._connection.execute("SELECT count(*), count(sender) FROM kept").fetchone()
    assert (sum(pools.values()), sum(pools.values()) - pools.get(0, 0)) == rows
    assert all(items > 0 for items in pools.values())
    sizes = store._connection.execute("SELECT coalesce(sum(bytes), 0) FROM senders").fetchone()[0]
    assert sizes == store._connection.execute("SELECT sum(bytes) FROM pools WHERE pool != 0").fetchone()[0]
