"""Which consumer groups stand still until an operator helps, and why. Whoever asks loads no Kafka client for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from runtime.postgres import Connection

#: How many of a group's last records say whether it halts.
WINDOW = 100
#: A record's outcome where it was set aside and counts.
ASIDE = "1"


def halt_reason(recent: str, set_aside: Iterable[str] = ()) -> str:
    """What people read when a group is halted: how many records, which, and who wrote them."""
    most = Counter(set_aside).most_common(3)
    which = "; ".join(f"{count} x {described}" for described, count in most)
    return (
        f"{recent.count(ASIDE)} of the last {WINDOW} records were set aside{f' ({which})' if which else ''};"
        " mend the cause, then resume"
    )


def halts(connection: Connection) -> dict[str, tuple[datetime, str]]:
    """Since when each halted group is so, and why."""
    rows = connection.execute(
        "SELECT consumer_group, halted_at, recent, set_aside FROM consumer_outcomes WHERE halted_at IS NOT NULL"
    )
    return {group: (at, halt_reason(recent, set_aside)) for group, at, recent, set_aside in rows}


def lost_partitions(connection: Connection) -> dict[str, list[str]]:
    """By group, the partitions whose stored offset is no place in the log, as topic/number."""
    rows = connection.execute(
        "SELECT consumer_group, topic, partition FROM consumer_offsets WHERE lost_since IS NOT NULL"
        " ORDER BY topic, partition"
    )
    found: dict[str, list[str]] = {}
    for group, topic, number in rows:
        found.setdefault(group, []).append(f"{topic}/{number}")
    return found
