"""`hookline replay`: have a processor handle the records of a time again."""

from __future__ import annotations

from contextlib import closing, nullcontext
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ops.commands.dlq_source import PROCESSOR, kafka_settings, names_of
from ops.commands.moments import MOMENT
from ops.exits import CheckFailed
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from ops.replay.replay import Replayed

_CLIENT_ID = "hookline-replay"
#: A record's own timestamp is some time after its receipt, and a little before it where clocks differ.
_BEFORE = timedelta(minutes=5)


@command(changes=True)
@click.argument("processor", type=PROCESSOR)
@click.option("--from", "since", type=MOMENT, required=True, help="Received from then on.")
@click.option("--to", "until", type=MOMENT, required=True, help="Received before.")
@click.option("--type", "event_type", help="Only these events, such as message.received.")
@click.option("--phone", help="Only those about this number, however it is written.")
def replay(
    out: Output, processor: str, since: datetime, until: datetime, event_type: str | None, phone: str | None
) -> None:
    """Send PROCESSOR, and nobody else, the records that ingest received between --from and --to once more.

    They go through redrive.PROCESSOR as they are, each event once. What the processor has done already stays as it is;
    what it missed, such as rows that a restored database lacks, is done. Times are UTC unless they say otherwise. All
    of a topic after --from is read, since a record may have waited in a spool.
    """
    from ops.audit.records import ReceiptReader
    from ops.configuration import load
    from ops.replay.replay import replay as replayed
    from ops.replay.selection import RecordSelection
    from processors.engine.processor import processor_types
    from runtime.kafka.producer import KafkaProducer
    from runtime.kafka.reader import read
    from runtime.kafka.topic_logs import offsets_at, topic_logs
    from runtime.kafka.topics import Offsets, TopicAdmin
    from runtime.phone_lookup import number_query
    from runtime.phone_settings import PhoneSettings
    from runtime.schema_registry import SchemaRegistrySettings, schema_ids
    from schemas.events import EventType

    [name] = names_of(processor)
    if since >= until:
        raise click.UsageError(f"--from {since.isoformat()} is not before --to {until.isoformat()}")
    if event_type is not None and event_type not in set(EventType):
        raise click.BadParameter(f"{event_type}: no such event; there are {', '.join(EventType)}")
    number = None if phone is None else number_query(phone, load(PhoneSettings)[PhoneSettings].default_region)
    settings = kafka_settings()
    receipt = ReceiptReader(schema_ids(load(SchemaRegistrySettings)[SchemaRegistrySettings]))
    with TopicAdmin(settings, _CLIENT_ID) as admin:
        log = topic_logs(admin, [topic.name for topic in processor_types()[name].topics])
        begin = offsets_at(admin, log, since - _BEFORE)
    stretches = {partition: Offsets(begin[partition], bounds.end) for partition, bounds in log.bounds.items()}
    selection = RecordSelection(since, until, event_type, number)
    total = sum(stretch.end - stretch.begin for stretch in stretches.values())
    with out.progress(f"reading {len(log.topic_ids)} topics", total) as advance:
        chosen = selection.select(_counted(read(settings, _CLIENT_ID, stretches), advance), receipt)
        producer = nullcontext() if out.dry_run else closing(KafkaProducer(settings, _CLIENT_ID))
        with producer as opened:
            sent = replayed(chosen, name, opened)
    _report(out, name, since, until, sent)


def _report(out: Output, name: str, since: datetime, until: datetime, sent: Replayed) -> None:
    data: dict[str, Any] = {
        "processor": name, "dry_run": out.dry_run, "from": since, "to": until, "records": sent.records,
        "types": dict(sent.types), "refused": [dict(zip(_PLACE, place, strict=True)) for place in sent.refused],
    }  # fmt: skip
    word = "would be sent" if out.dry_run else "sent"
    rows = sorted(sent.types.items())
    out.result(
        data,
        lambda: stacked(table(("event", word), rows, numbers=(word,)), f"{sent.records} records {word} to {name}"),
    )
    if sent.refused:
        raise CheckFailed(f"Kafka refuses {len(sent.refused)} records for good: {data['refused'][:10]}")


_PLACE = ("topic", "partition", "offset")


def _counted(records: Any, advance: Any) -> Any:
    for number, record in enumerate(records, 1):
        if number % 1000 == 0:
            advance(1000)
        yield record
