"""The supervisor, with small real processes as services and a clock of the test's own."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.supervisor import (
    ATTEMPTS,
    FIRST_PAUSE,
    WELL_AFTER,
    Phase,
    Service,
    ServiceFailed,
    Supervisor,
)

PATIENCE = 30.0

#: Says which service it is when it is asked to stop, in a file that all of them share.
OBEDIENT = """
import pathlib, signal, sys, threading
name, told = sys.argv[1], pathlib.Path(sys.argv[2])
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
(told.parent / f"{name}.up").touch()
over.wait()
with told.open("a") as file:
    print(name, file=file)
"""
STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[2]).with_name(f"{sys.argv[1]}.up").touch()
time.sleep(600)
"""


class Clock:
    """Stands still until it is moved, or moves by `step` at every look."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.step = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class Stage:
    """A supervisor and what its services leave behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.said: list[str] = []
        self.supervisors: list[Supervisor] = []

    def service(self, name: str, code: str = OBEDIENT, **more: object) -> Service:
        arguments = {
            "command": lambda: [sys.executable, "-c", code, name, str(self.folder / "stopped")],
            "environment": lambda: os.environ,
            "ready": (self.folder / f"{name}.up").exists,
        }
        return Service(name=name, **(arguments | more))  # type: ignore[arg-type]

    def supervisor(self, *services: Service) -> Supervisor:
        made = Supervisor(services, self.folder, announce=self.said.append, clock=self.clock)
        self.supervisors.append(made)
        return made

    def stopped(self) -> list[str]:
        return (self.folder / "stopped").read_text().split()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.clock.step = 1e6  # whatever still runs has had its time
    for supervisor in made.supervisors:
        supervisor.stop()


def step_until(supervisor: Supervisor, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, {name: one.phase for name, one in supervisor.supervised.items()}
        supervisor.step()
        time.sleep(0.01)


def phase(supervisor: Supervisor, name: str) -> Phase:
    return supervisor.supervised[name].phase


def pid(supervisor: Supervisor, name: str) -> int:
    child = supervisor.supervised[name].child
    assert child is not None
    return child.pid


def test_a_service_starts_when_what_it_needs_serves_and_jobs_are_done(stage: Stage) -> None:
    gate = stage.folder / "gate"
    supervisor = stage.supervisor(
        stage.service("database", ready=gate.exists),
        stage.service("migrate", "pass", once=True, after=("database",)),
        stage.service("web", after=("migrate",)),
    )
    step_until(supervisor, (stage.folder / "database.up").exists)
    assert [phase(supervisor, name) for name in ("database", "migrate", "web")] == ["starting", "waiting", "waiting"]

    gate.touch()
    step_until(supervisor, lambda: supervisor.served)

    assert [phase(supervisor, name) for name in ("database", "migrate", "web")] == ["serving", "done", "serving"]
    assert [line.partition(":")[0] for line in stage.said] == ["database", "migrate", "web"]


def test_preparing_comes_first_and_its_failure_is_the_stacks(stage: Stage) -> None:
    def fails(report: Callable[[str, int, int], None]) -> None:
        report("Kafka", 0, 1)
        raise OSError("no room")

    supervisor = stage.supervisor(stage.service("kafka", prepare=fails))

    with pytest.raises(OSError, match="no room"):
        step_until(supervisor, lambda: False)
    assert not (stage.folder / "kafka.up").exists()


def test_stopping_goes_backwards_through_finished_jobs_too(stage: Stage) -> None:
    supervisor = stage.supervisor(
        stage.service("database"),
        stage.service("migrate", "pass", once=True, after=("database",)),
        stage.service("web", after=("migrate",)),
    )
    step_until(supervisor, lambda: supervisor.served)

    supervisor.stop()

    assert stage.stopped() == ["web", "database"]
    assert {one.child for one in supervisor.supervised.values()} == {None}


def test_what_ignores_sigterm_is_killed_when_its_time_is_up(stage: Stage) -> None:
    supervisor = stage.supervisor(stage.service("stubborn", STUBBORN, stop_patience=10))
    step_until(supervisor, lambda: supervisor.served)
    process = psutil.Process(pid(supervisor, "stubborn"))

    stage.clock.step = 6.0
    supervisor.stop()

    assert not process.is_running()
    assert stage.said[-1] == "stubborn: did not stop in 10 s, killed"


def test_what_dies_is_started_again_later_each_time_and_at_once_when_it_was_well(stage: Stage) -> None:
    supervisor = stage.supervisor(stage.service("web"))
    one = supervisor.supervised["web"]
    step_until(supervisor, lambda: supervisor.served)

    for pause in (FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE):
        os.kill(pid(supervisor, "web"), signal.SIGKILL)
        step_until(supervisor, lambda: one.phase is Phase.RESTARTING)
        assert "was ended by SIGKILL" in stage.said[-1]
        # not all of the pause is over, and then all of it is
        stage.clock.now += pause * 0.9
        supervisor.step()
        assert one.phase is Phase.RESTARTING
        stage.clock.now += pause * 0.2
        step_until(supervisor, lambda: one.phase is Phase.SERVING)
        assert stage.said[-1].startswith("web: serving again")

    stage.clock.now += WELL_AFTER
    os.kill(pid(supervisor, "web"), signal.SIGKILL)
    step_until(supervisor, lambda: one.phase is Phase.RESTARTING)
    assert one.again_at == pytest.approx(stage.clock.now + FIRST_PAUSE)
    assert one.restarts == 3


def test_configuration_mistakes_are_not_retried(stage: Stage) -> None:
    code = "import sys; print('HOOKLINE_X is missing'); sys.exit(78)"
    supervisor = stage.supervisor(stage.service("web", code))

    with pytest.raises(ServiceFailed) as failed:
        step_until(supervisor, lambda: False)

    assert failed.value.exit_code == 78
    assert "web ended with exit code 78" in str(failed.value)
    assert "HOOKLINE_X is missing" in str(failed.value)
    assert phase(supervisor, "web") is Phase.STOPPED


def test_what_never_comes_up_ends_the_start(stage: Stage) -> None:
    supervisor = stage.supervisor(stage.service("web", "import sys; print('attempt'); sys.exit(1)"))

    def advance() -> bool:
        stage.clock.now += 1
        return False

    with pytest.raises(ServiceFailed) as failed:
        step_until(supervisor, advance)

    assert failed.value.exit_code == 69
    assert (stage.folder / "web.log").read_text().split() == ["attempt"] * ATTEMPTS


def test_what_is_never_ready_is_killed_and_tried_again(stage: Stage) -> None:
    supervisor = stage.supervisor(stage.service("web", ready=lambda: False, patience=60))
    step_until(supervisor, (stage.folder / "web.up").exists)
    process = psutil.Process(pid(supervisor, "web"))

    stage.clock.now += 61
    supervisor.step()

    assert not process.is_running()
    assert "was not ready within 60 s" in stage.said[-1]
    assert phase(supervisor, "web") is Phase.RESTARTING


def test_workers_of_a_killed_process_end_with_it(stage: Stage) -> None:
    code = """
import pathlib, subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
up = pathlib.Path(sys.argv[2]).with_name("web.up")
up.with_suffix(".new").write_text(str(worker.pid))
up.with_suffix(".new").rename(up)
time.sleep(600)
"""
    supervisor = stage.supervisor(stage.service("web", code))
    step_until(supervisor, lambda: supervisor.served)
    worker = psutil.Process(int((stage.folder / "web.up").read_text()))

    os.kill(pid(supervisor, "web"), signal.SIGKILL)
    step_until(supervisor, lambda: phase(supervisor, "web") is Phase.RESTARTING)

    assert psutil.wait_procs([worker], timeout=PATIENCE)[1] == []
