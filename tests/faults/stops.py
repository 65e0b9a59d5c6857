"""What the journal and the ledger say about each other: the part of the checker that is about opt-outs.

Who may be texted is worked out here once more, from what was sent and when it was received: nothing of the service
is imported.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from tests.faults.client.journal import Attempt


@dataclass(frozen=True, slots=True)
class OptOuts:
    """What was found about a run's contacts, when all was quiet."""

    ledger: Sequence[str]  #: L: the id of every row of the ledger about this run
    states: Mapping[str, str]  #: phone -> out, in or hold
    chain: str | None = None  #: what is wrong with the ledger's chain
    unfolded: Sequence[str] = ()  #: phones whose state is not the fold of their rows
    accounts: Sequence[str] = ()  #: where an opt-out has to be true; none: nobody is told in this rig
    told: Mapping[str, Sequence[str]] = field(default_factory=dict)  #: phone -> accounts that took its opt-out
    reports: str = ""  #: the account that reports opt-outs of its own, which need not be told to it


@dataclass(frozen=True, slots=True)
class Saying:
    """One accepted STOP or START as it counts."""

    start: bool
    textus: bool
    said: int  #: microseconds since the epoch, as all times here
    received: int


def check_stops(
    attempts: Sequence[Attempt],
    received: Mapping[str, int],
    found: OptOuts,
    count: Callable[[str, Iterable[str]], int],
) -> tuple[int, int]:
    """How many STOPs and STARTs were accepted, and how many of them are missing; `count` hears of every problem."""
    said = {attempt.id: attempt for attempt in attempts if attempt.stop or attempt.start}
    accepted = {attempt.id for attempt in attempts if attempt.status == 200 and attempt.id in said}
    rows = Counter(found.ledger)
    missing = count("STOP that is not in the ledger", (id for id in accepted - set(rows) if said[id].stop))
    missing += count("START that is not in the ledger", (id for id in accepted - set(rows) if said[id].start))
    count("twice in the ledger", (id for id, times in rows.items() if times > 1))
    count("in the ledger, and nobody said it", rows.keys() - said.keys())
    if found.chain is not None:
        count("the ledger's chain is broken", [found.chain])
    count("state that is not the fold of the ledger", found.unfolded)
    expected = states(attempts, received)
    wrong = {phone: state for phone, state in expected.items() if found.states.get(phone) != state}
    count("wrong state", (f"{phone[-4:]} is {found.states.get(phone)}, not {state}" for phone, state in wrong.items()))
    _check_told(said.values(), expected, found, count)
    return len(accepted), missing


def _check_told(
    said: Iterable[Attempt],
    expected: Mapping[str, str],
    found: OptOuts,
    count: Callable[[str, Iterable[str]], int],
) -> None:
    """Every account knows of everybody who is out, and of nobody who never said so."""
    if not found.accounts:
        return
    stopped, reported = set(), set()
    for saying in said:
        if saying.stop:
            stopped.add(saying.contact)
            if saying.topic == "sms.opt-outs.v1":
                reported.add((saying.contact, found.reports))
    for account in found.accounts:
        out = (phone for phone, state in expected.items() if state == "out" and (phone, account) not in reported)
        untold = (phone[-4:] for phone in out if account not in found.told.get(phone, ()))
        count(f"opt-out that {account} was not told", untold)
    count("opt-out told that nobody asked for", (phone[-4:] for phone in found.told.keys() - stopped))


def states(attempts: Iterable[Attempt], received: Mapping[str, int]) -> dict[str, str]:
    """How each contact stands by what it has said, where that was received."""
    said = {attempt.id: attempt for attempt in attempts if (attempt.stop or attempt.start) and attempt.id in received}
    sayings: dict[str, list[Saying]] = defaultdict(list)
    for saying in said.values():
        sayings[saying.contact].append(Saying(saying.start, saying.textus, saying.said, received[saying.id]))
    return {contact: stands(found) for contact, found in sayings.items()}


def stands(sayings: Sequence[Saying]) -> str:
    """`in` only by a START that is later, beyond doubt, than every STOP.

    TextLink numbers nothing: two STARTs of one time are one message, which counts as it came first.
    """
    stops = [saying for saying in sayings if not saying.start]
    starts: dict[object, Saying] = {}
    for saying in sorted(sayings, key=attrgetter("received")):
        if saying.start:
            starts.setdefault(saying if saying.textus else saying.said, saying)
    reopened = any(all(_later(start, stop) for stop in stops) for start in starts.values())
    return "in" if reopened else "out"


def _later(saying: Saying, other: Saying) -> bool:
    """Two of TextUs by its clock; any others by what is claimed, never later than its receipt, and by receipt."""
    if saying.textus and other.textus:
        return saying.said > other.said
    claimed, before = min(saying.said, saying.received), min(other.said, other.received)
    return claimed > before and saying.received > other.received
