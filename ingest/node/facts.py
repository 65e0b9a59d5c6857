"""What only a node of ingest knows about itself, for its heartbeat: what was answered, refused and quarantined."""

from __future__ import annotations

import os
import sqlite3
import struct
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from prometheus_client.multiprocess import MultiProcessCollector

from ingest.quarantine.kinds import kinds_of
from ingest.quarantine.store import size_of
from runtime.logs import logger
from runtime.metrics import WEBHOOKS
from runtime.reminder import Reminder

log = logger("ingest.node.facts")

#: Seconds over which answers and refusals are counted; of a provider that sent fewer than LEAST webhooks within them,
#: over HOUR, so that a sender of few is judged too.
WINDOW, HOUR, LEAST = 300.0, 3600.0, 20
#: Seconds between two looks at what the quarantine holds by reason, and reasons that are told.
KINDS_EVERY, KINDS = 10.0, 50
_WEBHOOKS = next(iter(WEBHOOKS.describe())).name


class Answered(NamedTuple):
    """Webhooks of one provider, by what was answered."""

    webhooks: int = 0  #: whatever was answered
    taken: int = 0  #: answered 200
    refused: int = 0  #: answered 401


class NodeFacts:
    """Looks at the spool's directory, and at the metrics of all workers. Used by one thread.

    The counts begin with the first look: where another worker takes over the telling, they begin anew.
    """

    def __init__(
        self, directory: Path, metrics_dir: Path | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`metrics_dir`: where the workers' metrics meet; None: they do not, and answers are not counted."""
        self._directory = directory
        self._metrics_dir = metrics_dir
        self._monotonic = monotonic
        self._samples: deque[tuple[float, dict[str, Answered]]] = deque()
        self._reminder = Reminder(clock=monotonic)
        self._next_kinds, self._known_kinds = float("-inf"), list[dict[str, object]]()

    def __call__(self) -> dict[str, object]:
        """The facts now, without those whose files cannot be read."""
        facts: dict[str, object] = {}
        for look in (self._quarantine, self._kinds, self._lately):
            try:
                facts |= look()
            except (OSError, sqlite3.Error, RuntimeError, ValueError, struct.error) as error:
                if self._reminder.due():
                    log.warning("node_facts_not_read", error_class=type(error).__name__)
        return facts

    def _quarantine(self) -> dict[str, object]:
        size = size_of(self._directory)
        return {"quarantined": size.webhooks, "quarantine_bytes": size.bytes}

    def _kinds(self) -> dict[str, object]:
        now = self._monotonic()
        if now >= self._next_kinds:
            self._next_kinds = now + KINDS_EVERY
            self._known_kinds = [
                {
                    "provider": kind.provider,
                    "reason": kind.reason,
                    "webhooks": kind.webhooks,
                    "oldest": kind.oldest.isoformat(timespec="seconds"),
                }
                for kind in kinds_of(self._directory)[:KINDS]
            ]
        return {"quarantine_kinds": self._known_kinds}

    def _lately(self) -> dict[str, object]:
        if self._metrics_dir is None:
            return {}
        answered, now = answered_by(self._metrics_dir), self._monotonic()
        self._samples.append((now, answered))
        while self._samples[0][0] < now - HOUR:
            self._samples.popleft()
        lately = _grown(next(counts for at, counts in self._samples if at >= now - WINDOW), answered)
        hourly = _grown(self._samples[0][1], answered)
        return {
            "answered_lately": sum(counts.taken for counts in lately.values()),
            "refused_lately": sum(counts.refused for counts in lately.values()),
            "webhooks_lately": {
                name: _fact(counts, WINDOW) if counts.webhooks >= LEAST else _fact(hourly[name], HOUR)
                for name, counts in sorted(lately.items())
            },
        }


def metrics_directory() -> Path | None:
    """Where the metrics of this service's workers meet; None: each keeps its own (outside `hookline ingest`)."""
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(directory) if directory else None


def answered_by(metrics_dir: Path) -> dict[str, Answered]:
    """What the workers of this service have answered, those that have ended included, by provider.

    Raises OSError, and where a file is just being made RuntimeError, ValueError or struct.error.
    """
    found: dict[str, Answered] = {}
    files = [str(file) for file in sorted(metrics_dir.glob("counter_*.db"))]
    for family in MultiProcessCollector.merge(files):  # type: ignore[no-untyped-call] # it has no types
        for sample in family.samples if family.name == _WEBHOOKS else ():
            provider, status, count = sample.labels["provider"], sample.labels["status"], int(sample.value)
            known = found.get(provider, Answered())
            found[provider] = Answered(
                known.webhooks + count,
                known.taken + (count if status == "200" else 0),
                known.refused + (count if status == "401" else 0),
            )
    return found


def _grown(before: dict[str, Answered], now: dict[str, Answered]) -> dict[str, Answered]:
    nothing = Answered()
    return {
        name: Answered(*(max(0, new - old) for old, new in zip(before.get(name, nothing), counts, strict=True)))
        for name, counts in now.items()
    }


def _fact(counts: Answered, seconds: float) -> dict[str, object]:
    return {"webhooks": counts.webhooks, "refused": counts.refused, "seconds": seconds}
