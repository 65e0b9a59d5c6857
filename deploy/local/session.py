"""One run of the local stack, from its start to its end, in this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deploy.local.background import end_leftovers
from deploy.local.display import Display
from deploy.local.home import Home, identity
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
    with home.held(), home.usable():
        end_leftovers(home)
        stack = plan(home, environ, processors, display.announce)
        stack.services += more(stack)
        told = False

        def changed(supervisor: Supervisor) -> None:
            nonlocal told
            home.write("stack.json", _state(stack, supervisor, stopping=stop.is_set()))
            display.show(list(supervisor.supervised.values()))
            if supervisor.served and not told:
                told = True
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


def _state(stack: Stack, supervisor: Supervisor, *, stopping: bool) -> dict[str, Any]:
    phase = "stopping" if stopping else "serving" if supervisor.served else "starting"
    services = [
        {
            "name": name,
            "phase": one.phase,
            "where": one.service.where,
            "restarts": one.restarts,
            "log": str(one.log.path),
            **(identity(one.child.pid) if one.child else {}),
        }
        for name, one in supervisor.supervised.items()
    ]
    return {
        "phase": phase,
        "supervisor": identity(os.getpid()),
        "services": services,
        "environment": stack.environment(),
    }
