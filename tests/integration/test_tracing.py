"""One trace from a webhook to its effects, by way of a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ingest.app import create_app
from ingest.durable.publisher import DurablePublisher
from ingest.endpoint import WebhookEndpoint
from ingest.provider import provider_types
from ops.trace.trace import trace
from processors.crm_sync import CrmSync
from processors.crm_sync.settings import CrmSyncSettings
from processors.crm_sync.targets.rest import RestSettings
from processors.engine.batch import Batch, PartitionId, Span, decoded
from processors.engine.database import Database
from processors.engine.dead_letter import DeadLetters
from processors.engine.handling import Handling
from processors.engine.processor import Processor
from processors.engine.progress import Progress
from processors.engine.retry import TimeLimit
from processors.engine.state import State
from processors.persist import Persist, PersistSettings
from processors.textus_api.settings import TextUsApiSettings
from runtime.admin import Readiness
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.producer import KafkaProducer
from runtime.kafka.reader import read
from runtime.kafka.topics import Offsets, TopicAdmin
from runtime.postgres import connect
from runtime.settings import Configuration
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import MESSAGES
from tests.twins.crm import CrmDesk, Sandbox
from tests.twins.opted_out import Desk
from tests.unit.ingest.spools import opened

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PHONE, TEXT, NAME, SECRET = "+13035550142", "STOP", "Dana Smith", "a-long-secret"


def arrived(kafka_settings: KafkaSettings, folder: Path) -> tuple[list[Record], PartitionId]:
    """The record of a stop that was posted with a traceparent, and the place of its partition."""
    with TopicAdmin(kafka_settings, "tests") as admin:
        shape = admin.describe([MESSAGES.name])
        before, cluster = admin.offsets(shape.values()), admin.cluster_id()
        directory, spool = opened(folder)
        directory.state.spooling = 0
        kind = provider_types()["textlink"]
        with closing(directory), closing(spool), closing(KafkaProducer(kafka_settings, "tests")) as producer:
            publisher = DurablePublisher(producer, spool, Codec(SchemaIds.checked_in()), timeout=20.0)
            provider = kind(kind.settings_type(secrets=(SECRET,), default_region="US"))
            endpoint = WebhookEndpoint([provider], publisher, lambda: datetime.now(UTC))
            client = create_app(endpoint, lambda: Readiness(True)).test_client()
            fields = {"phone_number": PHONE, "text": TEXT, "name": NAME, "secret": SECRET}
            answer = client.post(
                "/webhooks/textlink/received",
                data=json.dumps(fields),
                headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
            )
            assert (answer.status_code, answer.headers["X-Durability"]) == (200, "kafka")
        after = admin.offsets(shape.values())
    stretches = {
        Partition(*place): Offsets(before[place].end, bounds.end)
        for place, bounds in after.items()
        if bounds.end > before[place].end
    }
    [partition] = stretches
    found = list(read(kafka_settings, "tests", stretches))
    return found, PartitionId(cluster, shape[MESSAGES.name].id, partition.number)


def handle(processor: Processor[Any], dsn: str, records: list[Record], place: PartitionId) -> None:
    """As the processor's runner would."""
    deliveries, undecodable = decoded(records, Codec(SchemaIds.checked_in()))
    assert undecodable == []
    partition = Partition(records[0].topic, records[0].partition)
    batch = Batch(records, deliveries, [], {partition: Span(place, None, records[-1].offset + 1)})
    database = Database(lambda: connect(dsn, process=processor.name))
    progress, state = Progress(processor.group()), State(processor.name)
    letters = DeadLetters(None, "dlq.test", processor.group(), now=lambda: datetime.now(UTC))  # type: ignore[arg-type]
    time_limit = TimeLimit(processor.name, state, sleep=lambda _seconds: True, longest=1.0)
    Handling(processor, database, progress, letters, time_limit).handle(batch, lambda: True)
    database.close()


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name == name]


def said(spans: list[ReadableSpan], name: str) -> list[str]:
    return sorted(str((span.attributes or {})[f"hookline.{name}"]) for span in spans)


def test_a_stop_is_one_trace_from_the_webhook_to_the_call_and_the_note(
    kafka_settings: KafkaSettings, postgres: Any, sandbox: Sandbox, tmp_path: Path, spans: InMemorySpanExporter
) -> None:
    records, place = arrived(kafka_settings, tmp_path)
    opt_outs, crm = Desk(postgres, "acme"), CrmDesk(postgres, sandbox)

    handle(Persist(Configuration.of(PersistSettings())), postgres.dsn("persist"), records, place)
    handle(opt_outs.processor, postgres.dsn("opt-out"), records, place)
    configuration = Configuration.of(
        CrmSyncSettings(), crm.crm, TextUsApiSettings(), RestSettings(url=f"{sandbox.url}/crm")
    )
    handle(CrmSync(configuration), postgres.dsn("crm-sync"), records, place)
    opt_outs.enforce()
    crm.work_off()
    assert ("acme", PHONE) in opt_outs.target.out
    [contact] = crm.sandbox.contacts(PHONE)
    assert crm.sandbox.notes(contact["id"]) != []

    # Then every span of the text is of the trace of the request, and hangs on what made it durable
    [durable] = named(spans, "make durable")
    events = named(spans, "handle event")
    calls = named(spans, "call")
    assert said(events, "processor") == [
        "crm-sync",
        "opt-out",
        "persist",
    ]
    assert said(calls, "queue") == ["crm-rest", "enforce-textus"]
    assert said(calls, "outcome") == ["done", "done"]
    for span in (*events, *calls):
        assert span.parent is not None
        assert f"{span.context.trace_id:032x}" == TRACE
        assert span.parent.span_id == durable.context.span_id
    # A batch has a trace of its own, which its events are linked with
    batches = {span.context.span_id for span in named(spans, "handle batch")}
    assert {link.context.span_id for span in events for link in span.links} == batches
    assert len(batches) == 3
    # No span holds what is about a person
    written = "".join(span.to_json() for span in spans.get_finished_spans())
    assert not [word for word in (PHONE[1:], "0142", TEXT, "Dana", "Smith", SECRET, "acme") if word in written]
    # And `hookline trace` names the trace
    with connect(postgres.dsn("operator"), process="tests") as connection:
        found = trace(connection, PHONE, region="US")
    assert found is not None
    [received] = [hop for event in found.events for hop in event.hops if hop.hop.value == "received"]
    assert received.detail["trace_id"] == TRACE
    opt_outs.close()
    crm.close()


def test_without_the_setting_no_trace_is_kept(kafka_settings: KafkaSettings, postgres: Any, tmp_path: Path) -> None:
    records, place = arrived(kafka_settings, tmp_path)
    assert dict(records[0].headers)["traceparent"] == f"00-{TRACE}-00f067aa0ba902b7-01".encode()
    handle(Persist(Configuration.of(PersistSettings())), postgres.dsn("persist"), records, place)
    with connect(postgres.dsn("operator"), process="tests") as connection:
        assert connection.execute("SELECT count(*) FROM event_traces").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)
