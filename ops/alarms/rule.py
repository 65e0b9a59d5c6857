"""One alarm rule as data. Prometheus' file and the notifier are both made from the same rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

#: page: events or obligations are at stake now. ticket: look at it today.
Severity = Literal["page", "ticket"]

_PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_PROMETHEUS_FORMATS = {"percent": "humanizePercentage", "duration": "humanizeDuration"}


@dataclass(frozen=True, slots=True)
class GaugeCondition:
    """True while a gauge is above a limit."""

    metric: str
    limit: float = 0.0
    by: tuple[str, ...] = ()  #: the labels that values are put together by; none: every series for itself
    aggregate: Literal["max", "sum"] = "max"
    where: str = ""  #: matchers of labels as PromQL has them, such as `status=~"5.."`
    or_equal: bool = False

    @property
    def promql(self) -> str:
        """The same condition for Prometheus."""
        series = f"{self.metric}{{{self.where}}}" if self.where else self.metric
        grouped = f"{self.aggregate} by ({', '.join(self.by)}) ({series})" if self.by else series
        return f"{grouped} {'>=' if self.or_equal else '>'} {self.limit:.15g}"


@dataclass(frozen=True, slots=True)
class CounterCondition:
    """True where a counter has grown by more than `more_than` within `minutes`."""

    metric: str
    by: tuple[str, ...]
    minutes: int = 15
    where: str = ""
    more_than: float = 0.0

    @property
    def promql(self) -> str:
        """The same for Prometheus, to which a counter's first sample is no increase: hence `unless .. offset`."""
        series = f"{self.metric}{{{self.where}}}" if self.where else self.metric
        group, window = f"sum by ({', '.join(self.by)})", f"{self.minutes}m"
        return (
            f"{group} (increase({series}[{window}])) > {self.more_than:.15g}\n"
            f"or {group} ({series} unless {series} offset {window}) > {self.more_than:.15g}"
        )


@dataclass(frozen=True, slots=True)
class PrometheusQuery:
    """True where a query that needs Prometheus' own history has a result; the notifier does not judge it."""

    promql: str


@dataclass(frozen=True, slots=True)
class ObservedFact:
    """True where the notifier has found the fact `kind` itself; `promql`: where Prometheus can see the same."""

    kind: str
    promql: str = ""


Condition = GaugeCondition | CounterCondition | PrometheusQuery | ObservedFact


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """One alarm."""

    name: str  #: as Prometheus shows it
    severity: Severity
    condition: Condition
    summary: str  #: for people; `{label}` and `{value}`, `{value:percent}`, `{value:duration}`
    when: str  #: the condition in words
    cause: str  #: the likely one
    command: str  #: what to run first
    for_seconds: int = 0  #: how long the condition has to hold
    command_by_reason: Mapping[str, str] = field(default_factory=dict)  #: instead, by the label `reason`

    @property
    def runbook(self) -> str:
        """The section of the runbook."""
        return f"docs/runbook.md#{self.name.lower()}"

    @property
    def for_prometheus(self) -> bool:
        """Whether Prometheus can judge it."""
        return bool(self.condition.promql)

    @property
    def for_notifier(self) -> bool:
        """Whether the notifier judges it."""
        return not isinstance(self.condition, PrometheusQuery)

    def prometheus_summary(self) -> str:
        """The summary as a template of Prometheus."""
        return _for_prometheus(self.summary)

    def prometheus_command(self) -> str:
        """The command as a template of Prometheus."""
        command = _for_prometheus(self.command)
        if not self.command_by_reason:
            return command
        cases = (
            f'if eq $labels.reason "{reason}" }}}}{_for_prometheus(text)}'
            for reason, text in self.command_by_reason.items()
        )
        return f"{{{{ {'{{ else '.join(cases)}{{{{ else }}}}{command}{{{{ end }}}}"

    def describe(self, labels: Mapping[str, str], value: float) -> str:
        """The summary with what was found."""
        return _filled(self.summary, labels, value)

    def command_for(self, labels: Mapping[str, str]) -> str:
        """The command with what was found, to paste."""
        return _filled(self.command_by_reason.get(labels.get("reason", ""), self.command), labels, 0.0)


def _for_prometheus(text: str) -> str:
    def replaced(match: re.Match[str]) -> str:
        name = "$value" if match[1] == "value" else f"$labels.{match[1]}"
        return f"{{{{ {name} | {_PROMETHEUS_FORMATS[match[2]]} }}}}" if match[2] else f"{{{{ {name} }}}}"

    return _PLACEHOLDER.sub(replaced, text)


def _filled(text: str, labels: Mapping[str, str], value: float) -> str:
    def replaced(match: re.Match[str]) -> str:
        if match[1] != "value":
            return labels.get(match[1], "?")
        return {"percent": f"{value:.1%}", "duration": duration(value)}.get(match[2] or "", f"{value:g}")

    return _PLACEHOLDER.sub(replaced, text)


def duration(seconds: float) -> str:
    """90 s, 12 min, 3 h, 2 d: what people read at a glance."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def matcher(where: str) -> Callable[[Mapping[str, str]], bool]:
    """Whether labels fit PromQL's matchers; an absent label is empty, a pattern has to match the whole."""
    tests = _MATCHER.findall(where)

    def fits(labels: Mapping[str, str]) -> bool:
        for name, operator, text in tests:
            value = labels.get(name, "")
            equal = re.fullmatch(text, value) is not None if operator in ("=~", "!~") else value == text
            if equal == operator.startswith("!"):
                return False
        return True

    return fits
