"""Alarms about ingest and what the providers send."""

from __future__ import annotations

from ops.alarms.metric_history import OF_WEBHOOKS, SHARE_REFUSED
from ops.alarms.rule import AlarmRule, CounterCondition, GaugeCondition, ObservedFact, PrometheusQuery
from ops.quarantine_advice import ADVICE, USUAL_ADVICE

#: Of the last five minutes, or where too few webhooks came in them, of the last hour. The product with 0 stands for a
#: process that has refused nothing since it was started again: without it the hour before would count.
_SHARE_OF = "(\n  {}\n  or {}\n) > " + f"{SHARE_REFUSED:g}"


def _share_of(status: str) -> str:
    counter = "hookline_webhooks_total"
    shares = (
        f'sum by (provider) (increase({counter}{{status="{status}"}}[{window}]) or 0 * increase({counter}[{window}]))\n'
        f"  / (sum by (provider) (increase({counter}[{window}])) >= {OF_WEBHOOKS})"
        for window in ("5m", "1h")
    )
    return _SHARE_OF.format(*shares)


INGEST_RULES: tuple[AlarmRule, ...] = (
    AlarmRule(
        name="HooklineEventsRefused",
        severity="page",
        condition=CounterCondition("hookline_webhooks_total", ("provider",), 5, 'status=~"5.."'),
        summary="{provider}'s webhooks are answered 5xx; TextLink never sends them again",
        when="a webhook was answered 5xx within 5 minutes",
        cause="neither Kafka nor the spool takes events: the spool's disk is full or broken",
        command="hookline spool status",
    ),
    AlarmRule(
        name="HooklineSpooling",
        severity="ticket",
        condition=GaugeCondition("hookline_spooling"),
        summary="{instance} queues events on its disk, because Kafka does not take them",
        when="new events have gone to the spool for 15 seconds",
        for_seconds=15,
        cause="Kafka is down, frozen, or out of reach of ingest: its circuit breaker is open",
        command="hookline status",
    ),
    AlarmRule(
        name="HooklineBreakerOpen",
        severity="ticket",
        condition=GaugeCondition("hookline_breaker_state"),
        summary="{instance} does not try Kafka: its circuit breaker is open",
        when="ingest's circuit breaker has been open or half open for 5 seconds",
        for_seconds=5,
        cause="Kafka did not confirm events in time: it is down, frozen or cut off",
        command="hookline status",
    ),
    AlarmRule(
        name="HooklineSpoolOld",
        severity="page",
        condition=GaugeCondition("hookline_spool_oldest_age_seconds", 900),
        summary="an event has waited {value:duration} in the spool of {instance}",
        when="the oldest event in a spool is older than 15 minutes",
        cause="Kafka has been away for that long, or it refuses the spool's first event again and again",
        command="hookline spool status",
    ),
    AlarmRule(
        name="HooklineSpoolFilling",
        severity="ticket",
        condition=ObservedFact(
            "spool_filling",
            "hookline_spool_bytes > 0.5 * hookline_spool_limit_bytes\n"
            "or hookline_spool_disk_free_bytes < hookline_spool_limit_bytes - hookline_spool_bytes",
        ),
        summary="the spool of {instance} is half full, or its disk is smaller than HOOKLINE_INGEST__SPOOL_MAX_MB",
        when="a spool holds half of its limit, or its disk has less room than the limit needs",
        cause="Kafka has been away for long, or something else fills the disk",
        command="hookline spool status",
    ),
    AlarmRule(
        name="HooklineSpoolNearlyFull",
        severity="page",
        condition=ObservedFact(
            "spool_nearly_full",
            "hookline_spool_bytes > 0.8 * hookline_spool_limit_bytes\n"
            "or (predict_linear(hookline_spool_bytes[15m], 3600) > hookline_spool_limit_bytes"
            " and hookline_spooling == 1)\n"
            "or (predict_linear(hookline_spool_disk_free_bytes[15m], 3600) < 0 and hookline_spooling == 1)",
        ),
        summary="the spool of {instance} is 80 % full, or will be full within the hour: then events are refused",
        when="a spool holds 80 % of its limit, or grows so fast that it or its disk is full within an hour",
        cause="Kafka is away, and events come faster than the disk was planned for",
        command="hookline spool status",
    ),
    AlarmRule(
        name="HooklineSpoolFailing",
        severity="page",
        condition=ObservedFact(
            "spool_failing", "hookline_spool_failing == 1 or increase(hookline_spool_damaged_total[15m]) > 0"
        ),
        summary="the spool of {instance} is broken: without Kafka, events would be refused",
        when="the last write to a spool failed, or a damaged spool file was set aside within 15 minutes",
        cause="the spool's disk is full, read-only or failing",
        command="hookline spool status",
    ),
    AlarmRule(
        name="HooklineSpoolUnseen",
        severity="page",
        condition=GaugeCondition("hookline_spool_unseen"),
        summary="{instance} queues events in a spool that the gate does not know of: a stop in it is not seen",
        when="events have queued for 15 seconds in a spool that was not reported since its ingest started",
        for_seconds=15,
        cause="it reaches neither PostgreSQL nor Kafka: a wrong password, no network, or no HOOKLINE_POSTGRES__DSN",
        command="hookline nodes",
    ),
    AlarmRule(
        name="HooklineSpoolRefused",
        severity="ticket",
        condition=GaugeCondition("hookline_spool_refused_records"),
        summary="Kafka will never take {value} events in the spool of {instance}: hookline spool status",
        when="a spool holds events that Kafka refused for good",
        cause="the topic's largest record is smaller than ours, or ingest's principal may not write to it",
        command="hookline spool status",
    ),
    AlarmRule(
        name="HooklineReceiptsAhead",
        severity="page",
        condition=CounterCondition("hookline_receipts_far_ahead_total", ("instance",), 60),
        summary="the clock of {instance} was, or is, hours off: its receipts order the opt-outs",
        when="receipts were found hours ahead of a node's clock within an hour",
        cause="the node's clock was stepped",
        command="hookline doctor",
    ),
    AlarmRule(
        name="HooklineStalledBodies",
        severity="ticket",
        condition=PrometheusQuery("rate(hookline_request_bodies_stalled_total[5m]) > 1"),
        summary="clients of {instance} do not send the bodies that they announce: nothing in front buffers them",
        when="more than one request a second has not sent its body in time, for 5 minutes",
        for_seconds=300,
        cause="ingest is reached without the buffering proxy, or somebody attacks it",
        command="hookline doctor",
    ),
    AlarmRule(
        name="HooklineAnswersSlowly",
        severity="ticket",
        condition=PrometheusQuery(
            "histogram_quantile(0.99, sum by (provider, le) (rate(hookline_webhook_seconds_bucket[5m]))) > 1"
        ),
        summary="one in a hundred of {provider}'s webhooks waits longer than a second",
        when="the 99th percentile of answers is above a second for 5 minutes",
        for_seconds=300,
        cause="Kafka confirms slowly, the spool's disk syncs slowly, or the machine has no processor time left",
        command="hookline status",
    ),
    AlarmRule(
        name="HooklineUnauthenticWebhooks",
        severity="ticket",
        condition=CounterCondition("hookline_webhooks_refused_total", ("provider", "reason"), 15, more_than=20),
        summary="{provider}: webhooks refused ({reason}); was a secret rotated on one side only?",
        when="more than 20 webhooks of a provider were refused for one reason within 15 minutes",
        cause="a secret was rotated on one side only, or somebody tries the door",
        command="hookline quarantine ls",
    ),
    # Where little came in five minutes the last hour counts, so that a sender of few webhooks is noticed too.
    AlarmRule(
        name="HooklineWrongSecret",
        severity="page",
        condition=ObservedFact("share_of_401", _share_of("401")),
        summary="{value:percent} of {provider}'s webhooks are answered 401: is a secret of ours wrong?"
        " hookline quarantine ls",
        when="more than 20 % of a provider's webhooks within 5 minutes are answered 401, or within an hour where fewer "
        f"than {OF_WEBHOOKS} came in 5 minutes; fewer than {OF_WEBHOOKS} in an hour are not judged",
        for_seconds=60,
        cause="our secret and the provider's differ; what was refused is kept in the quarantine",
        command="hookline quarantine ls; mend the secret, then hookline quarantine replay",
    ),
    AlarmRule(
        name="HooklineManyUnreadable",
        severity="page",
        condition=ObservedFact("share_of_400", _share_of("400")),
        summary="{value:percent} of {provider}'s webhooks are answered 400: has its format changed?",
        when="more than 20 % of a provider's webhooks within 5 minutes are answered 400, or within an hour where fewer "
        f"than {OF_WEBHOOKS} came in 5 minutes; fewer than {OF_WEBHOOKS} in an hour are not judged",
        for_seconds=60,
        cause="the provider, or a proxy before ingest, changed what it sends",
        command="hookline quarantine ls",
    ),
    AlarmRule(
        name="HooklineQuarantineLoses",
        severity="page",
        condition=CounterCondition("hookline_quarantine_lost_total", ("provider", "reason"), 5, 'reason!="expired"'),
        summary="{provider}: refused webhooks are lost for ever ({reason}): mend what refuses them,"
        " then hookline quarantine replay",
        when="a refused webhook could not be kept within 5 minutes",
        cause="so much is refused that the quarantine is full, its disk fails, or it is off",
        command=USUAL_ADVICE,
        command_by_reason={reason: advice for reason, advice in ADVICE.items() if reason != "expired"},
    ),
    AlarmRule(
        name="HooklineQuarantineStalled",
        severity="page",
        condition=CounterCondition("hookline_quarantine_stalled_total", (), 5),
        summary="refused webhooks wait in memory and are not written: they are lost when ingest ends",
        when="a refused webhook came while nothing had been written to the quarantine for a minute",
        cause="the disk hangs, or a frozen process holds quarantine.lock in the spool's directory",
        command="see the disk, and who holds the lock (fuser quarantine.lock); then restart ingest",
    ),
    AlarmRule(
        name="HooklineQuarantineExpired",
        severity="ticket",
        condition=CounterCondition("hookline_quarantine_lost_total", ("provider",), 60, 'reason="expired"'),
        summary="{provider}: refused webhooks were removed from the quarantine, because nobody replayed them in time",
        when="refused webhooks became too old within an hour",
        cause="nobody looked at the quarantine",
        command=ADVICE["expired"],
    ),
    AlarmRule(
        name="HooklineUnreadableWebhooks",
        severity="ticket",
        condition=CounterCondition("hookline_webhooks_total", ("provider",), 60, 'status="400"'),
        summary="{provider} sends what nobody can read; it is kept: hookline quarantine ls",
        when="a webhook was answered 400 within an hour",
        cause="the provider changed its format, or somebody else posts there",
        command="hookline quarantine ls",
    ),
    AlarmRule(
        name="HooklineUnrecognizedWebhooks",
        severity="ticket",
        condition=CounterCondition("hookline_events_total", ("provider",), 60, 'event_type="unrecognized"'),
        summary="{provider} sends something that Hookline does not know; it is kept whole",
        when="a webhook of an unknown kind came within an hour",
        cause="the provider has a new kind of event",
        command="hookline tail",
    ),
    AlarmRule(
        name="HooklineSilent",
        severity="page",
        condition=ObservedFact("silence"),
        summary="no {event_type} of {provider} for {value:duration}; in this hour of the week {usual} is usual",
        when="an event type of a provider has been silent for longer than it ever was in that hour of the week over "
        "four weeks (at least 5 minutes), at the latest after twice that time",
        cause="the provider no longer calls us: its subscription, its account, DNS, the certificate or the proxy",
        command="hookline doctor",
    ),
)
