"""The checker: what a run's journal and what was found afterwards say about each other.

A program of its own (`python -m tests.faults.checker JOURNAL EVIDENCE`): it imports nothing of the service, and its
own tests plant a loss, a ghost, a doubled effect, a disorder, a refused one and a missed STOP. What is about opt-outs
is in stops.py, what is about CRMs in notes.py, what the service said of itself meanwhile in statements.py and
overstated.py.

A = ids answered 200; R = ids never answered 200; P = ids in PostgreSQL; D = ids in dead letters and on
sms.unrecognized.v1; L = ids in the opt-out ledger.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.faults.client.journal import Attempt, outages, read
from tests.faults.notes import Crm, check_crm
from tests.faults.overstated import check_overstated
from tests.faults.progress import Progress, check_progress
from tests.faults.statements import Record, check_statements, read_record
from tests.faults.stops import OptOuts, check_stops, states
from tests.servers.disk import Sync, p99

#: How many culprits a verdict names.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found when all was quiet, of this run's ids only."""

    effects: Mapping[str, int]  #: P: id -> rows it has in the table that has most of them
    aside: Sequence[str]  #: D
    log: Sequence[tuple[str, int, int, str]]  #: topic, partition, offset, id: every record on the event topics
    received: Mapping[str, int]  #: id -> receipt, microseconds since the epoch
    opt_outs: OptOuts | None = None  #: L and what follows from it; None: opt-out is not in the rig
    crms: Sequence[Crm] = ()  #: what they hold and were asked; none: crm-sync is not in the rig
    syncs: Sequence[Sync] = ()  #: what the disk itself took meanwhile
    progress: Sequence[Progress] = ()  #: what `sms.progress.v1` said meanwhile


@dataclass(frozen=True, slots=True)
class Promise:
    """What a row promises beside that nothing is lost."""

    refused: int | None = 0  #: requests without a 200; None: any number
    slowest: float = 3.0  #: seconds
    silence: float | None = None  #: seconds without any 200 at most
    in_order: bool = True  #: False: what overtakes is counted and nothing more
    partitions_move: bool = False  #: the row adds partitions, so a contact may change its own
    brought_back: bool = False  #: what was answered 401 is there in the end as well: the quarantine had it
    judged: int = 0  #: statements about a fault at least that could be untrue; with fewer the row proves nothing
    progress: int = 0  #: the same of the records on `sms.progress.v1`


@dataclass(slots=True)
class Verdict:
    """The figures of one run."""

    sent: int = 0
    accepted: int = 0  #: |A|
    refused: int = 0  #: requests without a 200
    unanswered: int = 0  #: of those, requests without any answer
    refused_connections: int = 0  #: tries to connect that nobody listened to
    spooled: int = 0  #: answers that said spool
    lost: int = 0
    ghost: int = 0
    dup_effect: int = 0
    dup_log: int = 0
    disorder: int = 0
    stops: int = 0  #: STOPs and STARTs that were accepted, and looked for in the ledger
    missed_stops: int = 0  #: of those, not there
    crm_notes: int = 0  #: that CRMs must have of what was accepted, and that were looked for there
    missed_notes: int = 0  #: of those, not there
    statements: int = 0  #: of the service about itself, that could have been untrue
    untrue: int = 0  #: of those, untrue
    progress: int = 0  #: records on `sms.progress.v1` that could have been ahead of a late event
    ahead: int = 0  #: late events that one of them was ahead of
    silence: float = 0.0  #: longest time without any 200, seconds
    slowest: float = 0.0  #: seconds
    p99_spooling: float | None = None  #: seconds, of what was sent once events were being spooled
    p99_disk: float | None = None  #: seconds, of the syncs of a file beside it in that time
    problems: list[str] = field(default_factory=list)

    @property
    def green(self) -> bool:
        return not self.problems


def check(
    attempts: Sequence[Attempt], evidence: Evidence, promise: Promise = Promise(), record: Record | None = None
) -> Verdict:
    """Everything that can be said; `record`: what the service said of itself meanwhile."""
    verdict = Verdict(sent=len(attempts))
    accepted = {attempt.id for attempt in attempts if attempt.status == 200}
    known = {attempt.id for attempt in attempts}
    there = set(evidence.effects)
    copies = Counter(id for *_, id in evidence.log)
    verdict.accepted = len(accepted)
    verdict.refused = sum(attempt.status != 200 for attempt in attempts)
    verdict.unanswered = sum(attempt.status is None for attempt in attempts)
    verdict.refused_connections = sum(attempt.refused_connections for attempt in attempts)
    verdict.spooled = sum(attempt.durability == "spool" for attempt in attempts)
    requested = Counter(
        attempt.id for attempt in attempts
    )  # a provider may deliver twice, and each delivery is a record
    verdict.dup_log = sum(max(0, count - max(1, requested[id])) for id, count in copies.items())
    verdict.silence, verdict.slowest = (
        silence(attempts),
        max((attempt.seconds or 0.0 for attempt in attempts), default=0.0),
    )
    verdict.p99_spooling, verdict.p99_disk = p99_spooling(attempts, evidence.syncs)

    def count(name: str, culprits: Iterable[str]) -> int:
        found = sorted(culprits)
        if found:
            verdict.problems.append(f"{name}: {len(found)} ({', '.join(found[:NAMED])})")
        return len(found)

    verdict.lost = count("lost", accepted - there - set(evidence.aside))
    verdict.ghost = count("ghost", there - known)
    doubled = {id: rows for id, rows in evidence.effects.items() if rows > 1}
    count("doubled effect", doubled)
    verdict.dup_effect = sum(rows - 1 for rows in doubled.values())
    late = disorder(attempts, evidence.log, partitions_move=promise.partitions_move)
    if promise.in_order:
        verdict.disorder = count("out of order", late + receipt_back(attempts, evidence.received))
    else:
        verdict.disorder = len(late)
        count("receipt goes back", receipt_back(attempts, evidence.received))
    if evidence.opt_outs is not None:
        found = check_stops(attempts, evidence.received, evidence.opt_outs, count)
        verdict.stops, verdict.missed_stops = found
        if not verdict.stops:
            verdict.problems.append("nobody said STOP: the run proves nothing about opt-outs")
    standing = None if evidence.opt_outs is None else states(attempts, evidence.received)
    for crm in evidence.crms:
        noted = check_crm(attempts, in_order(attempts), standing, crm, count)
        verdict.crm_notes += noted.wanted
        verdict.missed_notes += noted.missing
        verdict.dup_effect += noted.doubled
        verdict.disorder += noted.late
        if not noted.wanted:
            verdict.problems.append("no note was asked for: the run proves nothing about CRMs")
    if promise.brought_back:
        _check_brought_back(attempts, there | set(evidence.aside), verdict, count)
    _check_record(attempts, record or Record(), promise, verdict, count)
    verdict.progress, ahead = check_progress(attempts, evidence.log, evidence.progress)
    verdict.ahead = count("sms.progress.v1 was ahead of", ahead)
    if verdict.progress < promise.progress:
        verdict.problems.append(f"{verdict.progress} records of progress could be judged, of {promise.progress}")
    if promise.refused is not None and verdict.refused > promise.refused:
        kinds = Counter(str(attempt.status or attempt.failure) for attempt in attempts if attempt.status != 200)
        verdict.problems.append(f"refused: {verdict.refused}, promised at most {promise.refused} {dict(kinds)}")
    if verdict.slowest > promise.slowest:
        verdict.problems.append(f"slowest answer: {verdict.slowest:.2f} s, promised {promise.slowest:g}")
    if promise.silence is not None and verdict.silence > promise.silence:
        verdict.problems.append(f"silence: {verdict.silence:.2f} s, promised {promise.silence:g}")
    if not accepted:
        verdict.problems.append("nothing was accepted at all: the run proves nothing")
    return verdict


def _check_brought_back(
    attempts: Sequence[Attempt], there: Set[str], verdict: Verdict, count: Callable[[str, Iterable[str]], int]
) -> None:
    """What was answered 401 is there all the same."""
    refused = {attempt.id for attempt in attempts if attempt.status == 401}
    verdict.lost += count("answered 401 and not brought back", refused - there)
    if not refused:
        verdict.problems.append("nothing was answered 401: the run proves nothing about the quarantine")


def _check_record(
    attempts: Sequence[Attempt],
    record: Record,
    promise: Promise,
    verdict: Verdict,
    count: Callable[[str, Iterable[str]], int],
) -> None:
    """Nothing untrue was said, and enough that could have been."""
    judged, untrue = check_statements(attempts, record)
    while_well, overstated = check_overstated(attempts, record)
    verdict.statements = judged + while_well
    verdict.untrue = count("untrue", untrue + overstated)
    if judged < promise.judged:
        verdict.problems.append(f"{judged} statements could be judged, of {promise.judged} at least")


def disorder(
    attempts: Sequence[Attempt], log: Sequence[tuple[str, int, int, str]], *, partitions_move: bool
) -> list[str]:
    """Ids that stand before one that their client had an answer for when it sent them.

    What counts is where an id stands first in the log: its duplicates change nothing.
    """
    first: dict[str, tuple[int, int]] = {}
    for _, partition, offset, id in sorted(log):
        first.setdefault(id, (partition, offset))
    late = []
    reached: dict[tuple[int, str], tuple[int, int]] = {}
    reached_in: dict[tuple[int, str, int], int] = {}
    for attempt in in_order(attempts):
        place = first.get(attempt.id)
        if place is None:
            continue
        partition, offset = place
        before = reached.get((attempt.client, attempt.topic))
        elsewhere = before is not None and before[0] != partition and not partitions_move
        if elsewhere or offset < reached_in.get((attempt.client, attempt.topic, partition), -1):
            late.append(attempt.id)
        reached[attempt.client, attempt.topic] = place
        highest = reached_in.get((attempt.client, attempt.topic, partition), -1)
        reached_in[attempt.client, attempt.topic, partition] = max(highest, offset)
    return late


def receipt_back(attempts: Sequence[Attempt], received: Mapping[str, int]) -> list[str]:
    """Ids whose receipt is earlier than that of one whose answer their client had before sending them."""
    back, newest = [], defaultdict[int, int](int)
    for attempt in in_order(attempts):
        at = received.get(attempt.id)
        if at is not None and at < newest[attempt.client]:
            back.append(attempt.id)
        newest[attempt.client] = max(newest[attempt.client], at or 0)
    return back


def in_order(attempts: Sequence[Attempt]) -> list[Attempt]:
    """The first 200 of each id: what is promised a place. An unanswered one may turn up at any time."""
    seen: set[str] = set()
    failed_before = {attempt.id for attempt in attempts if attempt.status != 200}
    found = []
    for attempt in attempts:
        if attempt.status == 200 and attempt.id not in seen and attempt.id not in failed_before:
            seen.add(attempt.id)
            found.append(attempt)
    return found


def silence(attempts: Sequence[Attempt]) -> float:
    """The longest time, between the first request and the last, in which nobody got a 200."""
    if not attempts:
        return 0.0
    answers = sorted(attempt.at for attempt in attempts if attempt.status == 200 and attempt.at is not None)
    times = [min(attempt.sent_at for attempt in attempts), *answers, max(attempt.sent_at for attempt in attempts)]
    return max((after - before for before, after in itertools.pairwise(times)), default=0.0)


def p99_spooling(attempts: Sequence[Attempt], syncs: Sequence[Sync]) -> tuple[float | None, float | None]:
    """The 99th percentile of the answers to what was sent in outages, after an answer had said spool.

    From then on nobody should wait for Kafka any more, but for the disk: the second is that of its syncs in that time.
    None: too few to say.
    """
    spooling = outages(attempts)

    def within(at: float) -> bool:
        return any(opened < at < closed for opened, closed in spooling)

    during = [attempt.seconds or 0.0 for attempt in attempts if attempt.status == 200 and within(attempt.sent_at)]
    if len(during) < 100:
        return None, None
    return p99(during), p99(round(seconds, 5) for due, seconds in syncs if within(due))


def main() -> int:
    """JOURNAL EVIDENCE: prints the verdict; exits 1 when it is red."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("journal", type=Path)
    parser.add_argument("evidence", type=Path, help="a JSON file with Evidence's fields")
    parser.add_argument("--promise", type=json.loads, default={}, help="a JSON object with Promise's fields")
    parser.add_argument("--statements", type=Path, help="a file that the rig's listener wrote")
    options = parser.parse_args()
    given = json.loads(options.evidence.read_text("utf-8"))
    opt_outs = given.pop("opt_outs", None)
    crms = [Crm(**fields) for fields in given.pop("crms", [])]
    progress = [Progress(**fields) for fields in given.pop("progress", [])]
    evidence = Evidence(**given, progress=progress, opt_outs=OptOuts(**opt_outs) if opt_outs else None, crms=crms)
    record = read_record(options.statements) if options.statements else None
    verdict = check(read(options.journal), evidence, Promise(**options.promise), record)
    print(json.dumps(asdict(verdict)))
    return 0 if verdict.green else 1


if __name__ == "__main__":
    sys.exit(main())
