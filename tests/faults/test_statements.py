"""The checker sees each untruth, planted one at a time among statements that are all true."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.checker import Evidence, Promise, check
from tests.faults.client.journal import Attempt
from tests.faults.listener import spellings
from tests.faults.statements import Record, Stall, Statement, check_statements, read_record

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
    lines = [json.dumps({"statement": asdict(statement)}) for statement in record.statements]
    lines += [json.dumps({"stall": asdict(STALL)}), '{"statement": {"by"']
    (tmp_path / "said").write_text("\n".join(lines), "utf-8")
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
