"""What counts as well and unwell, and how it is told."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

import ops.commands.status as command_module
from ops.__main__ import main
from ops.status.findings import StatusFinding
from ops.status.gather import clears_in
from ops.status.heartbeats import Heartbeats, HeartbeatState
from ops.status.snapshot import (
    KafkaState,
    PostgresState,
    ProcessorState,
    ProcessState,
    Snapshot,
    TableRows,
    TopicLag,
)
from processors.crm_sync.report import CrmState

AT = datetime(2026, 1, 2, tzinfo=UTC)
INGEST = ProcessState("ingest", "http://127.0.0.1:8080", "ready", "")
PERSIST = ProcessorState("persist", "hookline-persist", [TopicLag("sms.messages.v1", 12)], 3, 1, None, ())
REST = CrmState("rest", 1_200, 7, None, None, 0, None)
WELL = Snapshot(
    processes=[INGEST, ProcessState("registry", None, "not asked", "its admin port is not set here")],
    kafka=KafkaState(True, "", brokers=1, topics=7),
    postgres=PostgresState(
        True, "", [TableRows("events", 1_234_567, exact=False), TableRows("contacts", 42, exact=True)]
    ),
    processors=[PERSIST],
    crms=[REST],
)
DOWN = Snapshot(
    processes=[replace(INGEST, state="unreachable", reason="refused")],
    kafka=KafkaState(False, "no answer"),
    postgres=PostgresState(False, "no answer"),
    processors=[replace(PERSIST, lag=None, dead_letters=None, redriven=None)],
    crms=[],
)

UNWELL = [
    (replace(WELL, processes=[replace(INGEST, state="not ready", reason="kafka_unreachable")]), "kafka_unreachable"),
    (replace(WELL, processes=[replace(INGEST, state="unreachable", reason="refused")]), "ingest is unreachable"),
    (replace(WELL, kafka=KafkaState(True, "", 1, 6, missing=["dlq.persist"])), "hookline topics apply"),
    (replace(WELL, kafka=KafkaState(True, "", 1, 7, without_leader=["dlq.persist"])), "without a leader"),
    (replace(WELL, kafka=KafkaState(False, "no answer")), "Kafka: no answer"),
    (replace(WELL, postgres=PostgresState(False, "no answer")), "PostgreSQL: no answer"),
    (
        replace(WELL, processors=[replace(PERSIST, halted_at=datetime(2026, 1, 2, tzinfo=UTC), halt="see")]),
        "hookline dlq resume persist",
    ),
    (
        replace(WELL, processors=[replace(PERSIST, halted_at=datetime(2026, 1, 2, tzinfo=UTC), halt="50 of the last")]),
        "persist is halted: 50 of the last",
    ),
    (replace(WELL, processors=[replace(PERSIST, lost_partitions=["sms.calls.v1/3"])]), "sms.calls.v1/3"),
    (
        replace(WELL, findings=[StatusFinding("textus refuses us", "error", "set its token")]),
        "textus refuses us: set its token",
    ),
    (
        replace(WELL, crms=[replace(REST, paused_until=datetime(2026, 1, 2, tzinfo=UTC), reason="rest answers 503")]),
        "the CRM rest is paused until 2026-01-02T00:00:00+00:00: rest answers 503: hookline crm check",
    ),
]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has `hookline status` see the given snapshot."""

    def see(snapshot: Snapshot) -> None:
        monkeypatch.setattr(command_module, "_looker", lambda: lambda: snapshot)

    return see


def test_all_is_well_and_behind_is_not_unwell(shown: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shown(WELL)

    assert main(["status"]) == 0
    output = capsys.readouterr().out
    assert "~1,234,567" in output
    assert "sms.messages.v1 12" in output
    assert re.search(r"^ *rest +ok +1200 +7", output, re.MULTILINE)
    assert main(["status", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["healthy"] is True
    assert data["processors"][0]["lag"] == [{"topic": "sms.messages.v1", "lag": 12}]
    assert (data["crms"][0]["pending"], data["crms"][0]["dead"]) == (1200, 7)


def test_a_provider_that_is_silent_is_shown_with_the_age_of_its_last_event(
    shown: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(replace(WELL, last_events={"textus": datetime.now(UTC) - timedelta(hours=5)}))

    assert main(["status"]) == 0
    assert re.search(r"^ *textus +\S+\+00:00 +5 h ago *$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(("snapshot", "expected"), UNWELL)
def test_what_is_wrong_is_named_and_the_exit_code_is_1(
    shown: Any, snapshot: Snapshot, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(snapshot)

    assert main(["status", "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["healthy"] is False
    assert expected in captured.err
    assert main(["status"]) == 1
    assert expected in capsys.readouterr().out.replace("\n", " ")


def test_a_warning_is_shown_and_changes_no_exit_code(shown: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shown(replace(WELL, findings=[StatusFinding("3 refused webhooks are lost", "warning", "hookline quarantine ls")]))

    assert main(["status"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "warning: 3 refused webhooks are lost: hookline quarantine ls" in output
    assert "warning: 7 deliveries to the CRM rest are dead" in output
    assert "warning: 2 dead letters of persist wait: hookline dlq ls persist" in output
    assert "hookline dlq redrive persist or hookline dlq discard persist" in output


@pytest.mark.parametrize("process", ["unreachable", "not ready"])
def test_a_processor_is_never_ok_beside_a_process_that_is_not(
    process: str, shown: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    persist = ProcessState("persist", "http://127.0.0.1:1", process, "a reason")
    shown(replace(WELL, processes=[persist], processors=[replace(PERSIST, process=process)]))

    assert main(["status"]) == 1
    assert re.search(rf"^ *persist +{process} +12", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(("has_worked", "code"), [(True, 1), (False, 0)])
def test_a_processor_that_does_not_run_is_a_problem_once_it_has_worked_here(
    shown: Any, capsys: pytest.CaptureFixture[str], *, has_worked: bool, code: int
) -> None:
    process = ProcessState("opt-out", None, "not heard of", "it does not run", has_worked=has_worked)
    opt_out = replace(PERSIST, name="opt-out", process="not heard of", has_worked=has_worked)
    shown(replace(WELL, processes=[INGEST, process], processors=[opt_out]))

    assert main(["status"]) == code
    output = capsys.readouterr().out
    assert re.search(r"^ *opt-out +not heard of +12", output, re.MULTILINE), "never ok"
    assert f"{'!' if has_worked else 'warning:'} opt-out is not heard of" in output


def test_a_database_whose_table_is_locked_is_not_unreachable(shown: Any, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = StatusFinding("persist waits for a lock that the session 4711 holds", "error", "end that transaction")
    shown(replace(WELL, postgres=PostgresState(True, "", known=False), findings=[blocked]))

    assert main(["status"]) == 1
    output = capsys.readouterr().out
    assert "locked or slow" in output
    assert "unreachable" not in output
    assert "session 4711" in output


def test_nothing_answers_is_69_and_still_told(shown: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shown(DOWN)

    assert main(["status", "--json"]) == 69
    assert json.loads(capsys.readouterr().out)["kafka"]["reachable"] is False
    assert main(["status"]) == 69
    assert "persist" in capsys.readouterr().out


def test_watch_looks_again_until_ctrl_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # Given somebody who presses Ctrl-C after the third look
    looks = iter([WELL, DOWN, WELL])

    def look() -> Snapshot:
        found = next(looks, None)
        if found is None:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(command_module, "_looker", lambda: look)
    monkeypatch.setattr(command_module.time, "sleep", lambda _seconds: None)

    assert main(["status", "--watch", "--json"]) == 130
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["healthy"] for line in lines] == [True, False, True]


@pytest.mark.parametrize(
    ("lag", "pace", "seconds", "shown_as"),
    [
        (1_200, (15.0, 5.0), 120.0, "15.0 +2 min"),
        (1_200, (5.0, 15.0), None, "5.0 +not at this rate"),
        (0, (5.0, 5.0), 0.0, "5.0"),
        (1_200, None, None, ""),
    ],
)
def test_rate_and_time_to_clear_stand_beside_the_lag(
    shown: Any,
    capsys: pytest.CaptureFixture[str],
    lag: int,
    pace: tuple[float, float] | None,
    seconds: float | None,
    shown_as: str,
) -> None:
    rate, arrivals = pace or (None, None)
    assert clears_in(lag, rate, arrivals) == seconds
    behind = [TopicLag("sms.messages.v1", lag)]
    persist = replace(PERSIST, lag=behind, rate=rate, arrivals=arrivals, clears_in=seconds, lag_seconds=9.0)
    shown(replace(WELL, processors=[persist]))

    assert main(["status"]) == 0
    assert re.search(rf"^ *persist +ok +{lag} +9 +{shown_as}", capsys.readouterr().out, re.MULTILINE)
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["processors"][0]["clears_in"] == seconds


def test_the_rates_of_all_processes_of_a_name_are_one() -> None:
    beats = [
        HeartbeatState(
            "persist", node, "1", state, "", {"records_per_second": 4.0, "arrivals_per_second": 1.0}, AT, AT, 0
        )
        for node, state in (("n1", "ready"), ("n2", "ready"), ("n3", "missing"))
    ]
    assert Heartbeats(beats).pace("persist") == (8.0, 2.0)
    assert Heartbeats(beats).pace("opt-out") is None


def test_on_a_short_screen_the_problems_are_what_is_seen() -> None:
    # Given a screen of ten lines, and more processes than that
    many = [replace(INGEST, name=f"process-{number}") for number in range(20)]
    unwell = replace(WELL, processes=many, kafka=KafkaState(False, "no answer"))
    screen = Console(width=120, height=10, force_terminal=True, file=io.StringIO())
    lines = screen.render_lines(command_module.watched(unwell))[:10]
    seen = "\n".join("".join(segment.text for segment in line) for line in lines)
    assert "! Kafka: no answer" in seen
    assert "1 problems, 2 warnings" in seen
