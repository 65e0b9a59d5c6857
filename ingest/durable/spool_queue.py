"""Looking through the spool's queue, past what cannot be sent now, in turns so short that no request waits for one."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ingest.durable.spool.row import SpooledRow
from ingest.durable.spool.store import Spool

#: Rows read at once, and their bytes: what a replayer has in memory.
WINDOW = 500
WINDOW_BYTES = 8 * 1024 * 1024
#: Places in the queue that one turn looks at: a few milliseconds.
STRETCH = 5_000


class _Passed(NamedTuple):
    """A stretch of the queue in which every row is of a topic in `down`. New rows come behind all others."""

    generation: int  #: of the file
    down: frozenset[str]
    begin: int = 0
    end: int = 0

    def and_(self, begin: int, end: int) -> _Passed:
        """With the places behind `begin`, up to `end`; alone, where they do not adjoin."""
        if end == self.begin:
            return self._replace(begin=begin)
        return self._replace(end=end) if begin == self.end else self._replace(begin=begin, end=end)


class SpoolQueue:
    """The queue, as a replayer walks through it. In an outage a row is passed over once, not at each look."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._passed = _Passed(0, frozenset())

    def bounds(self) -> tuple[int, int]:
        """The place in front of the first row, and that of the last. Raises SpoolUnavailable."""
        return self._spool.in_turn(lambda turn: turn.bounds())

    def window(self, after: int, up_to: int, down: Collection[str]) -> list[SpooledRow]:
        """The next rows behind the place `after`, none behind `up_to`, of no topic in `down`; none: there are none.

        Raises SpoolUnavailable.
        """
        passed = _Passed(self._spool.state.generation, frozenset(down))
        if self._passed[:2] == passed[:2]:
            passed = self._passed
        while after < up_to:
            if passed.begin <= after < passed.end:
                after = passed.end
                continue
            reach = min(up_to, after + STRETCH, passed.begin if after < passed.begin else up_to)
            if found := self._rows(after, reach, down):
                return found
            passed = self._passed = passed.and_(after, reach)
            after = reach
        return []

    def _rows(self, after: int, up_to: int, down: Collection[str]) -> list[SpooledRow]:
        return self._spool.in_turn(
            lambda turn: turn.first(WINDOW, after=after, up_to=up_to, most_bytes=WINDOW_BYTES, without=down)
        )
