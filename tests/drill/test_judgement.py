"""The drill's own judgement: a status that lies, an alarm about something else, a command that nobody names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.drill.catalogue import FAULTS
from tests.drill.fault import DrillFault, nothing
from tests.drill.judgement import (
    DrillResult,
    Mention,
    StatusReading,
    alarm_mention,
    command_named,
    gone_after,
    is_well,
    misses_of,
    over_mention,
    status_mention,
)
from tests.drill.run import RUNBOOK, section_of
from tests.drill.table import markdown
from tests.servers.alarm_receiver import ReceivedAlarm, alarms_in

FAULT = DrillFault(
    "persist-frozen",
    "persist is frozen",
    nothing,
    status="^persist .*is missing",
    alarm="HooklineMissing",
    alarm_text="persist",
    command="hookline process resume persist",
)
MESSAGE = """Hookline: 2 alarms, 1 over
PAGE HooklineMissing: persist on n1 has not been heard of for 12 s
since 2026-01-02 03:04:05 UTC
likely cause: the process has ended, is frozen, or cannot reach PostgreSQL
run: hookline status
runbook: docs/runbook.md#hooklinemissing

TICKET HooklineSpooling: ingest queues events on its disk
since 2026-01-02 03:04:05 UTC
likely cause: Kafka is down
run: hookline spool status
runbook: docs/runbook.md#hooklinespooling

OVER: persist on n1 has not been heard of for 40 s
from 2026-01-02 03:04:05 UTC to 2026-01-02 03:05:05 UTC (60 s)"""


def reading(at: float, *problems: str, warnings: tuple[str, ...] = ()) -> StatusReading:
    return StatusReading(at, not problems, problems, warnings)


def good() -> DrillResult:
    return DrillResult(
        FAULT,
        status=Mention(4.0, "persist on n1 is missing"),
        alarm=Mention(12.0, "PAGE HooklineMissing: persist on n1 has not been heard of for 12 s"),
        alarm_command="hookline status",
        command="hookline process resume persist",
        well_after=3.0,
        over_after=40.0,
    )


def test_what_is_as_it_should_be_has_no_miss() -> None:
    assert misses_of(good()) == []


@pytest.mark.parametrize(
    ("change", "miss"),
    [
        ({"status": None}, "status never named it"),
        ({"status": Mention(31.0, "")}, "status took 31 s of 30"),
        ({"alarm": None}, "the alarm HooklineMissing never named it"),
        ({"alarm": Mention(31.0, "PAGE HooklineMissing: persist")}, "the alarm HooklineMissing took 31 s of 30"),
        ({"alarm": Mention(9.0, "PAGE HooklineMissing: {process} is gone")}, "the alarm leaves a place open"),
        ({"alarm_command": ""}, "the alarm names no command"),
        ({"alarm_command": "hookline dlq ls ?"}, "the alarm's command cannot be pasted"),
        ({"command": ""}, "neither status, nor the alarm, nor the runbook names hookline process resume persist"),
        ({"command_failed": "exit code 1: it is not paused"}, "failed: exit code 1"),
        ({"well_after": None}, "status is not well again within 90 s"),
        ({"well_after": 95.0}, "status is not well again within 90 s, but after 95"),
        ({"over_after": None}, "the alarm is not over within 120 s"),
        ({"trouble": "the drill failed"}, "the drill failed"),
    ],
)
def test_each_thing_that_is_wrong_is_a_miss(change: dict[str, object], miss: str) -> None:
    found = misses_of(replace(good(), **change))  # type: ignore[arg-type]

    assert any(miss in text for text in found), found


@pytest.mark.parametrize(
    "readings",
    [
        # It says that all is well
        [reading(11.0)],
        # or that something else is wrong
        [reading(11.0, "opt-out on n1 is missing")],
        # or, without a cause, that something is
        [reading(11.0, "not well")],
        # or what it had been saying before the fault was there
        [reading(9.5, "persist on n1 is missing"), reading(11.0, "persist on n1 is missing")],
        # or what it said before, and no longer
        [reading(9.5, "persist on n1 is missing"), reading(11.0)],
    ],
)
def test_a_status_that_lies_names_nothing(readings: list[StatusReading]) -> None:
    assert status_mention(readings, FAULT.status, since=10.0) is None


def test_the_first_reading_that_names_it_counts_also_where_an_earlier_fault_was_told_in_the_same_words() -> None:
    words = "persist on n1 is missing"
    readings = [reading(1.0, words), reading(9.0), reading(12.0, "x"), reading(13.5, words), reading(14.5, words)]

    assert status_mention(readings, FAULT.status, since=10.0) == Mention(3.5, words)
    restarted = [reading(9.0, warnings=("x 1 times",)), reading(11.0, warnings=("x 2 times",))]
    assert status_mention(restarted, r"x \d times", since=10.0) == Mention(1.0, "x 2 times")


def test_a_message_is_taken_apart_into_its_alarms() -> None:
    missing, spooling, over = alarms_in(7.0, MESSAGE)

    assert (missing.rule, missing.severity, missing.command) == ("HooklineMissing", "page", "hookline status")
    assert missing.summary == "persist on n1 has not been heard of for 12 s"
    assert missing.cause.startswith("the process has ended")
    assert (spooling.severity, spooling.command) == ("ticket", "hookline spool status")
    assert over.is_over
    assert over_mention([missing, spooling, replace(over, at=9.0)], missing, FAULT) is not None
    assert over_mention([spooling, replace(over, at=9.0)], spooling, FAULT) is None


@pytest.mark.parametrize(
    "change",
    [
        {"at": 9.0},  # before the fault
        {"rule": "HooklineHalted"},  # another rule
        {"text": "PAGE HooklineMissing: opt-out on n1"},  # about somebody else
        {"rule": "", "is_over": True},  # that it is over
    ],
)
def test_an_alarm_about_something_else_is_none_about_it(change: dict[str, object]) -> None:
    alarm = ReceivedAlarm(11.0, "PAGE HooklineMissing: persist on n1", "HooklineMissing")

    assert alarm_mention([alarm], FAULT, since=10.0) == alarm
    assert alarm_mention([replace(alarm, **change)], FAULT, since=10.0) is None  # type: ignore[arg-type]


def test_well_is_well_but_for_what_goes_on_beside_it() -> None:
    assert is_well(reading(1.0), [])
    assert not is_well(reading(1.0, "analytics is not ready"), [])
    assert is_well(reading(1.0, "analytics is not ready"), ["^analytics"])
    assert not is_well(reading(1.0, "analytics is not ready", "persist is missing"), ["^analytics"])


def test_gone_is_what_does_not_come_back() -> None:
    readings = [reading(9.0, "CRM"), reading(11.0, "CRM"), reading(12.0), reading(13.0, "CRM"), reading(15.0)]

    assert gone_after(readings, "CRM", since=10.0) == 5.0
    assert gone_after(readings[:4], "CRM", since=10.0) is None
    assert gone_after([], "CRM", since=10.0) is None


def test_a_command_is_run_as_it_is_named_or_not_at_all() -> None:
    texts = ["persist waits", "end it, or as a superuser: SELECT pg_terminate_backend(4711)"]

    assert command_named(r"SELECT pg_terminate_backend\(\d+\)", texts) == "SELECT pg_terminate_backend(4711)"
    assert command_named("hookline dlq resume", texts) == ""


def test_every_fault_has_a_name_of_its_own_and_its_alarm_a_section_in_the_runbook() -> None:
    runbook = RUNBOOK.read_text("utf-8")

    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert fault.status, fault.name
        assert fault.command or fault.mended_by, fault.name
        for rule in filter(None, fault.alarm.split("|")):
            assert section_of(rule, runbook), f"{fault.name}: {rule}"


def test_the_table_shows_what_was_missed() -> None:
    late = replace(good(), status=None)
    late.misses = misses_of(late)
    good_row, late_row = markdown([good(), late]).splitlines()[2:]

    assert good_row.endswith("| 40 s | ok |")
    assert "| never |" in late_row
    assert "status never named it" in late_row
