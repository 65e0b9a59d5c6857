"""Reading and decoding on several processors: each process has some of the partitions, and gives columns back.

Python runs one thread at a time, and taking records out of Kafka's batches takes as long as decoding them: so a process
does both for its partitions, and the one in front writes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from queue import Empty, Full
from typing import NamedTuple

from ops.exits import TryLater
from ops.export.source import LocalSource, ReadStretches, RowBatch, Source
from runtime.kafka.consumer import Partition
from runtime.kafka.topics import Offsets
from runtime.process import die_with_parent
from schemas.ids import SchemaIds
from schemas.topics import Topic

#: Processes at most; beyond it the one that writes is what the others wait for.
MOST = 4
#: Records of a part from which on it is worth their start, which takes a second or two.
WORTH = 100_000
#: Batches that wait to be written.
_WAITING = 4
#: Seconds between two looks at whether the others are still there.
_LOOK = 0.2


class _Shared(NamedTuple):
    """What a process is given at its start."""

    source: LocalSource
    batches: Queue[RowBatch]
    stopped: Event  #: nobody wants them any more


_shared: _Shared | None = None


@contextmanager
def source_of(ids: SchemaIds, read: ReadStretches) -> Iterator[Source]:
    """What reads large parts with all processors, and others here. `read` has to be one that can be pickled."""
    processors = len(os.sched_getaffinity(0)) if sys.platform.startswith("linux") else os.cpu_count() or 1
    local = LocalSource(ids, read)
    if processors == 1:
        yield local
        return
    context, processes = get_context("spawn"), min(MOST, processors)
    shared = _Shared(local, context.Queue(_WAITING), context.Event())
    pool = ProcessPoolExecutor(processes, context, initializer=_start, initargs=(os.getpid(), *shared))
    try:
        yield ParallelSource(local, pool, shared.batches, processes)
    finally:
        shared.stopped.set()
        pool.shutdown(cancel_futures=True)


class ParallelSource:
    """The Source of several processes, which are started for the first part that is worth it."""

    def __init__(self, local: LocalSource, pool: ProcessPoolExecutor, batches: Queue[RowBatch], processes: int) -> None:
        self._local = local
        self._pool = pool
        self._batches = batches
        self._processes = processes

    def batches(self, topic: Topic, stretches: Mapping[Partition, Offsets]) -> Iterator[RowBatch]:
        """Every record of `stretches`, in order within each partition. Raises TryLater where a process has died."""
        if sum(stretch.end - stretch.begin for stretch in stretches.values()) < WORTH:
            yield from self._local.batches(topic, stretches)
            return
        reading = [self._pool.submit(_read, topic, share) for share in shares(stretches, self._processes)]
        received = 0
        while not _is_done(reading, received):
            with suppress(Empty):
                yield self._batches.get(timeout=_LOOK)
                received += 1


def shares(stretches: Mapping[Partition, Offsets], count: int) -> list[dict[Partition, Offsets]]:
    """`stretches` dealt out to `count` at most, each with about as many records; whole partitions only."""
    dealt: list[dict[Partition, Offsets]] = [{} for _ in range(count)]
    sizes = [0] * count
    for partition, stretch in sorted(stretches.items(), key=lambda item: item[1].begin - item[1].end):
        least = sizes.index(min(sizes))
        dealt[least][partition] = stretch
        sizes[least] += stretch.end - stretch.begin
    return [share for share in dealt if share]


def _is_done(reading: list[Future[int]], received: int) -> bool:
    """Whether all have read, and all that they gave has arrived. Raises what one of them raised."""
    done, going = wait(reading, timeout=0)
    try:
        return sum(future.result() for future in done) == received and not going
    except BrokenProcessPool:
        raise TryLater("a process of this export was ended from outside: the same command goes on") from None


def _start(parent: int, source: LocalSource, batches: Queue[RowBatch], stopped: Event) -> None:
    global _shared  # noqa: PLW0603 - the one thing that a process of the pool is given
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process in front
    batches.cancel_join_thread()  # what nobody takes any more does not hold up its end
    _shared = _Shared(source, batches, stopped)


def _read(topic: Topic, stretches: Mapping[Partition, Offsets]) -> int:
    """Give every batch of `stretches`; how many there were."""
    assert _shared is not None, "_start comes first"
    count = 0
    for batch in _shared.source.batches(topic, stretches):
        if not _given(_shared, batch):
            break
        count += 1
    return count


def _given(shared: _Shared, batch: RowBatch) -> bool:
    """Whether `batch` waits to be written; False: nobody wants it any more."""
    while not shared.stopped.is_set():
        with suppress(Full):
            shared.batches.put(batch, timeout=_LOOK)
            return True
    return False
