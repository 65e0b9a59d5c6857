"""deploy/grafana/hookline.json: what an operator looks at first, each panel with its question and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

#: Width of Grafana's grid, and of a panel: three a row. Heights in its units of 30 pixels.
GRID, WIDTH, HEIGHT = 24, 8, 8
RATE = "[$__rate_interval]"


@dataclass(frozen=True)
class Panel:
    """One panel: `series` are PromQL expressions, each with its legend."""

    title: str
    about: str
    unit: str  #: by Grafana's ids, such as "s" or "percentunit"
    series: Sequence[tuple[str, str]]
    kind: str = "timeseries"
    red_from: float | None = None  #: the value from which on it is shown in red


def _share(status: str) -> str:
    refused = f'sum by (provider) (rate(hookline_webhooks_total{{status="{status}"}}{RATE}))'
    return f"{refused} / sum by (provider) (rate(hookline_webhooks_total{RATE}))"


def _quantile(quantile: float, name: str, *labels: str) -> str:
    return f"histogram_quantile({quantile}, sum by ({', '.join(('le', *labels))}) (rate({name}_bucket{RATE})))"


ROWS: dict[str, Sequence[Panel]] = {
    "Is anything wrong now": (
        Panel(
            "Processes that do not answer",
            "0 is well. Prometheus cannot reach their admin ports: `hookline status`.",
            "none",
            [('count(up{job=~"hookline-.*"} == 0) or vector(0)', "down")],
            "stat",
            1,
        ),
        Panel(
            "Alarms that are on",
            "What the notifier has found and told, by severity: docs/runbook.md has a section for each.",
            "none",
            [("sum by (severity) (hookline_alarms_on)", "{{severity}}")],
            "stat",
            1,
        ),
        Panel(
            "Starts in 15 minutes",
            "More than one or two is a crash loop: see the process's log. Of the gate, starts of its worker.",
            "none",
            [('changes(process_start_time_seconds{job=~"hookline-.*"}[15m])', "{{job}} {{instance}}")],
            red_from=3,
        ),
    ),
    "Webhooks": (
        Panel(
            "Webhooks by provider",
            "None at all, at an hour that usually has some, may be a webhook URL that was changed at the provider.",
            "reqps",
            [(f"sum by (provider) (rate(hookline_webhooks_total{RATE}))", "{{provider}}")],
        ),
        Panel(
            "Share answered 401 and 400",
            "401: a secret differs from the provider's. 400: bodies that cannot be read. Both are kept: `hookline "
            "quarantine ls`.",
            "percentunit",
            [(_share("401"), "{{provider}} 401"), (_share("400"), "{{provider}} 400")],
            red_from=0.2,
        ),
        Panel(
            "Answers by status",
            "503: an event that could be made durable nowhere. TextLink sends none of them again.",
            "reqps",
            [(f"sum by (status) (rate(hookline_webhooks_total{RATE}))", "{{status}}")],
        ),
        Panel(
            "Time to answer",
            "From request to answer. Spooling shows as a step: a sync of the disk instead of Kafka.",
            "s",
            [
                (_quantile(0.5, "hookline_webhook_seconds", "provider"), "{{provider}} p50"),
                (_quantile(0.99, "hookline_webhook_seconds", "provider"), "{{provider}} p99"),
            ],
        ),
        Panel(
            "Quarantine",
            "Webhooks answered 401 or 400 that can be replayed once the cause is mended: `hookline quarantine replay`.",
            "none",
            [("sum by (instance) (hookline_quarantine_webhooks)", "{{instance}}")],
        ),
        Panel(
            "Lost from the quarantine",
            "Cannot be replayed any more: it is full, its disk fails, or more comes than can be written.",
            "none",
            [("sum by (provider, reason) (increase(hookline_quarantine_lost_total[1h]))", "{{provider}} {{reason}}")],
            red_from=1,
        ),
    ),
    "Spool": (
        Panel(
            "Events that wait in the spool",
            "Kafka does not take them; they are on this node's disk. They go out by themselves once it does.",
            "none",
            [
                ("sum by (instance) (hookline_spool_records)", "{{instance}}"),
                ("sum by (instance) (hookline_spool_refused_records)", "{{instance}} refused for good"),
            ],
        ),
        Panel(
            "The spool's disk",
            "At its limit, or with a full disk, events are refused with 503.",
            "bytes",
            [
                ("hookline_spool_bytes", "{{instance}} taken"),
                ("hookline_spool_limit_bytes", "{{instance}} limit"),
                ("hookline_spool_disk_free_bytes", "{{instance}} free on the disk"),
            ],
        ),
        Panel(
            "Breaker",
            "0 closed: Kafka is tried. 1 open: new events go to the spool. 2 half open: Kafka is probed.",
            "none",
            [("max by (instance) (hookline_breaker_state)", "{{instance}}")],
            red_from=1,
        ),
    ),
    "Processors": (
        Panel(
            "Lag in time",
            "Age of the oldest record without committed effects. Steady is work; growing is a processor that is "
            "frozen, paused or too slow.",
            "s",
            [("max by (processor) (hookline_lag_seconds)", "{{processor}}")],
            red_from=300,
        ),
        Panel(
            "Lag in records",
            "How much there is to catch up.",
            "none",
            [("sum by (processor) (hookline_lag_records)", "{{processor}}")],
        ),
        Panel(
            "Records with committed effects",
            "No record while the lag grows: nothing is being done.",
            "cps",
            [(f"sum by (processor) (rate(hookline_records_total{RATE}))", "{{processor}}")],
        ),
        Panel(
            "Halted",
            "1: most records were set aside, or offsets are lost. Look before you let it go on: `hookline dlq show "
            "PROCESSOR`, then `hookline dlq resume PROCESSOR`.",
            "none",
            [("max by (processor) (hookline_halted)", "{{processor}}")],
            red_from=1,
        ),
        Panel(
            "Dead letters in an hour",
            "Records set aside: `hookline dlq ls`, mend the cause, `hookline dlq redrive PROCESSOR --canary 10`.",
            "none",
            [
                (
                    "sum by (processor, disposition) (increase(hookline_dead_letters_total[1h]))",
                    "{{processor}} {{disposition}}",
                )
            ],
            red_from=1,
        ),
        Panel(
            "Batches tried again",
            "By reason: PostgreSQL that does not answer, a lock, Kafka.",
            "cps",
            [(f"sum by (processor, reason) (rate(hookline_retries_total{RATE}))", "{{processor}} {{reason}}")],
        ),
    ),
    "Opt-outs": (
        Panel(
            "Overdue, and near their deadline",
            "Opt-outs that are not made true at every account. Overdue is a violation of law: docs/runbook.md.",
            "none",
            [
                ("max(hookline_enforcements_overdue)", "overdue"),
                ("max(hookline_enforcements_near_deadline)", "near the deadline"),
            ],
            "stat",
            1,
        ),
        Panel(
            "Oldest opt-out that waits",
            "Age of the oldest that some account has not been told of: the target is locked, paused or slow.",
            "s",
            [("max(hookline_enforcement_oldest_seconds)", "oldest")],
            red_from=3600,
        ),
        Panel(
            "Messages to numbers that are out",
            "In 30 days. Each may cost $500 to $1,500: find the sender that does not ask the gate.",
            "none",
            [("max(hookline_opt_out_violations)", "violations")],
            "stat",
            1,
        ),
        Panel(
            "From receipt to a target's answer",
            "How long an opt-out takes to be true at the accounts of a target.",
            "s",
            [(_quantile(0.99, "hookline_enforcement_seconds", "target"), "{{target}} p99")],
        ),
        Panel(
            "Calls to targets",
            "By outcome. A target that is locked refuses our credentials: nothing is enforced there.",
            "cps",
            [
                (
                    f"sum by (target, outcome) (rate(hookline_enforcement_calls_total{RATE}))",
                    "{{target}} {{outcome}}",
                ),
                ("max by (target) (hookline_target_locked)", "{{target}} locked"),
            ],
        ),
        Panel(
            "Questions for a person",
            "Reviews that nobody has answered; a hold becomes an opt-out by itself: `hookline opt-outs review`.",
            "none",
            [("sum by (kind) (hookline_opt_out_reviews_open)", "{{kind}}")],
        ),
    ),
    "CRM": (
        Panel(
            "Queue by target",
            "Deliveries that wait, or are dead: `hookline dlq deliveries`.",
            "none",
            [("sum by (target, status) (hookline_crm_deliveries)", "{{target}} {{status}}")],
        ),
        Panel(
            "Oldest delivery that waits",
            "Grows where a CRM is down, limits us, or refuses our credentials.",
            "s",
            [("max by (target) (hookline_crm_oldest_seconds)", "{{target}}")],
            red_from=3600,
        ),
        Panel(
            "Attempts by outcome",
            "What the CRMs answered.",
            "cps",
            [(f"sum by (target, outcome) (rate(hookline_crm_attempts_total{RATE}))", "{{target}} {{outcome}}")],
        ),
    ),
    "Gate": (
        Panel(
            "Answers",
            "Phones that senders asked about. All `out`: see whether it is sure.",
            "cps",
            [
                (f"sum by (state) (rate(hookline_gate_answers_total{RATE}))", "{{state}}"),
                (f"sum(rate(hookline_gate_failures_total{RATE}))", "requests with nothing sure"),
            ],
        ),
        Panel(
            "Unsure",
            "1: every answer is `out`, because a stop may be missing in the ledger: opt-out lags, or a node's spool is "
            "not reported.",
            "none",
            [("max by (instance) (hookline_gate_unsure)", "{{instance}}")],
            red_from=1,
        ),
        Panel(
            "Time to answer a sender",
            "From request to answer.",
            "s",
            [(_quantile(0.99, "hookline_gate_seconds"), "p99")],
        ),
    ),
}


def page() -> str:
    """The dashboard as Grafana imports it."""
    dashboard = {
        "uid": "hookline",
        "title": "Hookline",
        "description": "From webhook to effect: what is wrong, since when, and what to do. docs/runbook.md has more.",
        "tags": ["hookline"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,  # one crosshair for all panels
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": list(_panels()),
    }
    return json.dumps(dashboard, indent=1) + "\n"


def _panels() -> Iterator[dict[str, Any]]:
    number, y = 0, 0
    for title, panels in ROWS.items():
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": _at(0, y, GRID, 1),
        }
        y += 1
        for place, panel in enumerate(panels):
            number += 1
            x = place % (GRID // WIDTH) * WIDTH
            yield _panel(number, panel, _at(x, y + place // (GRID // WIDTH) * HEIGHT, WIDTH, HEIGHT))
        y += -(-len(panels) // (GRID // WIDTH)) * HEIGHT


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.red_from is not None:
        steps.append({"color": "red", "value": panel.red_from})
    custom = {} if panel.kind == "stat" else {"thresholdsStyle": {"mode": "line" if len(steps) > 1 else "off"}}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": custom,
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": source, "expr": expression, "legendFormat": legend}
            for place, (expression, legend) in enumerate(panel.series)
        ],
    }


def _at(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}
