"""The checker sees each untruth, planted one at a time among statements that are all true."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops.commands.status import described
from ops.output import as_json
from ops.status.findings import Sample, in_metrics
from ops.status.heartbeats import Heartbeats, HeartbeatState
from ops.status.snapshot import KafkaState, PostgresState, ProcessorState, ProcessState, Snapshot, TopicLag
from tests.faults.checker import Evidence, Promise, check
from tests.faults.client.journal import Attempt
from tests.faults.listener import spellings
from tests.faults.overstated import check_overstated
from tests.faults.statements import (
    Answer,
    Committed,
    LetterCount,
    Record,
    Stall,
    Statement,
    check_statements,
    line_of,
    read_record,
)
from tests.faults.status_watch import statements_of

ROOT = Path(__file__).parents[2]
PHONE = "+13035550100"
#: When everything stopped, and when it went on.
STALL = Stall("persist", 100.0, 200.0)


def attempt(number: int, at: float, **changes: Any) -> Attempt:
    """A text that was answered 200, a moment after it was sent."""
    attempt = Attempt(
        number, f"fx00000000-0000-{number:06d}", 0, PHONE, "sms.messages.v1", stop=False, sent_at=at - 0.1, at=at
    )
    return replace(attempt, status=200, durability="kafka", **changes)


STOP = attempt(1, 10.0, stop=True)
TEXT = attempt(2, 101.0)


def number(value: float, asked_at: float, contact: str = PHONE) -> Statement:
    return Statement("gate", "number", value, asked_at, asked_at + 0.1, contact, "(303) 555-0100")


def of_persist(about: str, value: float, asked_at: float) -> Statement:
    return Statement("persist", about, value, asked_at, asked_at + 0.1)


def untrue(*statements: Statement, attempts: tuple[Attempt, ...] = (STOP, TEXT)) -> int:
    return len(check_statements(attempts, Record(list(statements), [STALL]))[1])


@pytest.mark.parametrize(
    ("statement", "is_untrue"),
    [
        (number(1, 15.1), True),  # 5.1 s after the 200
        (number(1, 14.9), False),  # the gate has 5 s
        (number(0, 15.1), False),
        (number(1, 15.1, "+13035550199"), False),  # who never said STOP
        (of_persist("ready", 1, 131.0), True),  # 31 s after everything stopped
        (of_persist("ready", 1, 129.0), False),
        (of_persist("ready", 0, 131.0), False),
        (of_persist("ready", 1, 199.95), False),  # the answer came when it went on
        (replace(of_persist("ready", 1, 131.0), by="opt-out"), False),  # which did not stop
        (of_persist("lag records", 0, 131.5), True),
        (of_persist("lag records", 0, 130.5), False),  # the first event came a second later
        (of_persist("lag records", 1, 131.5), False),
        (of_persist("lag seconds", 0, 131.5), True),
        (of_persist("lag seconds", 8.0, 140.0), True),  # 39 s, of which 30 are allowed
        (of_persist("lag seconds", 10.0, 140.0), False),
    ],
)
def test_one_statement(statement: Statement, is_untrue: bool) -> None:
    assert untrue(statement) == is_untrue


@pytest.mark.parametrize(
    ("start", "is_untrue"),
    [
        (attempt(3, 12.0, start=True), False),  # a later START
        (attempt(3, 9.0, start=True), True),  # an earlier one
        (attempt(3, 30.0, start=True), True),  # one that comes after the answer
        (replace(attempt(3, 9.0, start=True), status=None, at=None), False),  # received nobody knows when
    ],
)
def test_a_start_lifts_a_stop(start: Attempt, is_untrue: bool) -> None:
    assert untrue(number(1, 20.0), attempts=(STOP, start)) == is_untrue


def test_a_start_by_the_later_time_of_one_clock_lifts_a_stop() -> None:
    stop = replace(STOP, textus=True, said=5)
    assert untrue(number(1, 20.0), attempts=(replace(attempt(3, 9.0, start=True), textus=True, said=6), stop)) == 0
    assert untrue(number(1, 20.0), attempts=(replace(attempt(3, 9.0, start=True), textus=True, said=4), stop)) == 1


def test_a_stop_that_is_delivered_again_after_a_start_counts_as_it_came_first() -> None:
    start, again = attempt(3, 12.0, start=True), replace(STOP, number=4, sent_at=13.0, at=13.1)
    assert untrue(number(1, 20.0), attempts=(STOP, start, again)) == 0


def test_a_stop_that_was_refused_binds_nobody() -> None:
    assert untrue(number(1, 20.0), attempts=(replace(STOP, status=503),)) == 0


def test_events_in_the_spool_are_no_lag() -> None:
    spooled = replace(TEXT, durability="spool")
    assert untrue(of_persist("lag records", 0, 150.0), attempts=(STOP, spooled)) == 0


def test_the_verdict_is_red_for_an_untruth_and_for_too_few_statements(tmp_path: Path) -> None:
    # Given a run in which all is well, and two statements that could be untrue
    attempts = [STOP, TEXT]
    evidence = Evidence({attempt.id: 1 for attempt in attempts}, [], [], {})
    record = Record([number(0, 20.0), of_persist("ready", 0, 140.0), of_persist("ready", 1, 90.0)], [STALL])
    verdict = check(attempts, evidence, Promise(judged=2), record)
    assert (verdict.statements, verdict.untrue, verdict.problems) == (2, 0, [])
    # Then more are too few for a promise
    assert not check(attempts, evidence, Promise(judged=3), record).green
    # And one that is untrue is named
    record.statements.append(number(1, 20.0))
    verdict = check(attempts, evidence, Promise(), record)
    assert verdict.untrue == 1
    assert STOP.id in verdict.problems[0]
    # And the program says the same of the files
    (tmp_path / "journal").write_text(
        "".join(json.dumps({"send": attempt.number, **_sent(attempt)}) + "\n" for attempt in attempts), "utf-8"
    )
    (tmp_path / "evidence").write_text(json.dumps(asdict(evidence)), "utf-8")
    record.answers.append(Answer("persist", 7, 1.0, 1.1))
    record.counts.append(LetterCount("persist", 3, 1.0, 1.1))
    record.committed.append(Committed("persist", 0.0, 5, 4, 1.0, 1.1))
    entries = (*record.statements, *record.stalls, *record.answers, *record.counts, *record.committed)
    (tmp_path / "said").write_text("".join(map(line_of, entries)) + '{"statement": {"by"', "utf-8")
    assert read_record(tmp_path / "said") == record
    command = [sys.executable, "-m", "tests.faults.checker", tmp_path / "journal", tmp_path / "evidence"]
    done = subprocess.run(
        [*command, "--statements", tmp_path / "said"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, json.loads(done.stdout)["untrue"]) == (1, 1), done.stderr


def _sent(attempt: Attempt) -> dict[str, Any]:
    return {name: value for name, value in asdict(attempt).items() if name != "number"}


def test_what_was_answered_401_has_to_be_brought_back() -> None:
    refused = replace(TEXT, status=401, durability=None)
    promise = Promise(refused=None, brought_back=True)
    assert check([STOP, refused], Evidence({STOP.id: 1, refused.id: 1}, [], [], {}), promise).green
    verdict = check([STOP, refused], Evidence({STOP.id: 1}, [], [], {}), promise)
    assert (verdict.green, verdict.lost) == (False, 1)
    assert not check([STOP], Evidence({STOP.id: 1}, [], [], {}), promise).green  # nothing was answered 401


def test_the_spellings_are_many_of_one_number() -> None:
    found = spellings(PHONE)
    assert len(set(found)) == len(found) > 8
    assert "(303) 555-0100" in found


def of_status(about: str, value: float, asked_at: float, of: str = "") -> Statement:
    return Statement("status", about, value, asked_at, asked_at + 0.1, of=of)


@pytest.mark.parametrize(
    ("statement", "is_untrue"),
    [
        (of_status("healthy", 1, 131.0), True),  # 31 s after persist stopped
        (of_status("healthy", 1, 129.0), False),
        (of_status("healthy", 0, 131.0), False),
        (of_status("healthy", 1, 199.95), False),  # the answer came when it went on
        (of_status("ready", 1, 131.0, "persist"), True),
        (of_status("ready", 1, 131.0, "opt-out"), False),  # which did not stop
        (of_status("ready", 0, 131.0, "persist"), False),
        (of_status("lag records", 0, 131.5, "persist"), True),
        (of_status("lag records", 1, 131.5, "persist"), False),
        (of_status("lag seconds", 8.0, 140.0, "persist"), True),
        (of_status("lag seconds", 10.0, 140.0, "persist"), False),
    ],
)
def test_what_status_says_of_a_process_that_stands_still(statement: Statement, is_untrue: bool) -> None:
    assert untrue(statement) == is_untrue


@pytest.mark.parametrize(("until", "is_untrue"), [(140.0, True), (125.0, False)])
def test_all_is_not_well_while_every_answer_says_spool(until: float, is_untrue: bool) -> None:
    spooled = [replace(attempt(number, float(number)), durability="spool") for number in range(100, int(until))]
    after = attempt(999, until)
    record = Record([of_status("healthy", 1, 132.0)])
    assert bool(check_statements([STOP, *spooled, after], record)[1]) == is_untrue


def answers(by: str, since: float, until: float, process: int = 7) -> list[Answer]:
    """One a second."""
    return [Answer(by, process, at, at + 0.05) for at in (since + step for step in range(int(until - since)))]


#: Of persist, from second 0 to 99.
WELL = answers("persist", 0.0, 100.0)


@pytest.mark.parametrize("about", ["unreachable", "missing"])
@pytest.mark.parametrize(
    ("values", "asked_at", "found", "is_untrue"),
    [
        ((1, 1), 60.0, WELL, True),
        ((1, 0), 60.0, WELL, False),
        ((1,), 60.0, WELL, False),  # once only: a request that got lost
        ((1, 1), 20.0, WELL, False),  # it has not answered for 30 s yet
        ((1, 1), 99.5, WELL, False),  # nobody knows whether it answers still
        ((1, 1), 60.0, [], False),
        ((1, 1), 60.0, [*WELL[:40], *WELL[45:]], False),  # a gap
        ((1, 1), 60.0, [*WELL[:40], replace(WELL[40], process=0), *WELL[41:]], False),  # an answer that did not come
        ((1, 1), 60.0, [*WELL[:40], replace(WELL[40], answered_at=41.5), *WELL[41:]], False),  # a late one
        ((1, 1), 60.0, [*WELL[:40], *answers("persist", 40.0, 100.0, 8)], False),  # started anew in between
        ((1, 1), 60.0, answers("opt-out", 0.0, 100.0), False),
    ],
)
def test_who_answers_all_the_time_is_neither_unreachable_nor_missing(
    about: str, values: tuple[int, ...], asked_at: float, found: list[Answer], is_untrue: bool
) -> None:
    said = [of_status(about, value, asked_at + number, "persist") for number, value in enumerate(values)]
    assert bool(check_statements([], Record(said, answers=found))[1]) == is_untrue


def test_who_could_not_reach_postgresql_is_rightly_missing_there() -> None:
    said = [of_status("missing", 1, at, "persist") for at in (60.0, 61.0)]
    for by, count in (("persist", 0), ("postgres", 0), ("opt-out", 1)):
        record = Record(said, [Stall(by, 35.0, 45.0)], WELL)
        assert len(check_statements([], record)[1]) == count


def test_kafka_that_confirms_webhooks_is_not_unreachable() -> None:
    confirmed = [attempt(number, float(number)) for number in range(100)]
    said = [of_status("unreachable", 1, at, "kafka") for at in (60.0, 61.0)]
    assert len(check_statements(confirmed, Record(said))[1]) == 1
    spooled = [replace(attempt, durability="spool") for attempt in confirmed]
    assert check_statements(spooled, Record(said)) == (0, [])


@pytest.mark.parametrize(
    ("letters", "asked_at", "count", "is_untrue"),
    [
        (4, 60.0, (5, 20.0), True),  # less than 40 s before
        (4, 40.0, (5, 20.0), False),  # 20 s before: it may not know yet
        (5, 60.0, (5, 20.0), False),
        (6, 60.0, (5, 70.0), True),  # more than there are later
        (5, 60.0, (5, 70.0), False),
    ],
)
def test_dead_letters_are_those_on_the_topic(
    letters: int, asked_at: float, count: tuple[int, float], is_untrue: bool
) -> None:
    counted = LetterCount("persist", count[0], count[1], count[1] + 0.1)
    said = of_status("dead letters", letters, asked_at, "persist")
    assert bool(check_statements([], Record([said], counts=[counted]))[1]) == is_untrue


def test_what_is_read_of_an_answer_of_status() -> None:
    """By what `hookline status --json` prints: the names are those of ops/status/snapshot.py."""
    snapshot = Snapshot(
        processes=[
            ProcessState("persist", "http://x", "ready", ""),
            ProcessState("opt-out", "http://x", "unreachable", "refused"),
            ProcessState("registry", None, "not asked", ""),
        ],
        kafka=KafkaState(True, ""),
        postgres=PostgresState(False, "frozen"),
        processors=[
            ProcessorState("persist", "g", [TopicLag("a", 3), TopicLag("b", 4)], 5, 0, None, [], lag_seconds=1.5),
            ProcessorState("opt-out", "g", None, None, None, None, []),
        ],
        heartbeats=[
            beat("persist", "missing"),
            beat("persist", "ready"),
            beat("opt-out", "missing"),
        ],
    )
    printed = json.loads(as_json(described(snapshot)))
    found = {(said.about, said.of): said.value for said in statements_of(printed, 1.0, 2.0)}
    assert found == {
        ("healthy", ""): 0, ("ready", "persist"): 1, ("unreachable", "persist"): 0, ("ready", "opt-out"): 0,
        ("unreachable", "opt-out"): 1, ("ready", "kafka"): 1, ("unreachable", "kafka"): 0, ("ready", "postgres"): 0,
        ("unreachable", "postgres"): 1, ("missing", "persist"): 0, ("missing", "opt-out"): 1,
        ("lag records", "persist"): 7, ("lag seconds", "persist"): 1.5, ("dead letters", "persist"): 5,
    }  # fmt: skip


def beat(name: str, state: str, **facts: float) -> HeartbeatState:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return HeartbeatState(name, "node", "1", state, "", facts, at, at, 1.0)


def committed(since: float, until: float, behind: float = 1.0, rate: int = 100) -> list[Committed]:
    """Of persist, one a second, under steady load: what came in the last `behind` seconds is not committed."""
    return [
        Committed("persist", at - behind, int(at * rate), int((at - behind) * rate), at, at + 0.05)
        for at in (since + step for step in range(int(until - since)))
    ]


#: All is committed within a second, from second 0 to 99.
CAUGHT_UP = committed(0.0, 100.0)


def overstated(
    *statements: Statement, found: list[Committed] = CAUGHT_UP, by: list[Answer] = WELL, stalls: tuple[Stall, ...] = ()
) -> int:
    return len(check_overstated([], Record(list(statements), list(stalls), by, [], found))[1])


@pytest.mark.parametrize("say", [of_persist, lambda *said: of_status(*said, "persist")], ids=["itself", "status"])
@pytest.mark.parametrize(
    ("about", "value", "is_untrue"),
    [
        ("lag seconds", 120.0, True),
        ("lag seconds", 8.0, True),
        ("lag seconds", 6.0, False),  # a second that is not committed, one between two looks, 5 and a tenth to spare
        ("lag seconds", 0.0, False),
        ("lag problem", 120.0, True),
        ("lag records", 3500, True),  # 100 a second: more than came in 32 s and were not committed before
        ("lag records", 3000, False),
    ],
)
def test_a_lag_of_one_that_has_committed_everything(say: Any, about: str, value: float, is_untrue: bool) -> None:
    assert overstated(say(about, value, 60.0)) == is_untrue
    # But not while that much is not committed
    assert not overstated(say(about, value, 60.0), found=committed(0.0, 100.0, behind=120.0))


@pytest.mark.parametrize(
    ("found", "by"),
    [
        ([], WELL),  # nobody looked
        (CAUGHT_UP[35:], WELL),  # not for all of 30 s
        (CAUGHT_UP[:59], WELL),  # nobody has looked since
        ([*CAUGHT_UP[:40], *CAUGHT_UP[45:]], WELL),  # a gap
        ([*committed(0.0, 35.0, behind=130.0), *CAUGHT_UP[35:]], WELL),  # caught up 25 s before
        ([*CAUGHT_UP[:40], replace(CAUGHT_UP[40], stored=0), *CAUGHT_UP[41:]], WELL),  # offsets that went back
        ([*CAUGHT_UP[:40], *(replace(look, database=7) for look in CAUGHT_UP[40:])], WELL),  # a copy of it
        (CAUGHT_UP, [*WELL[:40], *answers("persist", 40.0, 100.0, 8)]),  # started anew in between
        (CAUGHT_UP, [*WELL[:40], *WELL[45:]]),  # frozen in between
        ([replace(look, by="opt-out") for look in CAUGHT_UP], WELL),
    ],
)
def test_a_lag_that_may_have_been_is_not_untrue(found: list[Committed], by: list[Answer]) -> None:
    said = [of_persist("lag seconds", 120.0, 60.0), *(of_persist("ready", 0, float(at)) for at in range(30, 61))]
    assert overstated(*said, found=found, by=by) == 0


def test_what_was_on_its_way_while_kafka_did_not_answer_may_be_older_than_the_log() -> None:
    spooled = [replace(attempt(number, 20.0 + number), durability="spool") for number in range(20)]
    said = of_persist("lag seconds", 30.0, 50.0)
    assert check_overstated(spooled, Record([said], [], WELL, [], CAUGHT_UP)) == (1, [])
    assert check_overstated([], Record([said], [Stall("kafka", 20.0, 40.0)], WELL, [], CAUGHT_UP)) == (1, [])
    assert overstated(said) == 1


@pytest.mark.parametrize(
    ("values", "found", "stalls", "is_untrue"),
    [
        ([0] * 41, CAUGHT_UP, (), True),
        ([0] * 20 + [1] + [0] * 20, CAUGHT_UP, (), False),  # it said otherwise within 30 s
        ([0] * 25, CAUGHT_UP, (), False),  # not for 30 s yet
        ([1] * 41, CAUGHT_UP, (), False),
        ([0] * 41, committed(0.0, 100.0, behind=20.0), (), False),  # it is slow
        ([0] * 41, [replace(look, ends=500, stored=500) for look in CAUGHT_UP], (), False),  # nothing to do: halted?
        ([0] * 41, CAUGHT_UP, (Stall("secret", 30.0, 40.0),), False),
    ],
)
def test_one_that_works_is_ready(
    values: list[int], found: list[Committed], stalls: tuple[Stall, ...], is_untrue: bool
) -> None:
    said = [of_persist("ready", value, 20.0 + number) for number, value in enumerate(values)]
    assert bool(overstated(*said, found=found, stalls=stalls)) == is_untrue


def test_an_overstated_lag_makes_the_verdict_red_and_is_no_proof_about_a_fault() -> None:
    attempts = [STOP, TEXT]
    evidence = Evidence({attempt.id: 1 for attempt in attempts}, [], [], {})
    record = Record([of_persist("lag seconds", 120.0, 60.0)], [], WELL, [], CAUGHT_UP)
    verdict = check(attempts, evidence, Promise(), record)
    assert (verdict.statements, verdict.untrue) == (1, 1)
    assert "persist: lag seconds: 120.0 s" in verdict.problems[0]
    record.statements[0] = of_persist("lag seconds", 1.0, 60.0)
    verdict = check(attempts, evidence, Promise(judged=1), record)
    assert (verdict.statements, verdict.untrue, len(verdict.problems)) == (1, 0, 1)


def test_which_problems_of_status_are_about_a_lag() -> None:
    """By the words of ops/status."""
    findings = [
        *in_metrics("opt-out", [Sample("hookline_lag_seconds", {"processor": "opt-out"}, 61.0)]),
        *Heartbeats([beat("crm-sync", "ready", lag_seconds=120.0, lag_records=3)]).findings(),
        *Heartbeats([beat("persist", "missing")]).findings(),
    ]
    snapshot = Snapshot([], KafkaState(True, ""), PostgresState(True, ""), [], findings=findings)
    said = list(statements_of(json.loads(as_json(described(snapshot))), 1.0, 2.0))
    assert len(snapshot.problems) == 3
    lags = {(statement.of, statement.value) for statement in said if statement.about == "lag problem"}
    assert lags == {("opt-out", 61), ("crm-sync", 120)}
