"""`hookline status`: how everything is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from ops.exits import CheckFailed, Unreachable
from ops.output import Output, command, stacked, state, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from ops.status.snapshot import PostgresState, ProcessorState, Snapshot
    from processors.crm_sync.report import CrmState


@command()
@click.option("--watch", is_flag=True, help="Look again and again, until Ctrl-C.")
@click.option("--interval", type=click.FloatRange(0.2), default=2.0, show_default=True, help="Seconds between looks.")
def status(out: Output, *, watch: bool, interval: float) -> None:
    """Show the processes, Kafka, PostgreSQL, how far each processor has come, and what waits for each CRM.

    Exit code 1 where something is not well, 69 where nothing answers. Being behind is not being unwell, as long as
    the oldest record that waits is young. Warnings are shown and change no exit code.
    """
    look = _looker()
    if watch:
        _watch(out, look, interval)
        return
    snapshot = look()
    out.result(described(snapshot), lambda: drawn(snapshot))
    if not snapshot.anything_reachable:
        settings = "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS, HOOKLINE_POSTGRES__DSN"
        raise Unreachable("Hookline", "any address of it", settings, "nothing answers")
    if snapshot.problems:
        raise CheckFailed("; ".join(snapshot.problems))


def _looker() -> Callable[[], Snapshot]:
    """What looks, with every setting read and checked once."""
    from ops.configuration import load
    from ops.processors import topics_of_hookline
    from ops.status.gather import gather
    from ops.status.places import places, stack_services
    from processors.engine.processor import processor_types
    from runtime.connections import KafkaSettings, PostgresSettings

    configuration = load(KafkaSettings, PostgresSettings)
    kafka = configuration[KafkaSettings]
    dsn = configuration[PostgresSettings].dsn.get_secret_value()
    where, kinds, topics = places(), list(processor_types().values()), topics_of_hookline()
    return lambda: gather(kafka, dsn, where, kinds, topics, stack_services())


def _watch(out: Output, look: Callable[[], Snapshot], interval: float) -> None:
    if out.as_json:
        while True:
            out.line(described(look()), "")
            time.sleep(interval)
    from rich.live import Live

    from ops.output import console

    with Live(watched(look()), console=console(), screen=False, auto_refresh=False) as live:
        while True:
            time.sleep(interval)
            live.update(watched(look()), refresh=True)


def described(snapshot: Snapshot) -> dict[str, object]:
    """The snapshot as --json tells it."""
    return {
        "healthy": not snapshot.problems,
        "problems": snapshot.problems,
        "warnings": snapshot.warnings,
        "findings": list(snapshot.findings),
        "processes": list(snapshot.processes),
        "kafka": snapshot.kafka,
        "postgres": snapshot.postgres,
        "processors": list(snapshot.processors),
        "crms": list(snapshot.crms),
        "heartbeats": list(snapshot.heartbeats),
        "last_events": dict(snapshot.last_events),
    }


def drawn(snapshot: Snapshot) -> RenderableType:
    """The snapshot for people; what is wrong comes last, where the eye is when the command has ended."""
    return stacked(*_tables(snapshot), *_sentences(snapshot))


def watched(snapshot: Snapshot) -> RenderableType:
    """The snapshot for a screen that shows its first lines only: what is wrong comes first."""
    counts = f"{len(snapshot.problems)} problems, {len(snapshot.warnings)} warnings"
    return stacked(counts, *_sentences(snapshot), *_tables(snapshot))


def _sentences(snapshot: Snapshot) -> list[str]:
    warnings = (f"warning: {warning}" for warning in snapshot.warnings)
    return [*(f"! {problem}" for problem in snapshot.problems), *warnings]


def _tables(snapshot: Snapshot) -> list[RenderableType]:
    processors = [
        (
            processor.name,
            state(processor.verdict, good=processor.healthy),
            processor.total_lag,
            None if processor.lag_seconds is None else f"{processor.lag_seconds:,.0f}",
            None if processor.rate is None else f"{processor.rate:,.1f}",
            _clears_in(processor),
            ", ".join(f"{each.topic} {each.lag:,}" for each in processor.lag or () if each.lag) or None,
            processor.dead_letters,
            processor.redriven,
        )
        for processor in snapshot.processors
    ]
    columns = ("processor", "state", "lag", "seconds", "rate/s", "clears in", "behind on", "dead letters", "redriven")
    parts = [
        table(("process", "state", "address", ""), _processes(snapshot)),
        table(columns, processors, numbers=("lag", "seconds", "rate/s", "clears in", "dead letters", "redriven")),
    ]
    if snapshot.crms:
        names = ("CRM", "state", "pending", "dead", "paused until", "why")
        parts.append(table(names, [_crm(crm) for crm in snapshot.crms], numbers=("pending", "dead")))
    if snapshot.heartbeats:
        beats = [
            (
                heartbeat.name,
                heartbeat.node,
                state(heartbeat.state, good=heartbeat.state == "ready"),
                heartbeat.version,
                heartbeat.reason,
            )
            for heartbeat in snapshot.heartbeats
        ]
        parts.append(table(("heartbeat of", "node", "state", "version", ""), beats))
    if snapshot.last_events:
        now = datetime.now(UTC)
        last = [(name, at.isoformat(timespec="seconds"), _age(now - at)) for name, at in snapshot.last_events.items()]
        parts.append(table(("provider", "last event", ""), last))
    return parts


def _clears_in(processor: ProcessorState) -> str | None:
    from ops.alarms.rule import duration

    if processor.clears_in is not None:
        return duration(processor.clears_in) if processor.total_lag else None
    return "not at this rate" if processor.total_lag and processor.rate is not None else None


def _age(passed: timedelta) -> str:
    from ops.alarms.rule import duration

    return f"{duration(max(0.0, passed.total_seconds()))} ago"


def _processes(snapshot: Snapshot) -> list[tuple[object, ...]]:
    kafka, postgres = snapshot.kafka, snapshot.postgres
    return [
        *(
            (process.name, state(process.state, good=process.healthy), process.url, process.reason)
            for process in snapshot.processes
        ),
        (
            "kafka",
            state("ready" if kafka.healthy else "not well", good=kafka.healthy),
            None,
            f"{kafka.brokers} broker(s), {kafka.topics} topics" if kafka.reachable else kafka.reason,
        ),
        (
            "postgres",
            state(_postgres(postgres), good=postgres.healthy),
            None,
            ", ".join(f"{size.table} {'' if size.exact else '~'}{size.rows:,}" for size in postgres.tables)
            if postgres.reachable
            else postgres.reason,
        ),
    ]


def _crm(crm: CrmState) -> tuple[object, ...]:
    until = None if crm.paused_until is None else crm.paused_until.isoformat(timespec="seconds")
    paused = state("paused" if until else "ok", good=not until)
    return crm.target, paused, crm.pending, crm.dead, until, crm.reason if until else None


def _postgres(postgres: PostgresState) -> str:
    if not postgres.reachable:
        return "unreachable"
    return "ready" if postgres.known else postgres.reason or "locked or slow"
