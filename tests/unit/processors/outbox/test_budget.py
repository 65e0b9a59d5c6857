"""A window of the request budget: never more than the API takes, whoever asks, and opt-outs first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.outbox.budget import FORGOTTEN, MARGIN, URGENCY, Seen, Window

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
LENGTH = 300


class Api:
    """Counts by fixed windows, as TextUs does."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.counts: dict[int, int] = {}
        self.refused = 0

    def ask(self, now: datetime) -> Seen:
        window = int(now.timestamp() // LENGTH)
        self.counts[window] = self.counts.get(window, 0) + 1
        self.refused += self.counts[window] > self.limit
        return Seen(self.limit, max(0, self.limit - self.counts[window]), (window + 1) * LENGTH)


def known(**given: int) -> Window:
    return replace(Window(allowed=100, ends=NOW + timedelta(seconds=100)), **given)


def reported(window: Window, count: int, *seen: Seen, blocked: float | None = None, answered: bool = True) -> Window:
    return window.report(NOW, count, seen, answered=answered, blocked=blocked, length=LENGTH)


def test_where_the_window_is_not_known_one_goes_ahead_and_brings_the_headers() -> None:
    window, first = Window(allowed=1000).take(NOW, 16, urgent=True, reserve=50)
    window, second = window.take(NOW, 16, urgent=True, reserve=50)
    assert (first.count, second.count) == (1, 0)
    ends = int(NOW.timestamp()) + 60
    window = reported(window, 1, Seen(500, 400, ends))
    assert (window.allowed, window.used, window.ends) == (500, 100, datetime.fromtimestamp(ends, UTC))
    assert window.take(NOW, 16, urgent=True, reserve=50)[1].count == 16


def test_an_api_that_does_not_tell_is_counted_by_the_setting() -> None:
    window, _ = Window(allowed=1000).take(NOW, 1, urgent=True, reserve=0)
    assert reported(window, 1).ends == NOW + timedelta(seconds=LENGTH)
    assert reported(window, 1, answered=False).ends is None


def test_an_end_that_was_guessed_gives_way_to_the_one_that_the_api_tells() -> None:
    window, _ = Window(allowed=1000).take(NOW, 1, urgent=True, reserve=0)
    window = reported(window, 1)
    ends = int(NOW.timestamp()) + 60
    noted = reported(window, 1, Seen(500, 400, ends))
    assert (noted.allowed, noted.used, noted.ends) == (500, 100, datetime.fromtimestamp(ends, UTC))
    over = reported(noted, 1, Seen(500, 0, int(NOW.timestamp()) - 1))
    assert over == noted, "an answer of the window before comes late"


def test_a_window_that_is_used_up_says_how_long_to_wait() -> None:
    window, grant = known(used=97).take(NOW, 16, urgent=True, reserve=10)
    assert grant.count == 3
    _, grant = window.take(NOW, 1, urgent=True, reserve=10)
    assert (grant.count, grant.wait) == (0, (timedelta(seconds=100) + MARGIN).total_seconds())


def test_opt_outs_come_first_and_have_a_reserve() -> None:
    window, _ = known().take(NOW, 1, urgent=True, reserve=10)
    assert window.take(NOW, 1, urgent=False, reserve=10)[1].count == 0
    assert window.take(NOW + URGENCY, 1, urgent=False, reserve=10)[1].count == 1
    assert known(used=90).take(NOW, 5, urgent=False, reserve=10)[1].count == 0
    assert known(used=90).take(NOW, 5, urgent=True, reserve=10)[1].count == 5


def test_a_429_closes_the_window_until_the_api_says() -> None:
    window = reported(known(used=5, in_flight=1), 1, blocked=7)
    assert window.take(NOW + timedelta(seconds=6), 1, urgent=True, reserve=0)[1].count == 0
    assert window.take(NOW + timedelta(seconds=7), 1, urgent=True, reserve=0)[1].count == 1


def test_what_others_used_of_the_same_token_is_seen() -> None:
    window = reported(known(used=5, in_flight=2), 1, Seen(100, 20, int(NOW.timestamp()) + 100))
    assert (window.used, window.in_flight) == (81, 1)


def test_requests_of_a_process_that_is_gone_are_forgotten() -> None:
    window = replace(known(in_flight=9), granted_at=NOW)
    assert window.take(NOW + FORGOTTEN, 1, urgent=True, reserve=0)[0].in_flight == 10
    later = window.take(NOW + FORGOTTEN + timedelta(seconds=1), 1, urgent=True, reserve=0)[0]
    assert later.in_flight == 1


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0, 40), st.integers(0, 3)), max_size=80), st.integers(5, 40))
def test_never_more_than_the_api_takes(steps: list[tuple[int, float, int]], limit: int) -> None:
    """Any number asked for, any pauses, answers that are late by less than a call may take: never one too many."""
    api, window, now = Api(limit), Window(allowed=limit), NOW
    late: list[tuple[datetime, Seen]] = []
    for expected, seconds, held_back in steps:
        window, grant = window.take(now, expected, urgent=True, reserve=0)
        late += [(now, api.ask(now)) for _ in range(grant.count)]
        now += timedelta(seconds=seconds)
        while len(late) > held_back or (late and now - late[0][0] > FORGOTTEN - timedelta(seconds=40)):
            _, seen = late.pop(0)
            window = window.report(now, 1, [seen], answered=True, blocked=None, length=LENGTH)
    assert api.refused == 0
    assert max(api.counts.values(), default=0) <= limit
