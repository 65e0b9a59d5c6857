"""Sending back in parts, no faster than somebody has asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def paced(
    items: Iterable[Item],
    size: int,
    *,
    rate: float | None,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Iterator[Sequence[Item]]:
    """`items` in parts of `size`; with a `rate`, so many a second, one by one. `clock` as time.monotonic."""
    step = size if rate is None else 1
    began, given, remaining = clock(), 0, iter(items)
    while part := list(islice(remaining, step)):
        if rate is not None and (early := began + given / rate - clock()) > 0:
            sleep(early)
        given += len(part)
        yield part
