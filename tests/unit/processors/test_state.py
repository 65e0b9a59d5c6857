"""The gravest thing is told first."""

from __future__ import annotations

from prometheus_client import REGISTRY

from processors.engine.progress import GroupHalt
from processors.engine.state import State
from runtime.admin import Readiness
from runtime.kafka.consumer import Partition


def test_from_start_to_ready_and_through_every_trouble() -> None:
    state = State("probe-state")

    def metric(name: str) -> float | None:
        return REGISTRY.get_sample_value(name, {"processor": "probe-state"})

    assert state.readiness().reason == "has not joined its consumer group yet"
    state.waiting(None)
    assert state.readiness().ready
    state.pause(1_800_000_000, "PostgreSQL: OperationalError")
    assert state.readiness().reason == "paused until 2027-01-15T08:00:00+00:00: PostgreSQL: OperationalError"
    assert metric("hookline_paused_until_seconds") == 1_800_000_000
    state.stand(None, {Partition("t", 3): "the stored offset 5 is below the log's begin, 9"})
    assert state.readiness().reason.startswith("halted on 1 partition(s): t/3: the stored offset 5")
    assert metric("hookline_halted") == 1
    state.stand(GroupHalt("50 of the last 100 records were set aside"), {})
    assert state.readiness().reason.startswith("halted: 50 of")
    state.stand(None, {})
    state.go_on()
    assert state.readiness().ready
    assert (metric("hookline_halted"), metric("hookline_paused_until_seconds")) == (0, 0)


def test_an_operators_pause_is_no_halt() -> None:
    state = State("probe-pause")
    state.waiting(None)
    state.stand(GroupHalt("paused by kim until somebody resumes it: a migration", is_pause=True), {})
    assert state.readiness() == Readiness(False, "paused by kim until somebody resumes it: a migration")
    assert REGISTRY.get_sample_value("hookline_halted", {"processor": "probe-pause"}) == 0


def test_a_batch_that_takes_long_is_told_while_it_does() -> None:
    state = State("probe-state")
    state.waiting(None)
    state.busy(29.0, 30.0)
    assert state.readiness().ready
    state.busy(31.0, 30.0)
    assert state.readiness().reason == "a batch has taken more than 30 s"
    state.busy(0.0, 30.0)
    assert state.readiness().ready
