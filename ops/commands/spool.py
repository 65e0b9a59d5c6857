"""`hookline spool`: the durable local queue of this node's ingest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.exits import TryLater
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ingest.durable.spool.operate import SpoolStatus
    from ingest.durable.spool.store import Spool
    from ingest.settings import IngestSettings

MIB = 1024 * 1024
#: Seconds between two looks while a spool drains.
_LOOK = 0.1


@click.group()
def spool() -> None:
    """The durable local queue of this node: look at it, drain it."""


@command()
def status(out: Output) -> None:
    """What waits in the spool, what Kafka refused for good, and what was set aside."""
    from ingest.durable.spool import operate

    found = operate.status(spool_directory(ingest_settings()))
    out.result(found, lambda: _shown(found))


@command(changes=True)
@click.option("--timeout", type=float, default=60.0, show_default=True, help="Seconds to wait until it is empty.")
def drain(out: Output, timeout: float) -> None:
    """Get everything in the spool to Kafka: by the service where one runs, else right here.

    Exit code 75 where something is left after --timeout.
    """
    from ingest.durable.spool import operate

    settings = ingest_settings()
    waited = operate.status(spool_directory(settings)).records
    left = waited
    if waited and not out.dry_run:
        with (
            usable_spool(settings) as (opened, running),
            nullcontext(_look) if running else _drainer(settings, opened) as step,
            out.progress("draining", waited) as advance,
        ):
            left = _until_empty(opened, step, timeout, advance)
    row = {"waited": waited, "drained": max(0, waited - left), "left": left}
    out.result({"dry_run": out.dry_run, **row}, lambda: table(row, [tuple(row.values())], numbers=row))
    if left and not out.dry_run:
        raise TryLater(f"{left} records are still in the spool; is Kafka up? (hookline spool status)")


@command(changes=True)
def requeue(out: Output) -> None:
    """Queue again what Kafka refused for good, once the reason has been mended (a size limit)."""
    from ingest.durable.spool import operate

    settings = ingest_settings()
    count = operate.status(spool_directory(settings)).refused
    if count and not out.dry_run:
        with usable_spool(settings) as (opened, _):
            count = opened.in_turn(lambda turn: turn.requeue_refused())
    out.result({"dry_run": out.dry_run, "requeued": count}, lambda: table(("requeued",), [(count,)]))


for _member in (status, drain, requeue):
    spool.add_command(_member)


def ingest_settings() -> IngestSettings:
    """The settings that say where the spool is. Raises ConfigurationError."""
    from ingest.settings import IngestSettings
    from ops.configuration import load

    return load(IngestSettings)[IngestSettings]


def spool_directory(settings: IngestSettings) -> Path:
    """The spool's directory. Raises ConfigurationError where there is no spool in it."""
    from runtime.settings import ConfigurationError

    if not (settings.spool_dir / "state").exists():
        raise ConfigurationError([f"HOOKLINE_INGEST__SPOOL_DIR: there is no spool in {settings.spool_dir}"])
    return settings.spool_dir


@contextmanager
def usable_spool(settings: IngestSettings) -> Iterator[tuple[Spool, bool]]:
    """The spool, and whether a service uses it, too. Raises ConfigurationError."""
    from ingest.durable.spool.operate import in_use_or_alone
    from ingest.durable.spool.store import Spool
    from runtime import logs

    logs.configure("spool", level="ERROR")  # on standard error: standard output is for the answer
    with (
        in_use_or_alone(settings.spool_dir, settings.spool_reserve_mb * MIB) as running,
        closing(Spool(settings.spool_dir, limit=settings.spool_max_mb * MIB)) as opened,
    ):
        yield opened, running


def _look() -> None:
    """The service drains it; there is nothing to do but look."""


@contextmanager
def _drainer(settings: IngestSettings, opened: Spool) -> Iterator[Callable[[], object]]:
    """A replayer of our own, one step at a time."""
    from ingest.durable.replayer import Replayer
    from ops.configuration import load
    from runtime.connections import KafkaSettings
    from runtime.kafka.producer import KafkaProducer

    kafka = load(KafkaSettings)[KafkaSettings]
    producer = KafkaProducer(kafka, "hookline-spool-drain")
    reserve = settings.spool_reserve_mb * MIB
    try:
        yield Replayer(opened, producer, answers=producer.answers, reserve=reserve).step
    finally:
        producer.close()


def _until_empty(opened: Spool, step: Callable[[], object], timeout: float, advance: Callable[[int], None]) -> int:
    """Step until nothing waits or the time is over; how many are left."""
    deadline = time.monotonic() + timeout
    left = opened.state.records
    while left and time.monotonic() < deadline:
        step()
        now = opened.state.records
        advance(max(0, left - now))
        if now == left:
            time.sleep(_LOOK)
        left = now
    return left


def _shown(found: SpoolStatus) -> RenderableType:
    running = "running" if found.service_running else "not running"
    rows = [
        ("directory", found.directory),
        ("service", f"{running}, breaker {found.breaker}{', spooling' if found.spooling else ''}"),
        ("waiting", f"{found.records} records, {found.bytes} bytes, the oldest for {found.oldest_age_seconds:.1f} s"),
        ("replayed", f"{found.replayed} since the service started"),
        ("writes", "FAILING" if found.failing else "ok"),
        ("refused for good", found.refused),
        ("quarantined", found.quarantined),
        ("damaged files", ", ".join(found.damaged_files) or "none"),
    ]
    parts = [table(("spool", ""), rows)]
    if found.refused_records:
        columns = ("id", "at", "topic", "reason", "bytes", "event id")
        refused = [
            (
                refused_record.id,
                refused_record.at.isoformat(timespec="seconds"),
                refused_record.topic,
                refused_record.reason,
                refused_record.size,
                refused_record.event_id,
            )
            for refused_record in found.refused_records
        ]
        parts.append(table(columns, refused, title="refused for good by Kafka", numbers=("id", "bytes")))
    return stacked(*parts)
