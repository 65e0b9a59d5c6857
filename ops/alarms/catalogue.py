"""Every alarm rule, and Prometheus' file of those that Prometheus can judge."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ops.alarms.ingest_rules import INGEST_RULES
from ops.alarms.opt_out_rules import OPT_OUT_RULES
from ops.alarms.processor_rules import PROCESSOR_RULES
from ops.alarms.rule import AlarmRule
from ops.alarms.service_rules import SERVICE_RULES

#: By the group's name in Prometheus and in the runbook.
GROUPS: Mapping[str, Sequence[AlarmRule]] = MappingProxyType(
    {"services": SERVICE_RULES, "ingest": INGEST_RULES, "processors": PROCESSOR_RULES, "opt-outs": OPT_OUT_RULES}
)
RULES: tuple[AlarmRule, ...] = tuple(rule for rules in GROUPS.values() for rule in rules)

_HEAD = """\
# Written by `make docs` from ops/alarms: change the rules there.
# severity page: events or obligations are at stake now. severity ticket: look at it today.
groups:
"""


def rules_for_prometheus() -> str:
    """The text of deploy/prometheus/alerts.yml."""
    lines = [_HEAD]
    for group, rules in GROUPS.items():
        lines.append(f"  - name: hookline-{group}\n    rules:\n")
        lines += [_as_yaml(rule) for rule in rules if rule.for_prometheus]
    return "".join(lines)


def _as_yaml(rule: AlarmRule) -> str:
    query = "".join(f"          {line}\n" for line in rule.condition.promql.splitlines())
    wait = f"        for: {rule.for_seconds}s\n" if rule.for_seconds else ""
    annotations = {
        "summary": rule.prometheus_summary(),
        "cause": rule.cause,
        "command": rule.prometheus_command(),
        "runbook": rule.runbook,
    }
    texts = "".join(f"          {name}: {json.dumps(text, ensure_ascii=False)}\n" for name, text in annotations.items())
    return (
        f"      - alert: {rule.name}\n        expr: |\n{query}{wait}"
        f"        labels: {{severity: {rule.severity}}}\n        annotations:\n{texts}"
    )
