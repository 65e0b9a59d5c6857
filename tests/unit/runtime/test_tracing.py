"""Traces: what a header says, what is recorded and what is not, and that no span can hold what is about a person."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from runtime import tracing
from runtime.settings import Configuration, ConfigurationError
from runtime.tracing import HEADER, TraceContext, TracingSettings, read_traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = TraceContext(TRACE, SPAN, sampled=True)
hexadecimal = st.text("0123456789abcdef", min_size=1)


@pytest.mark.parametrize(
    ("text", "context"),
    [
        (f"00-{TRACE}-{SPAN}-01", PARENT),
        (f"00-{TRACE}-{SPAN}-00", PARENT._replace(sampled=False)),
        (f"00-{TRACE}-{SPAN}-03", PARENT),  # other flags beside the one we know
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", PARENT),  # a later version may say more
        (f"00-{TRACE}-{SPAN}-01-more", None),  # this version may not
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{TRACE}-{SPAN}", None),
        (f"00-{TRACE}-{SPAN}-01\n", None),
        (f"cc-{TRACE}-{SPAN}-01-{'x' * 300}", None),
        ("", None),
        (None, None),
        (b"\xff\x00", None),
    ],
)
def test_what_a_traceparent_says(text: str | bytes | None, context: TraceContext | None) -> None:
    assert read_traceparent(text) == context


@given(st.one_of(st.text(), st.binary()))
def test_whatever_is_sent_is_read_or_passed_over(text: str | bytes) -> None:
    context = read_traceparent(text)
    assert context is None or read_traceparent(context.header) == context


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans())
def test_what_we_write_we_read(trace_id: int, span_id: int, sampled: bool) -> None:
    context = TraceContext(f"{trace_id:032x}", f"{span_id:016x}", sampled)
    assert read_traceparent(context.header) == context
    assert read_traceparent(context.header.encode()) == context


def test_off_nothing_is_recorded_and_what_came_is_handed_on() -> None:
    assert not tracing.is_on()
    assert tracing.record_headers() == []
    with tracing.span("receive webhook", PARENT) as running:
        assert running.context == PARENT
        assert tracing.record_headers() == [(HEADER, PARENT.header.encode())]
    with tracing.span("receive webhook"):
        assert tracing.record_headers() == []
    assert tracing.record_headers() == []
    assert tracing.record_span("handle event", PARENT, time.time_ns()) is None


def test_off_opentelemetry_is_not_imported() -> None:
    code = (
        "import sys, ingest.server, processors.engine.service\n"
        "from runtime import tracing\n"
        "tracing.configure('x', tracing.TracingSettings())\n"
        "assert not tracing.is_on() and not any(name.startswith('opentelemetry') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_spans_hang_on_each_other_and_on_the_request_s(spans: InMemorySpanExporter) -> None:
    with tracing.span("receive webhook", PARENT, provider="textlink") as outer:
        with tracing.span("make durable") as inner:
            inner.say(durability="kafka", event_type=None)
            assert outer.context is not None
            assert inner.context is not None
            assert tracing.record_headers() == [(HEADER, inner.context.header.encode())]
        assert tracing.record_headers() == [(HEADER, outer.context.header.encode())]
    durable, received = spans.get_finished_spans()
    assert received.parent is not None
    assert durable.parent is not None
    assert f"{received.context.trace_id:032x}" == f"{durable.context.trace_id:032x}" == TRACE
    assert f"{received.parent.span_id:016x}" == SPAN
    assert durable.parent.span_id == received.context.span_id
    assert dict(durable.attributes or {}) == {"hookline.durability": "kafka"}
    assert received.resource.attributes["service.name"] == "hookline-test"


def test_a_span_around_what_fails_says_so(spans: InMemorySpanExporter) -> None:
    with pytest.raises(LookupError), tracing.span("receive webhook"):
        raise LookupError("+13035550142")
    [span] = spans.get_finished_spans()
    assert not span.status.is_ok
    assert "0142" not in span.to_json()


def test_a_span_that_is_over_is_linked(spans: InMemorySpanExporter) -> None:
    begun = time.time_ns() - 5_000_000
    together = tracing.record_span("handle batch", None, begun, records=2)
    assert together is not None
    tracing.record_span("handle event", PARENT, begun, links=[together], processor="persist")
    _, event = spans.get_finished_spans()
    assert event.parent is not None
    assert f"{event.parent.span_id:016x}" == SPAN
    assert [f"{link.context.span_id:016x}" for link in event.links] == [together.span_id]
    assert event.start_time == begun
    assert (event.end_time or 0) >= begun + 5_000_000


def test_an_attribute_that_is_not_declared_is_a_bug(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="phone"), tracing.span("call") as running:
        running.say(phone="+13035550142")
    assert "0142" not in "".join(span.to_json() for span in spans.get_finished_spans())


@pytest.mark.parametrize("sampled", [True, False])
def test_a_parent_s_decision_comes_before_the_ratio(sampled: bool) -> None:
    exporter = InMemorySpanExporter()
    tracing.record_with("test", exporter, ratio=0.0 if sampled else 1.0)
    try:
        with tracing.span("receive webhook", PARENT._replace(sampled=sampled)) as running:
            assert running.context is not None
            assert running.context.sampled is sampled
        assert len(exporter.get_finished_spans()) == sampled
    finally:
        tracing.stop()


def test_the_ratio_decides_where_a_trace_begins() -> None:
    exporter = InMemorySpanExporter()
    tracing.record_with("test", exporter, ratio=0.25)
    try:
        for _ in range(2000):
            with tracing.span("receive webhook"):
                pass
        assert 300 < len(exporter.get_finished_spans()) < 700  # 500 are expected, with a deviation of 19
    finally:
        tracing.stop()


def test_an_unsampled_record_is_passed_over() -> None:
    assert tracing.parent_of([("ce_id", b"1"), (HEADER, PARENT.header.encode())]) == PARENT
    assert tracing.parent_of([(HEADER, PARENT._replace(sampled=False).header.encode())]) is None
    assert tracing.parent_of([(HEADER, None), ("ce_id", b"1")]) is None
    assert tracing.parent_of([]) is None


def test_an_exporter_without_the_extra_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Configuration:
        return Configuration.load(TracingSettings, environ={"HOOKLINE_TRACING__EXPORTER": "otlp"})

    assert load()[TracingSettings].exporter == "otlp"
    monkeypatch.setattr(tracing, "_is_installed", lambda: False)
    with pytest.raises(ConfigurationError, match=r"HOOKLINE_TRACING__EXPORTER.*hookline\[tracing\]"):
        load()


def test_spans_reach_a_collector_over_http() -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quietly."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}/v1/traces"
    tracing.configure("persist", TracingSettings(exporter="otlp", endpoint=endpoint))
    with tracing.span("receive webhook", PARENT):
        pass
    tracing.stop()
    server.shutdown()
    server.server_close()
    [sent] = ExportTraceServiceRequest.FromString(bodies[0]).resource_spans[0].scope_spans[0].spans
    assert (sent.name, sent.trace_id.hex()) == ("receive webhook", TRACE)


#: A process of its own: the exporter's thread, which goes on trying, ends with it.
WITHOUT_COLLECTOR = """
import time
from runtime import tracing
tracing.STOP_TIMEOUT = 0.2
tracing.configure("persist", tracing.TracingSettings(exporter="otlp", endpoint="http://127.0.0.1:9/v1/traces"))
with tracing.span("receive webhook"):
    pass
begun = time.monotonic()
tracing.stop()
print(time.monotonic() - begun)
"""


def test_a_collector_that_is_away_keeps_no_process_from_its_end() -> None:
    command = [sys.executable, "-c", WITHOUT_COLLECTOR]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert float(done.stdout.splitlines()[-1]) < 10
