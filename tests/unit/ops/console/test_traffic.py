"""The rate that the overview shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops.console.overview import Traffic

END = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def minutes(*counts: int) -> list[tuple[datetime, int]]:
    return [(END - timedelta(minutes=ago), count) for ago, count in enumerate(reversed(counts))][::-1]


@pytest.mark.parametrize(
    ("counts", "newest_lasts", "rate"),
    [
        ((0, 0, 0, 0, 0, 62), 10.0, 62 / 310),  # what has just come is seen at once
        ((600, 60, 60, 60, 60, 60, 0), 0.0, 1.0),  # older minutes count no more
        ((60,) * 60, 60.0, 1.0),
        ((), 60.0, 0.0),
    ],
)
def test_the_rate_is_that_of_the_last_five_minutes(counts: tuple[int, ...], newest_lasts: float, rate: float) -> None:
    assert Traffic(minutes(*counts), {}, newest_lasts).rate == pytest.approx(rate)
