"""A webhook's trace: from the request, or begun here, to the record on Kafka, also by way of the spool."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ingest.app import create_app
from ingest.durable.publisher import DurablePublisher
from ingest.durable.replayer import Replayer
from ingest.endpoint import WebhookEndpoint
from ingest.provider import provider_types
from runtime.admin import Readiness
from runtime.tracing import HEADER, read_traceparent
from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.twins.kafka import MemoryProducer
from tests.unit.ingest.spools import opened

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
RECEIPT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET, PHONE, TEXT, NAME = "a-long-secret", "+13035550142", "please STOP, I am Dana", "Dana Smith"


class Node:
    """Ingest on a Kafka in memory and a real spool."""

    def __init__(self, folder: Path) -> None:
        self.kafka = MemoryProducer()
        self.directory, self.spool = opened(folder)
        self.directory.state.spooling = 0
        kind = provider_types()["textlink"]
        publisher = DurablePublisher(self.kafka, self.spool, Codec(SchemaIds.checked_in()), timeout=20)
        endpoint = WebhookEndpoint(
            [kind(kind.settings_type(secrets=(SECRET,), default_region="US"))], publisher, lambda: RECEIPT
        )
        self.client = create_app(endpoint, lambda: Readiness(True)).test_client()

    def post(self, traceparent: str | None = None, **fields: Any) -> Any:
        sent = {"phone_number": PHONE, "text": TEXT, "name": NAME, "secret": SECRET, "timestamp": 1} | fields
        headers = {} if traceparent is None else {HEADER: traceparent}
        return self.client.post("/webhooks/textlink/received", data=json.dumps(sent), headers=headers)

    def close(self) -> None:
        self.spool.close()
        self.directory.close()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with closing(Node(tmp_path)) as made:
        yield made


def header(headers: list[tuple[str, bytes]]) -> str | None:
    found = dict(headers).get(HEADER)
    return None if found is None else found.decode()


def test_off_a_record_has_the_header_that_the_request_had_and_no_other(node: Node) -> None:
    for traceparent in (TRACEPARENT, None, "nonsense"):
        assert node.post(traceparent).status_code == 200
    assert [header(record.headers) for record in node.kafka.published] == [TRACEPARENT, None, None]
    # The record's number stays the last of its headers: an audit reads it there.
    assert [record.headers[-1][0] for record in node.kafka.published] == ["hl-seq"] * 3


def test_on_the_record_carries_the_span_that_made_it_durable(node: Node, spans: InMemorySpanExporter) -> None:
    assert node.post(TRACEPARENT).status_code == 200
    assert node.post().status_code == 200
    assert node.post(secret="wrong").status_code == 401
    durable, received, own_durable, own_received, refused = spans.get_finished_spans()
    assert [span.name for span in (durable, received, refused)] == [
        "make durable",
        "receive webhook",
        "receive webhook",
    ]
    carried = [read_traceparent(header(record.headers)) for record in node.kafka.published]
    for context, span in zip(carried, (durable, own_durable), strict=True):
        assert context is not None
        assert (int(context.trace_id, 16), int(context.span_id, 16)) == (span.context.trace_id, span.context.span_id)
    assert f"{received.context.trace_id:032x}" == TRACE
    assert own_received.parent is None
    assert dict(received.attributes or {}) == {
        "hookline.provider": "textlink", "hookline.kind": "received", "hookline.status": 200,
    }  # fmt: skip
    assert (durable.attributes or {})["hookline.durability"] == "kafka"
    assert (refused.attributes or {})["hookline.status"] == 401


def test_the_spool_keeps_the_trace_and_its_replay_is_a_span(
    node: Node, spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    node.directory.state.spooling = 1
    answer = node.post(TRACEPARENT)
    assert (answer.status_code, answer.headers["X-Durability"]) == (200, "spool")
    # When the process has ended, and another one brings to Kafka what it finds
    node.close()
    node.directory, node.spool = opened(tmp_path)
    replayer = Replayer(node.spool, node.kafka, answers=lambda: True, reserve=0)
    replayer.begin()
    replayer.step()

    durable, _received, replayed = spans.get_finished_spans()
    [record] = node.kafka.published
    carried = read_traceparent(header(record.headers))
    assert carried is not None
    assert int(carried.span_id, 16) == durable.context.span_id
    assert (durable.attributes or {})["hookline.durability"] == "spool"
    assert replayed.name == "replay from spool"
    assert replayed.parent is not None
    assert replayed.parent.span_id == durable.context.span_id
    assert f"{replayed.context.trace_id:032x}" == TRACE


def test_no_span_holds_what_is_about_a_person(node: Node, spans: InMemorySpanExporter) -> None:
    node.post(TRACEPARENT)
    node.post(secret="wrong")
    node.post(phone_number=f"tel:{PHONE} {NAME}", timestamp=TEXT)
    node.client.post("/webhooks/textlink/received", data=f'{{"{PHONE}": {TEXT}')
    node.client.post(f"/webhooks/textlink/received?name={NAME}", data=f"{PHONE}{TEXT}".encode())
    written = "".join(span.to_json() for span in spans.get_finished_spans())
    assert "receive webhook" in written
    assert not [word for word in (PHONE[1:], "0142", "STOP", "Dana", "Smith", SECRET) if word in written]
