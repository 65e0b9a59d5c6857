"""What the service said of itself while a fault lasted, against what is known: the part of the checker about that.

What it said against itself while all was well is judged in overstated.py.

A statement is untrue when it contradicts what was so at every moment of the last 30 s, or 5 s where the gate speaks
of a number: whoever relies on it has had time to hear better. Nothing of the service is imported.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

from tests.faults.client.journal import Attempt, outages

#: Seconds for which a statement may lag behind what is so; the gate's about a number.
ALLOWED, ALLOWED_GATE = 30.0, 5.0
#: Seconds between two answers, and for one of them, with which a process counts as well all the time.
GAP, PROMPT = 3.0, 1.0
#: Seconds after which what was on its way to Kafka while that did not answer is in the log, or never will be.
SETTLED = 5.0
#: A topic that every processor reads.
READ_BY_ALL = "sms.messages.v1"
#: Who speaks of others: `hookline status`.
STATUS = "status"


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that was said. Times are seconds of CLOCK_MONOTONIC, as in the client's journal.

    `about` and `value`: "number": 1 where it is in and sure, else 0; "ready": 1 or 0; "lag records" and "lag seconds":
    the figure. Of `hookline status` alone: "healthy": 1 where it names no problem; "lag problem": the seconds that one
    of its problems names as the lag of `of`; "unreachable": 1 where that is said of `of`, else 0; "missing": the same,
    for want of heartbeats; "dead letters": their number.
    """

    by: str  #: "gate", "status", or the name of a process
    about: str
    value: float
    asked_at: float
    answered_at: float
    contact: str = ""  #: whose number it is, as in the journal
    spelling: str = ""  #: as which it was asked
    of: str = ""  #: the process or server that it is said of; none: the speaker itself

    @property
    def subject(self) -> str:
        return self.of or self.by


@dataclass(frozen=True, slots=True)
class Stall:
    """A time in which a process could commit nothing or read nothing, or in which something else was wrong.

    A status that is healthy contradicts any of them.
    """

    by: str  #: a process, "kafka", "postgres", or what else was wrong, such as "secret"
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a process or server answered the rig itself."""

    by: str
    process: int  #: its process id; of a server any number but 0; 0: no answer
    asked_at: float
    answered_at: float


@dataclass(frozen=True, slots=True)
class LetterCount:
    """How many dead letters of a processor the rig has counted on its topic."""

    by: str
    letters: int
    asked_at: float
    answered_at: float


@dataclass(frozen=True, slots=True)
class Committed:
    """How far a processor's commits reached at some moment from `asked_at` to `answered_at`."""

    by: str
    until: float  #: all that was in its logs then was committed
    ends: int  #: of its logs, asked for right after `answered_at`, summed over all partitions
    stored: int  #: the sum of its offsets there
    asked_at: float
    answered_at: float
    database: int = 0  #: PostgreSQL's number of it: another one may hold older offsets


@dataclass(slots=True)
class Record:
    """A run's statements, and what the rig knows of them."""

    statements: list[Statement] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    counts: list[LetterCount] = field(default_factory=list)
    committed: list[Committed] = field(default_factory=list)


Entry = Statement | Stall | Answer | LetterCount | Committed
#: How each is named in the file.
KINDS: Mapping[type[Entry], str] = {
    Statement: "statement",
    Stall: "stall",
    Answer: "answer",
    LetterCount: "count",
    Committed: "committed",
}


def line_of(entry: Entry) -> str:
    """As `read_record` takes it."""
    return json.dumps({KINDS[type(entry)]: {name: getattr(entry, name) for name in type(entry).__slots__}}) + "\n"


def read_record(path: Path) -> Record:
    """A file of one JSON object a line, each an entry by its kind; a torn last line is none."""
    record = Record()
    for line in path.read_bytes().split(b"\n") if path.exists() else ():
        try:
            ((kind, fields),) = json.loads(line).items()
        except json.JSONDecodeError:
            continue
        match kind:
            case "stall":
                record.stalls.append(Stall(**fields))
            case "answer":
                record.answers.append(Answer(**fields))
            case "count":
                record.counts.append(LetterCount(**fields))
            case "committed":
                record.committed.append(Committed(**fields))
            case _:
                record.statements.append(Statement(**fields))
    return record


def check_statements(attempts: Sequence[Attempt], record: Record) -> tuple[int, list[str]]:
    """How many statements could have been untrue, and those that were, in words."""
    sayings = _sayings(attempts)
    # While every answer says spool, what says that all is well does not know it.
    stalls = [*record.stalls, *(Stall("spool", since, until) for since, until in outages(attempts))]
    oldest = {stall: _oldest_uncommitted(attempts, stall) for stall in stalls}
    answers = answers_of(attempts, record)
    judged, untrue = 0, []
    for statement in record.statements:
        match statement.about:
            case "number":
                contradictions = [_about_number(statement, sayings[statement.contact])]
            case "dead letters":
                contradictions = [_about_letters(statement, record.counts)]
            case "unreachable" | "missing" | "lag problem":
                contradictions = []  # judged below, two in a row, and in overstated.py
            case _:
                contradictions = [
                    _contradiction(statement, stall, committed_until)
                    for stall, committed_until in oldest.items()
                    if _is_about(statement, stall)
                ]
        judged += sum(contradiction is not None for contradiction in contradictions)
        untrue += [f"{speaker(statement)}: {contradiction}" for contradiction in contradictions if contradiction]
    absent = list(_absent(record, answers))
    return judged + len(absent), untrue + [contradiction for contradiction in absent if contradiction]


def speaker(statement: Statement) -> str:
    return f"{statement.by} of {statement.of}" if statement.of else statement.by


def _about_number(statement: Statement, sayings: Sequence[Attempt]) -> str | None:
    stop = _stop_in_force(sayings, statement)
    if stop is None:
        return None
    age = statement.asked_at - (stop.at or 0.0)
    return f"{stop.id} as {statement.spelling!r} is in, sure, {age:.1f} s after its 200" if statement.value else ""


def _is_about(statement: Statement, stall: Stall) -> bool:
    """Not where a stall has not lasted long enough, or is over: the statement may be an old truth then."""
    concerned = statement.about == "healthy" or statement.subject == stall.by
    return concerned and stall.since <= statement.asked_at - ALLOWED and statement.answered_at <= stall.until


def _contradiction(statement: Statement, stall: Stall, oldest: float | None) -> str | None:
    """What is untrue about what was said in `stall`; empty: it is true; None: nobody can tell."""
    stalled = f"{statement.asked_at - stall.since:.0f} s after everything stopped"
    if statement.about in ("ready", "healthy"):
        return f"{statement.about} {stalled} ({stall.by})" if statement.value else ""
    if oldest is None or oldest > statement.asked_at - ALLOWED:
        return None
    if statement.about == "lag records":
        return "" if statement.value > 0 else f"a lag of no record {stalled}"
    least = statement.asked_at - oldest - ALLOWED
    return "" if statement.value >= least else f"a lag of {statement.value:.1f} s {stalled}"


def _about_letters(statement: Statement, counts: Iterable[LetterCount]) -> str | None:
    """There are never less than before, so a count bounds what may be said later from below, and earlier from above."""
    own = [count for count in counts if count.by == statement.subject]
    least = max((count.letters for count in own if count.answered_at <= statement.asked_at - ALLOWED), default=None)
    most = min((count.letters for count in own if count.asked_at >= statement.answered_at), default=None)
    if least is None and most is None:
        return None
    if least is not None and statement.value < least:
        return f"{statement.value:.0f} dead letters, where {least} had been counted"
    if most is not None and statement.value > most:
        return f"{statement.value:.0f} dead letters, where only {most} were counted afterwards"
    return ""


def _absent(record: Record, answers: Mapping[str, Sequence[Answer]]) -> Iterable[str]:
    """Of statements that could say so of who was well all the time, what is untrue about each, or nothing.

    Only what is said twice in a row is held against it: one request may be lost on a busy machine.
    """
    said: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for statement in record.statements:
        if statement.about in ("unreachable", "missing"):
            said[statement.about, statement.of].append(statement)
    for (about, of), statements in said.items():
        for before, statement in pairwise(statements):
            since, until = before.asked_at - ALLOWED, statement.answered_at
            # Who could not reach PostgreSQL for a while is rightly missed there.
            stalled = about == "missing" and any(
                stall.by in (of, "postgres") and stall.since < until and stall.until > since for stall in record.stalls
            )
            if stalled or not answered_throughout(answers.get(of, ()), since, until):
                continue
            both = before.value and statement.value
            yield f"{STATUS} of {of}: {about}, and it answered for {until - since:.0f} s" if both else ""


def answered_throughout(answers: Sequence[Answer], since: float, until: float) -> bool:
    """Whether one and the same process answered promptly, again and again, from `since` to `until`.

    `answers`: in the order in which they were asked for.
    """
    first = bisect_right(answers, since, key=attrgetter("asked_at")) - 1
    last = bisect_left(answers, until, key=attrgetter("asked_at"))
    if first < 0 or last == len(answers):
        return False
    during = answers[first : last + 1]
    prompt = all(answer.process and answer.answered_at - answer.asked_at < PROMPT for answer in during)
    close = all(later.asked_at - earlier.asked_at < GAP for earlier, later in pairwise(during))
    return prompt and close and len({answer.process for answer in during}) == 1


def answers_of(attempts: Iterable[Attempt], record: Record) -> dict[str, list[Answer]]:
    """By who answered, in order; Kafka answers wherever a webhook's answer says so."""
    found: dict[str, list[Answer]] = defaultdict(list)
    for answer in record.answers:
        found[answer.by].append(answer)
    for attempt in attempts:
        if attempt.at is not None and attempt.durability is not None:
            took = Answer("kafka", int(attempt.durability == "kafka"), attempt.sent_at, attempt.at)
            found["kafka"].append(took)
    return {by: sorted(answers, key=attrgetter("asked_at")) for by, answers in found.items()}


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
