"""`hookline tail`: a line an event, as they come."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

import click

from ops.commands.dlq_source import kafka_settings
from ops.commands.moments import MOMENT
from ops.commands.opt_out_operator import user
from ops.database import database
from ops.output import Output, command

_CLIENT_ID = "hookline-tail"


@command()
@click.option("--topic", help="Only this topic, such as sms.messages.v1; without: all that ingest writes.")
@click.option("--type", "event_type", help="Only these events, such as message.received.")
@click.option("--phone", help="Only those about this number, however it is written.")
@click.option("--from", "since", type=MOMENT, help="Begin with the records from then on; default: with what comes now.")
@click.option("--limit", type=click.IntRange(1), help="End after so many events.")
@click.option("--reveal", is_flag=True, help="Show numbers, names and texts: that you looked is recorded.")
@click.option("--reason", help="With --reveal: why, for the record; without names and numbers.")
@click.option("--by", "operator", metavar="NAME", help="With --reveal: who looks; default: the system's user.")
def tail(
    out: Output,
    topic: str | None,
    event_type: str | None,
    phone: str | None,
    since: datetime | None,
    limit: int | None,
    reveal: bool,
    reason: str | None,
    operator: str | None,
) -> None:
    """Show events as they come to Kafka, one a line, until Ctrl-C; numbers and texts are masked."""
    from ops.configuration import load
    from ops.replay.selection import RecordSelection
    from ops.tail.line import described, line
    from ops.trace.masking import Masking
    from ops.trace.reveals import record_reveal
    from runtime.kafka.reader import follow
    from runtime.kafka.topic_logs import offsets_at, topic_logs
    from runtime.kafka.topics import TopicAdmin
    from runtime.phone_lookup import number_query
    from runtime.phone_settings import PhoneSettings
    from runtime.schema_registry import SchemaRegistrySettings
    from runtime.schema_registry import codec as registered_codec
    from schemas.events import EventType
    from schemas.topics import EVENT_TOPICS

    names = [entry.name for entry in EVENT_TOPICS]
    if topic is not None and topic not in names:
        raise click.BadParameter(f"{topic}: no topic of events; there are {', '.join(names)}")
    if event_type is not None and event_type not in set(EventType):
        raise click.BadParameter(f"{event_type}: no such event; there are {', '.join(EventType)}")
    if (reason or operator) and not reveal:
        raise click.UsageError("--reason and --by go with --reveal")
    number = None if phone is None else number_query(phone, load(PhoneSettings)[PhoneSettings].default_region)
    settings, selection = kafka_settings(), RecordSelection(event_type=event_type, phone=number)
    codec, masking = registered_codec(load(SchemaRegistrySettings)[SchemaRegistrySettings]), Masking(reveal=reveal)
    with TopicAdmin(settings, _CLIENT_ID) as admin:
        log = topic_logs(admin, [topic] if topic else names)
        begin = {partition: bounds.end for partition, bounds in log.bounds.items()}
        if since is not None:
            begin = offsets_at(admin, log, since)
    if reveal:
        with database("tail") as connection:
            record_reveal(connection, by=operator or user(), surface="hookline tail", event_ids=[], reason=reason)
    found = (record for record in follow(settings, _CLIENT_ID, begin) if selection.matches(record))
    for record in islice(found, limit):
        shown = described(record, codec, masking)
        out.line(shown, line(shown))
