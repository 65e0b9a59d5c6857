"""One run of the local stack, from its start to its end, in this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deploy.local.background import end_leftovers
from deploy.local.display import Display
from deploy.local.home import Home, HomeUnusable, identity
from deploy.local.stack import Stack, plan
from deploy.local.supervisor import Service, Supervisor
from runtime.process import StopSignal


def serve(
    home: Home,
    environ: Mapping[str, str],
    processors: Sequence[str],
    display: Display,
    stop: StopSignal,
    *,
    more: Callable[[Stack], Sequence[Service]] = lambda _: (),
    served: Callable[[Stack], None] = lambda _: None,
) -> None:
    """Supervise the stack of `home` until `stop`; call `served` once everything serves.

    `more` gives services beside the stack's own. Raises AlreadyRunning, ConfigurationError, PortTaken,
    DownloadError and ServiceFailed; no process is left behind, whichever way it ends.
    """
    os.umask(0o077)  # messages, names and tokens are in what the services write
    with home.held(), home.usable():
        end_leftovers(home)
        stack = plan(home, environ, processors, display.announce)
        stack.services += more(stack)
        state_file = StateFile(home, display.announce)
        has_served = False

        def changed(supervisor: Supervisor) -> None:
            nonlocal has_served
            state_file.write(_state(stack, supervisor, stopping=stop.is_set()), must=not supervisor.served)
            display.show(list(supervisor.supervised.values()))
            if supervisor.served and not has_served:
                has_served = True
                served(stack)

        supervisor = Supervisor(
            stack.services, home.logs, announce=display.announce, report=display.report, changed=changed
        )
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            signal.signal(signal.SIGHUP, lambda *_: stop.set())  # the terminal is closed
        try:
            supervisor.run(stop)
        finally:
            home.forget("stack.json")


class StateFile:
    """What the running stack tells about itself, kept true where the disk was full, or the file was lost or damaged."""

    def __init__(self, home: Home, announce: Callable[[str], None]) -> None:
        self._home = home
        self._announce = announce
        self._written: dict[str, Any] | None = None
        self._content: bytes | None = None  #: of the file, as it was written
        self._fails = False

    def write(self, state: dict[str, Any], *, must: bool) -> None:
        """Write `state` unless it is there already. A failure is raised if it `must` be, else announced once."""
        if state == self._written and self._found() == self._content:
            return
        try:
            self._home.write("stack.json", state)
        except HomeUnusable as error:
            if must:
                raise
            if not self._fails:
                self._announce(f"{error}; what runs goes on, and `hookline env` may tell old news")
            self._fails = True
        else:
            self._written, self._content, self._fails = state, self._found(), False

    def _found(self) -> bytes | None:
        try:
            return (self._home.path / "stack.json").read_bytes()
        except OSError:
            return None


def _state(stack: Stack, supervisor: Supervisor, *, stopping: bool) -> dict[str, Any]:
    phase = "stopping" if stopping else "serving" if supervisor.served else "starting"
    services = [
        {
            "name": name,
            "phase": service.phase,
            "where": service.service.where,
            "restarts": service.restarts,
            "last_restarts": [
                {"at": restart.at.isoformat(timespec="milliseconds"), "reason": restart.reason}
                for restart in service.last_restarts
            ],
            "log": str(service.log.path),
            **(identity(service.child.pid) if service.child else {}),
        }
        for name, service in supervisor.supervised.items()
    ]
    return {
        "phase": phase,
        "supervisor": identity(os.getpid()),
        "services": services,
        "environment": stack.environment(),
        "analyst": stack.analyst(),
    }
