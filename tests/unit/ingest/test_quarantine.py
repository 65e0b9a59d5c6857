"""Webhooks answered 401 are kept, bounded and without their secret, and come back once the secret is mended."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.provider import Unauthorized
from ingest.publisher import Durability
from ingest.quarantine import BURST, MAX_BODY, KeepingQuarantine, check_again, replay
from ingest.quarantine_store import FILE, QuarantineStore, count_waiting
from ingest.webhooks import receive
from schemas.events import Event
from tests.contract.players import NEW_SECRET, OLD_SECRET, PLAYERS

RECEIPT = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
WRONG = "wrong-secret-5555555555"

pytestmark = pytest.mark.parametrize("name", sorted(PLAYERS))


class Log:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, event: Event) -> Durability:
        self.events.append(event)
        return Durability.KAFKA


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., tuple[KeepingQuarantine, QuarantineStore]]]:
    made: list[KeepingQuarantine] = []

    def quarantine(*, most: int = 1_000, now: float = RECEIPT.timestamp()) -> tuple[KeepingQuarantine, QuarantineStore]:
        store = QuarantineStore(tmp_path, most=most, days=7, now=lambda: now)
        made.append(KeepingQuarantine(store, clock))
        return made[-1], store

    yield quarantine
    for one in made:
        one.close()


def post(
    name: str, quarantine: KeepingQuarantine, log: Log, *, signed: str | None, valid: str = NEW_SECRET, **fields: Any
) -> int:
    player = PLAYERS[name]
    kind, headers, body = player.request({**player.message, **fields}, signed)
    provider = player.provider(valid)
    return receive(provider, kind, headers, body, publisher=log, now=lambda: RECEIPT, quarantine=quarantine).status


def test_what_came_while_our_secret_was_wrong_comes_back_as_it_would_have_been(name: str, make: Any) -> None:
    # Given webhooks signed with the provider's secret, while ours is an old one
    quarantine, store = make()
    log = Log()
    for number in range(3):
        assert (
            post(
                name,
                quarantine,
                log,
                signed=NEW_SECRET,
                valid=OLD_SECRET,
                id=f"d{number}",
                timestamp=1_748_455_363_370 + number,
            )
            == 401
        )
    quarantine.store_waiting()
    assert log.events == []
    kept = store.kept()
    assert [(one.provider, one.received_at) for one in kept] == [(name, RECEIPT)] * 3
    # When the secret has been mended
    mended = PLAYERS[name].provider(OLD_SECRET, NEW_SECRET)
    for one in kept:
        replay(one, mended, log, store.digest, force=False)
        store.mark_replayed(one.id)
    # Then the events are those that would have been, received when they were
    would = Log()
    for number in range(3):
        assert (
            post(name, quarantine, would, signed=NEW_SECRET, id=f"d{number}", timestamp=1_748_455_363_370 + number)
            == 200
        )
    assert log.events == would.events
    assert store.kept() == []
    assert len(store.kept(replayed=True)) == 3


def test_what_is_wrong_now_too_comes_back_only_by_force(name: str, make: Any) -> None:
    quarantine, store = make()
    log = Log()
    for signed in (WRONG, None):
        assert post(name, quarantine, log, signed=signed) == 401
    quarantine.store_waiting()
    provider = PLAYERS[name].provider(NEW_SECRET)
    for one in store.kept():
        with pytest.raises(Unauthorized):
            check_again(one, provider, store.digest)
        with pytest.raises(Unauthorized):
            replay(one, provider, log, store.digest, force=False)
        replay(one, provider, log, store.digest, force=True)
    assert len(log.events) == 2


def test_no_secret_is_on_the_disk(name: str, make: Any, tmp_path: Path) -> None:
    quarantine, store = make()
    post(name, quarantine, Log(), signed=WRONG, note=f"my secret is {WRONG}" if name == "textlink" else "x")
    post(name, quarantine, Log(), signed=WRONG, note=f"yours is {NEW_SECRET}")
    quarantine.store_waiting()
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert WRONG.encode() not in content
        assert NEW_SECRET.encode() not in content
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert store.kept() != []


def test_what_does_not_look_like_the_providers_is_not_kept(name: str, make: Any) -> None:
    quarantine, store = make()
    player = PLAYERS[name]
    provider = player.provider(NEW_SECRET)
    _, headers, _ = player.request(player.message, WRONG)
    bodies = [
        b"{", b"[]", b"\xff", b'{"secret": "no"}', json.dumps({**player.unknown_kind, "secret": "no"}).encode(),
        json.dumps({**player.message, "secret": "no", "phone_number": "none", "conversation": {}}).encode(),
        json.dumps({**player.message, "secret": "no", "text": "x" * MAX_BODY}).encode(),
    ]  # fmt: skip
    for body in bodies:
        receive(provider, None, headers, body, publisher=Log(), now=lambda: RECEIPT, quarantine=quarantine)
    quarantine.store_waiting()
    assert store.kept() == []


def test_an_attacker_fills_nothing(name: str, make: Any, clock: Clock) -> None:
    quarantine, store = make(most=50)
    for number in range(BURST * 3):
        post(name, quarantine, Log(), signed=WRONG, id=f"d{number}", text=f"{number}")
    assert len(quarantine._queue) <= BURST
    quarantine.store_waiting()
    assert len(store.kept()) == 50, "the newest"
    assert [one.id for one in store.kept()] == list(range(BURST - 49, BURST + 1))
    # And after a while it takes some again
    clock.now += 1.0
    for _ in range(100):
        post(name, quarantine, Log(), signed=WRONG)
    assert len(quarantine._queue) == 20


def test_it_lets_go_after_its_days(name: str, make: Any) -> None:
    quarantine, store = make()
    post(name, quarantine, Log(), signed=WRONG)
    quarantine.store_waiting()
    assert len(store.kept()) == 1
    late, _ = make(now=(RECEIPT + timedelta(days=8)).timestamp())
    post(name, late, Log(), signed=WRONG)
    late.store_waiting()
    assert store.kept() == [], "received 8 days before the later one was stored"


def test_its_thread_stores_and_a_stop_stores_the_rest(name: str, make: Any, tmp_path: Path) -> None:
    quarantine, _ = make()
    quarantine.start()
    post(name, quarantine, Log(), signed=WRONG)
    quarantine.close()
    assert count_waiting(tmp_path) == 1


def test_a_damaged_file_is_set_aside_and_begun_anew(name: str, make: Any, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"nothing of SQLite's" * 100)
    quarantine, store = make()
    post(name, quarantine, Log(), signed=WRONG)
    quarantine.store_waiting()
    assert len(store.kept()) == 1
    assert list(tmp_path.glob("damaged-*")) != []
