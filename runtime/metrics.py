"""Every metric of Hookline, declared in one place; a label is never personal data.

Counters and histograms of ingest's workers are summed over the workers (prometheus_client's multiprocess mode,
which `hookline ingest` switches on before any worker starts).
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

#: Upper bounds in seconds, from a fast answer to a provider's patience.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# ingest
WEBHOOKS = Counter("hookline_webhooks_total", "Webhooks answered", ["provider", "status"])
WEBHOOK_SECONDS = Histogram("hookline_webhook_seconds", "From request to answer", ["provider"], buckets=SECONDS)
EVENTS = Counter("hookline_events_total", "Events made durable", ["provider", "event_type", "durability"])
REFUSED = Counter("hookline_webhooks_refused_total", "Webhooks refused, by reason", ["provider", "reason"])
FLAGGED = Counter("hookline_events_flagged_total", "Events kept with a flag", ["provider", "flag"])
PUBLISH_FAILURES = Counter("hookline_publish_failures_total", "Events that Kafka did not take", ["reason"])

# processors
RECORDS = Counter("hookline_records_total", "Records whose effects are committed", ["processor", "topic"])
BATCH_SECONDS = Histogram("hookline_batch_seconds", "One batch, from poll to commit", ["processor"], buckets=SECONDS)
BATCH_RECORDS = Histogram(
    "hookline_batch_records",
    "Records in one batch",
    ["processor"],
    buckets=(1, 10, 50, 100, 250, 500, 1000, 2000, 5000),
)
DEAD_LETTERS = Counter("hookline_dead_letters_total", "Records set aside", ["processor", "disposition"])
RETRIES = Counter("hookline_retries_total", "Batches tried again", ["processor", "reason"])
FENCED = Counter("hookline_fenced_total", "Batches dropped because another member owns the partition", ["processor"])
PAUSED_UNTIL = Gauge("hookline_paused_until_seconds", "Epoch of the next try; 0: not paused", ["processor"])
HALTED = Gauge("hookline_halted", "1: stopped because most records are set aside, or offsets are lost", ["processor"])
LAG = Gauge("hookline_lag_records", "Records behind the end of the partition", ["processor", "topic", "partition"])
EVENT_AGE = Histogram(
    "hookline_event_age_seconds",
    "From receipt at ingest to committed effects",
    ["processor"],
    buckets=(*SECONDS, 60.0, 600.0),
)
