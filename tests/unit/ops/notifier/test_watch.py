"""A PostgreSQL that does not answer is an alarm, and a process is told of once."""

from __future__ import annotations

import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ops.alarms.catalogue import RULES
from ops.alarms.findings import ObservedItem
from ops.notifier.alarm_book import AlarmBook, AlarmRecord
from ops.notifier.alarm_store import AlarmFile
from ops.notifier.postgres_observer import PostgresObserver, StoredObservation
from ops.notifier.process_observer import ProcessAnswer
from ops.notifier.watch import AlarmWatch

BEGUN = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Rig:
    """A watch whose clocks are moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.seconds = 0.0
        self.book = AlarmBook(RULES)
        self.answers: list[ProcessAnswer] = []
        self._folder = folder
        self.begin_anew()

    def begin_anew(self) -> None:
        """As the process does when it starts."""
        self.postgres = PostgresObserver(self._refused, self.book, None, clock=lambda: self.seconds)  # type: ignore[arg-type]
        self.watch = AlarmWatch(
            self.book,
            lambda: self.answers,
            self.postgres,
            AlarmFile(self._folder),
            clock=lambda: self.seconds,
            now=lambda: BEGUN + timedelta(seconds=self.seconds),
        )

    def _refused(self) -> Any:
        raise psycopg.OperationalError("no")

    def look(self, seconds: int) -> set[str]:
        for _ in range(0, seconds, 3):
            self.watch.look()
            self.seconds += 3
        return {record.rule for record in self.book.records() if record.over_at is None}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_postgresql_that_does_not_answer_is_an_alarm_within_half_a_minute(rig: Rig) -> None:
    rig.postgres.latest = StoredObservation(0.0)
    assert rig.look(6) == set()
    rig.postgres.step()  # refused: "postgres_unreachable"
    assert rig.look(21) == {"HooklinePostgresUnreachable"}
    (record,) = rig.book.records()
    assert record.summary == "PostgreSQL does not answer: OperationalError"
    rig.postgres.latest, rig.postgres.answered_at = StoredObservation(rig.seconds), 1e9
    assert rig.look(36) == set()


def test_alarms_that_only_postgresql_can_end_stay_on_while_it_is_away(rig: Rig) -> None:
    item = ObservedItem("halted", {"processor": "persist", "reason": "x"})
    rig.postgres.latest = StoredObservation(0.0, (item,))
    assert rig.look(3) == {"HooklineHaltRecorded"}
    rig.postgres.step()
    assert rig.look(300) == {"HooklineHaltRecorded", "HooklinePostgresUnreachable"}


def test_a_process_that_does_not_answer_is_told_of_once(rig: Rig) -> None:
    missing = ObservedItem("process_missing", {"process": "ingest", "node": "a"}, 12.0)
    other = ObservedItem("process_missing", {"process": "persist", "node": "a"}, 12.0)
    rig.postgres.latest, rig.postgres.answered_at = StoredObservation(0.0, (missing, other)), 1e9
    rig.answers = [ProcessAnswer("ingest-1", "127.0.0.1:9001", answered=False)]
    assert rig.look(24) == {"HooklineDown", "HooklineMissing"}
    assert {record.summary for record in rig.book.records()} == {
        "hookline-ingest-1 does not answer on 127.0.0.1:9001",
        "persist on a has not been heard of for 12 s",
    }


@pytest.mark.parametrize("rule", ["HooklineWrongSecret", "HooklineSilent"])
def test_after_a_restart_what_cannot_be_seen_yet_stays_on(rig: Rig, rule: str) -> None:
    condition = next(known for known in RULES if known.name == rule)
    kept = AlarmRecord(
        rule, rule, condition.severity, "it goes on", condition.cause, "", condition.runbook, BEGUN, BEGUN, BEGUN
    )
    rig.seconds = 10_000.0
    rig.begin_anew()
    rig.book.restore([kept])
    assert rig.look(120) >= {rule}


def test_nothing_is_sent_before_it_is_known_what_was_sent(rig: Rig) -> None:
    assert not rig.watch.may_send
    rig.postgres.step()
    assert not rig.watch.may_send
    rig.seconds = 9
    assert rig.watch.may_send


def test_a_full_disk_ends_no_notifier(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(rig.watch, "keep", full)
    rig.postgres.latest = StoredObservation(0.0, (ObservedItem("halted", {"processor": "persist", "reason": "x"}),))
    assert rig.look(3) == {"HooklineHaltRecorded"}
    assert rig.watch.looked_at == 0.0


def test_a_bug_of_the_observer_is_told_and_keeps_no_alarm_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given an observer that fails at each step, from the start
    def bug() -> Any:
        raise KeyError("a bug of ours")

    monkeypatch.setattr(rig.postgres, "_connected", bug)
    rig.postgres.step()
    # Then that is an alarm, and alarms are sent
    assert rig.look(30) == {"HooklinePostgresUnreachable"}
    assert rig.watch.may_send
