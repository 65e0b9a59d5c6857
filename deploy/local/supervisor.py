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


class Stopped(Exception):
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
    patience: float = 120.0  #: seconds from its start until it must be ready; a busy machine takes a while
    stop_signal: int = signal.SIGTERM
    stop_patience: float = 15.0  #: seconds from that signal until it is killed


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
        self.supervised = {one.name: Supervised(one, Log(logs / f"{one.name}.log")) for one in services}
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
        for one in self.supervised.values():
            self._step(one)
            self._rotate(one)
        quiet = all(one.phase in (Phase.SERVING, Phase.DONE) for one in self.supervised.values())
        if quiet and not self.served:
            self.served = self._has_changed = True
        self._tell()
        return quiet

    def stop(self) -> None:
        """Stop every service once those that need it have stopped; kill what takes too long."""
        self._stopping = True
        running = [one for one in self.supervised.values() if one.child]
        while running:
            needed = {name for one in running for name in self._needs(one)}
            for one in running:
                if one.phase is not Phase.STOPPING and one.service.name not in needed:
                    self._enter(one, Phase.STOPPING)
                    self._live(one).signal(one.service.stop_signal)
                if one.phase is Phase.STOPPING and self._clock() - one.since > one.service.stop_patience:
                    self._announce(f"{one.service.name}: did not stop in {one.service.stop_patience:g} s, killed")
                    self._live(one).kill()
                if self._live(one).ended() is not None:
                    one.child = None
                    self._enter(one, Phase.STOPPED)
            running = [one for one in running if one.child]
            self._tell()
            time.sleep(_BUSY if running else 0)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _needs(self, one: Supervised) -> set[str]:
        """Everything that must start before `one` and stop after it, through jobs long done as well."""
        direct = [self.supervised[name] for name in one.service.after]
        return {other.service.name for other in direct}.union(*map(self._needs, direct))

    def _step(self, one: Supervised) -> None:
        match one.phase:
            case Phase.WAITING:
                needs = (self.supervised[name].phase for name in one.service.after)
                if all(phase in (Phase.SERVING, Phase.DONE) for phase in needs):
                    self._prepare(one)
            case Phase.PREPARING:
                if one.work and one.work.done():
                    one.work.result()
                    self._start(one)
            case Phase.STARTING:
                self._look_for_readiness(one)
            case Phase.SERVING:
                if (code := self._live(one).ended()) is not None:
                    self._died(one, f"{_how(code)}", code)
                elif one.service.unhealthy is not None:
                    self._look_for_health(one, one.service.unhealthy)
            case Phase.RESTARTING:
                if self._clock() >= one.again_at:
                    one.restarts += 1
                    self._start(one)
            case _:
                pass

    def _prepare(self, one: Supervised) -> None:
        if one.service.prepare is None:
            self._start(one)
            return
        one.work = self._threads.submit(one.service.prepare, self._prepared)
        self._enter(one, Phase.PREPARING)

    def _prepared(self, what: str, done: int, total: int) -> None:
        if self._stopping:
            raise Stopped
        self._report(what, done, total)

    def _start(self, one: Supervised) -> None:
        one.work = None
        try:
            one.child = Child(one.service.command(), one.service.environment(), one.log)
        except OSError as error:  # no room for its log, no memory for a process
            if not self.served:
                raise
            self._died(one, f"could not be started ({error})", EX_TEMPFAIL)
        else:
            self._enter(one, Phase.STARTING)

    def _look_for_readiness(self, one: Supervised) -> None:
        service, took = one.service, self._clock() - one.since
        if (code := self._live(one).ended()) is not None:
            if code == 0 and service.once:
                one.child = None
                self._enter(one, Phase.DONE)
                self._announce(f"{service.name}: done in {took:.1f} s")
            else:
                self._died(one, f"{_how(code)} before it was ready", code)
            return
        if took > service.patience:
            self._live(one).kill()
            self._died(one, f"was not ready within {service.patience:g} s", EX_UNAVAILABLE)
        elif service.once:
            return
        elif one.work is None:
            one.work = self._threads.submit(service.ready)
        elif one.work.done():
            ready, one.work = one.work.result(), None
            if ready:
                self._enter(one, Phase.SERVING)
                one.healthy_at, one.health_failures = self._clock(), 0
                again = " again" if one.restarts else ""
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

    def _died(self, one: Supervised, how: str, code: int) -> None:
        child = one.child
        if one.phase is Phase.SERVING and self._clock() - one.since >= WELL_AFTER:
            one.deaths = 0
        one.child = one.work = None
        one.deaths += 1
        # A stack that has served goes on without this service: ingest does not need PostgreSQL, nor a CRM Kafka.
        if not self.served and (code == EX_CONFIG or one.deaths >= ATTEMPTS):
            self._enter(one, Phase.STOPPED)
            ending = code if code in (EX_CONFIG, EX_TEMPFAIL) else EX_UNAVAILABLE
            raise ServiceFailed(one.service.name, how, ending, child.tail() if child else [], one.log.path)
        pause = min(FIRST_PAUSE * 2 ** min(one.deaths - 1, 16), LONGEST_PAUSE)
        one.last_restarts.append(Restart(datetime.now(UTC), how))
        one.again_at = self._clock() + pause
        self._enter(one, Phase.RESTARTING)
        self._announce(f"{one.service.name}: {how}; started again in {pause:g} s (log: {one.log.path})")

    def _enter(self, one: Supervised, phase: Phase) -> None:
        one.phase, one.since = phase, self._clock()
        self._has_changed = True

    def _tell(self) -> None:
        """Call `changed` when something has, and now and then when nothing has."""
        if self._has_changed or self._clock() - self._told_at >= REFRESH:
            self._has_changed, self._told_at = False, self._clock()
            self._changed(self)

    @staticmethod
    def _live(one: Supervised) -> Child:
        if one.child is None:
            raise RuntimeError(f"{one.service.name} has no process in phase {one.phase}")
        return one.child


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
