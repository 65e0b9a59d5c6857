"""Each alarm is told once, and once when it is over, whatever restarts in between."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.alarms.catalogue import RULES
from ops.alarms.findings import AlarmFinding
from ops.alarms.rule import AlarmRule
from ops.notifier.alarm_book import AlarmBook, AlarmRecord
from ops.notifier.alarm_store import AlarmFile, StoredAlarms

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HALTED = AlarmFinding("HooklineHalted", {"processor": "persist", "instance": "persist"}, 1.0)
DOWN = AlarmFinding("HooklineDown", {"job": "hookline-gate", "instance": "127.0.0.1:9"})

PAUSED = AlarmFinding("HooklineCrmPaused", {"target": "rest"}, 1.0)


@pytest.fixture
def book() -> AlarmBook:
    return AlarmBook(RULES)


def names(records: list[AlarmRecord]) -> list[tuple[str, str]]:
    return [(record.rule, record.state) for record in records]


def test_an_alarm_is_sent_once_and_once_when_it_is_over(book: AlarmBook) -> None:
    book.update([HALTED], NOW)
    first = book.outstanding("a")
    assert names(first) == [("HooklineHalted", "on")]
    assert first[0].summary == "persist has stopped: most records are set aside, or its offsets are gone"
    assert first[0].command.startswith("hookline dlq ls persist; when it is mended, hookline dlq resume persist;")
    book.mark_sent("a", first)
    for step in range(100):
        book.update([HALTED], NOW + step * SECOND)
    assert book.outstanding("a") == []
    assert names(book.outstanding("b")) == [("HooklineHalted", "on")]  # each target for itself

    book.update([], NOW + 200 * SECOND)
    assert names(book.outstanding("a")) == [("HooklineHalted", "over")]
    book.mark_sent("a", book.outstanding("a"))
    assert book.outstanding("a") == []


def test_what_comes_and_goes_is_one_alarm(book: AlarmBook) -> None:
    for step in range(50):
        book.update([HALTED] if step % 2 else [], NOW + 10 * step * SECOND)
        book.mark_sent("a", book.outstanding("a"))
        assert len(book.records()) == min(step, 1)


def test_a_condition_has_to_hold_for_as_long_as_its_rule_says(book: AlarmBook) -> None:
    book.update([DOWN], NOW)
    book.update([], NOW + 10 * SECOND)
    book.update([DOWN], NOW + 20 * SECOND)
    assert book.update([DOWN], NOW + 29 * SECOND) == []
    (record,) = book.update([DOWN], NOW + 30 * SECOND)
    assert record.since == NOW + 20 * SECOND


def test_details_that_change_are_the_same_alarm(book: AlarmBook) -> None:
    for step, reason in enumerate(("paused until 12:00", "paused until 12:01")):
        finding = AlarmFinding("HooklineNotReady", {"process": "persist", "reason": reason})
        book.update([finding], NOW + step * 10 * SECOND)
    assert [record.summary for record in book.records()] == ["persist is not ready: paused until 12:01"]


def test_an_alarm_that_nobody_can_see_stays_on_for_ten_minutes(book: AlarmBook) -> None:
    book.update([HALTED], NOW)
    assert book.update([], NOW + 300 * SECOND, unseen={"metrics"}) == []
    assert len(book.update([], NOW + 601 * SECOND, unseen={"metrics"})) == 1


@pytest.mark.parametrize(
    ("finding", "is_over"),
    [
        (HALTED, True),  # a gauge says what is so now
        (AlarmFinding("HooklineDeadLetters", {"processor": "persist", "disposition": "rejected"}, 1.0), False),
        (AlarmFinding("HooklineWrongSecret", {"provider": "textlink"}, 1.0), False),
    ],
)
def test_where_history_is_missing_what_needs_none_is_over(
    book: AlarmBook, finding: AlarmFinding, is_over: bool
) -> None:
    for second in (0, 400):
        book.update([finding], NOW + second * SECOND)
    assert len(book.records()) == 1
    assert len(book.update([], NOW + 431 * SECOND, unseen={"history"})) == is_over


def held(book: AlarmBook, gap: int, *, unseen: Collection[str] = ()) -> bool:
    """Whether a CRM that is paused for 300 s becomes an alarm, where nobody saw it for `gap` seconds in the middle."""
    changed = []
    for second in range(0, 301, 5):
        is_out_of_sight = 100 <= second < 100 + gap
        findings = [] if is_out_of_sight else [PAUSED]
        changed += book.update(findings, NOW + second * SECOND, unseen=unseen if is_out_of_sight else ())
    return names(changed) == [("HooklineCrmPaused", "on")]


def test_a_process_that_starts_anew_does_not_begin_the_wait_again(book: AlarmBook) -> None:
    assert held(book, 25)


def test_a_condition_that_was_gone_for_longer_begins_again(book: AlarmBook) -> None:
    assert not held(book, 45)


def test_a_process_that_does_not_answer_does_not_begin_the_wait_again(book: AlarmBook) -> None:
    assert held(book, 150, unseen={"metrics"})


def test_a_notifier_that_starts_anew_does_not_begin_the_wait_again(book: AlarmBook, tmp_path: Path) -> None:
    book.update([PAUSED], NOW)
    book.update([PAUSED], NOW + 200 * SECOND)
    AlarmFile(tmp_path).write(book.records(), book.pending())

    again = AlarmBook(RULES)
    again.restore(*AlarmFile(tmp_path).read())
    assert again.update([PAUSED], NOW + 210 * SECOND) == []
    (record,) = again.update([PAUSED], NOW + 300 * SECOND)
    assert record.since == NOW


def test_a_file_of_an_older_version_is_read(book: AlarmBook, tmp_path: Path) -> None:
    book.update([HALTED], NOW)
    (tmp_path / "alarms.json").write_text(json.dumps([record.as_json() for record in book.records()]))
    assert AlarmFile(tmp_path).read() == StoredAlarms(book.records(), [])


def test_nothing_becomes_an_alarm_while_nobody_sees_it(book: AlarmBook) -> None:
    book.update([PAUSED], NOW)
    assert book.update([], NOW + 400 * SECOND, unseen={"metrics"}) == []


def test_one_process_that_is_down_leaves_the_others_as_they_are_seen(book: AlarmBook) -> None:
    other = AlarmFinding("HooklineDown", {"job": "hookline-gate", "instance": "127.0.0.1:2"})
    for second in range(0, 200, 5):  # the gate is away for one look, now and then
        book.update([DOWN, *([other] if second % 50 == 0 else [])], NOW + second * SECOND, unseen={"metrics"})
    assert len(book.records()) == 1


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.for_notifier], ids=lambda rule: rule.name)
def test_every_rule_becomes_an_alarm_and_is_over(book: AlarmBook, rule: AlarmRule) -> None:
    finding = AlarmFinding(rule.name, {"process": "persist"}, 1.0)
    book.update([finding], NOW)
    book.update([finding], NOW + rule.for_seconds * SECOND)
    (record,) = book.outstanding("a")
    assert (record.rule, record.state, record.since) == (rule.name, "on", NOW)
    book.update([], NOW + (rule.for_seconds + 31) * SECOND)
    (record,) = book.outstanding("a")
    assert record.state == "over"


def test_after_a_restart_nothing_is_sent_again(book: AlarmBook, tmp_path: Path) -> None:
    book.update([HALTED], NOW)
    book.mark_sent("a", book.outstanding("a"))
    AlarmFile(tmp_path).write(book.records())

    again = AlarmBook(RULES)
    again.restore(*AlarmFile(tmp_path).read())
    again.update([HALTED], NOW + 60 * SECOND)
    assert again.outstanding("a") == []
    again.update([], NOW + 120 * SECOND)
    assert names(again.outstanding("a")) == [("HooklineHalted", "over")]


def test_what_postgresql_kept_from_before_joins_what_was_found_meanwhile(book: AlarmBook) -> None:
    book.update([HALTED], NOW)
    book.mark_sent("a", book.outstanding("a"))
    kept = book.records()
    fresh = AlarmBook(RULES)  # without its file: a new machine
    fresh.update([HALTED], NOW + 60 * SECOND)
    fresh.restore(kept)
    assert fresh.outstanding("a") == []
    assert [record.since for record in fresh.records()] == [NOW]


def test_what_went_on_before_a_restart_is_over_only_once_this_process_has_looked_for_it(book: AlarmBook) -> None:
    book.update([HALTED], NOW)
    hours_later = NOW + 10_000 * SECOND
    again = AlarmBook(RULES)
    again.restore(book.records())
    assert again.update([], hours_later) == []  # nothing has been read yet
    assert again.update([HALTED], hours_later + 20 * SECOND) == []
    assert again.update([], hours_later + 40 * SECOND) == []
    [over] = again.update([], hours_later + 60 * SECOND)
    assert over.over_at == hours_later + 60 * SECOND


def test_a_stale_copy_does_not_bring_back_what_is_over(book: AlarmBook) -> None:
    book.update([HALTED], NOW)
    stale = book.records()
    book.update([], NOW + 60 * SECOND)
    book.mark_sent("a", book.outstanding("a"))
    book.restore(stale)
    assert [record.state for record in book.records()] == ["over"]
    assert book.outstanding("a") == []


def test_what_could_not_be_saved_is_handed_out_again(book: AlarmBook) -> None:
    book.update([HALTED], NOW)
    unsaved = book.take_unsaved()
    assert names(unsaved) == [("HooklineHalted", "on")]
    assert book.take_unsaved() == []
    book.not_saved(unsaved)
    assert book.take_unsaved() == unsaved


@pytest.mark.parametrize("content", [b"", b"{", b'[{"key": 1}]', b'["x"]', b"\xff"])
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    file = AlarmFile(tmp_path)
    (tmp_path / "alarms.json").write_bytes(content)
    assert file.read() == StoredAlarms()
    assert (tmp_path / "alarms.damaged").read_bytes() == content
    file.write([])
    assert file.read() == StoredAlarms([], [])
