"""`hookline audit`: whether anything was lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ops.commands.dlq_source import kafka_settings
from ops.commands.moments import MOMENT
from ops.database import database
from ops.exits import CheckFailed
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from ops.audit.audit import Audit

#: Event ids that people are shown; --json has them all.
_SHOWN = 20


@command()
@click.option("--from", "since", type=MOMENT, help="Received from then on; default: a day before --to.")
@click.option("--to", "until", type=MOMENT, help="Received before; default: now.")
def audit(out: Output, since: datetime | None, until: datetime | None) -> None:
    """Compare what ingest accepted with what the topics hold and what PostgreSQL stored.

    Times are UTC unless they say otherwise, and are widened to whole minutes. What was accepted is each node's own
    durable count. An event that persist has not come to yet waits and is not missing. Exit code 1 on a gap: events by
    their id where Kafka has them, else by node, minute, topic and number (hl-seq).
    """
    from ops.audit.audit import audit as audited
    from ops.audit.window import AuditWindow
    from ops.configuration import load
    from runtime.schema_registry import SchemaRegistrySettings, schema_ids

    until = until or datetime.now(UTC)
    since = since or until - timedelta(days=1)
    if since >= until:
        raise click.UsageError(f"--from {since.isoformat()} is not before --to {until.isoformat()}")
    ids = schema_ids(load(SchemaRegistrySettings)[SchemaRegistrySettings])
    with database("audit") as connection, out.progress_of_unknown("reading the topics") as (begun, done):
        found = audited(
            connection,
            kafka_settings(),
            ids,
            AuditWindow.around(since, until),
            begun=begun,
            done=done,
        )
    out.result(found.as_dict(), lambda: _drawn(found))
    if not found.ok:
        raise CheckFailed(
            f"{len(found.missing)} events are missing in PostgreSQL, {len(found.gaps)} gaps on the topics"
        )


def _drawn(found: Audit) -> Any:
    columns = ("accepted", "on topics", "in PostgreSQL", "dead letters", "parked", "waiting", "missing")
    totals = (found.accepted, found.on_topics, found.in_postgres, found.dead_letters, found.parked, found.waiting)
    hours = [(hour.hour.isoformat(), hour.accepted, hour.on_topics, hour.in_postgres) for hour in found.hours]
    parts: list[Any] = [
        table(columns, [(*totals, len(found.missing))], numbers=columns),
        table(("hour", *columns[:3]), hours, numbers=columns[:3]),
    ]
    gaps = [
        (gap.node, gap.minute.isoformat(), gap.topic, gap.accepted, gap.on_topics, " ".join(map(str, gap.numbers[:10])))
        for gap in found.gaps
    ]
    if gaps:
        parts.append(table(("node", "minute", "topic", *columns[:2], "numbers"), gaps, title="not on the topics"))
    shown = [str(event_id) for event_id in found.missing[:_SHOWN]]
    if found.missing:
        parts.append("\n".join([f"missing in PostgreSQL ({len(found.missing)}):", *shown]))
    return stacked(*parts, *found.notes, "nothing is missing" if found.ok else "")
