"""What only a node of ingest knows about itself, for its heartbeat: what was answered, refused and quarantined."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ingest.durable.record_numbers import epochs
from ingest.quarantine.store import size_of
from runtime.logs import logger
from runtime.reminder import Reminder

log = logger("ingest.node.facts")

#: Seconds over which answers and refusals are counted.
WINDOW = 300.0
#: The newest workers, whose answers are counted.
WORKERS = 32


class NodeFacts:
    """Looks at the spool's directory. Used by one thread."""

    def __init__(self, directory: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._monotonic = monotonic
        self._samples: deque[tuple[float, int, int]] = deque()
        self._quarantined = 0
        self._grown = 0  #: webhooks that came into the quarantine since the first look
        self._reminder = Reminder(clock=monotonic)

    def __call__(self) -> dict[str, object]:
        """The facts now; none where the directory cannot be read."""
        try:
            size = size_of(self._directory)
            answered = sum(counts.durable for counts in epochs(self._directory, newest=WORKERS))
        except (OSError, sqlite3.Error) as error:
            if self._reminder.due():
                log.warning("node_facts_not_read", error_class=type(error).__name__)
            return {}
        if self._samples:
            self._grown += max(0, size.webhooks - self._quarantined)
        self._quarantined = size.webhooks
        now = self._monotonic()
        self._samples.append((now, answered, self._grown))
        while self._samples[0][0] < now - WINDOW:
            self._samples.popleft()
        _, answered_before, grown_before = self._samples[0]
        return {
            "quarantined": size.webhooks,
            "quarantine_bytes": size.bytes,
            "answered_lately": max(0, answered - answered_before),
            "refused_lately": self._grown - grown_before,
        }
