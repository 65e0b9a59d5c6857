"""What became of a run's webhooks: read from Kafka and PostgreSQL, by the ids that stand in their bodies."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from kafka import KafkaConsumer, TopicPartition

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.internals.batches import read_whatever_comes
from tests.faults.checker import Evidence
from tests.faults.client.bodies import ID
from tests.faults.cluster import admin_client
from tests.faults.notes import Crm
from tests.faults.progress import Progress
from tests.faults.stops import OptOuts

Ends = Mapping[tuple[str, int], int]

#: What ingest writes; a record's id is looked for in its raw bytes.
EVENTS = ("sms.messages.v1", "sms.contacts.v1", "sms.opt-outs.v1", "sms.calls.v1", "sms.unrecognized.v1")
ASIDE = ("sms.unrecognized.v1", "dlq.persist")
#: What persist writes of the logs of the event topics.
PROGRESS = "sms.progress.v1"


def ends(kafka: KafkaSettings, topics: Iterable[str] = (*EVENTS, *ASIDE)) -> dict[tuple[str, int], int]:
    """Where each partition's log ends now. Raises KafkaError."""
    with closing(_consumer(kafka)) as consumer:
        partitions = [
            TopicPartition(topic, number)
            for topic in sorted(set(topics))
            for number in consumer.partitions_for_topic(topic) or ()
        ]
        return {
            (partition.topic, partition.partition): end for partition, end in consumer.end_offsets(partitions).items()
        }


def records(kafka: KafkaSettings, since: Ends, until: Ends) -> list[tuple[str, int, int, str]]:
    """Topic, partition, offset and id of every record between the two that carries an id."""
    return [
        (record.topic, record.partition, record.offset, id[0])
        for record in _read(kafka, since, until)
        if (id := ID.search((record.value or b"").decode("latin-1"))) and (record.value or b"")[:1]
    ]


def progress(kafka: KafkaSettings, since: Ends) -> list[Progress]:
    """What was said on `sms.progress.v1` since then, of topics that are still the same."""
    ids = {topic: str(id) for topic, id in topic_ids(kafka, EVENTS).items()}
    wall = time.time() - time.monotonic()
    found = []
    for record in _read(kafka, since, ends(kafka, (PROGRESS,))):
        said = json.loads(record.value or b"")
        logs = {topic: log for topic, log in said["logs"].items() if log["topic_id"] == ids.get(topic)}
        at = datetime.fromisoformat(said["at"]).timestamp() - wall
        found.append(Progress(at, {topic: [end for _, end in log["partitions"]] for topic, log in logs.items()}))
    return found


def topic_ids(kafka: KafkaSettings, topics: Sequence[str]) -> dict[str, UUID]:
    """The id of each topic: one that was made anew has another. Raises KafkaError."""
    with closing(admin_client(kafka)) as admin:
        return {topic["name"]: UUID(str(topic["topic_id"])) for topic in admin.describe_topics(list(topics))}


def _read(kafka: KafkaSettings, since: Ends, until: Ends) -> Iterator[Any]:
    """Every record between the two."""
    with closing(_consumer(kafka)) as consumer:
        expected = {TopicPartition(*place): end for place, end in until.items() if end > since.get(place, 0)}
        consumer.assign(list(expected))
        for partition in expected:
            consumer.seek(partition, since.get((partition.topic, partition.partition), 0))
        budget = read_whatever_comes(consumer)
        while any(consumer.position(partition) < end for partition, end in expected.items()):
            budget.renew()
            for batch in consumer.poll(timeout_ms=500).values():
                yield from batch


def behind(kafka: KafkaSettings, dsn: str, group: str = "hookline-persist", topics: Sequence[str] = EVENTS) -> int:
    """How many records on `topics` the group has not committed the effects of.

    Raises KafkaError, psycopg.OperationalError.
    """
    until = ends(kafka, topics)
    ids = list(topic_ids(kafka, topics).values())
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT topic, partition, next_offset FROM consumer_offsets"
            " WHERE consumer_group = %s AND topic_id = ANY (%s)",
            (group, ids),
        ).fetchall()
    done = {(topic, partition): offset for topic, partition, offset in rows}
    return sum(max(0, end - done.get(place, 0)) for place, end in until.items())


def effects(dsn: str, run: str) -> tuple[dict[str, int], dict[str, int]]:
    """The run's ids in PostgreSQL: the most rows that any table has of each, and the receipt of each."""
    pattern = f"fx{run}-[0-9]{{4}}-[0-9]{{6}}"
    rows: dict[str, int] = {}
    received: dict[str, int] = {}
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "SELECT substring(payload::text FROM %(id)s), count(*),"
            " (extract(epoch FROM min(received_at)) * 1000000)::bigint FROM events"
            " WHERE payload::text LIKE %(like)s GROUP BY 1",
            {"id": pattern, "like": f"%fx{run}-%"},
        )
        for id, count, micros in found:
            rows[id], received[id] = count, micros
        messages = connection.execute(
            "SELECT substring(text FROM %(id)s), count(*) FROM messages WHERE text LIKE %(like)s GROUP BY 1",
            {"id": pattern, "like": f"%fx{run}-%"},
        )
        for id, count in messages:
            rows[id] = max(rows.get(id, 0), count)
    return rows, received


def collect(
    kafka: KafkaSettings, dsn: str, run: str, since: Ends, opt_outs: OptOuts | None = None, crms: Sequence[Crm] = ()
) -> Evidence:
    """Everything about a run, once all is quiet; `opt_outs` from ledger.py, `crms` from crm.py, where they are."""
    until = ends(kafka)
    log = [record for record in records(kafka, since, until) if record[3].startswith(f"fx{run}-")]
    rows, received = effects(dsn, run)
    return Evidence(
        effects=rows,
        aside=sorted({id for topic, _, _, id in log if topic in ASIDE}),
        log=[entry for entry in log if entry[0] in EVENTS],
        received=received,
        opt_outs=opt_outs,
        crms=crms,
        progress=progress(kafka, since),
    )


def write(evidence: Evidence, path: Path) -> None:
    """As the checker's own command line reads it."""
    path.write_text(json.dumps(asdict(evidence)), "utf-8")


def _consumer(kafka: KafkaSettings) -> KafkaConsumer:
    return KafkaConsumer(
        **client_settings(kafka, "faults"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
    )
