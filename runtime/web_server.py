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
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from runtime.addresses import reached, resolve, shareable
from runtime.draining import ConnectionDrain
from runtime.granian_server import BuildApp, GranianServer
from runtime.process import StopSignal
from runtime.request_bodies import READERS, BodyDeadlines
from runtime.self_check import SelfCheck, answers
from runtime.systemd import supervised

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: sysexits.h: a fault of ours.
EX_SOFTWARE = 70

#: Seconds in which new connections are rejected and those in use closed with their next response, before the server
#: stops and closes all. Longer than a client's kernel waits before it sends again what was dropped (0.2 s).
DRAIN = 1.0


class WebServer:
    """Serves one WSGI application on one port with several workers, and drains connections before it stops."""

    def __init__(self, name: str, host: str, port: int, *, variable: str, workers: int, threads: int) -> None:
        """`threads`: requests that one worker handles at once; `port` 0: one that is free, see `port`.

        Raises ConfigurationError that names `variable`, where `host` came from, if nobody can listen there.
        """
        self._address = resolve(host, variable)
        self.port = shareable(self._address, port, variable)
        #: Called once when the service shall stop; the seconds that it goes on serving after that.
        self.leave: Callable[[], float] = float
        self._workers = workers
        self._leaving = False
        self._stop_begun = StopSignal()
        self._is_given_up = False
        self._drain = ConnectionDrain(self.port)
        self._bodies = BodyDeadlines(self.port, threads)
        self._server = GranianServer(
            name,
            self._address,
            self.port,
            workers=workers,
            threads=READERS,
            prepared=self._prepared,
            on_signal=self._begin_stop,
        )

    @property
    def is_whole(self) -> bool:
        """Whether every worker lives."""
        return self._server.is_whole

    def run(self, build: BuildApp) -> None:
        """Serve until SIGTERM or Ctrl-C what `build` makes in each worker: a WSGI application.

        Exits with 70 where nobody has answered on the port for a minute: a supervisor starts the service again.
        """
        SelfCheck(partial(answers, reached(self._address), self.port), self._give_up).start()
        with supervised(self._address, self.port, self._stop_begun):
            self._server.serve(target_loader=build, wrap_loader=False)
        if self._is_given_up:
            sys.exit(EX_SOFTWARE)

    def _prepared(self, worker: int, build: BuildApp) -> BuildApp:
        return partial(_in_worker, processor_of(worker, self._workers), self._drain, self._bodies, build)

    def _give_up(self) -> None:
        self._is_given_up = True
        self._server.stop()

    def _begin_stop(self) -> None:
        """SIGTERM or Ctrl-C: out of the load balancer, drain, stop. A second one stops at once."""
        at_once, self._leaving = self._leaving, True
        self._stop_begun.set()
        # Not in the handler itself, which may have interrupted the main thread while it holds a lock that is needed.
        threading.Thread(target=self._stop, args=(at_once,), daemon=True).start()

    def _stop(self, at_once: bool) -> None:
        try:
            if not at_once:
                time.sleep(self.leave())
                self._drain.begin()
                time.sleep(DRAIN)
        finally:  # whatever keeps it from leaving well, a server that was told to stop does
            self._server.stop()


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
