"""Granian with its traps closed, for every service that answers over HTTP beside its admin port.

The traps (measured): a worker that is killed must be respawned and not take the whole server with it; a worker must not
outlive its parent (`runtime.process.die_with_parent`, which the worker calls first); connections count as load.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from runtime.addresses import reached, resolve, shareable
from runtime.draining import ConnectionDrain
from runtime.request_bodies import READERS, BodyDeadlines
from runtime.self_check import SelfCheck, answers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: sysexits.h: a fault of ours.
EX_SOFTWARE = 70

#: Granian's own lines go where all of ours go, in the same form.
_LOGS = {"loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}}}

#: Connections that one worker holds at once. Granian's `backpressure` counts connections, idle ones too: with 256 a
#: worker that holds 256 idle ones takes nobody any more (measured). So it is far above the requests under way.
CONNECTIONS = 10_000

#: Workers that may die within a minute before the server gives up: more is no accident but a worker that can't start.
DEATHS_A_MINUTE = 10

#: Seconds in which new connections are rejected and those in use closed with their next response, before the server
#: stops and closes all. Longer than a client's kernel waits before it sends again what was dropped (0.2 s).
DRAIN = 1.0


class WebServer(MPServer):
    """Granian's server, but two deaths within 5.5 s, a worker killed twice, are no reason to end the service."""

    def __init__(self, name: str, host: str, port: int, *, variable: str, workers: int, threads: int) -> None:
        """`threads`: requests that one worker handles at once; `port` 0: one that is free, see `port`.

        Raises ConfigurationError that names `variable`, where `host` came from, if nobody can listen there.
        """
        address = resolve(host, variable)
        self.port = shareable(address, port, variable)
        super().__init__(
            name,
            address=address,
            port=self.port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=READERS,
            loop=Loops.auto,
            backlog=4096,
            http=HTTPModes.http1,
            backpressure=CONNECTIONS,
            http1_settings=HTTP1Settings(header_read_timeout=10_000),
            respawn_failed_workers=True,
            respawn_interval=0.1,
            workers_kill_timeout=10,
            log_level=LogLevels.warning,
            log_dictconfig=_LOGS,
            websockets=False,
        )
        self._deaths: deque[float] = deque(maxlen=DEATHS_A_MINUTE)
        #: Called once when the service shall stop; the seconds that it goes on serving after that.
        self.leave: Callable[[], float] = float
        self._leaving = False
        self._is_given_up = False
        self._address = address
        self._drain = ConnectionDrain(self.port)
        self._bodies = BodyDeadlines(self.port, threads)

    @property
    def is_whole(self) -> bool:
        """Whether every worker lives."""
        return all(worker.is_alive() for worker in self.wrks)  # type: ignore[no-untyped-call] # Granian has no types here

    def run(self, build: Callable[[], Any]) -> None:
        """Serve until SIGTERM or Ctrl-C what `build` makes in each worker: a WSGI application.

        Exits with 70 where nobody has answered on the port for a minute: a supervisor starts the service again.
        """
        SelfCheck(partial(answers, reached(self._address), self.port), self._give_up).start()
        self.serve(target_loader=build, wrap_loader=False)
        if self._is_given_up:
            sys.exit(EX_SOFTWARE)

    def _give_up(self) -> None:
        self._is_given_up = True
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call] # Granian has no types here

    def signal_handler_interrupt(self, *args: Any) -> None:
        """SIGTERM or Ctrl-C: out of the load balancer, drain, stop. A second one stops at once."""
        at_once, self._leaving = self._leaving, True
        # Not in the handler itself, which may have interrupted the main thread while it holds a lock that is needed.
        threading.Thread(target=self._stop, args=(at_once, args), daemon=True).start()

    def _stop(self, at_once: bool, args: tuple[Any, ...]) -> None:
        if not at_once:
            time.sleep(self.leave())
            self._drain.begin()
            time.sleep(DRAIN)
        super().signal_handler_interrupt(*args)  # type: ignore[no-untyped-call] # Granian has no types here

    # Granian's servers with threads have an argument more.
    def _spawn_worker(self, idx: int, target: Any, callback_loader: Callable[[], Any]) -> Any:  # type: ignore[override]
        build = partial(_in_worker, processor_of(idx, self.workers), self._drain, self._bodies, callback_loader)
        return super()._spawn_worker(idx, target, build)

    def _respawn_workers(self, workers: list[int], *args: Any, **settings: Any) -> None:
        super()._respawn_workers(workers, *args, **settings)
        self._deaths.extend([time.monotonic()] * len(workers))
        if len(self._deaths) < DEATHS_A_MINUTE or self._deaths[-1] - self._deaths[0] > 60:
            self.respawned_wrks.clear()  # what Granian's own check looks at (granian 2.8, `_serve_loop`)


def start_workers_by_fork() -> None:
    """Have workers be forks of this process, which has imported all that they need.

    A fork takes 0.05 s where a fresh process takes 0.8 (measured); it decides how long a node is deaf after its ingest
    was killed, and how long one worker is missed. So nothing that must not be forked may exist yet: clients and
    connections are built in the worker. On macOS a fork of a process that has used the system's libraries may crash;
    there they are spawned.
    """
    by_fork = sys.platform.startswith("linux")
    multiprocessing.set_start_method("fork" if by_fork else "spawn", force=True)
    if by_fork:
        gc.collect()
        gc.freeze()  # or the first collection in each worker copies every page


def prefer_throughput() -> None:
    """Have the kernel not interrupt this process's threads for each other (SCHED_BATCH; Linux).

    Each webhook passes through several threads that wake each other. By default whoever is woken takes the CPU from
    its waker; so the waker, which was about to finish, is switched out and in again. Without that a webhook takes a
    third less of the kernel's time (measured: 68 to 85 us where it was 90 to 146, in each of six pairs of runs).
    """
    if sys.platform.startswith("linux"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def processor_of(worker: int, workers: int) -> int | None:
    """The processor that `worker` (from 0) shall keep to; None: it goes where the kernel likes.

    Only one thread of a worker runs Python at a time. A thread takes long to wake on another processor than its waker's
    (an interrupt, and in a virtual machine a way out of it), and meanwhile nobody has Python's lock. With two workers
    on two processors ingest took 1.0 to 1.6 times as much where each kept to one, and the slowest answers came a third
    sooner (nine pairs of runs). So workers that share out all processors keep to them (Linux); where there are more
    processors the kernel has room, and whoever else is on the machine needs it to.
    """
    if not sys.platform.startswith("linux"):
        return None
    processors = sorted(os.sched_getaffinity(0))
    return None if workers < len(processors) else processors[worker % len(processors)]


def _in_worker(
    processor: int | None, drain: ConnectionDrain, bodies: BodyDeadlines, build: Callable[[], WSGIApplication]
) -> WSGIApplication:
    """What Granian calls in a worker, before any other thread of it is: the application."""
    if processor is not None:
        os.sched_setaffinity(0, [processor])
    return drain.drained(bodies.bounded(build()))
