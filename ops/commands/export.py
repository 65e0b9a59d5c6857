"""`hookline export`: topics into Parquet files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ops.commands.dlq_source import kafka_settings
from ops.commands.moments import MOMENT
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.export.export import ExportPlan
    from ops.export.manifest import Manifest
    from schemas.topics import Topic


@command(changes=True)
@click.option("--from", "since", type=MOMENT, required=True, help="Records that Kafka took from then on.")
@click.option("--to", "until", type=MOMENT, help="Records that Kafka took before; default: now.")
@click.option("--topic", "names", multiple=True, help="Only this topic; may be given again. Default: all events.")
@click.option("--format", "file_format", type=click.Choice(["parquet"]), default="parquet", help="Of the files.")
@click.option("--no-pii", "without_personal_data", is_flag=True, help="The topics without personal data instead.")
@click.option(
    "--leave-out-unknown", is_flag=True, help="Leave records out, and count them, whose schema's id nobody knows."
)
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the export."
)
def export(
    out: Output,
    *,
    since: datetime,
    until: datetime | None,
    names: tuple[str, ...],
    file_format: str,
    without_personal_data: bool,
    leave_out_unknown: bool,
    folder: Path,
) -> None:
    """Write topics into Parquet files, every event once: DIR/TOPIC/day=2026-11-28/part-0.parquet.

    A column is a field of the record. Days and the window go by the time that a record has on Kafka: when it was
    written, by the clock of the node that wrote it. manifest.json names the files that are whole, with their offsets
    and counts and how many repeats were removed. Stopped, or with the disk full, the same command goes on; with a later
    --to it adds what has come since. What Kafka has deleted before it was exported is counted. A folder holds topics
    with personal data or without. Exit 78: the extra hookline[analysis] is missing, or a record has a schema that is in
    no registry that was asked.
    """
    from ops.configuration import load
    from ops.export import export as exporting
    from ops.export.extra import require_analysis_extra
    from ops.export.manifest import Manifest, only_writer
    from runtime.schema_registry import SchemaRegistrySettings, schema_ids

    del file_format  # there is one
    topics = _topics(names, without_personal_data=without_personal_data)
    now = datetime.now(UTC)
    until = until or now
    _check_window(since, until, now)
    require_analysis_extra()
    from ops.export.parallel import source_of  # pyarrow is in the extra
    from ops.export.source import LocalSource

    kafka = kafka_settings()
    if out.dry_run:
        _show_plan(out, exporting.plan(kafka, topics, since, until, Manifest.read(folder)))
        return
    ids = schema_ids(load(SchemaRegistrySettings)[SchemaRegistrySettings])
    with only_writer(folder):
        manifest = Manifest.read(folder)
        before = len(manifest.parts)
        planned = exporting.plan(kafka, topics, since, until, manifest)
        source = source_of(LocalSource(ids, exporting.KafkaReader(kafka), leaves_out_unknown=leave_out_unknown))
        with out.progress("exporting", sum(part.records for part in planned.parts)) as done:
            exporting.export(planned.parts, manifest, ids, source, done=done)
    _show(out, manifest, len(manifest.parts) - before, planned.deleted)


def _show_plan(out: Output, planned: ExportPlan) -> None:
    parts = [{"topic": part.topic.name, "day": part.day, "offsets": part.records} for part in planned.parts]
    data = {"dry_run": True, "parts": parts, "deleted": planned.deleted}
    out.result(data, lambda: stacked(_rows(parts, ("topic", "day", "offsets")), *_deleted(planned.deleted)))


def _show(out: Output, manifest: Manifest, added: int, deleted: Mapping[str, int]) -> None:
    totals = manifest.totals()
    data = {"out": str(manifest.folder), "parts_added": added, "topics": totals, "deleted": deleted}
    rows = [{"topic": topic, **counts} for topic, counts in totals.items()]
    columns = ("topic", "rows", "duplicates", "unreadable", "bytes")
    lines = [f"{added} parts added to {manifest.folder}", *_deleted(deleted)]
    out.result(data, lambda: stacked(_rows(rows, columns), *lines))


def _check_window(since: datetime, until: datetime, now: datetime) -> None:
    if since >= until:
        raise click.UsageError(f"--from {since.isoformat()} is not before --to {until.isoformat()}")
    if since > now:
        raise click.UsageError(f"--from {since.isoformat()} is still to come")


def _topics(names: Sequence[str], *, without_personal_data: bool) -> list[Topic]:
    """The topics that are requested. Raises click.BadParameter for one that cannot be exported.

    A compacted topic cannot: files that are added to and never changed would keep what a later record takes back.
    """
    from schemas.topics import ANALYTICS_TOPICS, EVENT_TOPICS

    twins = {topic.name: twin for topic, twin in zip(EVENT_TOPICS, ANALYTICS_TOPICS, strict=True)}
    known = {topic.name: topic for topic in (*EVENT_TOPICS, *ANALYTICS_TOPICS)}
    requested = names or list(twins)
    if unknown := [name for name in requested if name not in known]:
        raise click.BadParameter(f"{unknown[0]}: no topic of events; there are {', '.join(known)}")
    chosen = [twins.get(name, known[name]) if without_personal_data else known[name] for name in requested]
    return list({topic.name: topic for topic in chosen}.values())


def _deleted(counts: Mapping[str, int]) -> list[str]:
    """What to say of records that were gone before they could be exported."""
    return [
        f"{topic}: Kafka has deleted {count:,} offsets before its first record, which no export in this folder has;"
        " what of them was in this window is missing"
        for topic, count in counts.items()
    ]


def _rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Any:
    return table(columns, [[row[column] for column in columns] for row in rows], numbers=columns[1:])
