"""Alarms about the processors and the CRMs."""

from __future__ import annotations

from ops.alarms.rule import AlarmRule, CounterCondition, GaugeCondition, ObservedFact, PrometheusQuery

_GO_ON = (
    "hookline dlq ls {processor}; when it is mended, hookline dlq resume {processor};"
    " where it lost its place, hookline dlq resume {processor} --accept-loss"
)

PROCESSOR_RULES: tuple[AlarmRule, ...] = (
    AlarmRule(
        name="HooklineHalted",
        severity="page",
        condition=GaugeCondition("hookline_halted"),
        summary="{processor} has stopped: most records are set aside, or its offsets are gone",
        when="a processor has halted",
        cause="a schema or a table changed under it, somebody else writes to its topics, or records were deleted",
        command=_GO_ON,
    ),
    AlarmRule(
        name="HooklineHaltRecorded",
        severity="page",
        condition=ObservedFact("halted"),
        summary="{processor} halted: {reason}",
        when="PostgreSQL says that a processor has halted or lost its place",
        cause="most records were set aside, or the log no longer holds the next record",
        command=_GO_ON,
    ),
    AlarmRule(
        name="HooklinePaused",
        severity="page",
        condition=GaugeCondition("hookline_paused_until_seconds"),
        summary="{processor} has been waiting for something it needs for five minutes",
        when="a processor has been paused by itself for 5 minutes",
        for_seconds=300,
        cause="PostgreSQL, Kafka or an API that it needs is away",
        command="hookline status",
    ),
    AlarmRule(
        name="HooklinePausedByOperator",
        severity="ticket",
        condition=ObservedFact("paused_by_operator"),
        summary="{processor} has been paused by {by} for {value:duration}: {reason}",
        when="an operator has paused a processor for longer than 15 minutes",
        cause="somebody paused it and has not resumed it",
        command="hookline process resume {processor}",
    ),
    AlarmRule(
        name="HooklineNotCommitting",
        severity="page",
        condition=GaugeCondition("hookline_lag_seconds", 20, ("processor",)),
        summary="{processor}: an event has waited {value:duration} for its effects",
        when="the oldest record that a processor has not committed is older than 20 seconds",
        cause="the processor is too slow, paused or frozen, or PostgreSQL is slow",
        command="hookline status",
    ),
    AlarmRule(
        name="HooklineLagGrows",
        severity="ticket",
        condition=ObservedFact(
            "lag_grows",
            "max by (processor) (min_over_time(hookline_lag_seconds[2m])) > 5\n"
            "and max by (processor) (min_over_time(hookline_lag_seconds[2m]))\n"
            "> max by (processor) (max_over_time(hookline_lag_seconds[2m] offset 8m))",
        ),
        summary="{processor} falls behind: its lag has grown for 10 minutes, to {value:duration}",
        when="the least lag of the last 2 minutes is above 5 seconds and above the greatest of 8 to 10 minutes ago",
        cause="more comes than the processor can do: PostgreSQL is slow, or there are too few processes",
        command="hookline status --watch",
    ),
    AlarmRule(
        name="HooklinePositionsMovedBack",
        severity="page",
        condition=CounterCondition("hookline_positions_moved_total", ("processor",), where='direction="back"'),
        summary="{processor}: stored positions went back; was PostgreSQL restored from a copy?",
        when="stored positions went back within 15 minutes",
        cause="PostgreSQL was restored from a copy",
        command="hookline audit",
    ),
    AlarmRule(
        name="HooklineClusterChanged",
        severity="page",
        condition=CounterCondition("hookline_cluster_changed_total", ("processor",)),
        summary="{processor}: Kafka is another cluster than before; every topic is read from its beginning",
        when="a processor met another cluster within 15 minutes",
        cause="HOOKLINE_KAFKA__BOOTSTRAP_SERVERS leads elsewhere, or Kafka was made anew",
        command="hookline doctor",
    ),
    AlarmRule(
        name="HooklinePublishedTopicChanged",
        severity="page",
        condition=CounterCondition("hookline_published_topic_changed_total", ("topic",)),
        summary="{topic} was made anew in Kafka and is filled again from PostgreSQL",
        when="a compacted topic was found in another cluster, or made anew, within 15 minutes",
        cause="Kafka was made anew, or somebody deleted the topic",
        command="hookline doctor",
    ),
    AlarmRule(
        name="HooklineLagging",
        severity="ticket",
        condition=GaugeCondition("hookline_lag_records", 10000, ("processor",), "sum"),
        summary="{processor} is {value} records behind",
        when="a processor has been more than 10,000 records behind for 10 minutes",
        for_seconds=600,
        cause="a backlog after an outage, a backfill, or too few processes",
        command="hookline status --watch",
    ),
    AlarmRule(
        name="HooklineEffectsLate",
        severity="ticket",
        condition=PrometheusQuery(
            "histogram_quantile(0.99, sum by (processor, le) (rate(hookline_event_age_seconds_bucket[10m]))) > 60"
        ),
        summary="{processor}: events take longer than a minute from receipt to effect",
        when="in each batch the oldest event counts; the 99th percentile is above a minute for 10 minutes",
        for_seconds=600,
        cause="the processor or PostgreSQL is slow, or a spool was emptied late",
        command="hookline status",
    ),
    AlarmRule(
        name="HooklineDeadLetters",
        severity="ticket",
        condition=CounterCondition(
            "hookline_dead_letters_total", ("processor", "disposition"), where='disposition!="poison"'
        ),
        summary="{processor} set records aside ({disposition}): hookline dlq ls",
        when="a processor set a record aside within 15 minutes",
        cause="a record that PostgreSQL or the schema refuses for good",
        command="hookline dlq ls {processor}; then hookline dlq redrive {processor} or"
        " hookline dlq discard {processor} --reason TEXT",
    ),
    AlarmRule(
        name="HooklineForeignRecords",
        severity="ticket",
        condition=CounterCondition("hookline_foreign_records_total", ("topic",)),
        summary="somebody else writes to {topic}; it was set aside: hookline dlq ls, and Kafka's ACLs",
        when="a record that none of our processes wrote was set aside within 15 minutes",
        cause="another program has the right to write to our topics",
        command="hookline kafka acls",
    ),
    AlarmRule(
        name="HooklinePoison",
        severity="page",
        condition=CounterCondition("hookline_dead_letters_total", ("processor",), where='disposition="poison"'),
        summary="{processor} crashed on a record until it was set aside: a bug of ours",
        when="a record that crashed a processor three times was set aside within 15 minutes",
        cause="a bug of ours",
        command="hookline dlq ls {processor}",
    ),
    AlarmRule(
        name="HooklineCrmDead",
        severity="ticket",
        condition=GaugeCondition("hookline_crm_deliveries", by=("target",), aggregate="sum", where='status="dead"'),
        summary="{value} deliveries to {target} failed for good: hookline crm status",
        when="deliveries to a CRM are dead",
        cause="the CRM refuses what it is sent, or was away for longer than it is retried",
        command="hookline dlq ls crm:{target}",
    ),
    AlarmRule(
        name="HooklineCrmBehind",
        severity="ticket",
        condition=GaugeCondition("hookline_crm_oldest_seconds", 3600),
        summary="{target} has not been brought in line for an hour: hookline crm status",
        when="the oldest delivery that waits for a CRM is older than an hour",
        cause="the CRM is slow or away, or its budget of requests is spent",
        command="hookline crm status",
    ),
    AlarmRule(
        name="HooklineCrmPaused",
        severity="ticket",
        condition=GaugeCondition("hookline_crm_paused_until_seconds"),
        summary="calls to {target} are paused: it does not answer, or refuses us",
        when="calls to a CRM have been paused for 5 minutes",
        for_seconds=300,
        cause="the CRM is away, asks to wait, or no longer accepts our credentials",
        command="hookline crm check",
    ),
)
