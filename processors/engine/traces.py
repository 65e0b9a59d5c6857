"""The traces that a batch's events belong to: a span for each, and rows that the effects which follow find them by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from processors.engine.batch import Batch
from processors.engine.processor import Delivery
from runtime.postgres import Connection
from runtime.tracing import TraceContext, parent_of, read_traceparent, record_span

_KEEP = """
INSERT INTO event_traces (event_id, consumer_group, traceparent)
SELECT DISTINCT ON (event_id) event_id, %s, traceparent FROM unnest(%s::uuid[], %s::text[]) AS t (event_id, traceparent)
ORDER BY event_id ON CONFLICT DO NOTHING
"""
_TRACES = "SELECT event_id, min(traceparent) FROM event_traces WHERE event_id = ANY (%s) GROUP BY event_id"


def _traced(deliveries: Sequence[Delivery]) -> list[tuple[Delivery, TraceContext]]:
    found = ((delivery, parent_of(delivery.record.headers)) for delivery in deliveries)
    return [(delivery, context) for delivery, context in found if context is not None]


def keep_traces(connection: Connection, group: str, batch: Batch) -> None:
    """Write down the recorded traces of `batch`, in the transaction that holds its effects. Raises psycopg.Error."""
    if traced := _traced(batch.deliveries):
        ids = [delivery.event.event_id for delivery, _ in traced]
        connection.execute(_KEEP, (group, ids, [context.header for _, context in traced]))


def traces_of(connection: Connection, event_ids: Collection[UUID]) -> dict[UUID, TraceContext]:
    """The trace of each of `event_ids` that has one. Raises psycopg.Error."""
    rows = connection.execute(_TRACES, (list(event_ids),)).fetchall()
    return {event_id: context for event_id, text in rows if (context := read_traceparent(text)) is not None}


def record_batch(processor: str, batch: Batch, begun_ns: int) -> None:
    """A span for the batch that is committed, of a trace of its own, and one for each event, linked with it."""
    traced = _traced(batch.deliveries)
    if not traced:
        return
    together = record_span("handle batch", None, begun_ns, processor=processor, records=len(batch.records))
    links = [] if together is None else [together]
    for delivery, context in traced:
        record = delivery.record
        record_span(
            "handle event",
            context,
            begun_ns,
            links=links,
            processor=processor,
            event_id=str(delivery.event.event_id),
            event_type=delivery.event.event_type,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )
