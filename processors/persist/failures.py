"""Which message a failure belongs to, where the provider does not number its messages (TextLink).

A failure belongs to the message of its own key. Where no such message was told, it joins the newest sent message
of the same phone, text and SIM at or within 10 minutes before it that no other failure has; else it stands alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from processors.persist.statements import statement
from runtime.postgres import Connection

#: How long after a message was sent its failure may come.
WINDOW = timedelta(minutes=10)

_TOUCHED = statement("touched")
_STAND_INS = statement("stand_ins")
_GROUP_FAILURES = statement("group_failures")
_GROUP_SENTS = statement("group_sents")
_OWN_KEYS = statement("own_keys")
_RELEASE = statement("release")
_JOIN = statement("join")


class Told(NamedTuple):
    """A message that was sent, or a failure."""

    at: datetime
    key: str


class Touched(NamedTuple):
    """Failures that a batch may have to join anew."""

    provider: str
    phone: str
    text: str
    sim_card_id: str | None
    since: datetime  #: the first time at which the batch changes anything for them
    until: datetime  #: the last


def choose(failures: Collection[Told], sents: Collection[Told], own: Collection[str]) -> dict[str, str]:
    """The key that each failure joins: its own where `own` has it, a sent message's, or its own again, alone.

    Failures choose in order of their time, then their key. The result depends on nothing else; in particular, what
    an early failure joins never depends on a later one.
    """
    joined: dict[str, str] = {}
    free = sorted(sent for sent in sents if sent.key not in own)
    times = [sent.at for sent in free]
    for failure in sorted(failures):
        joined[failure.key] = failure.key
        if failure.key in own:
            continue
        newest = bisect_right(times, failure.at) - 1
        if newest >= 0 and failure.at - times[newest] <= WINDOW:
            joined[failure.key] = free.pop(newest).key
            times.pop(newest)
    return joined


def touched(connection: Connection) -> list[Touched]:
    """What the staged batch may change. To be asked before its messages are folded."""
    found = [Touched(*row) for row in connection.execute(_TOUCHED)]
    if found:
        connection.execute(_STAND_INS)
    return found


def rejoin(connection: Connection, groups: Sequence[Touched]) -> None:
    """Join the failures of `groups` anew. To be done after the batch's messages are folded."""
    before: dict[str, str | None] = {}
    chosen: dict[str, str] = {}
    for group in groups:
        now_joined, then_joined = _rejoined(connection, group)
        chosen |= now_joined
        before |= then_joined
    left = {old for key, old in before.items() if old is not None and old != chosen[key]}
    if left:
        connection.execute(_RELEASE, {"keys": sorted(left)})
    keys = sorted(chosen)
    connection.execute(_JOIN, (keys, [chosen[key] for key in keys]))


def _rejoined(connection: Connection, group: Touched) -> tuple[dict[str, str], dict[str, str | None]]:
    """What each failure that the batch may concern joins from now on, and what it joined until now."""
    name = group[:4]
    before: dict[str, str | None] = {}
    failures: list[Told] = []
    for key, failed_at, joined_key in connection.execute(_GROUP_FAILURES, (*name, group.since)):
        # Failures influence later ones only, through messages that both could join. Behind what the batch touches
        # a gap of more than the window ends that.
        if failures and failed_at - max(failures[-1].at, group.until) > WINDOW:
            break
        failures.append(Told(failed_at, key))
        before[key] = joined_key
    if not failures:
        return {}, {}
    own = {str(key) for (key,) in connection.execute(_OWN_KEYS, (list(before),))}
    found = connection.execute(_GROUP_SENTS, (*name, group.since - WINDOW, failures[-1].at))
    # A message that an earlier failure has joined, or that has one of its own key, is not to be had.
    sents = [Told(sent_at, key) for key, sent_at, taken in found if taken is None or (taken in before and taken != key)]
    return choose(failures, sents, own), before
