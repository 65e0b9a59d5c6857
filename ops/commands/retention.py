"""`hookline retention`: delete history that is older than its setting, once its audit has passed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ops.commands.moments import MOMENT
from ops.commands.opt_out_operator import user
from ops.exits import CheckFailed
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from ops.retention.deletion import Deleted, Deletion
    from ops.retention.histories import History
    from ops.retention.settings import RetentionSettings
    from runtime.connections import KafkaSettings
    from runtime.postgres import Connection


#: Of what became of each history, in --json.
_SHOWN = ("history", "rows", "until", "limit", "held_back")


@click.group()
def retention() -> None:
    """Delete history that is older than HOOKLINE_RETENTION__... says: run it every night."""


@command(changes=True)
@click.option("--audit/--no-audit", "audits", default=True, help="Audit the days that are over first (default).")
def run(out: Output, audits: bool) -> None:
    """Audit each day that is over, then delete what is old enough, in small steps with pauses.

    Events go only up to the first day whose audit has not passed: exit code 1 then, until it passes or somebody accepts
    it. It can be killed at any time, and goes on where it stopped. One runs at a time.
    """
    from ops.commands.dlq_source import kafka_settings
    from ops.retention.deletion import Deletion, RetentionInProgress, lock
    from ops.retention.histories import HISTORIES, limits

    kafka = kafka_settings()
    with _connected() as (connection, settings):
        now = datetime.now(UTC)
        old = limits(settings, kafka.retention_days, now)
        if not out.dry_run:
            try:
                lock(connection)
            except RetentionInProgress as error:
                raise CheckFailed(str(error)) from None
        failed = _audit(out, connection, kafka, now) if audits and not out.dry_run else []
        deletion = Deletion(
            connection,
            step_rows=settings.step_rows,
            share=settings.share,
            clock=time.monotonic,
            sleep=time.sleep,
            dry_run=out.dry_run,
        )
        done = [_delete(out, deletion, history, old[history.name]) for history in HISTORIES]
    blocked_days = [*failed, *(item.until.date() for item in done if item.held_back and item.until)]
    data = {
        "dry_run": out.dry_run,
        "not_passed": [day.isoformat() for day in failed],
        "histories": [{field: getattr(item, field) for field in _SHOWN} for item in done],
    }
    out.result(data, lambda: _drawn(done, failed, dry_run=out.dry_run))
    if blocked_days:
        day, following = blocked_days[0], blocked_days[0] + timedelta(days=1)
        raise CheckFailed(
            f"the audit of {day} has not passed, so its events stay. What is missing:"
            f" hookline audit --from {day} --to {following}; to let them go all the same:"
            f" hookline retention accept {day} --reason TEXT"
        )


@command(changes=True)
@click.argument("first", type=MOMENT)
@click.argument("last", type=MOMENT, required=False)
@click.option("--reason", required=True, help="Why; kept with the day. Without names and numbers.")
@click.option("--by", "operator", metavar="NAME", help="Who decides; default: the system's user.")
def accept(out: Output, first: datetime, last: datetime | None, reason: str, operator: str | None) -> None:
    """Let the events of the day FIRST, or of FIRST to LAST, go although no audit of them has passed.

    For days whose gap is understood, and for those before there were audits. Days are UTC.
    """
    from ops.retention.audited_days import accept_days

    last = last or first
    if last < first:
        raise click.UsageError(f"LAST {last:%Y-%m-%d} is before FIRST {first:%Y-%m-%d}")
    with _connected() as (connection, _), connection.transaction(force_rollback=out.dry_run):
        days = accept_days(connection, first.date(), last.date(), operator or user(), reason)
    data = {"dry_run": out.dry_run, "first": f"{first:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}", "days": days}
    out.result(data, lambda: f"{'would accept' if out.dry_run else 'accepted'} {days} days")


@command()
@click.option("--count", default=31, show_default=True, type=click.IntRange(min=1), help="So many, the newest first.")
def ls(out: Output, count: int) -> None:
    """The days that were audited, and what came of it."""
    from runtime.postgres import named_rows

    with _connected() as (connection, _):
        rows = named_rows(connection, "SELECT * FROM audited_days ORDER BY day DESC LIMIT %s", count)
    columns = ("day", "ok", "accepted", "on_topics", "in_postgres", "missing", "gaps", "accepted_by", "reason")
    out.result({"days": rows}, lambda: table(columns, [[row[name] for name in columns] for row in rows]))


@contextmanager
def _connected() -> Iterator[tuple[Connection, RetentionSettings]]:
    """Raises ConfigurationError, psycopg.Error."""
    from ops.configuration import load
    from ops.database import postgres_dsn
    from ops.retention.settings import RetentionSettings
    from runtime.postgres import connect

    settings = load(RetentionSettings)[RetentionSettings]
    dsn = settings.dsn.get_secret_value() if settings.dsn else postgres_dsn()
    with connect(dsn, process="retention") as connection:
        yield connection, settings


def _delete(out: Output, deletion: Deletion, history: History, limit: datetime | None) -> Deleted:
    """With a bar on a terminal: over the stretches of time that are looked through."""
    with out.progress_of_unknown(f"looking through {history.name}") as (begun, done):
        return deletion.run(history, limit, begun=begun, done=done)


def _audit(out: Output, connection: Connection, kafka: KafkaSettings, now: datetime) -> Sequence[date]:
    """Audit what is due; the days that did not pass."""
    from ops.audit.audit import audit
    from ops.audit.window import AuditWindow
    from ops.configuration import load
    from ops.retention.audited_days import audit_days, days_to_audit
    from runtime.schema_registry import SchemaRegistrySettings, schema_ids

    ids = schema_ids(load(SchemaRegistrySettings)[SchemaRegistrySettings])
    due = days_to_audit(connection, now, kafka.retention_days)
    with out.progress("auditing days", len(due)) as step:

        def audited(since: datetime, until: datetime) -> Any:
            step(1)
            return audit(connection, kafka, ids, AuditWindow(since, until))

        outcomes = audit_days(connection, due, audited)
    return [day for day, outcome in outcomes.items() if not outcome.ok]


def _drawn(done: Sequence[Deleted], failed: Sequence[date], *, dry_run: bool) -> Any:
    rows = [
        (
            item.history,
            item.rows,
            "" if item.until is None else f"{item.until:%Y-%m-%d %H:%M}",
            "kept for ever" if item.limit is None else f"{item.limit:%Y-%m-%d %H:%M}",
        )
        for item in done
    ]
    columns = ("history", "would delete" if dry_run else "deleted", "gone before", "limit")
    return stacked(table(columns, rows, numbers=columns[1:2]), *(f"audit not passed: {day}" for day in failed))


for _member in (run, accept, ls):
    retention.add_command(_member)
