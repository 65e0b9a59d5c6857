"""What the processes say of themselves in PostgreSQL, wherever they run, and what lacks there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from ops.status.findings import OLD_LAG, SHARE_OF_401, StatusFinding
from runtime.heartbeat import MISSING_AFTER
from runtime.postgres import Connection

#: Refused webhooks of a provider lately, or webhooks in a quarantine, that are more than scanners and trials.
REFUSED_LEAST = QUARANTINED_LEAST = 20
#: Seconds that a node's clock may differ from PostgreSQL's.
CLOCK_LIMIT = 5.0

#: Seconds after which somebody has to be told of a process that has stopped as it should, while no other of its name
#: runs; and after which it is taken for gone for good, as one is that nobody wants any more.
GONE_AFTER, GONE_FOR_GOOD = 600.0, 86_400.0

_HEARTBEATS = """
SELECT name, node, version, state, reason, facts, started_at, at,
    extract(epoch FROM clock_timestamp() - at)::float8 AS age,
    EXISTS (SELECT 1 FROM process_heartbeats AS later
            WHERE later.name = h.name AND later.node = h.node AND later.started_at > h.at) AS was_replaced
FROM process_heartbeats AS h ORDER BY name, node, started_at
"""
#: How far back a provider's last event is looked for.
_LONGEST = timedelta(weeks=4)
#: How much later than its receipt an event may be stored: the notifier, which reads the newest, may have missed it.
_STORED_LATE = timedelta(minutes=10)
#: Milliseconds that a look beyond the last hour may take.
_LOOK_MS = 1_000
# Never less than the last hour. By the block range index of received_at, which has nothing by provider.
_LAST_EVENTS = """
SELECT provider, max(received_at) FROM events WHERE received_at > least(%s, now() - interval '1 hour') GROUP BY provider
"""
# To the minute, what the notifier has read of `events`.
_LAST_ARRIVALS = """
SELECT provider, max(last_arrival) FROM event_rhythms WHERE last_arrival IS NOT NULL GROUP BY provider
"""


@dataclass(frozen=True, slots=True)
class HeartbeatState:
    """One process as it says itself, or as it lacks."""

    name: str
    node: str
    version: str
    state: str  #: "ready", "not ready", "missing", "stopped", or "gone": stopped, and not started again
    reason: str
    facts: Mapping[str, Any]
    started_at: datetime
    at: datetime
    age: float  #: seconds since `at`, by PostgreSQL's clock


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """All of them; empty where PostgreSQL could not be asked."""

    processes: Sequence[HeartbeatState] = ()
    restarts: Mapping[str, int] = field(default_factory=dict)  #: by process, without having stopped, in the last hour
    known: bool = False  #: PostgreSQL was asked: who is not among them does not run

    @property
    def tell_refusals(self) -> bool:
        """A node of ingest says what was refused lately."""
        return any(beat.state == "ready" and "webhooks_lately" in beat.facts for beat in self.processes)

    def pace(self, name: str) -> tuple[float, float] | None:
        """Records a second that the processes called `name` handle, and that arrive for them; None: none says."""
        rates = [
            (float(beat.facts["records_per_second"]), float(beat.facts["arrivals_per_second"]))
            for beat in self.processes
            if beat.name == name and beat.state != "missing" and "arrivals_per_second" in beat.facts
        ]
        return (sum(handled for handled, _ in rates), sum(arrived for _, arrived in rates)) if rates else None

    def findings(self, named: Collection[str] = ()) -> Iterator[StatusFinding]:
        """What is wrong; of the processes `named`, which somebody told about already, not that they are unwell."""
        for beat in self.processes:
            if beat.state in ("missing", "not ready", "gone") and beat.name not in named:
                yield StatusFinding(f"{beat.name} on {beat.node} is {beat.state}", "error", beat.reason)
            elif beat.state == "ready":
                yield from _in_facts(beat)
        for name, count in self.restarts.items():
            what = f"{name} was started again within an hour ({count} x) without having been stopped"
            yield StatusFinding(what, "warning", "see its log")


def _in_facts(beat: HeartbeatState) -> Iterator[StatusFinding]:
    facts = beat.facts
    if (seconds := facts.get("lag_seconds", 0)) > OLD_LAG:
        what = f"{beat.name} on {beat.node} is {facts['lag_records']} records and {seconds:.0f} s behind"
        yield StatusFinding(what, "error", f"see its log; hookline dlq ls {beat.name}")
    if (quarantined := facts.get("quarantined", 0)) >= QUARANTINED_LEAST:
        yield StatusFinding(
            f"{quarantined} webhooks wait in the quarantine of {beat.node}", "warning", "hookline quarantine ls"
        )
    if abs(off := facts.get("clock_off_seconds", 0)) > CLOCK_LIMIT:
        what = f"the clock of {beat.node} is {abs(off):.1f} s {'ahead of' if off > 0 else 'behind'} PostgreSQL's"
        yield StatusFinding(what, "warning", "there: sudo timedatectl set-ntp true; hookline doctor")
    for provider, counts in facts.get("webhooks_lately", {}).items():
        refused, share = counts["refused"], counts["refused"] / max(1, counts["webhooks"])
        if refused >= REFUSED_LEAST and share > SHARE_OF_401:
            within = f"in the last {counts['seconds'] / 60:.0f} minutes"
            what = f"{share:.0%} of the webhooks of {provider} were answered 401 on {beat.node} {within}"
            yield StatusFinding(what, "error", "compare its secrets; then hookline quarantine replay")


def heard(connection: Connection) -> Heartbeats:
    """Every process that is not stopped or replaced; and the last of each name that is gone. Raises psycopg.Error."""
    rows = connection.execute(_HEARTBEATS).fetchall()
    beats = [_state(*row[:9]) for row in rows if not row[9]]
    restarts = Counter(row[0] for row in rows if row[9] and row[3] != "stopped" and row[8] < 3600)
    running = [beat for beat in beats if beat.state != "stopped"]
    return Heartbeats([*running, *_gone(beats)], dict(sorted(restarts.items())), known=True)


def _gone(beats: Sequence[HeartbeatState]) -> Iterator[HeartbeatState]:
    """The last of each name of which no process is left, where all have stopped as they should."""
    last: dict[str, HeartbeatState] = {}
    for beat in sorted(beats, key=lambda beat: (beat.state != "stopped", -beat.age)):
        last[beat.name] = beat
    for beat in last.values():
        if beat.state == "stopped" and GONE_AFTER < beat.age < GONE_FOR_GOOD:
            reason = f"it was stopped {beat.age / 60:.0f} minutes ago, and none of its name has been started since"
            yield replace(beat, state="gone", reason=reason)


def last_events(connection: Connection) -> dict[str, datetime]:
    """When each provider's last event was received, to the minute, within four weeks. Raises psycopg.Error.

    What the notifier keeps says it up to its newest minute, and `events` from there on. Without a notifier `events` has
    to say all of it: where that takes too long, providers that were silent for an hour are missing.
    """
    now = datetime.now(UTC)
    arrivals: dict[str, datetime] = dict(connection.execute(_LAST_ARRIVALS).fetchall())
    since = max(arrivals.values(), default=now - _LONGEST + _STORED_LATE) - _STORED_LATE
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL statement_timeout = {_LOOK_MS}")
            events = connection.execute(_LAST_EVENTS, (since,)).fetchall()
    except psycopg.errors.QueryCanceled:
        arrivals, events = {}, connection.execute(_LAST_EVENTS, (now,)).fetchall()
    for provider, at in events:
        arrivals[provider] = max(at, arrivals.get(provider, at))
    return dict(sorted(arrivals.items()))


def _state(
    name: str,
    node: str,
    version: str,
    state: str,
    reason: str,
    facts: Mapping[str, Any],
    started_at: datetime,
    at: datetime,
    age: float,
) -> HeartbeatState:
    if state != "stopped" and age > MISSING_AFTER:
        state, reason = "missing", f"not heard of for {age:.0f} s: it has ended, is frozen or cannot reach PostgreSQL"
    return HeartbeatState(name, node, version, state, reason, facts, started_at, at, age)
