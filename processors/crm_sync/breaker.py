"""Whether a target is called at all: one row of `crm_targets`, shared by all workers.

Closed: everything goes. Open: nothing until a moment. After it one delivery goes alone, as the probe: what comes of
it closes the breaker, or keeps it open for longer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from processors.crm_sync.lanes import LEASE, DeliveryOutcome
from processors.outbox.backoff import backoff
from runtime.postgres import Connection

#: Of so many answers this many are refusals: the settings are wrong, rather than that many deliveries.
RECENT, MOST = 100, 50

_BEGIN = "INSERT INTO crm_targets (target) VALUES (%s) ON CONFLICT DO NOTHING"
_READ = """
SELECT EXTRACT(epoch FROM paused_until - clock_timestamp())::double precision, failures FROM crm_targets
WHERE target = %s AND paused_until IS NOT NULL FOR UPDATE
"""
_PAUSE = """
UPDATE crm_targets SET paused_until = GREATEST(clock_timestamp() + %s * interval '1 second',
    CASE WHEN %s THEN paused_until END), reason = %s, failures = failures + %s WHERE target = %s
"""
_CLOSE = "UPDATE crm_targets SET paused_until = NULL, reason = NULL, failures = 0 WHERE target = %s"
_SERVED = "UPDATE crm_targets SET served_at = clock_timestamp() WHERE target = %s"


class Leave(NamedTuple):
    """How many deliveries may be taken up now."""

    limit: int | None  #: None: as many as there is room for
    wait: float  #: seconds until it is worth asking again, where none may


class CircuitBreaker:
    """One target's, in one process. Used by one thread."""

    def __init__(self, target: str, *, failures: int, longest: float) -> None:
        """`failures`: so many contacts in a row whose delivery failed open it."""
        self._target = target
        self._failures = failures
        self._longest = longest
        self._failing: set[str] = set()
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._begun = False

    def ask(self, connection: Connection) -> Leave:
        """Whether deliveries may be taken up."""
        if not self._begun:
            connection.execute(_BEGIN, (self._target,))
            self._begun = True
        row = connection.execute(_READ, (self._target,)).fetchone()
        if row is None:
            return Leave(None, 0.0)
        return Leave(0, row[0]) if row[0] > 0 else Leave(1, 0.0)

    def probing(self, connection: Connection) -> None:
        """A delivery has been taken up as the probe: nobody else is to go until its outcome is known."""
        connection.execute(_PAUSE, (LEASE, False, "one delivery is tried, as a probe", 0, self._target))

    def record(self, connection: Connection, outcomes: Sequence[DeliveryOutcome]) -> None:
        """Learn from `outcomes`."""
        if any(outcome.kind in ("done", "rejected") for outcome in outcomes):
            self._failing.clear()
            connection.execute(_SERVED, (self._target,))
        for outcome in outcomes:
            if outcome.kind in ("later", "unknown"):
                self._failing.add(outcome.job.phone)
            if outcome.kind in ("done", "rejected"):
                self._recent.append(outcome.kind == "rejected")
        probe = next((outcome for outcome in outcomes if outcome.job.is_probe), None)
        if probe is not None and probe.kind in ("done", "rejected"):
            connection.execute(_CLOSE, (self._target,))
        asked_to_wait = [outcome for outcome in outcomes if outcome.kind in ("asked", "locked")]
        for outcome in asked_to_wait:
            self._pause(connection, outcome.wait or 1.0, outcome.detail, longer=probe is None)
        if sum(self._recent) >= MOST:
            self._recent.clear()
            self._pause(connection, self._longest, "most deliveries are refused: look at its settings", longer=True)
        elif not asked_to_wait and probe is not None and probe.kind not in ("done", "rejected"):
            self._open(connection, probe)
        elif len(self._failing) >= self._failures and not self._is_open(connection):
            self._open(connection, outcomes[-1])

    def _is_open(self, connection: Connection) -> bool:
        return connection.execute(_READ, (self._target,)).fetchone() is not None

    def _open(self, connection: Connection, by: DeliveryOutcome) -> None:
        row = connection.execute("SELECT failures FROM crm_targets WHERE target = %s", (self._target,)).fetchone()
        failures = row[0] if row else 0
        wait = min(max(backoff(failures + 1), 0.2 * 2 ** min(failures, 10)), self._longest)
        self._failing.clear()
        self._pause(connection, wait, by.detail, longer=False)

    def _pause(self, connection: Connection, seconds: float, reason: str | None, *, longer: bool) -> None:
        """`longer`: never shorten a pause that is on."""
        connection.execute(_PAUSE, (seconds, longer, reason, 1, self._target))
