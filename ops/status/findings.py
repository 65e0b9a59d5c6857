"""What is not well and stands in no table of its own: from the processes' metrics, PostgreSQL and the local stack.

An error makes `hookline status` exit with 1; a warning is only shown. Each names the command or setting that helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from prometheus_client.parser import text_string_to_metric_families

from ops.quarantine_advice import ADVICE, USUAL_ADVICE
from runtime.heartbeat import MISSING_AFTER
from runtime.postgres import Connection

#: Seconds after which what is not committed is worth a word.
OLD_LAG = 60.0
#: Share of webhooks answered 401, of at least so many, that is more than strangers knocking.
SHARE_OF_401, OF_AT_LEAST = 0.2, 20
#: Hours before its deadline in which an enforcement that is not done is near it.
NEAR_HOURS = 24
#: Seconds for which a session waits for a lock before that is told.
LOCK_WAIT = 3.0
#: What helps against a session that holds a lock.
_END_IT = "end that transaction, or as a superuser: SELECT pg_terminate_backend({pid})"


@dataclass(frozen=True, slots=True)
class StatusFinding:
    """One thing that is not well."""

    what: str
    severity: Literal["error", "warning"]
    fix: str  #: a command or a setting

    def __str__(self) -> str:
        return f"{self.what}: {self.fix}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a metric."""

    name: str
    labels: Mapping[str, str]
    value: float


def samples_of(text: str) -> list[Sample]:
    """The values in a page of `/metrics`. Raises ValueError where it is none."""
    return [
        Sample(sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def lag_seconds(samples: Iterable[Sample], processor: str) -> float | None:
    """Age of the oldest record that `processor` has not committed; None: it does not tell."""
    ages = [
        sample.value
        for sample in samples
        if sample.name == "hookline_lag_seconds" and sample.labels.get("processor") == processor
    ]
    return max(ages, default=None)


def in_metrics(process: str, samples: Sequence[Sample], *, refusals: bool = True) -> Iterator[StatusFinding]:
    """What the metrics of `process` tell.

    `refusals`: judge the share of refused webhooks since ingest started; a heartbeat that tells of the last minutes
    knows better: after a month of health a failure of everything would hardly show.
    """
    yield from _locked_targets(samples)
    yield from _ages(samples)
    yield from _spool(process, samples)
    yield from _lost_refusals(samples)
    if refusals:
        yield from _refusals(samples)


def _locked_targets(samples: Iterable[Sample]) -> Iterator[StatusFinding]:
    for sample in samples:
        if sample.name == "hookline_target_locked" and sample.value:
            target = sample.labels["target"]
            what = f"{target} refuses our credentials: no opt-out is made true there"
            yield StatusFinding(what, "error", f"set HOOKLINE_{target.upper().replace('-', '_')}__API_TOKEN")


def _ages(samples: Sequence[Sample]) -> Iterator[StatusFinding]:
    for processor in sorted(
        {sample.labels["processor"] for sample in samples if sample.name == "hookline_lag_seconds"}
    ):
        age = lag_seconds(samples, processor)
        if age is not None and age > OLD_LAG:
            what = f"the oldest record that {processor} has not committed is {age:.0f} s old"
            yield StatusFinding(what, "error", f"see its reason above and its log; hookline dlq ls {processor}")


def _spool(process: str, samples: Iterable[Sample]) -> Iterator[StatusFinding]:
    found = {sample.name: sample.value for sample in samples}
    if found.get("hookline_spooling"):
        waiting = found.get("hookline_spool_records", 0)
        limit = found.get("hookline_spool_limit_bytes", 0)
        share = f" and take {found.get('hookline_spool_bytes', 0) / limit:.0%} of its limit" if limit else ""
        what = f"{process} spools: {waiting:.0f} events wait for Kafka{share}"
        yield StatusFinding(what, "error", "see Kafka; hookline spool status")
    if found.get("hookline_spool_failing"):
        yield StatusFinding(f"the spool of {process} cannot be written", "error", "hookline spool status; see its disk")


def _lost_refusals(samples: Iterable[Sample]) -> Iterator[StatusFinding]:
    for sample in samples:
        if sample.name == "hookline_quarantine_lost_total" and sample.value:
            reason = sample.labels["reason"]
            what = f"{sample.value:.0f} refused webhooks are lost since ingest started ({reason})"
            yield StatusFinding(what, "warning", ADVICE.get(reason, USUAL_ADVICE))
        if sample.name == "hookline_quarantine_stalled_total" and sample.value:
            what = f"{sample.value:.0f} refused webhooks have waited in memory since ingest started: none was written"
            yield StatusFinding(what, "warning", "see the spool's disk, and who holds quarantine.lock there")


def _refusals(samples: Sequence[Sample]) -> Iterator[StatusFinding]:
    answered: dict[str, list[float]] = {}
    for sample in samples:
        if sample.name == "hookline_webhooks_total":
            counts = answered.setdefault(sample.labels["provider"], [0.0, 0.0])
            counts[0] += sample.value
            counts[1] += sample.value if sample.labels["status"] == "401" else 0.0
    for provider, (count, refused) in sorted(answered.items()):
        if count >= OF_AT_LEAST and refused / count > SHARE_OF_401:
            what = f"{refused / count:.0%} of the webhooks of {provider} were answered 401 since ingest started"
            yield StatusFinding(what, "warning", "compare its secrets; then hookline quarantine replay")


_DEADLINES = """
SELECT count(*) FILTER (WHERE deadline < now()), count(*) FILTER (WHERE deadline >= now())
FROM enforcements
WHERE status IN ('pending', 'failed', 'parked') AND deadline < now() + make_interval(hours => %s)
"""


#: Calls that have failed before an opt-out that waits is worth a word: the first may meet a restart.
_FAILED_CALLS = 2
_FAILING = """
SELECT target, count(*), min(first_attempt_at), mode() WITHIN GROUP (ORDER BY coalesce(detail, 'no answer'))
FROM enforcements WHERE status = 'pending' AND attempts >= %s GROUP BY target ORDER BY target
"""


def in_tables(connection: Connection) -> Iterator[StatusFinding]:
    """What the tables tell. Raises psycopg.Error."""
    for target, count, since, detail in connection.execute(_FAILING, (_FAILED_CALLS,)).fetchall():
        what = f"{count} opt-outs wait for {target}, whose calls have failed since {since:%Y-%m-%d %H:%M} UTC: {detail}"
        yield StatusFinding(what, "warning", "they are tried again by themselves; hookline opt-outs report")
    [(overdue, near)] = connection.execute(_DEADLINES, (NEAR_HOURS,)).fetchall()
    fix = "hookline opt-outs report; hookline opt-outs reconcile"
    if overdue:
        yield StatusFinding(f"{overdue} enforcements of opt-outs are past their deadline", "error", fix)
    if near:
        what = f"{near} enforcements of opt-outs are due within {NEAR_HOURS} h and not done"
        yield StatusFinding(what, "warning", fix)


_NODES = """
SELECT node, spooled, extract(epoch FROM clock_timestamp() - heard_at)::float8, stopped_at IS NULL FROM ingest_nodes
WHERE retired_at IS NULL AND (spooled > 0 OR stopped_at IS NULL) ORDER BY node
"""


_OPT_OUT_HAS_WORKED = "SELECT EXISTS (SELECT FROM consumer_offsets WHERE consumer_group = 'hookline-opt-out')"


def in_nodes(connection: Connection) -> Iterator[StatusFinding]:
    """What the nodes of ingest say of their spools, wherever they run; the gate goes by it. Raises psycopg.Error."""
    effect = "so the gate answers out to everybody"
    nodes = connection.execute(_NODES).fetchall()
    if not any(runs for _, _, _, runs in nodes):
        fix = "start an ingest; where one runs, see node_never_reported in its log and its HOOKLINE_POSTGRES__DSN"
        [(is_asked,)] = connection.execute(_OPT_OUT_HAS_WORKED).fetchall()  # without opt-out nobody asks a gate
        yield StatusFinding(f"no node of ingest is known to run, {effect}", "error" if is_asked else "warning", fix)
    for node, spooled, silent, runs in nodes:
        if runs and silent > MISSING_AFTER:
            what = f"node {node} has not said for {silent:.0f} s whether its spool is empty, {effect}"
            fix = "start its ingest, or where it is gone for good: hookline nodes retire --help"
            yield StatusFinding(what, "error", fix)
        elif spooled:
            what = f"node {node} holds {spooled} events in its spool, {effect}"
            yield StatusFinding(what, "error", "hookline nodes; there: hookline spool status")


#: Rules whose facts take the notifier's own history: nobody else can tell them.
_NOTIFIER_ONLY = (
    *("HooklineSilent", "HooklineCertificateExpires", "HooklineTokenExpires", "HooklineClockOff"),
    *("HooklineLagGrows", "HooklineSpoolFilling", "HooklineSpoolNearlyFull", "HooklinePausedByOperator"),
)
_ALARMS = """
SELECT summary, since, command FROM alarms WHERE over_at IS NULL AND rule = ANY (%s) ORDER BY since, key
"""


def in_alarms(connection: Connection) -> Iterator[StatusFinding]:
    """What the notifier alone has found. Raises psycopg.Error."""
    for summary, since, do in connection.execute(_ALARMS, (list(_NOTIFIER_ONLY),)).fetchall():
        yield StatusFinding(f"alarm since {since:%H:%M} UTC: {summary}", "warning", do)


_LOST_POSITION = "SELECT lost_position FROM opt_out_certainty"
_CHANGED_TOPICS = """
SELECT topic, changed_at FROM published_topics WHERE changed_at > now() - interval '1 day' ORDER BY topic
"""
_RESTORES = "SELECT max(until) FROM restores WHERE until > now() - interval '1 day'"


def in_restores(connection: Connection) -> Iterator[StatusFinding]:
    """What went back or was made anew. Raises psycopg.Error."""
    [(lost,)] = connection.execute(_LOST_POSITION).fetchall()
    if lost is not None:
        what = f"the opt-out ledger ends before its published row {lost}: the gate says out to everybody"
        yield StatusFinding(what, "error", "hookline opt-outs verify --published; docs/backup.md")
    for topic, at in connection.execute(_CHANGED_TOPICS).fetchall():
        what = f"{topic} was made anew in Kafka, seen {at:%Y-%m-%d %H:%M} UTC; it is filled again"
        yield StatusFinding(what, "warning", "hookline topics apply --dry-run; docs/backup.md")
    [(restored_at,)] = connection.execute(_RESTORES).fetchall()
    if restored_at is not None:
        what = f"PostgreSQL went back to an older state, seen {restored_at:%Y-%m-%d %H:%M} UTC"
        yield StatusFinding(what, "warning", "hookline restored --since THE_COPYS_TIME; docs/backup.md")


# Since when a session waits for a lock is everybody's to see; what it does, and since when, is its own role's.
_WAITS = """
SELECT DISTINCT waiting.application_name, blocker.pid, blocker.application_name, blocker.usename
FROM pg_locks AS l JOIN pg_stat_activity AS waiting ON waiting.pid = l.pid
CROSS JOIN LATERAL unnest(pg_blocking_pids(l.pid)) AS blocking (pid)
JOIN pg_stat_activity AS blocker ON blocker.pid = blocking.pid
WHERE NOT l.granted AND waiting.datname = current_database()
    AND l.waitstart < clock_timestamp() - make_interval(secs => %s)
ORDER BY 1, 2
"""


def lock_waits(connection: Connection, seconds: float = LOCK_WAIT) -> Iterator[tuple[str, int]]:
    """Who has waited for another session's lock for `seconds`, as a sentence, and that session's process id.

    Raises psycopg.Error.
    """
    for waiting, pid, name, user in connection.execute(_WAITS, (seconds,)):
        holder = f"the session {pid} holds ({name or 'no name'}, {user})"
        yield f"{waiting or 'a session'} waits for a lock that {holder}", pid


def in_locks(connection: Connection) -> Iterator[StatusFinding]:
    """Sessions that have waited for another session's lock for LOCK_WAIT seconds. Raises psycopg.Error."""
    for what, pid in lock_waits(connection):
        yield StatusFinding(what, "error", _END_IT.format(pid=pid))


#: What keeps readers out; nothing of ours takes such a lock but a migration.
_HELD = """
SELECT DISTINCT c.relname, l.pid, a.application_name, a.usename
FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND n.nspname = 'public' AND c.relkind = 'r'
    AND a.datname = current_database()
ORDER BY 1, 2
"""


def held_tables(connection: Connection) -> Iterator[tuple[str, int]]:
    """Tables that nobody else can read, whether or not anybody waits, as a sentence; and the session that holds each.

    Raises psycopg.Error.
    """
    for table, pid, name, user in connection.execute(_HELD):
        yield f"the session {pid} holds the table {table} ({name or 'no name'}, {user})", pid


def in_held_tables(connection: Connection) -> Iterator[StatusFinding]:
    """Tables that nobody else can read, and who holds them. Raises psycopg.Error."""
    for what, pid in held_tables(connection):
        yield StatusFinding(what, "error", _END_IT.format(pid=pid))


def of_processor(name: str, halt: str | None, lost: Sequence[str]) -> Iterator[StatusFinding]:
    """`halt`: why its group is halted; `lost`: the partitions whose stored offset is no place in the log."""
    if halt is not None:
        yield StatusFinding(f"{name} is halted: {halt}", "error", f"hookline dlq ls {name}; hookline dlq resume {name}")
    if lost:
        what = f"{name} lost its place on {', '.join(lost)}"
        yield StatusFinding(what, "error", f"hookline audit; hookline dlq resume {name} --accept-loss")


def of_crm(target: str, paused_until: datetime | None, reason: str | None, dead: int) -> Iterator[StatusFinding]:
    """Whether the CRM's calls are paused, and the deliveries that failed for good."""
    if paused_until is not None:
        until = paused_until.isoformat(timespec="seconds")
        why = f": {reason}" if reason else ""
        yield StatusFinding(f"the CRM {target} is paused until {until}{why}", "error", "hookline crm check")
    if dead:
        yield StatusFinding(
            f"{dead} deliveries to the CRM {target} are dead", "warning", f"hookline dlq ls crm:{target}"
        )


def in_stack(services: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[StatusFinding]:
    """What the local stack's supervisor had to do within an hour; `services` as `stack.json` has them."""
    for service in services:
        times = [restart for restart in service.get("last_restarts", ()) if _within_an_hour(restart["at"], now)]
        if times:
            what = f"{service['name']} was started again within an hour ({len(times)} x): {times[-1]['reason']}"
            yield StatusFinding(what, "warning", f"see {service.get('log', 'its log')}")


def _within_an_hour(at: str, now: datetime) -> bool:
    return now - datetime.fromisoformat(at) < timedelta(hours=1)
