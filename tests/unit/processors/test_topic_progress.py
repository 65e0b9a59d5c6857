"""The progress of the topics: never ahead of an event that comes late, and never far behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from processors.persist import topic_progress
from processors.persist.topic_progress import INTERVAL, MARGIN, SpoolOfNode, complete_until
from tests.twins.progress_world import BEGIN, TICK, ProgressWorld, SimulatedNode

SECONDS = 300.0


def faults(world: ProgressWorld) -> None:
    """Something breaks or recovers, by chance."""
    chance = world.chance
    if chance.random() < (0.2 if world.is_frozen else 0.01):
        world.is_frozen = not world.is_frozen
    if chance.random() < (0.1 if world.is_away else 0.01):
        world.is_away = not world.is_away
    if world.late and not world.is_frozen and chance.random() < 0.2:
        world.log.append(world.late.pop(chance.randrange(len(world.late))))
    for node in world.nodes:
        if chance.random() < (0.03 if node.is_cut_off else 0.01):
            node.is_cut_off = not node.is_cut_off
        if node.service is None:
            if chance.random() < 0.02:
                node.start()
        elif chance.random() < 0.01:
            node.kill()
        elif chance.random() < 0.01:
            node.stop()
        elif node.is_known:  # decision 43: one that PostgreSQL has never heard of is trusted not to stand still
            if chance.random() < (0.1 if node.is_frozen else 0.01):
                node.is_frozen = not node.is_frozen
            if chance.random() < (0.1 if node.reporter_is_frozen else 0.01):
                node.reporter_is_frozen = not node.reporter_is_frozen


def run(world: ProgressWorld, seconds: float, happen: Callable[[ProgressWorld], None]) -> None:
    """So many seconds of traffic, with a look every two."""
    end, next_look = world.seconds + seconds, world.seconds
    world.has_faults = happen is faults
    while world.seconds < end:
        world.seconds += TICK
        happen(world)
        for node in world.nodes:
            for step in ("answer", "drain"):
                if world.chance.random() < 0.5:
                    node.do(step)
            node.do("report")
        if world.seconds >= next_look:
            world.look()
            next_look = world.seconds + INTERVAL


def calm(world: ProgressWorld) -> None:
    world.is_frozen = world.is_away = False


def world_of(seed: int, directory: Path, nodes: int) -> ProgressWorld:
    world = ProgressWorld(seed)
    for number in range(nodes):
        SimulatedNode(world, directory / f"n{number}").start()
    return world


@pytest.mark.parametrize("seed", range(20))
def test_it_is_never_ahead_of_an_event_that_comes_late(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given two nodes, a look's outcome every few seconds, and faults: Kafka frozen or cut off from one
    # node, PostgreSQL away, nodes killed, stopped, frozen in whole or where they report, and a third node that joins
    monkeypatch.setattr(topic_progress, "PERIOD", timedelta(seconds=4))
    world = world_of(seed, tmp_path, 2)
    run(world, SECONDS / 2, faults)
    SimulatedNode(world, tmp_path / "n2").start()
    run(world, SECONDS / 2, faults)
    # When all is well again
    for node in world.nodes:
        node.is_frozen = node.reporter_is_frozen = node.is_cut_off = False
        if node.service is None:
            node.start()
    recovered = len(world.published)
    run(world, 120.0, calm)
    # Then the records went on, no event that was answered before the time of one is missing below its ends
    assert len(world.published) > recovered, "this seed has shown nothing"
    assert set(world.answered) <= set(world.log)
    assert world.late_events() == []
    assert {at for at, _ in world.written} <= {topic_progress.datetime.fromisoformat(r["at"]) for r in world.published}


def test_it_is_at_most_90_seconds_behind_while_all_is_well(tmp_path: Path) -> None:
    # Given two nodes, and a persist that is started again now and then
    world = world_of(0, tmp_path, 2)
    behind = []

    def note(world: ProgressWorld) -> None:
        calm(world)
        if int(world.seconds / TICK) % 400 == 0:
            world.progress = topic_progress.TopicProgress(world, world.read_logs)
        if world.written:
            behind.append((world.now - world.written[-1][0]).total_seconds())

    # When half an hour goes by
    run(world, 1800.0, note)
    # Then there is a record a minute, and each is young
    assert 25 <= len(world.published) <= 31
    assert max(behind) <= 90


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([], None),  # nobody reports
        ([(0, 0, False)], 0),
        ([(0, 0, False), (1, 0, False)], None),  # one spools
        ([(0, 0, False), (0, 3600, False)], 3600),  # one is silent for an hour
        ([(0, 0, False), (0, 3600, True)], 0),  # it was stopped with an empty spool
        ([(0, 0, False), (2, 3600, True)], None),  # it was not
        ([(0, -60, False)], 0),  # the database's clock was set back
    ],
)
def test_the_time_is_before_the_oldest_report(nodes: list[tuple[int, int, bool]], expected: int | None) -> None:
    known = [
        SpoolOfNode(spooled, BEGIN - timedelta(seconds=age), BEGIN if stopped else None)
        for spooled, age, stopped in nodes
    ]
    until = None if expected is None else BEGIN - timedelta(seconds=expected) - MARGIN
    assert complete_until(known, BEGIN) == until
