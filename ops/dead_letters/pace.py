"""Sending back in parts, no faster than somebody has asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def paced(
    items: Sequence[Item],
    size: int,
    *,
    rate: float | None,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Iterator[Sequence[Item]]:
    """`items` in parts of `size`; with a `rate`, so many a second, one by one. `clock` as time.monotonic."""
    step = size if rate is None else 1
    began = clock()
    for start in range(0, len(items), step):
        if rate is not None and (early := began + start / rate - clock()) > 0:
            sleep(early)
        yield items[start : start + step]
