"""`hookline topics`: Kafka's topics as they are, and as they ought to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ops.exits import CheckFailed
from ops.output import Output, command, table

if TYPE_CHECKING:
    from runtime.kafka.topics import Change


@click.group()
def topics() -> None:
    """Kafka's topics: create them, and see how they are."""


@command(changes=True)
def apply(out: Output) -> None:
    """Create the topics that are missing and set what differs; done when each has its leaders.

    A number of partitions or replicas that differs is told and left alone: exit code 1.
    """
    from ops.configuration import load
    from ops.processors import topics_of_hookline
    from runtime.connections import KafkaSettings
    from runtime.kafka.topics import TopicAdmin

    with TopicAdmin(load(KafkaSettings)[KafkaSettings], "hookline-topics") as admin:
        changes = admin.plan(topics_of_hookline())
        if not out.dry_run:
            admin.apply(changes)
    columns = ("topic", "change", "details")
    rows = [
        (change.topic.name, _verdict(change, dry_run=out.dry_run), "; ".join(_details(change))) for change in changes
    ]
    data = [dict(zip(columns, row, strict=True)) for row in rows]
    out.result({"dry_run": out.dry_run, "topics": data}, lambda: table(columns, rows))
    if any(change.differs for change in changes):
        raise CheckFailed("some topics are not as they ought to be, and changing them in place would do harm")


@command("ls")
def list_topics(out: Output) -> None:
    """The topics of Hookline: partitions, replicas, retention and how many records they hold."""
    from ops.configuration import load
    from ops.processors import topics_of_hookline
    from runtime.connections import KafkaSettings
    from runtime.kafka.topics import TopicAdmin

    topics = topics_of_hookline()
    with TopicAdmin(load(KafkaSettings)[KafkaSettings], "hookline-topics") as admin:
        there = admin.describe(topic.name for topic in topics)
        offsets = admin.offsets(there.values())
    rows = []
    for topic in topics:
        state = there.get(topic.name)
        held = [span.end - span.begin for (name, _), span in offsets.items() if name == topic.name]
        rows.append(
            {
                "topic": topic.name,
                "about": topic.about,
                "exists": state is not None,
                "id": None if state is None else str(state.id),
                "partitions": None if state is None else state.partitions,
                "replicas": None if state is None else state.replication,
                "without_leader": None if state is None else state.leaderless,
                "retention_days": None if state is None else _days(int(state.configs["retention.ms"])),
                "records": None if state is None else sum(held),
            }
        )
    columns = ("topic", "partitions", "replicas", "without_leader", "retention_days", "records", "about")
    out.result(
        {"topics": rows},
        lambda: table(columns, [[row[column] for column in columns] for row in rows], numbers=columns[1:6]),
    )
    missing = [row["topic"] for row in rows if not row["exists"]]
    if missing:
        raise CheckFailed(f"missing: {', '.join(map(str, missing))}; run `hookline topics apply`")


def _verdict(change: Change, *, dry_run: bool) -> str:
    if change.create:
        return "would be created" if dry_run else "created"
    if change.alter:
        return "would be altered" if dry_run else "altered"
    return "differs" if change.differs else "as it ought to be"


def _days(milliseconds: int) -> float | None:
    """None: for ever."""
    return None if milliseconds < 0 else milliseconds / 86_400_000


def _details(change: Change) -> list[str]:
    return [*(f"{name}: {old} -> {new}" for name, (old, new) in change.alter.items()), *change.differs]


topics.add_command(apply)
topics.add_command(list_topics)
