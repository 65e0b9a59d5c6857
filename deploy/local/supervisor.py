"""Starts services in order, starts again what dies or is no longer healthy, and stops all of them, last first.

The loop is one thread, which also starts every process: Linux ends a child when the thread that started it ends.
What takes time (preparing, asking whether a service is ready) happens in threads beside it.
"""

from __future__ import annotations

import enum
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.child import Child, Log
from deploy.local.downloads import Report, silent
from runtime.process import StopSignal
from runtime.settings import EX_CONFIG

#: sysexits.h: a service is unavailable; a temporary failure.
EX_UNAVAILABLE, EX_TEMPFAIL = 69, 75

#: Seconds before the first restart; doubled each time, up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
#: A service that served this many seconds is well again: its next restart is as quick as its first.
WELL_AFTER = 30.0
#: A service that dies this often before the stack ever served will not come up.
ATTEMPTS = 3

#: Seconds between two health checks of a service, and how long they may fail before it is started again. Both the
#: time and the number of failures count: after a pause of the whole machine the first look is not the last.
HEALTH_INTERVAL, HEALTH_DEADLINE, HEALTH_FAILURES = 3.0, 15.0, 3
#: Restarts of a service whose time and reason are kept.
MAX_LAST_RESTARTS = 50
#: `changed` is called this often, in seconds, when nothing has changed: its file may have been lost.
REFRESH = 2.0
#: Seconds until a log is looked at again that could not be set aside.
_ROTATION_RETRY = 60.0

#: How often the loop looks, while something is about to change and while all is quiet.
_BUSY, _QUIET = 0.05, 0.2


class ServiceFailed(Exception):
    """Read the service's last lines, which are in the text: the stack has been stopped."""

    def __init__(self, name: str, why: str, code: int, lines: Sequence[str], log: Path) -> None:
        shown = "".join(f"\n  {line}" for line in lines)
        super().__init__(f"{name} {why}; its last lines ({log}):{shown or chr(10) + '  (none)'}")
        self.name = name
        self.exit_code = code  #: for the whole stack


class PreparationStopped(Exception):
    """End this preparation: the stack is being stopped."""


class Phase(enum.StrEnum):
    """Where a service stands."""

    WAITING = "waiting"  #: for the services it needs
    PREPARING = "preparing"
    STARTING = "starting"  #: runs, not ready yet
    SERVING = "serving"
    DONE = "done"  #: a job that succeeded
    RESTARTING = "restarting"  #: died; waits before the next attempt
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Service:
    """What the supervisor has to know about one service."""

    name: str
    command: Callable[[], Sequence[str]]  #: asked at every start
    environment: Callable[[], Mapping[str, str]]  #: all of it, asked at every start
    ready: Callable[[], bool] = lambda: True  #: may take a second or two
    #: Asked while it serves: why it is not healthy, None when it is. May take some seconds.
    unhealthy: Callable[[], str | None] | None = None
    prepare: Callable[[Report], None] | None = None  #: once, before the first start; may take minutes
    after: tuple[str, ...] = ()  #: these must serve, or be done, before the first start
    once: bool = False  #: a job: ready when it has ended well
    where: str = ""  #: for people: an address
    ready_timeout: float = 120.0  #: seconds from its start until it must be ready; a busy machine takes a while
    stop_signal: int = signal.SIGTERM
    stop_timeout: float = 15.0  #: seconds from that signal until it is killed


@dataclass(frozen=True, slots=True)
class Restart:
    """A service that was started again."""

    at: datetime
    reason: str


@dataclass(slots=True)
class Supervised:
    """One service and how it is doing."""

    service: Service
    log: Log
    phase: Phase = Phase.WAITING
    child: Child | None = None
    since: float = 0.0  #: when this phase began, by the supervisor's clock
    restarts: int = 0  #: in all
    deaths: int = 0  #: since it was last well
    again_at: float = 0.0
    last_restarts: deque[Restart] = field(default_factory=lambda: deque(maxlen=MAX_LAST_RESTARTS))
    work: Future[object] | None = field(default=None, repr=False)
    healthy_at: float = 0.0  #: when it was last found healthy
    health_failures: int = 0  #: since then
    asked_at: float = 0.0  #: when its health was last asked for
    rotate_at: float = 0.0  #: when its log may be looked at again


class Supervisor:
    """Runs `services`, whose order is that of their start."""

    def __init__(
        self,
        services: Sequence[Service],
        logs: Path,
        *,
        announce: Callable[[str], None],
        changed: Callable[[Supervisor], None] = lambda _: None,
        report: Report = silent,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.supervised = {service.name: Supervised(service, Log(logs / f"{service.name}.log")) for service in services}
        self.served = False  #: everything has served at the same time, once
        self._announce = announce
        self._changed = changed
        self._report = report
        self._clock = clock
        self._stopping = False
        self._has_changed = False
        self._told_at = clock()
        self._threads = ThreadPoolExecutor(len(services) + 1, "supervisor")

    def run(self, stop: StopSignal) -> None:
        """Until `stop`. Leaves no process behind. Raises ServiceFailed, and whatever a preparation raises."""
        try:
            while not stop.is_set():
                quiet = self.step()
                stop.wait(_QUIET if quiet else _BUSY)
        finally:
            self.stop()

    def step(self) -> bool:
        """Look at every service once and do what is due; whether all of them serve."""
        for supervised in self.supervised.values():
            self._step(supervised)
            self._rotate(supervised)
        quiet = all(supervised.phase in (Phase.SERVING, Phase.DONE) for supervised in self.supervised.values())
        if quiet and not self.served:
            self.served = self._has_changed = True
        self._announce_state()
        return quiet

    def stop(self) -> None:
        """Stop every service once those that need it have stopped; kill what takes too long."""
        self._stopping = True
        running = [supervised for supervised in self.supervised.values() if supervised.child]
        while running:
            needed = {name for supervised in running for name in self._needs(supervised)}
            for unit in running:
                if unit.phase is not Phase.STOPPING and unit.service.name not in needed:
                    self._enter(unit, Phase.STOPPING)
                    self._live(unit).signal(unit.service.stop_signal)
                if unit.phase is Phase.STOPPING and self._clock() - unit.since > unit.service.stop_timeout:
                    self._announce(f"{unit.service.name}: did not stop in {unit.service.stop_timeout:g} s, killed")
                    self._live(unit).kill()
                if self._live(unit).ended() is not None:
                    unit.child = None
                    self._enter(unit, Phase.STOPPED)
            running = [supervised for supervised in running if supervised.child]
            self._announce_state()
            time.sleep(_BUSY if running else 0)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _needs(self, unit: Supervised) -> set[str]:
        """Everything that must start before `unit` and stop after it, through jobs long done as well."""
        direct = [self.supervised[name] for name in unit.service.after]
        return {other.service.name for other in direct}.union(*map(self._needs, direct))

    def _step(self, unit: Supervised) -> None:
        match unit.phase:
            case Phase.WAITING:
                needs = (self.supervised[name].phase for name in unit.service.after)
                if all(phase in (Phase.SERVING, Phase.DONE) for phase in needs):
                    self._prepare(unit)
            case Phase.PREPARING:
                if unit.work and unit.work.done():
                    unit.work.result()
                    self._start(unit)
            case Phase.STARTING:
                self._look_for_readiness(unit)
            case Phase.SERVING:
                if (code := self._live(unit).ended()) is not None:
                    self._died(unit, f"{_how(code)}", code)
                elif unit.service.unhealthy is not None:
                    self._look_for_health(unit, unit.service.unhealthy)
            case Phase.RESTARTING:
                if self._clock() >= unit.again_at:
                    unit.restarts += 1
                    self._start(unit)
            case _:
                pass

    def _prepare(self, unit: Supervised) -> None:
        if unit.service.prepare is None:
            self._start(unit)
            return
        unit.work = self._threads.submit(unit.service.prepare, self._prepared)
        self._enter(unit, Phase.PREPARING)

    def _prepared(self, what: str, done: int, total: int) -> None:
        if self._stopping:
            raise PreparationStopped
        self._report(what, done, total)

    def _start(self, unit: Supervised) -> None:
        unit.work = None
        try:
            unit.child = Child(unit.service.command(), unit.service.environment(), unit.log)
        except OSError as error:  # no room for its log, no memory for a process
            if not self.served:
                raise
            self._died(unit, f"could not be started ({error})", EX_TEMPFAIL)
        else:
            self._enter(unit, Phase.STARTING)

    def _look_for_readiness(self, unit: Supervised) -> None:
        service, took = unit.service, self._clock() - unit.since
        if (code := self._live(unit).ended()) is not None:
            if code == 0 and service.once:
                unit.child = None
                self._enter(unit, Phase.DONE)
                self._announce(f"{service.name}: done in {took:.1f} s")
            else:
                self._died(unit, f"{_how(code)} before it was ready", code)
            return
        if took > service.ready_timeout:
            self._live(unit).kill()
            self._died(unit, f"was not ready within {service.ready_timeout:g} s", EX_UNAVAILABLE)
        elif service.once:
            return
        elif unit.work is None:
            unit.work = self._threads.submit(service.ready)
        elif unit.work.done():
            ready, unit.work = unit.work.result(), None
            if ready:
                self._enter(unit, Phase.SERVING)
                unit.healthy_at, unit.health_failures = self._clock(), 0
                again = " again" if unit.restarts else ""
                place = f" at {service.where}" if service.where else ""
                self._announce(f"{service.name}: serving{again}{place} after {took:.1f} s")

    def _look_for_health(self, supervised: Supervised, unhealthy: Callable[[], str | None]) -> None:
        now = self._clock()
        if supervised.work is None:
            if now - supervised.asked_at >= HEALTH_INTERVAL:
                supervised.asked_at, supervised.work = now, self._threads.submit(unhealthy)
            return
        if not supervised.work.done():
            return
        problem, supervised.work = supervised.work.result(), None
        if problem is None:
            supervised.healthy_at, supervised.health_failures = now, 0
            return
        supervised.health_failures += 1
        if supervised.health_failures >= HEALTH_FAILURES and now - supervised.healthy_at >= HEALTH_DEADLINE:
            self._live(supervised).kill()
            self._died(supervised, f"{problem} for {now - supervised.healthy_at:.0f} s and was killed", EX_UNAVAILABLE)

    def _rotate(self, supervised: Supervised) -> None:
        if self._clock() < supervised.rotate_at:
            return
        try:
            supervised.log.rotate()
        except OSError as error:
            supervised.rotate_at = self._clock() + _ROTATION_RETRY
            self._announce(f"{supervised.service.name}: its log could not be set aside ({error}); tried again later")

    def _died(self, unit: Supervised, how: str, code: int) -> None:
        child = unit.child
        if unit.phase is Phase.SERVING and self._clock() - unit.since >= WELL_AFTER:
            unit.deaths = 0
        unit.child = unit.work = None
        unit.deaths += 1
        # A stack that has served goes on without this service: ingest does not need PostgreSQL, nor a CRM Kafka.
        if not self.served and (code == EX_CONFIG or unit.deaths >= ATTEMPTS):
            self._enter(unit, Phase.STOPPED)
            ending = code if code in (EX_CONFIG, EX_TEMPFAIL) else EX_UNAVAILABLE
            raise ServiceFailed(unit.service.name, how, ending, child.tail() if child else [], unit.log.path)
        pause = min(FIRST_PAUSE * 2 ** min(unit.deaths - 1, 16), LONGEST_PAUSE)
        unit.last_restarts.append(Restart(datetime.now(UTC), how))
        unit.again_at = self._clock() + pause
        self._enter(unit, Phase.RESTARTING)
        self._announce(f"{unit.service.name}: {how}; started again in {pause:g} s (log: {unit.log.path})")

    def _enter(self, unit: Supervised, phase: Phase) -> None:
        unit.phase, unit.since = phase, self._clock()
        self._has_changed = True

    def _announce_state(self) -> None:
        """Call `changed` when something has, and now and then when nothing has."""
        if self._has_changed or self._clock() - self._told_at >= REFRESH:
            self._has_changed, self._told_at = False, self._clock()
            self._changed(self)

    @staticmethod
    def _live(unit: Supervised) -> Child:
        if unit.child is None:
            raise RuntimeError(f"{unit.service.name} has no process in phase {unit.phase}")
        return unit.child


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
