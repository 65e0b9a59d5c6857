"""Reading and decoding on several processors: each process has some of the partitions, and gives columns back.

Python runs one thread at a time, and taking records out of Kafka's batches takes as long as decoding them: so a process
does both for its partitions, and the one in front writes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from ops.exits import TryLater
from ops.export.source import LocalSource, RowBatch, Source
from runtime.kafka.consumer import Partition
from runtime.kafka.topics import Offsets
from runtime.process import die_with_parent
from schemas.topics import Topic

#: Processes at most; beyond it the one that writes is what the others wait for.
MOST = 4
#: Records of a part from which on it is worth their start, which takes a second or two.
WORTH = 200_000


def source_of(local: LocalSource) -> Source:
    """What reads large parts with all processors, and others by `local`, which has to be one that can be pickled."""
    processors = len(os.sched_getaffinity(0)) if sys.platform.startswith("linux") else os.cpu_count() or 1
    return local if processors == 1 else ParallelSource(local, min(MOST, processors))


class ParallelSource:
    """The Source of several processes, which are there for as long as one part takes."""

    def __init__(self, local: LocalSource, processes: int) -> None:
        self._local = local
        self._processes = processes

    def batches(self, topic: Topic, stretches: Mapping[Partition, Offsets]) -> Generator[RowBatch, None, None]:
        """Every record of `stretches`, in order within each partition.

        Raises TryLater where a process has died, and what one of them raised.
        """
        if sum(stretch.end - stretch.begin for stretch in stretches.values()) < WORTH:
            yield from self._local.batches(topic, stretches)
            return
        with ExitStack() as stack:
            reading: list[Connection] = [
                stack.enter_context(_started(self._local, topic, share)) for share in shares(stretches, self._processes)
            ]
            while reading:
                for connection in wait(reading):
                    assert isinstance(connection, Connection)  # what `wait` says is wider than what it is given
                    found = _received(connection)
                    if found is None:
                        reading.remove(connection)
                    else:
                        yield found


def shares(stretches: Mapping[Partition, Offsets], count: int) -> list[dict[Partition, Offsets]]:
    """`stretches` dealt out to `count` at most, each with about as many records; whole partitions only."""
    dealt: list[dict[Partition, Offsets]] = [{} for _ in range(count)]
    sizes = [0] * count
    for partition, stretch in sorted(stretches.items(), key=lambda item: item[1].begin - item[1].end):
        least = sizes.index(min(sizes))
        dealt[least][partition] = stretch
        sizes[least] += stretch.end - stretch.begin
    return [share for share in dealt if share]


def _received(connection: Connection) -> RowBatch | None:
    """The next batch of a process; None: it has given all."""
    try:
        found = connection.recv()
    except (EOFError, OSError):  # the other end is closed, perhaps in the middle of a batch
        raise TryLater("a process of this export was ended from outside: the same command goes on") from None
    if isinstance(found, Exception):
        raise found
    return None if found is None else RowBatch(*found)


@contextmanager
def _started(source: LocalSource, topic: Topic, stretches: Mapping[Partition, Offsets]) -> Iterator[Connection]:
    """A process that reads `stretches`, by the connection on which it gives what it has read."""
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(os.getpid(), sender, source, topic, stretches), daemon=True)
    process.start()
    sender.close()  # so that its death closes the last one
    try:
        yield receiver
    finally:
        receiver.close()
        process.terminate()
        process.join()


def _read(
    parent: int, sender: Connection, source: LocalSource, topic: Topic, stretches: Mapping[Partition, Offsets]
) -> None:
    """In the process: send every batch of `stretches`, then None; or what went wrong."""
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process in front
    try:
        for batch in source.batches(topic, stretches):
            sender.send(batch)
        sender.send(None)
    except BrokenPipeError:  # the one in front has ended or wants no more
        return
    except Exception as error:  # noqa: BLE001 - the one in front raises it
        sender.send(error)
