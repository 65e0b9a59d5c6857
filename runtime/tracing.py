"""W3C trace context, and spans for whoever wants them: the one place that knows OpenTelemetry.

Off, as it is without HOOKLINE_TRACING__EXPORTER, nothing is recorded and OpenTelemetry is not imported. A `traceparent`
that a webhook's request carries is handed on to Kafka all the same: whoever sent it goes on with it behind us.

Attributes of spans come from a list, so that no personal data can be in one: no text, no name, no number.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field, field_validator

from runtime import logs
from runtime.settings import Section
from runtime.version import hookline_version

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext

log = logs.logger("runtime.tracing")

#: The header's name, in HTTP and on Kafka's records alike (www.w3.org/TR/trace-context).
HEADER = "traceparent"
#: What a span may say. Values are ours: names of processes, codes and counts, ids of events.
ATTRIBUTES = frozenset(
    {
        *("provider", "kind", "status", "durability", "events", "event_id", "event_type"),
        *("processor", "topic", "partition", "offset", "records", "queue", "attempt", "outcome"),
    }
)
#: Seconds that a process which ends waits for its collector: the library would wait half a minute for one that is away.
STOP_TIMEOUT = 3.0
AttributeValue = str | int | float | bool

_SAMPLED = 1
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
#: Characters of a header that is looked at: those of a later version may be longer than ours, which has 55.
_LONGEST = 256


class TracingSettings(Section, name="tracing"):
    """Whether processes record what they do as spans of OpenTelemetry. Needs the extra `hookline[tracing]`."""

    exporter: Literal["none", "otlp", "console"] = Field(
        default="none", description="where spans go; otlp: a collector, console: standard output"
    )
    endpoint: str = Field(
        default="http://127.0.0.1:4318/v1/traces",
        pattern="^https?://",
        description="URL of the collector, for otlp over HTTP",
    )
    ratio: float = Field(
        default=1.0,
        ge=0.0,
        le=1.0,
        description="share of the traces that begin here that is recorded; a request's own trace decides for itself",
    )

    @field_validator("exporter")
    @classmethod
    def _installed(cls, given: str) -> str:
        if given != "none" and not _is_installed():
            raise ValueError("needs OpenTelemetry: pip install 'hookline[tracing]', or unset it")
        return given


def _is_installed() -> bool:
    try:
        return find_spec("opentelemetry.sdk") is not None
    except ModuleNotFoundError:
        return False


class TraceContext(NamedTuple):
    """Where a span belongs: what a `traceparent` says."""

    trace_id: str  #: 32 hexadecimal digits
    span_id: str  #: 16 hexadecimal digits
    sampled: bool  #: whether its spans are recorded

    @property
    def header(self) -> str:
        """The `traceparent`."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"


def read_traceparent(text: str | bytes | None) -> TraceContext | None:
    """What a `traceparent` says; None: there is none, or it is not valid, and a new trace begins."""
    if text is None or len(text) > _LONGEST:
        return None
    found = _TRACEPARENT.fullmatch(text if isinstance(text, str) else text.decode("latin-1"))
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more is not None) or not (trace_id.strip("0") and span_id.strip("0")):
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


class RunningSpan:
    """A span that has begun."""

    def __init__(self, context: TraceContext | None) -> None:
        self.context = context  #: None: no trace
        self.attributes: dict[str, AttributeValue] = {}
        self.failed = False  #: whether what it is about went wrong

    def say(self, **attributes: AttributeValue | None) -> None:
        """Add attributes, those of ATTRIBUTES alone; None is left out."""
        self.attributes |= _allowed(attributes)


class _Recorder:
    """OpenTelemetry's SDK behind what we need of it."""

    def __init__(self, process: str, exporter: SpanExporter, ratio: float, *, in_batches: bool) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

        resource = Resource({"service.name": f"hookline-{process}", "service.version": hookline_version()})
        self.provider = TracerProvider(
            resource=resource, sampler=ParentBased(TraceIdRatioBased(ratio)), shutdown_on_exit=False
        )
        self.provider.add_span_processor((BatchSpanProcessor if in_batches else SimpleSpanProcessor)(exporter))
        self._tracer = self.provider.get_tracer("hookline")

    def begin(
        self, name: str, parent: TraceContext | None, links: Sequence[TraceContext], begun_ns: int | None = None
    ) -> tuple[object, TraceContext]:
        from opentelemetry import context, trace

        around = context.Context()  # never the library's own current span: ours is in _current
        if parent is not None:
            around = trace.set_span_in_context(trace.NonRecordingSpan(_to_library(parent)), around)
        span = self._tracer.start_span(
            name, context=around, links=[trace.Link(_to_library(link)) for link in links], start_time=begun_ns
        )
        made = span.get_span_context()
        return span, TraceContext(f"{made.trace_id:032x}", f"{made.span_id:016x}", bool(made.trace_flags & _SAMPLED))

    def end(self, span: object, running: RunningSpan, ended_ns: int | None = None) -> None:
        from opentelemetry.trace import Span, Status, StatusCode

        assert isinstance(span, Span)
        span.set_attributes({f"hookline.{name}": value for name, value in running.attributes.items()})
        if running.failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended_ns)


def _to_library(context: TraceContext) -> SpanContext:
    from opentelemetry.trace import SpanContext, TraceFlags

    flags = TraceFlags(TraceFlags.SAMPLED if context.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(context.trace_id, 16), int(context.span_id, 16), is_remote=True, trace_flags=flags)


def _allowed(attributes: dict[str, AttributeValue | None]) -> dict[str, AttributeValue]:
    if unknown := attributes.keys() - ATTRIBUTES:
        raise ValueError(f"{', '.join(sorted(unknown))}: not in runtime.tracing.ATTRIBUTES")
    return {name: value for name, value in attributes.items() if value is not None}


#: Of this process, as logs and metrics are: set once at its start, before any thread asks.
_recorder: _Recorder | None = None
#: The trace that the calling thread's work belongs to.
_current: ContextVar[TraceContext | None] = ContextVar("hookline_trace", default=None)


def configure(process: str, settings: TracingSettings) -> None:
    """Record spans from here on, if the settings say so."""
    if settings.exporter == "none":
        return
    record_with(process, _exporter(settings), settings.ratio, in_batches=True)
    log.info("tracing_on", exporter=settings.exporter, ratio=settings.ratio)


def record_with(process: str, exporter: SpanExporter, ratio: float = 1.0, *, in_batches: bool = False) -> None:
    """Send spans to `exporter` from here on; at once, or in batches by a thread of their own."""
    global _recorder  # noqa: PLW0603 - see _recorder
    _recorder = _Recorder(process, exporter, ratio, in_batches=in_batches)


def stop() -> None:
    """Send what is left, as far as the collector takes it within STOP_TIMEOUT, and record nothing more."""
    global _recorder
    recorder, _recorder = _recorder, None
    if recorder is not None:
        ending = threading.Thread(target=recorder.provider.shutdown, name="last spans", daemon=True)
        ending.start()
        ending.join(STOP_TIMEOUT)


def is_on() -> bool:
    """Whether spans are recorded."""
    return _recorder is not None


def parent_of(headers: Iterable[tuple[str, bytes | None]]) -> TraceContext | None:
    """The trace that a record of Kafka belongs to, by its headers; None: none that is recorded."""
    for name, value in headers:
        if name == HEADER:
            context = read_traceparent(value)
            return context if context is not None and context.sampled else None
    return None


def record_headers() -> list[tuple[str, bytes]]:
    """What a record of Kafka carries of the calling thread's trace: nothing where there is none."""
    context = _current.get()
    return [] if context is None else [(HEADER, context.header.encode())]


@contextmanager
def span(name: str, parent: TraceContext | None = None, **attributes: AttributeValue | None) -> Iterator[RunningSpan]:
    """A span around the block, of the trace `parent`, else of the thread's, else of a new one.

    Off, the block's records carry `parent` as it came. An exception that leaves the block marks the span as failed.
    """
    parent = parent or _current.get()
    recorder = _recorder
    begun = None if recorder is None else recorder.begin(name, parent, ())
    running = RunningSpan(parent if begun is None else begun[1])
    before = _current.set(running.context)
    try:
        yield running
    except BaseException:
        running.failed = True
        raise
    finally:
        _current.reset(before)
        if recorder is not None and begun is not None:
            running.attributes = _allowed(attributes) | running.attributes
            recorder.end(begun[0], running)


def record_span(
    name: str,
    parent: TraceContext | None,
    begun_ns: int,
    *,
    links: Sequence[TraceContext] = (),
    **attributes: AttributeValue | None,
) -> TraceContext | None:
    """A span that is over now; `begun_ns`: nanoseconds since the epoch. None: nothing is recorded."""
    recorder = _recorder
    if recorder is None:
        return None
    begun, context = recorder.begin(name, parent, links, begun_ns)
    running = RunningSpan(context)
    running.say(**attributes)
    recorder.end(begun, running, time.time_ns())
    return context


def _exporter(settings: TracingSettings) -> SpanExporter:
    if settings.exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter(endpoint=settings.endpoint)
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter

    return ConsoleSpanExporter()
