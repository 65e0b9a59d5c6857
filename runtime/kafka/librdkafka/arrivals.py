"""What librdkafka hands over, as records: in order, once, and only of what is to be delivered now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import methodcaller
from typing import Any

from confluent_kafka import KafkaError, Message, TopicPartition

from runtime import logs
from runtime.kafka.compression import MAX_DECOMPRESSED_BYTES
from runtime.kafka.consumer import LogTruncated, OffsetGone, Partition, Record
from runtime.kafka.librdkafka.refusals import refusal_of

log = logs.logger("runtime.kafka.librdkafka.arrivals")

#: librdkafka tells a truncated log (KIP-320) and an offset that is gone by one code, and in its text which it was.
_TRUNCATED = KafkaError(KafkaError._LOG_TRUNCATION).str()
#: Of a topic that is being made, deleted or made anew: librdkafka asks for it by itself.
_OF_TOPICS = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.UNKNOWN_TOPIC_ID, KafkaError._UNKNOWN_PARTITION})

#: Where a header's name is not UTF-8, confluent_kafka 2.16 returns a list with a tuple that has no name, and leaves an
#: exception behind for whatever is called next. To look into that list ends the process. Called so, and not as a
#: method, Python sees the exception at once and raises SystemError.
_headers: Callable[[Message], list[tuple[str, bytes]] | None] = methodcaller("headers")

#: Reads the next records from an offset on by other means; they, and the offset behind them.
ReadOn = Callable[[Partition, int], tuple[list[Record], int]]


class Arrivals:
    """Of one consumer; used by its thread.

    A partition is delivered from the offset that `begin` says. Until librdkafka has been told to fetch it from there
    (`restarted`), whatever comes of it was fetched before, from somewhere else.
    """

    def __init__(self, read_on: ReadOn) -> None:
        self._read_on = read_on
        self._positions: dict[
            tuple[str, int], int
        ] = {}  #: of what is delivered: the offset behind all that was returned
        self._epochs: dict[tuple[str, int], int] = {}  #: the leader's epoch that the record before a position is of
        self._stale: set[tuple[str, int]] = set()
        self._gone: dict[Partition, bool] = {}  #: whose position is no place in its log; true: its log was truncated
        self.is_due = False  #: whether librdkafka is to be told what to fetch
        self.heard_of: set[str] = set()  #: topics that something was fetched of, for the owner to clear

    def begin(self, partition: Partition, offset: int) -> None:
        """Deliver `partition` from `offset` on."""
        self.end([partition])
        self._positions[partition] = offset
        self._stale.add(partition)
        self.is_due = True

    def end(self, partitions: Iterable[Partition]) -> None:
        """Deliver nothing of `partitions`."""
        for partition in partitions:
            if self._positions.pop(partition, None) is not None:
                self.is_due = True  # never while the group is between two assignments: then nothing is delivered
            self._epochs.pop(partition, None)
            self._gone.pop(partition, None)

    def clear(self) -> None:
        """Deliver nothing: librdkafka is about to fetch nothing, or other partitions."""
        self.end([Partition(*place) for place in self._positions])
        self._stale.clear()
        self.is_due = False

    def position(self, partition: Partition) -> int | None:
        """The offset behind all that was returned of `partition`, or passed over; None: nothing is delivered."""
        return self._positions.get(partition)

    def positions(self) -> Mapping[tuple[str, int], int]:
        """Of all partitions that are delivered."""
        return self._positions

    def to_fetch(self) -> list[TopicPartition]:
        """From where librdkafka is to fetch each partition; with its epoch, so that it sees a truncated log."""
        return [
            TopicPartition(*place, offset=offset, leader_epoch=self._epochs.get(place, -1))
            for place, offset in self._positions.items()
            if place not in self._gone
        ]

    def restarted(self) -> None:
        """From now on librdkafka hands over what `to_fetch` said, and nothing from before."""
        self._stale.clear()
        self.is_due = False

    def refetch(self, partition: tuple[str, int]) -> None:
        """Nothing that librdkafka has fetched of `partition` is to be trusted."""
        self._stale.add(partition)
        self.is_due = True

    def check(self) -> None:
        """Raise OffsetGone or LogTruncated where a position is no place in its log any more."""
        if truncated := [partition for partition, is_truncated in self._gone.items() if is_truncated]:
            raise LogTruncated(truncated)
        if self._gone:
            raise OffsetGone(self._gone)

    def take(self, messages: Collection[Message], found: list[Record], heed: Callable[[Message], None]) -> None:
        """Put the records that are to be delivered behind `found`; errors that are of no partition go to `heed`."""
        positions, stale = self._positions, self._stale
        last: dict[tuple[str, int], Any] = {}
        for message in messages:
            place = message.topic(), message.partition()
            if (error := message.error()) is not None:
                self._go_behind(last)
                self._handle(error, message, found, heed)
                continue
            at = positions.get(place)  # type: ignore[arg-type] # a record has a topic and a partition
            offset: Any = message.offset()
            if at is None or place in stale or offset < at:
                continue
            value = message.value()
            try:
                headers: Any = _headers(message) or []
            except SystemError:
                headers = None
            if headers is None or (value is not None and len(value) > MAX_DECOMPRESSED_BYTES):
                self._go_behind(last)
                self.read_past(Partition(*place), found)  # type: ignore[arg-type]
                continue
            found.append(Record._make((*place, offset, message.timestamp()[1], message.key(), value, headers, None)))
            last[place] = message  # type: ignore[index]
        self._go_behind(last)

    def _go_behind(self, last: dict[tuple[str, int], Any]) -> None:
        for place, message in last.items():
            self.heard_of.add(place[0])
            self._positions[place] = message.offset() + 1
            if (epoch := message.leader_epoch()) is not None:
                self._epochs[place] = epoch
        last.clear()

    def _handle(
        self, error: KafkaError, message: Message, found: list[Record], heed: Callable[[Message], None]
    ) -> None:
        code, topic, number = error.code(), message.topic(), message.partition()
        partition = Partition(topic or "", -1 if number is None else number)
        at, offset = self._positions.get(partition), message.offset()
        if code == KafkaError._PARTITION_EOF:
            # Behind marks of transactions, aborted records and what was compacted there is no record to tell it.
            if at is not None and partition not in self._stale and offset is not None:
                self.heard_of.add(partition.topic)
                if offset > at:
                    # A mark may be of a later epoch than the last record: with that one's epoch, the log would count
                    # as truncated where it begins.
                    self._positions[partition] = offset
                    self._epochs.pop(partition, None)
        elif code == KafkaError._AUTO_OFFSET_RESET:
            # It has no version, so it may be about a position of before, which is below.
            is_truncated = _TRUNCATED in error.str()
            if at is not None and partition not in self._stale and (is_truncated or offset is None or offset >= at):
                self._gone[partition] = is_truncated
        elif code in _OF_TOPICS or partition.number < 0 or refusal_of(error) is not None:
            heed(message)
        elif at is not None and partition not in self._stale:
            log.info("not_readable_here", topic=topic, partition=number, error=error.name())
            self.read_past(partition, found)

    def read_past(self, partition: Partition, found: list[Record]) -> None:
        """Have the next records of `partition` read by other means: librdkafka goes on behind them."""
        records, position = self._read_on(partition, self._positions[partition])
        found += records
        self._positions[partition] = position
        self._epochs.pop(partition, None)
        self.refetch(partition)
