"""What the service said of itself while a fault lasted, against what is known: the part of the checker about that.

A statement is untrue when it contradicts what was so at every moment of the last 30 s, or 5 s where the gate speaks
of a number: whoever relies on it has had time to hear better. Nothing of the service is imported.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.client.journal import Attempt

#: Seconds for which a statement may lag behind what is so; the gate's about a number.
ALLOWED, ALLOWED_GATE = 30.0, 5.0
#: A topic that every processor reads.
READ_BY_ALL = "sms.messages.v1"


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that was said. Times are seconds of CLOCK_MONOTONIC, as in the client's journal."""

    by: str  #: "gate", or the name of a processor
    about: str  #: "number", "ready", "lag records" or "lag seconds"
    value: float  #: number: 1 where it is in and sure, else 0; ready: 1 or 0; lag: the figure
    asked_at: float
    answered_at: float
    contact: str = ""  #: whose number it is, as in the journal
    spelling: str = ""  #: as which it was asked


@dataclass(frozen=True, slots=True)
class Stall:
    """A time in which a process could commit nothing, or read nothing."""

    by: str
    since: float
    until: float


@dataclass(slots=True)
class Record:
    """A run's statements, and what the rig knows of them."""

    statements: list[Statement] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)


def read_record(path: Path) -> Record:
    """A file of one JSON object a line, `statement` or `stall`; a torn last line is none."""
    record = Record()
    for line in path.read_bytes().split(b"\n") if path.exists() else ():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "stall" in entry:
            record.stalls.append(Stall(**entry["stall"]))
        else:
            record.statements.append(Statement(**entry["statement"]))
    return record


def check_statements(attempts: Sequence[Attempt], record: Record) -> tuple[int, list[str]]:
    """How many statements could have been untrue, and those that were, in words."""
    sayings = _sayings(attempts)
    oldest = {stall: _oldest_uncommitted(attempts, stall) for stall in record.stalls}
    judged, untrue = 0, []
    for statement in record.statements:
        if statement.about == "number":
            stop = _stop_in_force(sayings[statement.contact], statement)
            if stop is not None:
                judged += 1
                if statement.value:
                    age = statement.asked_at - (stop.at or 0.0)
                    untrue.append(f"gate: {stop.id} as {statement.spelling!r} is in, sure, {age:.1f} s after its 200")
            continue
        for stall, committed_until in oldest.items():
            # Where a stall has not lasted long enough, or is over, the statement may be an old truth.
            if stall.by != statement.by or statement.answered_at > stall.until:
                continue
            if stall.since > statement.asked_at - ALLOWED:
                continue
            contradiction = _contradiction(statement, stall, committed_until)
            judged += contradiction is not None
            if contradiction:
                untrue.append(f"{statement.by}: {contradiction}")
    return judged, untrue


def _contradiction(statement: Statement, stall: Stall, oldest: float | None) -> str | None:
    """What is untrue about what was said in `stall`; empty: it is true; None: nobody can tell."""
    stalled = f"{statement.asked_at - stall.since:.0f} s after everything stopped"
    if statement.about == "ready":
        return f"ready {stalled}" if statement.value else ""
    if oldest is None or oldest > statement.asked_at - ALLOWED:
        return None
    if statement.about == "lag records":
        return "" if statement.value > 0 else f"a lag of no record {stalled}"
    least = statement.asked_at - oldest - ALLOWED
    return "" if statement.value >= least else f"a lag of {statement.value:.1f} s {stalled}"


def _oldest_uncommitted(attempts: Sequence[Attempt], stall: Stall) -> float | None:
    """When the first event was on Kafka that every processor reads and that came in after `stall` began."""
    on_kafka = (
        attempt.at
        for attempt in attempts
        if attempt.status == 200
        and attempt.durability == "kafka"
        and attempt.topic == READ_BY_ALL
        and attempt.at is not None
        and attempt.sent_at > stall.since
    )
    return min(on_kafka, default=None)


def _sayings(attempts: Sequence[Attempt]) -> dict[str, list[Attempt]]:
    """What each contact said about being texted, each saying as it was delivered first."""
    found: dict[str, list[Attempt]] = defaultdict(list)
    known: set[str] = set()
    for attempt in attempts:
        if (attempt.stop or attempt.start) and attempt.id not in known:
            found[attempt.contact].append(attempt)
            if attempt.status == 200:
                known.add(attempt.id)
    return found


def _stop_in_force(sayings: Sequence[Attempt], statement: Statement) -> Attempt | None:
    """A STOP that was answered 200 long enough before, and that no START can have lifted by then."""
    starts = [saying for saying in sayings if saying.start and saying.sent_at < statement.answered_at]
    for saying in sayings:
        if not saying.stop or saying.status != 200 or saying.at is None:
            continue
        if saying.at <= statement.asked_at - ALLOWED_GATE and not any(_may_lift(start, saying) for start in starts):
            return saying
    return None


def _may_lift(start: Attempt, stop: Attempt) -> bool:
    """Whether `start` may count as later: nobody knows when one that was not answered was received."""
    by_one_clock = start.textus and stop.textus and start.said > stop.said
    return start.sent_at > stop.sent_at or start.status != 200 or by_one_clock
