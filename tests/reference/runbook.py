"""docs/runbook.md, from the alarm rules."""

from __future__ import annotations

from ops.alarms.catalogue import GROUPS
from ops.alarms.rule import AlarmRule, ObservedFact, duration

_HEAD = """\
# Runbook

A section for each alarm. The rules are in `ops/alarms`; Prometheus' file `deploy/prometheus/alerts.yml` and the
notifier ([notifier.md](notifier.md)) are both made from them. *page*: events or obligations are at stake now. *ticket*:
look at it today.
"""


def page() -> str:
    """The page."""
    parts = [_HEAD]
    for group, rules in GROUPS.items():
        parts.append(f"\n## Alarms: {group}\n")
        parts += [_section(rule) for rule in rules]
    return "".join(parts)


def _section(rule: AlarmRule) -> str:
    judges = [name for name, has in (("Prometheus", rule.for_prometheus), ("the notifier", rule.for_notifier)) if has]
    wait = f" It has to hold for {duration(rule.for_seconds)}." if rule.for_seconds else ""
    started = rule.when[0].upper() + rule.when[1:]
    return (
        f"\n### {rule.name}\n\n*{rule.severity}*, judged by {' and '.join(judges)}. {started}.{wait}\n\n"
        f"- Likely cause: {rule.cause}.\n- Run first: `{rule.command}`\n"
        f"{''.join(f'  - {reason}: `{text}`{chr(10)}' for reason, text in rule.command_by_reason.items())}"
        f"{'' if isinstance(rule.condition, ObservedFact) and not rule.for_prometheus else _query(rule)}"
    )


def _query(rule: AlarmRule) -> str:
    return f"- In Prometheus:\n\n  ```promql\n{_indented(rule.condition.promql)}  ```\n"


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())
