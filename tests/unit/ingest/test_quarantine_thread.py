"""The quarantine's thread lives as long as its worker, whatever the disk does; and one that does not go on is seen."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug.datastructures import Headers

from ingest.providers.textlink import TextLink, TextLinkSettings
from ingest.quarantine.keeping import STALLED_AFTER, KeepingQuarantine
from ingest.quarantine.store import QuarantineStore, count_waiting
from ingest.request import WebhookRequest
from runtime.metrics import QUARANTINE_LOST, QUARANTINE_STALLED
from tests.twins.clock import Clock

MIB = 1024 * 1024
PROVIDER = TextLink(TextLinkSettings(secrets="right-secret-1"))  # type: ignore[arg-type]
REQUEST = WebhookRequest("received", Headers(), b'{"text":"STOP","secret":"wrong-secret-1"}', datetime.now(UTC))


class Disk:
    """Tells that there is room; once it raises what it is to raise."""

    def __init__(self) -> None:
        self.failure: Exception | None = None

    def free(self, _: Path) -> int:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        return 2**40


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quarantine(tmp_path: Path, disk: Disk, clock: Clock) -> Iterator[KeepingQuarantine]:
    store = QuarantineStore(tmp_path, limit=64 * MIB, days=7, free=disk.free)
    with closing(KeepingQuarantine(store, clock=clock)) as keeping:
        yield keeping


def not_written() -> float:
    return QUARANTINE_LOST.labels("textlink", "not_written")._value.get()


def stalled() -> float:
    return QUARANTINE_STALLED._value.get()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


@pytest.mark.parametrize(
    "failure",
    [
        OSError(errno.EIO, "Input/output error"),  # the disk, when it is asked for its room
        OverflowError("a bug of ours"),
    ],
    ids=["disk", "bug"],
)
def test_one_failure_costs_its_own_webhooks_and_no_later_ones(
    failure: Exception, quarantine: KeepingQuarantine, disk: Disk, tmp_path: Path
) -> None:
    # Given a failure while a webhook is stored
    quarantine.start()
    before = not_written()
    disk.failure = failure
    quarantine.keep(PROVIDER, REQUEST, "wrong_secret")

    # Then this webhook is counted as lost
    wait_for(lambda: not_written() == before + 1)

    # And what comes later is stored by the thread, without an end of the worker
    quarantine.keep(PROVIDER, REQUEST, "wrong_secret")
    wait_for(lambda: count_waiting(tmp_path) == 1)


def test_a_bug_outside_of_a_group_does_not_end_the_thread(
    quarantine: KeepingQuarantine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a bug that shows before any webhook is taken
    shown: list[bool] = []
    store_waiting = quarantine.store_waiting

    def store_at_the_second_try() -> None:
        if not shown:
            shown.append(True)
            raise RuntimeError("a bug of ours")
        store_waiting()

    monkeypatch.setattr(quarantine, "store_waiting", store_at_the_second_try)
    quarantine.start()

    # Then the webhooks are stored at the next turn
    quarantine.keep(PROVIDER, REQUEST, "wrong_secret")
    wait_for(lambda: count_waiting(tmp_path) == 1)


def test_a_thread_that_does_not_go_on_is_counted_with_each_webhook_that_comes(
    quarantine: KeepingQuarantine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a thread that ends as soon as it has begun
    before = stalled()
    monkeypatch.setattr(quarantine._thread, "run", lambda: None)
    quarantine.start()
    quarantine.keep(PROVIDER, REQUEST, "wrong_secret")
    assert stalled() == before

    # When it has not gone on for a minute
    clock.now = STALLED_AFTER + 1
    quarantine.keep(PROVIDER, REQUEST, "wrong_secret")

    # Then that shows
    assert stalled() == before + 1


def test_a_quarantine_whose_thread_goes_on_is_not_stalled(quarantine: KeepingQuarantine, clock: Clock) -> None:
    before = stalled()
    quarantine.start()
    clock.now = STALLED_AFTER + 1
    wait_for(lambda: quarantine._alive_at == clock.now)
    quarantine.keep(PROVIDER, REQUEST, "wrong_secret")
    assert stalled() == before
