"""Reading in several processes: the same rows as in one, in order within a partition; what goes wrong there is told."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from multiprocessing import Pipe

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.exits import TryLater
from ops.export import parallel as parallel_module
from ops.export.parallel import shares, source_of
from ops.export.source import LocalSource, RowBatch
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.topics import Offsets
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import CONTACTS, MESSAGES, Topic
from tests.twins.events import contact, event_id, message

IDS = SchemaIds.checked_in()
PARTITIONS, RECORDS = 5, 40
PARTITION_OF = {
    str(event_id(1_000 * number + offset)): number for number in range(PARTITIONS) for offset in range(RECORDS)
}
STRETCHES = {Partition(MESSAGES.name, number): Offsets(0, RECORDS) for number in range(PARTITIONS)}


class PlayedLog:
    """Every partition holds as many messages as it is asked for, each with an id by its place; a tenth is deleted."""

    def __init__(self, *, pause: float = 0.0, fails: bool = False) -> None:
        """`pause`: seconds before each record; `fails`: in the middle."""
        self._pause = pause
        self._fails = fails

    def __call__(self, stretches: Mapping[Partition, Offsets]) -> Iterator[Record]:
        codec = Codec(IDS)
        for (topic, number), stretch in stretches.items():
            for offset in range(stretch.begin, stretch.end):
                time.sleep(self._pause)
                if self._fails and offset == RECORDS // 2:
                    raise TimeoutError("Kafka does not answer")
                identity = event_id(1_000 * number + offset)
                event = message(event_id=identity) if topic == MESSAGES.name else contact(event_id=identity)
                yield Record(topic, number, offset, 0, b"", None if offset % 10 == 9 else codec.encode(event), [])


@pytest.fixture(autouse=True)
def _two_processes_for_any_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(parallel_module, "WORTH", 1)


def by_partition(batches: Iterable[RowBatch]) -> tuple[dict[int, list[str]], int]:
    """The ids of each partition in the order in which they came, and how many records were read."""
    found, read = defaultdict[int, list[str]](list), 0
    for batch in batches:
        read += batch.read
        for identity in batch.rows["event_id"].to_pylist():
            found[PARTITION_OF[identity]].append(identity)
    return found, read


def readers() -> list[psutil.Process]:
    """Without multiprocessing's own process, which looks after what is shared."""
    return [child for child in psutil.Process().children() if any("spawn_main" in word for word in child.cmdline())]


def expected(topic: Topic, log: PlayedLog) -> tuple[dict[int, list[str]], int]:
    return by_partition(LocalSource(IDS, log).batches(topic, of(topic)))


def of(topic: Topic) -> dict[Partition, Offsets]:
    return {Partition(topic.name, number): stretch for (_, number), stretch in STRETCHES.items()}


def test_several_processes_read_what_one_does() -> None:
    log = PlayedLog()
    source = source_of(LocalSource(IDS, log))
    for topic in (MESSAGES, CONTACTS):
        batches = source.batches(topic, of(topic))
        first = next(batches)
        assert len(readers()) == 2
        assert by_partition(chain([first], batches)) == expected(topic, log)
        assert not readers()


def test_small_parts_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel_module, "WORTH", PARTITIONS * RECORDS + 1)
    log = PlayedLog()
    batches = source_of(LocalSource(IDS, log)).batches(MESSAGES, STRETCHES)
    first = next(batches)
    assert not readers()
    assert by_partition(chain([first], batches)) == expected(MESSAGES, log)


def test_a_process_that_dies_ends_the_export_with_a_word_on_how_to_go_on() -> None:
    def kill() -> None:
        deadline = time.monotonic() + 30
        while not (found := readers()) and time.monotonic() < deadline:
            time.sleep(0.01)
        found[0].send_signal(signal.SIGKILL)

    killing = threading.Thread(target=kill)
    killing.start()
    with pytest.raises(TryLater, match="the same command goes on"):
        list(source_of(LocalSource(IDS, PlayedLog(pause=0.1))).batches(MESSAGES, STRETCHES))
    killing.join()
    assert not readers()


def test_a_process_that_dies_in_the_middle_of_a_batch_is_noticed() -> None:
    # Given what one has sent of a batch before it died: a length, and less than that
    receiver, sender = Pipe(duplex=False)
    os.write(sender.fileno(), (1_000).to_bytes(4, "big") + b"the start of a batch")
    sender.close()
    with pytest.raises(TryLater):
        parallel_module._received(receiver)
    receiver.close()


def test_what_one_of_them_raises_is_raised() -> None:
    with pytest.raises(TimeoutError, match="Kafka does not answer"):
        list(source_of(LocalSource(IDS, PlayedLog(fails=True))).batches(MESSAGES, STRETCHES))
    assert not readers()


def test_who_stops_in_the_middle_leaves_no_process_behind() -> None:
    batches = source_of(LocalSource(IDS, PlayedLog())).batches(MESSAGES, STRETCHES)
    next(batches)
    batches.close()
    assert not readers()


@given(
    st.dictionaries(st.integers(0, 50), st.tuples(st.integers(0, 9), st.integers(1, 99)), max_size=30),
    st.integers(1, 8),
)
def test_every_partition_is_in_one_share(sizes: dict[int, tuple[int, int]], count: int) -> None:
    stretches = {Partition("t", number): Offsets(begin, begin + size) for number, (begin, size) in sizes.items()}
    dealt = shares(stretches, count)
    assert len(dealt) <= count
    assert all(dealt)
    assert {partition: stretch for share in dealt for partition, stretch in share.items()} == stretches
    assert sum(map(len, dealt)) == len(stretches)
    # And none is larger than another by more than one partition's records
    totals = [sum(stretch.end - stretch.begin for stretch in share.values()) for share in dealt]
    assert max(totals, default=0) - min(totals, default=0) <= max((size for _, size in sizes.values()), default=0)
