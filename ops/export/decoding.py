"""Decoding on the other processors: groups of values go to processes, and come back in their order as columns.

Reading from Kafka takes about as long as decoding, and Python runs one thread at a time: so a process that decodes
beside the one that reads nearly halves the time, and more than a few have nothing to do.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context

import pyarrow as pa

from ops.exits import TryLater
from ops.export.rows import Decoder, RowDecoder, Values
from runtime.process import die_with_parent
from schemas.ids import SchemaIds
from schemas.topics import Topic

#: Processes at most, and the records from which on they are worth their start, a second.
MOST, WORTH = 3, 50_000
#: Groups that each has in hand or waiting.
_AHEAD = 2

_ids: SchemaIds | None = None  # of a process that decodes


@contextmanager
def decoding(ids: SchemaIds, records: int) -> Iterator[Callable[[Topic], Decoder]]:
    """What decodes the values of a topic in an export of so many records."""
    processors = len(os.sched_getaffinity(0)) if sys.platform.startswith("linux") else os.cpu_count() or 1
    processes = min(MOST, processors - 1)
    if records < WORTH or processes < 1:
        yield lambda topic: RowDecoder(topic, ids)
        return
    given = (os.getpid(), ids)
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_start, initargs=given) as pool:
        yield lambda topic: PooledDecoder(topic, ids, pool, processes * _AHEAD)


class PooledDecoder:
    """The Decoder of other processes."""

    def __init__(self, topic: Topic, ids: SchemaIds, pool: ProcessPoolExecutor, ahead: int) -> None:
        """`ahead`: groups that are given out before the first of them is back."""
        self.arrow = RowDecoder(topic, ids).arrow
        self._topic = topic
        self._pool = pool
        self._ahead = ahead

    def batches(self, groups: Iterable[Values]) -> Iterator[pa.RecordBatch]:
        """Each group as columns, in their order. Raises TryLater where a process has died."""
        waiting = deque[Future[pa.RecordBatch]]()
        try:
            for group in groups:
                waiting.append(self._pool.submit(_decoded, self._topic, group))
                if len(waiting) > self._ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise TryLater("a process of this export was ended from outside: the same command goes on") from None
        finally:
            for future in waiting:
                future.cancel()


def _start(parent: int, ids: SchemaIds) -> None:
    global _ids  # noqa: PLW0603 - the one thing that a process of the pool is given
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that reads
    _ids = ids


@cache
def _decoder(topic: Topic) -> RowDecoder:
    assert _ids is not None, "_start comes first"
    return RowDecoder(topic, _ids)


def _decoded(topic: Topic, values: Values) -> pa.RecordBatch:
    return _decoder(topic).batch(values)
