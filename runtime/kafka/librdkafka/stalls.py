"""Partitions of which librdkafka fetches the same bytes again and again, and says nothing.

A batch whose records are shorter than it says counts as cut off: librdkafka asks for more bytes, and for ever
(librdkafka 2.16, rdkafka_msgset_reader.c). Brokers refuse such a batch, so this is for what a disk has damaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.kafka.consumer import Partition

#: So many readings of the statistics, one a second, in which a partition with records has fetched none.
READINGS = 5


class Stalls:
    """Of one consumer."""

    def __init__(self) -> None:
        self._unmoved: dict[
            tuple[str, int], tuple[int, int]
        ] = {}  #: the offset to be fetched, and for how many readings
        self._stalled: set[tuple[str, int]] = set()

    def read(self, statistics: Mapping[str, Any]) -> None:
        """A reading of librdkafka's statistics."""
        unmoved: dict[tuple[str, int], tuple[int, int]] = {}
        for topic, of_topic in statistics.get("topics", {}).items():
            for partition in of_topic.get("partitions", {}).values():
                place, offset = (topic, partition["partition"]), partition["next_offset"]
                has_more = 0 <= offset < partition["ls_offset"] and partition["fetchq_cnt"] == 0
                if has_more and partition["fetch_state"] == "active":
                    before, count = self._unmoved.get(place, (offset, 0))
                    unmoved[place] = (offset, count + 1 if before == offset else 1)
        self._unmoved = unmoved
        self._stalled = {place for place, (_, count) in unmoved.items() if count >= READINGS}

    def found(self, positions: Mapping[tuple[str, int], int]) -> list[Partition]:
        """Those of `positions` that are stalled; each is told once."""
        if not self._stalled:
            return []
        found = [Partition(*place) for place in self._stalled if place in positions]
        self._unmoved, self._stalled = {}, set()
        return found
