"""The supervisor, with small real processes as services and a clock of the test's own."""

from __future__ import annotations

import errno
import http.client
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.child import Log
from deploy.local.supervisor import (
    ATTEMPTS,
    FIRST_PAUSE,
    HEALTH_DEADLINE,
    HEALTH_FAILURES,
    HEALTH_INTERVAL,
    LONGEST_PAUSE,
    REFRESH,
    WELL_AFTER,
    Phase,
    Service,
    ServiceFailed,
    Supervisor,
)

TIME_LIMIT = 30.0

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
    deadline = time.monotonic() + TIME_LIMIT
    while not done():
        assert time.monotonic() < deadline, {name: service.phase for name, service in supervisor.supervised.items()}
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
    assert {service.child for service in supervisor.supervised.values()} == {None}


def test_what_ignores_sigterm_is_killed_when_its_time_is_up(stage: Stage) -> None:
    supervisor = stage.supervisor(stage.service("stubborn", STUBBORN, stop_timeout=10))
    step_until(supervisor, lambda: supervisor.served)
    process = psutil.Process(pid(supervisor, "stubborn"))

    stage.clock.step = 6.0
    supervisor.stop()

    assert not process.is_running()
    assert stage.said[-1] == "stubborn: did not stop in 10 s, killed"


def test_what_dies_is_started_again_later_each_time_and_at_once_when_it_was_well(stage: Stage) -> None:
    supervisor = stage.supervisor(stage.service("web"))
    web = supervisor.supervised["web"]
    step_until(supervisor, lambda: supervisor.served)

    for pause in (FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE):
        os.kill(pid(supervisor, "web"), signal.SIGKILL)
        step_until(supervisor, lambda: web.phase is Phase.RESTARTING)
        assert "was ended by SIGKILL" in stage.said[-1]
        # not all of the pause is over, and then all of it is
        stage.clock.now += pause * 0.9
        supervisor.step()
        assert web.phase is Phase.RESTARTING
        stage.clock.now += pause * 0.2
        step_until(supervisor, lambda: web.phase is Phase.SERVING)
        assert stage.said[-1].startswith("web: serving again")

    stage.clock.now += WELL_AFTER
    os.kill(pid(supervisor, "web"), signal.SIGKILL)
    step_until(supervisor, lambda: web.phase is Phase.RESTARTING)
    assert web.again_at == pytest.approx(stage.clock.now + FIRST_PAUSE)
    assert web.restarts == 3


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
    supervisor = stage.supervisor(stage.service("web", ready=lambda: False, ready_timeout=60))
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

    assert psutil.wait_procs([worker], timeout=TIME_LIMIT)[1] == []


def test_a_service_that_has_served_is_started_again_whatever_it_ends_with(stage: Stage) -> None:
    # Given a stack that serves
    supervisor = stage.supervisor(stage.service("ingest"), stage.service("crm-sync", EX_CONFIG_LATER))
    step_until(supervisor, lambda: supervisor.served)
    ingest = pid(supervisor, "ingest")
    # When one of its services refuses to start any more (its disk is full, its settings' file is gone)
    (stage.folder / "ill").touch()
    crm_sync = supervisor.supervised["crm-sync"]
    for _ in range(ATTEMPTS + 3):
        step_until(supervisor, lambda: crm_sync.phase is Phase.RESTARTING)
        stage.clock.now += LONGEST_PAUSE
        step_until(supervisor, lambda: crm_sync.phase is not Phase.RESTARTING)
    # Then the others go on, and it comes back once it can
    assert pid(supervisor, "ingest") == ingest
    (stage.folder / "ill").unlink()
    step_until(supervisor, lambda: move(stage, 1.0) and crm_sync.phase is Phase.SERVING)
    assert all(restart.reason.startswith("ended with exit code 78") for restart in crm_sync.last_restarts)
    assert len(crm_sync.last_restarts) >= ATTEMPTS + 3


#: Ends with 78 whenever the file `ill` is there.
EX_CONFIG_LATER = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[2]).parent
while not (folder / "ill").exists():
    (folder / f"{sys.argv[1]}.up").touch()
    time.sleep(0.01)
sys.exit(78)
"""


def move(stage: Stage, seconds: float) -> bool:
    stage.clock.now += seconds
    return True


def test_a_disk_that_is_full_stops_nothing_that_runs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a stack that serves
    supervisor = stage.supervisor(stage.service("ingest"), stage.service("kafka"))
    step_until(supervisor, lambda: supervisor.served)
    ingest, kafka = pid(supervisor, "ingest"), supervisor.supervised["kafka"]

    # When its disk is full, and Kafka has died of it
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    rotate, end = Log.rotate, Log.end
    monkeypatch.setattr(Log, "rotate", full)
    monkeypatch.setattr(Log, "end", full)
    os.kill(pid(supervisor, "kafka"), signal.SIGKILL)
    step_until(supervisor, lambda: move(stage, 1.0) and kafka.deaths >= ATTEMPTS + 1)
    assert any("kafka: could not be started ([Errno 28] No space left on device)" in line for line in stage.said)
    assert sum("its log could not be set aside" in line for line in stage.said) <= 4  # not at every look
    assert (pid(supervisor, "ingest"), phase(supervisor, "ingest")) == (ingest, Phase.SERVING)

    # Then Kafka comes back when there is room
    monkeypatch.setattr(Log, "rotate", rotate)
    monkeypatch.setattr(Log, "end", end)
    step_until(supervisor, lambda: move(stage, 1.0) and kafka.phase is Phase.SERVING)
    assert pid(supervisor, "ingest") == ingest


def test_what_has_changed_is_told_once_a_step_and_now_and_then_besides(stage: Stage) -> None:
    seen: list[set[Phase]] = []
    services = [stage.service(name) for name in ("a", "b", "c")]
    supervisor = Supervisor(
        services,
        stage.folder,
        announce=stage.said.append,
        clock=stage.clock,
        changed=lambda changed: seen.append({service.phase for service in changed.supervised.values()}),
    )
    stage.supervisors.append(supervisor)
    supervisor.step()
    assert seen == [{Phase.STARTING}]  # three have started
    step_until(supervisor, lambda: supervisor.served)
    assert seen[-1] == {Phase.SERVING}
    del seen[:]
    supervisor.step()
    assert seen == []
    stage.clock.now += REFRESH
    supervisor.step()
    assert seen == [{Phase.SERVING}]


#: Answers 200 on the port that it writes into NAME.port.
HEALTHY = """
import http.server, pathlib, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ill = pathlib.Path(sys.argv[2]).with_name("ill").exists()
        self.send_response(503 if ill else 200)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
file = pathlib.Path(sys.argv[2]).with_name(f"{sys.argv[1]}.port")
file.with_suffix(".partial").write_text(str(server.server_port))
file.with_suffix(".partial").rename(file)
server.serve_forever()
"""


def http_service(stage: Stage) -> Service:
    port = stage.folder / "web.port"

    def problem() -> str | None:
        connection = http.client.HTTPConnection("127.0.0.1", int(port.read_text()), timeout=2)
        try:
            connection.request("GET", "/healthz")
            status = connection.getresponse().status
        except OSError:
            return "did not answer at /healthz"
        finally:
            connection.close()
        return None if status == 200 else f"answered {status} at /healthz"

    return stage.service("web", HEALTHY, ready=port.exists, unhealthy=problem)


@pytest.mark.parametrize(
    ("is_frozen", "reason"),
    [(True, "did not answer at /healthz for "), (False, "answered 503 at /healthz for ")],
)
def test_what_is_not_healthy_for_a_while_is_killed_and_started_again(
    stage: Stage, is_frozen: bool, reason: str
) -> None:
    # Given a service that serves and is healthy
    supervisor = stage.supervisor(http_service(stage))
    web = supervisor.supervised["web"]
    step_until(supervisor, lambda: supervisor.served)
    stage.clock.step = 0.05
    step_until(supervisor, lambda: web.healthy_at > web.since)
    process = psutil.Process(pid(supervisor, "web"))
    # When it freezes, or says itself that it is not healthy
    if is_frozen:
        os.kill(process.pid, signal.SIGSTOP)
    else:
        (stage.folder / "ill").touch()
    ill_since = stage.clock.now
    step_until(supervisor, lambda: web.phase is Phase.RESTARTING)
    # Then it is killed after a while and not before, and the reason is told, kept and counted
    assert stage.clock.now - ill_since > HEALTH_DEADLINE - HEALTH_INTERVAL
    assert not process.is_running()
    assert any(f"web: {reason}" in line and "was killed; started again in" in line for line in stage.said)
    (stage.folder / "ill").unlink(missing_ok=True)
    (stage.folder / "web.port").unlink()
    step_until(supervisor, lambda: web.phase is Phase.SERVING)
    assert web.restarts == 1
    assert web.last_restarts[-1].reason.startswith(reason)


def test_one_failure_and_a_clock_that_jumps_restart_nothing(stage: Stage) -> None:
    answers: list[str | None] = []
    supervisor = stage.supervisor(stage.service("web", unhealthy=lambda: answers.pop() if answers else None))
    web = supervisor.supervised["web"]
    step_until(supervisor, lambda: supervisor.served)
    before = pid(supervisor, "web")
    for _ in range(10):
        # the machine was asleep for an hour, and then the first looks fail
        answers.extend(["did not answer"] * (HEALTH_FAILURES - 1))
        stage.clock.now += 3600
        step_until(supervisor, lambda: move(stage, HEALTH_INTERVAL) and not answers and web.healthy_at > web.since)
        step_until(supervisor, lambda: move(stage, HEALTH_INTERVAL) and web.health_failures == 0)
    assert (pid(supervisor, "web"), web.restarts) == (before, 0)
