"""Whether the ledger may be relied on: whether every stop that was answered 200 some seconds ago is in it.

`opt_out_certainty` (a view) is read in the same statement as the numbers' states, so both are of one moment, and every
time in it is PostgreSQL's own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

#: Seconds until those who ask may hope for a sure answer: what catches up by itself, and what waits for a person.
SOON, LATER = 2, 60

#: Columns of the view, in front of each row of the states.
COLUMNS = (
    "read_at, caught_up_at, topics, halted_at, spooled, spooling_node, drained_at, nodes_heard_at, silent_node,"
    " lost_position, erased_peppers"
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the ledger may lack a stop."""

    why: str
    retry_after: int  #: seconds


@dataclass(frozen=True, slots=True)
class Certainty:
    """A row of the view."""

    read_at: datetime
    caught_up_at: datetime | None  #: all that Kafka had by then is in the ledger; None: that is not known
    topics: Collection[str] | None  #: that opt-out reads
    halted_at: datetime | None
    spooled: int  #: events in the spools of all nodes
    spooling_node: str | None  #: the one with most
    drained_at: datetime | None  #: when events last left a spool for Kafka
    nodes_heard_at: datetime | None  #: when each node's spool had been looked at; None: no node is known to run
    silent_node: str | None  #: the one that was not heard of for longest
    lost_position: int | None  #: a row that was published outside of PostgreSQL, and that the ledger does not reach
    erased_peppers: Collection[str] | None = None  #: the names of the keys that erased numbers are found by

    def doubt(self, topics: Collection[str], fresh: float, elapsed: float) -> Doubt | None:
        """Why the ledger may lack a stop that was answered `fresh` seconds ago; None: it lacks none.

        `topics`: those that opt-out has to read. `elapsed`: seconds since before this was read.
        """
        oldest = self.read_at - timedelta(seconds=fresh - elapsed)
        if self.halted_at is not None:
            return Doubt("opt-out is halted: stops are not reaching the ledger", LATER)
        if self.lost_position is not None:
            return Doubt(f"the ledger ends before its published row {self.lost_position}: stops are lost", LATER)
        why = self._of_nodes(oldest) or self._of_opt_out(oldest, topics)
        return None if why is None else Doubt(why, SOON)

    def _of_nodes(self, oldest: datetime) -> str | None:
        if self.spooled:
            return f"node {self.spooling_node} holds events in its spool ({self.spooled} on all nodes)"
        if self.nodes_heard_at is not None and not oldest <= self.nodes_heard_at <= self.read_at:
            return f"node {self.silent_node} does not say whether its spool is empty"
        return None

    def _of_opt_out(self, oldest: datetime, topics: Collection[str]) -> str | None:
        if self.caught_up_at is None or self.topics is None or not set(topics) <= set(self.topics):
            return "opt-out has not said that it has caught up with every partition"
        if not oldest <= self.caught_up_at <= self.read_at:
            seconds = (self.read_at - self.caught_up_at).total_seconds()
            return f"opt-out was last known to have caught up {seconds:.0f} s ago"
        if self.drained_at is not None and self.caught_up_at < self.drained_at:
            return "opt-out has not caught up with what was in a spool"
        return None


def with_certainty(states: str) -> str:
    """A statement that gives the view's columns, and the rows of `states` beside them: one at least."""
    return f"SELECT {COLUMNS}, states.* FROM opt_out_certainty LEFT JOIN ({states}) AS states ON true"  # noqa: S608 - texts of ours


def split(rows: Sequence[tuple[Any, ...]]) -> tuple[Certainty, list[tuple[Any, ...]]]:
    """The view's row, and the rows of the states."""
    width = COLUMNS.count(",") + 1
    return Certainty(*rows[0][:width]), [row[width:] for row in rows if row[width] is not None]
