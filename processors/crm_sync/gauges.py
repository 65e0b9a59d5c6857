"""What the metrics say about deliveries, read from PostgreSQL once in a while."""

from __future__ import annotations

from collections.abc import Collection

from processors.engine.database import Database
from runtime import metrics

#: Seconds between two readings.
INTERVAL = 5.0

_STATUSES = """
SELECT target, status, count(*), COALESCE(EXTRACT(epoch FROM now() - min(received_at)), 0)
FROM crm_deliveries WHERE status IN ('pending', 'dead') GROUP BY target, status
"""
_PAUSES = "SELECT target, COALESCE(EXTRACT(epoch FROM paused_until), 0) FROM crm_targets"


class CrmGauges:
    """Sets them, for `targets`."""

    def __init__(self, targets: Collection[str]) -> None:
        self._targets = targets

    def __call__(self, database: Database) -> float:
        """Read and set; seconds until the next time."""
        with database.transaction() as connection:
            found = {(target, status): counts for target, status, *counts in connection.execute(_STATUSES)}
            pauses = dict(connection.execute(_PAUSES).fetchall())
        for target in self._targets:
            for status in ("pending", "dead"):
                count, age = found.get((target, status), (0, 0))
                metrics.CRM_DELIVERIES.labels(target, status).set(count)
                if status == "pending":
                    metrics.CRM_OLDEST.labels(target).set(age)
            metrics.CRM_PAUSED_UNTIL.labels(target).set(pauses.get(target, 0))
        return INTERVAL
