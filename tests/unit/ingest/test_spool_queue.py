"""Walking through the spool's queue: every row that can be sent is found, what cannot is passed over once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.durable import spool_queue
from ingest.durable.spool.store import Spool
from ingest.durable.spool.turn import Turn
from ingest.durable.spool_queue import SpoolQueue
from tests.unit.ingest.spools import number_of, opened, record

TOPICS = ("a", "b", "c")


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    service, spool = opened(tmp_path / "spool")
    yield spool
    spool.close()
    service.close()


def walked(queue: SpoolQueue, down: set[str]) -> list[int]:
    """The numbers of all rows that one walk finds, in order."""
    place, end = queue.bounds()
    found = []
    while window := queue.window(place, end, down):
        place = window[-1].id
        found += [number_of(row.record) for row in window]
    return found


ACTS = st.lists(
    st.one_of(
        st.lists(st.sampled_from(TOPICS), min_size=1, max_size=12).map(lambda topics: ("append", topics)),
        st.integers(1, 8).map(lambda count: ("remove", count)),
        st.sets(st.sampled_from(TOPICS)).map(lambda down: ("walk", down)),
    ),
    max_size=25,
)


@given(acts=ACTS, stretch=st.integers(1, 6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_a_walk_finds_what_a_look_at_every_row_would(
    spool: Spool, acts: list[tuple[str, object]], stretch: int
) -> None:
    spool.in_turn(lambda turn: turn.remove(turn.first(10_000)))
    queue, waiting, number = SpoolQueue(spool), list[tuple[int, str]](), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool_queue, "STRETCH", stretch)
        for act, reported in acts:
            if act == "append":
                new = [(number + place, topic) for place, topic in enumerate(reported)]  # type: ignore[var-annotated, arg-type]
                spool.append([record(row_number, topic=topic) for row_number, topic in new])
                waiting += new
                number += len(new)
            elif act == "remove":  # from anywhere, as topics that are up are drained past those that are down
                spool.in_turn(lambda turn, every=reported: turn.remove(turn.first(10_000)[::every]))  # type: ignore[misc]
                del waiting[::reported]
            else:
                assert walked(queue, reported) == [row_number for row_number, topic in waiting if topic not in reported]  # type: ignore[arg-type, operator]


def test_what_is_down_is_passed_over_once(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given an outage's backlog, as probes leave it: a first window was tried, what is behind it was not looked at
    spool.append([record(n, topic="a") for n in range(30_000)])
    looked: list[tuple[int, int]] = []
    first = Turn.first

    def spied(turn: Turn, limit: int, *, after: int = 0, up_to: int = 0, **expected: object) -> object:
        looked.append((after, up_to))
        return first(turn, limit, after=after, up_to=up_to, **expected)  # type: ignore[arg-type]

    monkeypatch.setattr(Turn, "first", spied)
    queue = SpoolQueue(spool)
    place, end = queue.bounds()
    tried = queue.window(place, end, set())
    assert queue.window(tried[-1].id, end, {"a"}) == []
    # Then no turn looks at more than a stretch
    assert max(up_to - after for after, up_to in looked) <= spool_queue.STRETCH
    # And the next walk looks only at what the probe had in its hands
    looked.clear()
    assert walked(queue, {"a"}) == []
    assert sum(up_to - after for after, up_to in looked) == len(tried)
    # And the one after that at nothing but what is new
    looked.clear()
    spool.append([record(30_000, topic="b"), record(30_001, topic="a")])
    assert walked(queue, {"a"}) == [30_000]
    assert sum(up_to - after for after, up_to in looked) <= 4
