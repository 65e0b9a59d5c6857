"""A slow or dead target is tried again with bounds and delays nobody; its URL reaches no log and no command line."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ops.alarms.catalogue import RULES
from ops.alarms.findings import AlarmFinding
from ops.notifier.alarm_book import AlarmBook
from ops.notifier.delivery import NotificationTarget, TargetWorker, send_by_apprise
from ops.notifier.messages import AlarmMessage, example, message_about

URL = "json://user:very-secret@127.0.0.1:9/path"


class MovableClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


def book_with(clock: MovableClock, *rules: str) -> AlarmBook:
    book = AlarmBook(RULES)
    book.update([AlarmFinding(rule, {"processor": "persist"}, 1.0) for rule in rules], clock())
    return book


def test_a_dead_target_is_tried_again_less_and_less_often_and_given_up(clock: MovableClock) -> None:
    tries: list[datetime] = []

    def refuse(url: str, message: AlarmMessage, seconds: float) -> bool:
        tries.append(clock())
        return False

    book = book_with(clock, "HooklineHalted")
    worker = TargetWorker(NotificationTarget.of(URL), book, send=refuse, give_up_after=timedelta(hours=2), now=clock)
    for _ in range(3 * 3600):
        worker.step()
        clock.at += timedelta(seconds=1)
    waits = [(later - before).total_seconds() for before, later in pairwise(tries)]
    assert waits[:7] == [5, 10, 20, 40, 80, 160, 300]
    assert set(waits[7:]) == {300}
    assert tries[-1] - tries[0] < timedelta(hours=2, minutes=1)
    assert book.outstanding(NotificationTarget.of(URL).name) == []


def test_several_alarms_are_one_message(clock: MovableClock) -> None:
    sent: list[AlarmMessage] = []

    def take(url: str, message: AlarmMessage, seconds: float) -> bool:
        sent.append(message)
        return True

    book = book_with(clock, "HooklineHalted", "HooklinePoison")
    worker = TargetWorker(NotificationTarget.of(URL), book, send=take, now=clock)
    assert worker.step()
    assert not worker.step()
    (message,) = sent
    assert message.title == "Hookline: 2 alarms"
    assert message.kind == "failure"
    for words in ("since 2026-11-01 12:00:00 UTC", "likely cause:", "run: hookline dlq ls persist", "docs/runbook.md#"):
        assert words in message.body


def test_a_message_says_when_it_is_over(clock: MovableClock) -> None:
    book = book_with(clock, "HooklineHalted")
    book.update([], clock() + timedelta(minutes=5))
    message = message_about(book.outstanding("a"))
    assert message.title.startswith("Hookline: over: persist has stopped")
    assert "from 2026-11-01 12:00:00 UTC to 2026-11-01 12:05:00 UTC (5 min)" in message.body
    assert message.kind == "success"


def test_a_target_is_named_without_its_secret() -> None:
    target = NotificationTarget.of(URL)
    assert target.name.startswith("json-")
    assert "very-secret" not in repr(target) + target.name
    assert NotificationTarget.of("slack://other").name != target.name


def test_a_target_that_refuses_or_is_no_url_is_not_delivered_to() -> None:
    assert not send_by_apprise(URL, example(), 20.0)
    assert not send_by_apprise("nonsense", example(), 20.0)


def test_a_target_that_hangs_is_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[subprocess.TimeoutExpired] = []
    run = subprocess.run

    def watched(*args: Any, **options: Any) -> Any:
        try:
            return run(*args, **options)
        except subprocess.TimeoutExpired as error:
            ended.append(error)
            raise

    monkeypatch.setattr("ops.notifier.delivery.subprocess.run", watched)
    assert not send_by_apprise(URL, example(), 0.05)
    assert len(ended) == 1


def test_a_bug_while_a_message_is_sent_is_a_target_that_fails(clock: MovableClock) -> None:
    failures = [ValueError("a bug of ours")]

    def send(url: str, message: AlarmMessage, seconds: float) -> bool:
        if failures:
            raise failures.pop()
        return True

    target = NotificationTarget.of(URL)
    worker = TargetWorker(target, book_with(clock, "HooklineHalted"), send=send, now=clock)
    assert not worker.step()
    assert REGISTRY.get_sample_value("hookline_notification_target_failing", {"target": target.name}) == 1
    # And it is tried again, as after any other failure
    clock.at += timedelta(seconds=6)
    assert worker.step()
    assert REGISTRY.get_sample_value("hookline_notification_target_failing", {"target": target.name}) == 0
