"""What `sms.progress.v1` said: never ahead of an event that was answered before. The part of the checker about that.

A record says: all that was answered 200 before its time stands below these ends of the logs. Nothing of the service is
imported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.faults.client.journal import Attempt


@dataclass(frozen=True, slots=True)
class Progress:
    """One record on `sms.progress.v1`."""

    at: float  #: up to when all is there: seconds of CLOCK_MONOTONIC, as in the client's journal
    ends: Mapping[str, Sequence[int]]  #: by topic: the end of each partition's log, of topics that are still the same


def check_progress(
    attempts: Sequence[Attempt], log: Sequence[tuple[str, int, int, str]], said: Sequence[Progress]
) -> tuple[int, list[str]]:
    """How many records could have been wrong, and the ids of events that one of them was ahead of.

    A record could be wrong where something was answered before its time, and something stands beyond its ends.
    """
    places = defaultdict[str, list[tuple[str, int, int]]](list)
    for topic, partition, offset, id in log:
        places[id].append((topic, partition, offset))
    answered = [(attempt.at, attempt.id) for attempt in attempts if attempt.status == 200 and attempt.at is not None]
    judged, ahead = 0, set[str]()
    for progress in said:
        before = {id for at, id in answered if at <= progress.at and id in places}
        if before and not all(_is_below(places[id], progress.ends) for id in places):
            judged += 1
        ahead |= {id for id in before if not _is_below(places[id], progress.ends)}
    return judged, sorted(ahead)


def _is_below(places: Sequence[tuple[str, int, int]], ends: Mapping[str, Sequence[int]]) -> bool:
    """Whether one of an event's `places` is below `ends`; a topic that was made anew since is none to judge by."""
    return any(
        topic not in ends or (partition < len(ends[topic]) and offset < ends[topic][partition])
        for topic, partition, offset in places
    )
