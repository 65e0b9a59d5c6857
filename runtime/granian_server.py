"""Granian's server, and the one place that overrides its private methods (docs/decisions/0040).

Its version is pinned to the minor number in pyproject.toml; tests/unit/runtime/test_granian_server.py fails when what
is used here has changed.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

#: Granian's own lines go where all of ours go, in the same form.
_LOGS = {"loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}}}

#: Connections that one worker holds at once. Granian's `backpressure` counts connections, idle ones too: with 256 a
#: worker that holds 256 idle ones takes nobody any more (measured). So it is far above the requests under way.
CONNECTIONS = 10_000

#: Seconds after which a connection that sends no further request is closed: a proxy has to close it before.
IDLE_LIMIT = 10

#: Bytes of a request's head, its line and all headers; to one that is longer the answer is 431. nginx passes 32 KiB on,
#: with what it adds itself. Granian's own bound is 408 KiB. It looks after each read, so some KiB more may get through.
MAX_HEAD = 40 * 1024

#: Workers that may die within a minute before the server gives up: more is no accident but a worker that can't start.
DEATHS_A_MINUTE = 10

#: Makes a WSGI application, in the worker that serves it.
BuildApp = Callable[[], Any]


class GranianServer(MPServer):
    """Granian's server, but two deaths within 5.5 s, a worker killed twice, are no reason to end the service."""

    def __init__(
        self,
        name: str,
        address: str,
        port: int,
        *,
        workers: int,
        threads: int,
        prepared: Callable[[int, BuildApp], BuildApp],
        on_signal: Callable[[], None],
    ) -> None:
        """`prepared`: what the worker of that number, from 0, builds; `on_signal`: SIGTERM or Ctrl-C has come."""
        super().__init__(
            name,
            address=address,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            loop=Loops.auto,
            backlog=4096,
            http=HTTPModes.http1,
            backpressure=CONNECTIONS,
            http1_settings=HTTP1Settings(header_read_timeout=IDLE_LIMIT * 1000, max_buffer_size=MAX_HEAD),
            respawn_failed_workers=True,
            respawn_interval=0.1,
            workers_kill_timeout=10,
            log_level=LogLevels.warning,
            log_dictconfig=_LOGS,
            websockets=False,
        )
        self._prepared = prepared
        self._on_signal = on_signal
        self._deaths: deque[float] = deque(maxlen=DEATHS_A_MINUTE)

    @property
    def is_whole(self) -> bool:
        """Whether every worker lives."""
        return all(worker.is_alive() for worker in self.wrks)  # type: ignore[no-untyped-call] # it has no types here

    def stop(self) -> None:
        """Stop now, and close every connection."""
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call] # it has no types here

    def signal_handler_interrupt(self, *_: Any) -> None:
        """As Granian calls it."""
        self._on_signal()

    # Granian's servers with threads have an argument more.
    def _spawn_worker(self, idx: int, target: Any, callback_loader: BuildApp) -> Any:  # type: ignore[override]
        return super()._spawn_worker(idx, target, self._prepared(idx, callback_loader))

    def _respawn_workers(self, workers: list[int], *args: Any, **settings: Any) -> None:
        super()._respawn_workers(workers, *args, **settings)
        self._deaths.extend([time.monotonic()] * len(workers))
        if len(self._deaths) < DEATHS_A_MINUTE or self._deaths[-1] - self._deaths[0] > 60:
            self.respawned_wrks.clear()  # what Granian's own check looks at (granian 2.8, `_serve_loop`)
