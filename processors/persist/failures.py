"""Which message a failure belongs to, where the provider does not number its messages (TextLink).

A failure belongs to the message of its own key. Where no such message was told, it joins the newest sent message
of the same phone, text and SIM at or within 10 minutes before it that no other failure has; else it stands alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from processors.engine.sql import sql
from runtime.postgres import Connection

#: How long after a message was sent its failure may come.
WINDOW = timedelta(minutes=10)

_TOUCHED = sql(__package__, "touched")
_JOINED_UNTIL_NOW = sql(__package__, "joined_until_now")
_STAND_INS = sql(__package__, "stand_ins")
_GROUP_FAILURES = sql(__package__, "group_failures")
_GROUP_SENTS = sql(__package__, "group_sents")
_RELEASE = sql(__package__, "release")
_JOIN = sql(__package__, "join")


class MessageAt(NamedTuple):
    """A message that was sent, or a failure."""

    at: datetime
    key: str


class MatchGroup(NamedTuple):
    """Messages that failures cannot tell apart but by their time."""

    provider: str
    phone: str
    text: str
    sim_card_id: str | None


class Times(NamedTuple):
    """Between which a batch changes anything for a group."""

    since: datetime
    until: datetime


def choose(failures: Collection[MessageAt], sents: Collection[MessageAt], own: Collection[str]) -> dict[str, str]:
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


def touched(connection: Connection) -> dict[MatchGroup, Times]:
    """What the staged batch may change for failures. To be asked before its messages are folded."""
    found = connection.execute(_TOUCHED).fetchall()
    if not found:
        return {}
    moments: dict[MatchGroup, list[datetime]] = defaultdict(list)
    groups: dict[str, MatchGroup] = {}
    for key, at, *group in found:
        groups[key] = MatchGroup(*group)
        moments[groups[key]].append(at)
    keys = sorted(groups)
    for key, *until_now in connection.execute(_JOINED_UNTIL_NOW, (keys,)):
        moments[groups[key]] += [at for at in until_now if at is not None]
    connection.execute(_STAND_INS, (keys,))
    return {group: Times(min(at), max(at)) for group, at in moments.items()}


def rejoin(connection: Connection, groups: Mapping[MatchGroup, Times]) -> None:
    """Join the failures of `groups` anew. To be done after the batch's messages are folded."""
    names = list(groups)
    times = [groups[name] for name in names]
    columns = [list(column) for column in zip(*names, strict=True)]

    failures: dict[int, list[MessageAt]] = defaultdict(list)
    before: dict[str, str | None] = {}
    own: set[str] = set()
    over: set[int] = set()
    for number, key, at, joined_key, has_own in connection.execute(
        _GROUP_FAILURES, (*columns, [time.since for time in times])
    ):
        # Failures influence later ones only, through messages that both could join. Behind what the batch touches
        # a gap of more than the window ends that.
        earlier = failures[number]
        if number in over or (earlier and at - max(earlier[-1].at, times[number - 1].until) > WINDOW):
            over.add(number)
            continue
        earlier.append(MessageAt(at, key))
        before[key] = joined_key
        if has_own:
            own.add(key)

    sents: dict[int, list[MessageAt]] = defaultdict(list)
    since = [time.since - WINDOW for time in times]
    until = [
        max([time.until, *(failures_of_row.at for failures_of_row in failures[n][-1:])])
        for n, time in enumerate(times, start=1)
    ]
    for number, key, at, taken in connection.execute(_GROUP_SENTS, (*columns, since, until)):
        # A message that an earlier failure has joined, or that has a failure of its own key, is not to be had.
        if taken is None or (taken in before and taken != key):
            sents[number].append(MessageAt(at, key))

    chosen: dict[str, str] = {}
    for number, failures_of_row in failures.items():
        chosen |= choose(failures_of_row, sents[number], own)
    if left := {old for key, old in before.items() if old is not None and old != chosen[key]}:
        connection.execute(_RELEASE, {"keys": sorted(left)})
    keys = sorted(chosen)
    connection.execute(_JOIN, (keys, [chosen[key] for key in keys]))
