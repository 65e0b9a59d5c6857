"""Whether a service is called at all: one row of PostgreSQL, shared by all workers.

Closed: everything goes. Open: nothing until a moment. After it one task goes alone, as the probe: what comes of it
closes the breaker, or keeps it open for longer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from processors.outbox.admission import INTERVAL, Admission, Leave
from processors.outbox.backoff import backoff
from processors.outbox.queue import T, TaskOutcome
from runtime.postgres import Connection

#: Of so many answers this many are refusals: the settings are wrong, rather than that many tasks.
RECENT, MOST = 100, 50
#: Kinds of outcomes that count as failures.
_FAILURES = frozenset({"later", "unknown"})


class CircuitBreaker(Admission):
    """One service's, in one process. Used by one thread."""

    def __init__(
        self, service: str, statements: Mapping[str, bytes], *, failures: int, longest: float, probe: float
    ) -> None:
        """`statements`: breaker_begin, _read, _failures, _pause, _close and _served, of the row of `service`.

        `failures`: so many keys in a row whose task failed open it, for `longest` seconds at most. `probe`: seconds
        that the probe may take.
        """
        self._service = service
        self._sql = statements
        self._failures = failures
        self._longest = longest
        self._probe = probe
        self._failing: set[str] = set()
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._begun = False

    def admit(self, connection: Connection, leave: Leave) -> Leave:
        """Leave for none while it is open, for the probe afterwards."""
        if not self._begun:
            connection.execute(self._sql["breaker_begin"], (self._service,))
            self._begun = True
        pause = self._pause_left(connection)
        if pause is None:
            return leave
        return Leave(0, min(pause, INTERVAL)) if pause > 0 else Leave(1, is_probe=True)

    def claimed(self, connection: Connection, leave: Leave) -> None:
        """Behind a probe nobody else is to go until its outcome is known."""
        if leave.is_probe:
            self._pause(connection, self._probe, "one delivery is tried, as a probe", longer=False, counts=False)

    def record(self, connection: Connection, outcomes: Sequence[TaskOutcome[T]]) -> None:
        answered = [outcome for outcome in outcomes if outcome.is_final]
        if answered:
            self._failing.clear()
            connection.execute(self._sql["breaker_served"], (self._service,))
        self._failing.update(outcome.task.key for outcome in outcomes if outcome.kind in _FAILURES)
        self._recent.extend(outcome.kind != "done" for outcome in answered)
        probe = next((outcome for outcome in outcomes if outcome.task.is_probe), None)
        if probe is not None and probe.is_final:
            connection.execute(self._sql["breaker_close"], (self._service,))
        asked_to_wait = [outcome for outcome in outcomes if outcome.kind in ("asked", "locked")]
        for outcome in asked_to_wait:
            self._pause(connection, outcome.wait or 1.0, outcome.detail, longer=probe is None)
        if sum(self._recent) >= MOST:
            self._recent.clear()
            self._pause(connection, self._longest, "most deliveries are refused: look at its settings", longer=True)
        elif not asked_to_wait and probe is not None and not probe.is_final:
            self._open(connection, probe)
        elif len(self._failing) >= self._failures and self._pause_left(connection) is None:
            self._open(connection, outcomes[-1])

    def _pause_left(self, connection: Connection) -> float | None:
        """Seconds until the probe may go; None: it is closed."""
        row = connection.execute(self._sql["breaker_read"], (self._service,)).fetchone()
        return None if row is None else float(row[0])

    def _open(self, connection: Connection, by: TaskOutcome[T]) -> None:
        row = connection.execute(self._sql["breaker_failures"], (self._service,)).fetchone()
        failures = row[0] if row else 0
        wait = min(max(backoff(failures + 1), 0.2 * 2 ** min(failures, 10)), self._longest)
        self._failing.clear()
        self._pause(connection, wait, by.detail, longer=False)

    def _pause(
        self, connection: Connection, seconds: float, reason: str | None, *, longer: bool, counts: bool = True
    ) -> None:
        """`longer`: never shorten a pause that is on."""
        connection.execute(self._sql["breaker_pause"], (seconds, longer, reason, int(counts), self._service))
