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
RECEIPTS_AHEAD = Counter(
    "hookline_receipts_far_ahead_total", "Times that receipts were found too far ahead of the system's clock"
)
STALLED_BODIES = Counter("hookline_request_bodies_stalled_total", "Request bodies that did not come in time")
SPOOLED = Counter("hookline_spooled_total", "Records spooled")
REPLAYED = Counter("hookline_spool_replayed_total", "Records drained to Kafka; its rate is the replay rate")
REFUSED_FOR_GOOD = Counter("hookline_spool_refused_total", "Records that Kafka will never take, kept aside", ["reason"])
SPOOL_FAILURES = Counter("hookline_spool_failures_total", "Failed writes and reads of the spool", ["reason"])
SPOOL_DAMAGED = Counter("hookline_spool_damaged_total", "Damaged spool files set aside while running")
SPOOL_COMMIT_SECONDS = Histogram("hookline_spool_commit_seconds", "One group, from its turn to synced", buckets=SECONDS)
BREAKER_OPENED = Counter("hookline_breaker_opened_total", "Times that new events were diverted to the spool")
PRODUCERS_RENEWED = Counter("hookline_producers_renewed_total", "Producers replaced because nothing got through")
QUARANTINED = Counter(
    "hookline_quarantined_total", "Webhooks answered 400 or 401 that were synced to disk", ["provider", "outcome"]
)
QUARANTINE_LOST = Counter(
    "hookline_quarantine_lost_total",
    "Webhooks answered 400 or 401 that cannot be replayed: never stored, or removed, by reason",
    ["provider", "reason"],
)
QUARANTINE_STALLED = Counter(
    "hookline_quarantine_stalled_total",
    "Webhooks answered 400 or 401 that wait in memory while the quarantine's thread has not gone on for a minute",
)

#: Gauges of the node's one spool, read from its shared state (ingest/durable/spool/gauges.py): name -> help.
SPOOL_GAUGES = {
    "hookline_spooling": "1: new events queue in the spool",
    "hookline_spool_records": "Records that wait in the spool",
    "hookline_spool_bytes": "Their bytes",
    "hookline_spool_oldest_age_seconds": "Age of the oldest record that waits; 0: none does",
    "hookline_spool_refused_records": "Records kept aside because Kafka refused them for good",
    "hookline_spool_failing": "1: the last write to the spool failed",
    "hookline_spool_damaged_files": "Damaged files set aside since the service started",
    "hookline_spool_unseen": "1: events queue in a spool of which PostgreSQL, and so the gate, has not heard since the "
    "service started",
    "hookline_spool_limit_bytes": "Bytes that the spool may take; then events are refused",
    "hookline_spool_disk_free_bytes": "Bytes that are free on the spool's disk",
    "hookline_breaker_state": "0 closed: Kafka is tried; 1 open: it is not; 2 half open: it is probed",
}

#: Gauges of the node's quarantine, read from its files when somebody asks (ingest/quarantine/gauges.py): name -> help.
QUARANTINE_GAUGES = {
    "hookline_quarantine_webhooks": "Webhooks answered 400 or 401 that can be replayed now",
    "hookline_quarantine_bytes": "Bytes of the quarantine's files",
}

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
FOREIGN_RECORDS = Counter(
    "hookline_foreign_records_total", "Records set aside that none of our processes wrote", ["processor", "topic"]
)
RETRIES = Counter("hookline_retries_total", "Batches tried again", ["processor", "reason"])
FENCED = Counter("hookline_fenced_total", "Batches dropped because another member owns the partition", ["processor"])
PAUSED_UNTIL = Gauge("hookline_paused_until_seconds", "Epoch of the next try; 0: not paused", ["processor"])
HALTED = Gauge("hookline_halted", "1: stopped because most records are set aside, or offsets are lost", ["processor"])
LAG = Gauge("hookline_lag_records", "Records that are not committed yet", ["processor", "topic", "partition"])
LAG_SECONDS = Gauge(
    "hookline_lag_seconds",
    "Age of the oldest record that is not committed; 0: all are",
    ["processor", "topic", "partition"],
)
POSITIONS_MOVED = Counter(
    "hookline_positions_moved_total", "Times that stored positions were found elsewhere", ["processor", "direction"]
)
CLUSTER_CHANGED = Counter(
    "hookline_cluster_changed_total", "Times that Kafka was another cluster than before", ["processor"]
)
PUBLISHED_TOPIC_CHANGED = Counter(
    "hookline_published_topic_changed_total",
    "Times that a compacted topic was found made anew and is filled again",
    ["topic"],
)
EVENT_AGE = Histogram(
    "hookline_event_age_seconds",
    "From receipt at ingest to committed effects, of the oldest event of each batch",
    ["processor"],
    buckets=(*SECONDS, 60.0, 600.0),
)

# opt_out
OPT_OUTS_RECORDED = Counter("hookline_opt_outs_recorded_total", "Rows added to the ledger", ["action", "actor", "tier"])
OPT_OUT_PARKED = Counter("hookline_opt_out_parked_total", "Records that could not be processed, kept", ["disposition"])
OPT_OUT_HOLDS_EXPIRED = Counter("hookline_opt_out_holds_expired_total", "Holds that became opt-outs undecided")
OPT_OUT_STATES_PUBLISHED = Counter("hookline_opt_out_states_published_total", "States published to Kafka")
OPT_OUT_UNPUBLISHED = Gauge("hookline_opt_out_unpublished", "States that Kafka has not taken; 0: all are out")
ANALYTICS_PUBLISHED = Counter("hookline_analytics_published_total", "Events without personal data published to Kafka")
MESSAGE_STATES_PUBLISHED = Counter("hookline_message_states_published_total", "States of messages published to Kafka")
MESSAGE_STATES_WAITING = Gauge(
    "hookline_message_states_waiting", "Batches of changed messages whose states Kafka does not have yet"
)
PROGRESS_BEHIND = Gauge("hookline_progress_behind_seconds", "Age of the newest time up to which topics are complete")
OPT_OUT_LEDGER_ROWS = Gauge("hookline_opt_out_ledger_rows", "Rows of the ledger")
OPT_OUT_LEDGER_HEAD = Gauge(
    "hookline_opt_out_ledger_head", "The first 48 bits of the newest row's hash: the head, as a number"
)
OPT_OUT_HEAD_PUBLISHED = Gauge(
    "hookline_opt_out_head_published", "The position of the newest head that this process has signed and published"
)
OPT_OUT_HEAD_CONFLICT = Gauge(
    "hookline_opt_out_head_conflict", "1: the ledger no longer holds the row whose head was published; 0: it does"
)
OPT_OUT_ROWS_LOST = Gauge(
    "hookline_opt_out_ledger_rows_lost",
    "Rows that the ledger is short of its newest published head; 0: it reaches it, or an operator accepted the loss",
)
OPT_OUT_PHONES = Gauge("hookline_opt_out_phones", "Phones by their state", ["state"])
OPT_OUT_REVIEWS = Gauge("hookline_opt_out_reviews_open", "Questions that nobody has answered", ["kind"])
ENFORCEMENTS = Gauge("hookline_enforcements", "Opt-outs at a target's accounts, by status", ["target", "status"])
ENFORCEMENT_CALLS = Counter("hookline_enforcement_calls_total", "Calls to a target, by outcome", ["target", "outcome"])
ENFORCEMENT_SECONDS = Histogram(
    "hookline_enforcement_seconds",
    "From receipt of an opt-out to a target's answer",
    ["target"],
    buckets=(*SECONDS, 60.0, 600.0, 3600.0, 86400.0),
)
ENFORCEMENT_NEAR = Gauge("hookline_enforcements_near_deadline", "Not yet made true, and the deadline is near")
ENFORCEMENT_OVERDUE = Gauge("hookline_enforcements_overdue", "Not yet made true, and the deadline is over")
ENFORCEMENT_OLDEST = Gauge("hookline_enforcement_oldest_seconds", "Age of the oldest that waits; 0: none does")
TARGET_LOCKED = Gauge("hookline_target_locked", "1: a target refuses our credentials, nothing is enforced", ["target"])
TARGET_ACCOUNTS = Gauge("hookline_target_accounts", "Accounts that opt-outs are made true at", ["target"])
RECONCILED = Counter("hookline_reconciled_total", "Opt-outs that a target had lost, made true again", ["target"])
RECONCILED_AT = Gauge("hookline_reconciled_at_seconds", "Epoch of the last comparison with a target", ["target"])
OPT_OUT_RATE = Gauge("hookline_opt_out_rate", "Opt-outs per contact texted in 30 days", ["provider", "account"])
OPT_OUT_VIOLATIONS = Gauge("hookline_opt_out_violations", "Messages sent in 30 days to numbers that were out")
API_BUDGET_USED = Gauge("hookline_api_budget_used", "Requests used of an API's present window", ["api"])
API_BUDGET_WAITS = Counter("hookline_api_budget_waits_total", "Times that requests had to wait", ["api", "for_whom"])

# crm_sync
CRM_ATTEMPTS = Counter("hookline_crm_attempts_total", "Attempts to align a CRM, by outcome", ["target", "outcome"])
CRM_DEAD = Counter("hookline_crm_dead_total", "Deliveries that failed for good", ["target"])
CRM_DELIVERIES = Gauge("hookline_crm_deliveries", "Deliveries that wait, or are dead", ["target", "status"])
CRM_OLDEST = Gauge("hookline_crm_oldest_seconds", "Age of the oldest delivery that waits; 0: none does", ["target"])
CRM_TEXTS = Counter("hookline_crm_texts_total", "Texts of messages asked of TextUs, by outcome", ["outcome"])
CRM_PAUSED_UNTIL = Gauge("hookline_crm_paused_until_seconds", "Epoch of the next probe; 0: not paused", ["target"])

# gate
GATE_ANSWERS = Counter("hookline_gate_answers_total", "Phones that senders asked about, by answer", ["state"])
GATE_SECONDS = Histogram("hookline_gate_seconds", "From request to answer", buckets=SECONDS)
GATE_UNSURE = Gauge("hookline_gate_unsure", "1: every answer is `out`, because a stop may be missing in the ledger")
GATE_FAILURES = Counter("hookline_gate_failures_total", "Requests that got `out` because nothing sure was known")

# notifier
NOTIFICATIONS = Counter(
    "hookline_notifications_total", "Messages to a target of alarms, by outcome", ["target", "outcome"]
)
NOTIFICATION_FAILING = Gauge(
    "hookline_notification_target_failing", "1: a target did not take the last message", ["target"]
)
ALARMS_ON = Gauge("hookline_alarms_on", "Alarms that are on", ["severity"])
NOTIFIER_LOOKED_AT = Gauge("hookline_notifier_looked_at_seconds", "Epoch of the notifier's last look at everything")
