"""The thread in which a worker's replayer runs, as long as the worker lives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from ingest.durable.replayer import Replayer
from ingest.durable.spool.database import SpoolUnavailable
from ingest.durable.spool.locks import FileLock
from ingest.durable.spool.state import SharedState
from runtime.counted_log import CountedLog
from runtime.logs import logger

log = logger("ingest.durable.replay_loop")

#: Seconds between two looks at the flag, between two tries for the lock that another worker has, after a pass in
#: which nothing moved, and after an error.
LOOK, LOCKED, STALLED, FAILED = 0.02, 0.25, 0.1, 1.0


class ReplayLoop:
    """Waits until events are spooled, and drains them while it has the drain lock: one worker of a node at a time."""

    def __init__(
        self, replayer: Replayer, state: SharedState, directory: Path, wait: Callable[[float], bool] | None = None
    ) -> None:
        """`wait` sleeps so many seconds and tells whether it is time to stop (in tests)."""
        self._replayer = replayer
        self._failures = CountedLog(log)
        self._state = state
        self._lock = FileLock(directory / "drain.lock")
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._thread = threading.Thread(target=self.run, name="replayer", daemon=True)

    def start(self) -> ReplayLoop:
        """Run in a thread of its own."""
        self._thread.start()
        return self

    def stop(self, timeout: float = 3.0) -> None:
        """Finish the round that is under way; what is left stays spooled."""
        self._stopped.set()
        self._thread.join(timeout)
        self._lock.close()

    def run(self) -> None:
        """Until it is stopped. Nothing that fails ends it: the spool would never be drained again."""
        pause = 0.0
        while not self._wait(pause):
            try:
                pause = self._drain_in_turn()
            except Exception:  # noqa: BLE001 - logged with its traceback
                self._failures.exception("replayer_failed")
                pause = FAILED

    def _drain_in_turn(self) -> float:
        """Drain where there is something and no other worker does; seconds to wait then. Raises OSError."""
        if not self._state.spooling:
            return LOOK
        if not self._lock.take():
            return LOCKED
        try:
            return self._drain()
        finally:
            self._lock.release()

    def _drain(self) -> float:
        """Until events go to Kafka again, or something fails; seconds to wait then."""
        self._replayer.begin()
        pause = 0.0
        while self._state.spooling and not self._wait(pause):
            try:
                pause = 0.0 if self._replayer.step() else STALLED
            except SpoolUnavailable as failure:
                log.error("spool_not_drained", reason=str(failure))
                return FAILED
        return LOOK
