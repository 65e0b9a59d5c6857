"""What the service said against itself while all was well: a lag that is too great, "not ready" of one that works.

What is known is the least: of a processor whose offsets in PostgreSQL reach the ends that its logs had at some time,
nothing is older than that time. A figure is untrue when it is more than that allows at any moment of the last 30 s.
Nothing of the service is imported.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import attrgetter

from tests.faults.client.journal import Attempt
from tests.faults.statements import (
    ALLOWED,
    GAP,
    SETTLED,
    Answer,
    Committed,
    Record,
    Statement,
    answered_throughout,
    answers_of,
    speaker,
)

#: Seconds that a lag may be beyond what is known: a record has its time before it is in the log, 2 s at most as long
#: as Kafka answers, and clocks differ. And the share: of a long backlog a processor keeps 64 readings of the ends.
MARGIN, SHARE = 5.0, 0.1
#: Seconds within which one that works has committed everything, and something new.
FRESH = 10.0
#: Seconds after which a request that got no answer counts as given up.
GIVEN_UP = 3.0


@dataclass(frozen=True, slots=True)
class Known:
    """What the rig knows of a processor from 30 s before a statement until its end."""

    since: float
    until: float
    looks: Sequence[Committed]  #: the first is over before that time, the last begins after it

    @property
    def seconds(self) -> float:
        """The age of its oldest record that was not committed, at most."""
        return max(min(later.answered_at, self.until) - earlier.until for earlier, later in pairwise(self.looks))

    @property
    def records(self) -> int:
        """All that were not committed at any moment."""
        return self.looks[-1].ends - self.looks[0].stored

    @property
    def works(self) -> bool:
        """Whether it committed everything soon, and something new again and again."""
        new = (later.asked_at for earlier, later in pairwise(self.looks) if later.stored > earlier.stored)
        times = sorted((self.since, *new, self.until))
        return self.seconds <= FRESH and all(later - earlier <= FRESH for earlier, later in pairwise(times))


def check_overstated(attempts: Sequence[Attempt], record: Record) -> tuple[int, list[str]]:
    """How many statements could have been untrue, and those that were, in words."""
    looks, answers = _looks(attempts, record), answers_of((), record)
    found = [*_about_lag(record, looks, answers), *_about_readiness(record, looks, answers)]
    return len(found), [contradiction for contradiction in found if contradiction]


def _about_lag(
    record: Record, looks: Mapping[str, Sequence[Committed]], answers: Mapping[str, Sequence[Answer]]
) -> Iterable[str]:
    """Of each statement that can be judged, what is untrue about it, or nothing."""
    for statement in record.statements:
        if statement.about not in ("lag seconds", "lag problem", "lag records"):
            continue
        known = _known(statement, looks, answers)
        if known is None:
            continue
        if statement.about == "lag records":
            most, figure, least = float(known.records), f"{statement.value:.0f} records", f"{known.records} records"
        else:
            most = known.seconds * (1 + SHARE) + MARGIN
            figure, least = f"{statement.value:.1f} s", f"{known.seconds:.1f} s"
        about = (
            f"{speaker(statement)}: {statement.about}: {figure}, where {least} is the most of the last {ALLOWED:.0f} s"
        )
        yield about if statement.value > most else ""


def _about_readiness(
    record: Record, looks: Mapping[str, Sequence[Committed]], answers: Mapping[str, Sequence[Answer]]
) -> Iterable[str]:
    """The same. One that works may have been not ready for a moment, so only 30 s of nothing else are untrue."""
    said: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for statement in record.statements:
        if statement.about == "ready":
            said[statement.by, statement.subject].append(statement)
    for statements in said.values():
        refused_since: float | None = None
        for statement in statements:
            if statement.value:
                refused_since = None
            elif refused_since is None:
                refused_since = statement.asked_at
            known = _known(statement, looks, answers)
            if known is None or not known.works or _something_was_wrong(record, known):
                continue
            is_untrue = refused_since is not None and refused_since <= known.since
            yield (
                f"{speaker(statement)}: not ready, and it committed everything for {ALLOWED:.0f} s" if is_untrue else ""
            )


def _something_was_wrong(record: Record, known: Known) -> bool:
    return any(stall.since < known.until and stall.until > known.since for stall in record.stalls)


def _known(
    statement: Statement, looks: Mapping[str, Sequence[Committed]], answers: Mapping[str, Sequence[Answer]]
) -> Known | None:
    """None: nobody looked all the time, or it was not one and the same process that answered."""
    own = looks.get(statement.subject, ())
    since, until = statement.asked_at - ALLOWED, statement.answered_at
    first = bisect_right(own, since, key=attrgetter("answered_at")) - 1
    last = bisect_left(own, until, key=attrgetter("asked_at"))
    if first < 0 or last == len(own):
        return None
    during = own[first : last + 1]
    close = all(later.asked_at - earlier.asked_at < GAP for earlier, later in pairwise(during))
    went_back = len({look.database for look in during}) > 1 or any(
        later.stored < earlier.stored or later.ends < earlier.ends for earlier, later in pairwise(during)
    )
    if not close or went_back or not answered_throughout(answers.get(statement.subject, ()), since, until):
        return None
    return Known(since, until, during)


def _looks(attempts: Iterable[Attempt], record: Record) -> dict[str, list[Committed]]:
    """By processor, in order, each with what may have come to the log late taken off what it knows."""
    late = _late(attempts, record)
    found: dict[str, list[Committed]] = defaultdict(list)
    for look in sorted(record.committed, key=attrgetter("asked_at")):
        at = bisect_right(late, look.until, key=lambda span: span[0]) - 1
        is_late = at >= 0 and look.until <= late[at][1]
        found[look.by].append(replace(look, until=late[at][0]) if is_late else look)
    return found


def _late(attempts: Iterable[Attempt], record: Record) -> list[tuple[float, float]]:
    """When a record may have come to the log that is older than the ends that were read: apart, and in order.

    While Kafka does not answer, what was on its way waits, with the time at which it was sent.
    """
    spans = [
        (attempt.sent_at, attempt.sent_at + GIVEN_UP if attempt.at is None else attempt.at)
        for attempt in attempts
        if attempt.durability == "spool" or attempt.status is None or attempt.status >= 500
    ]
    spans += [(stall.since, stall.until) for stall in record.stalls if stall.by == "kafka"]
    found: list[tuple[float, float]] = []
    for begun, ended in sorted(spans):
        since, until = begun - GIVEN_UP, ended + SETTLED
        if found and since <= found[-1][1]:
            found[-1] = found[-1][0], max(until, found[-1][1])
        else:
            found.append((since, until))
    return found
