"""What the processes' metrics were lately, and which rules' conditions they meet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ops.alarms.findings import AlarmFinding, ObservedItem
from ops.alarms.rule import AlarmRule, CounterCondition, GaugeCondition, matcher
from ops.status.findings import Sample

#: A series: the process, the metric, and its labels.
Series = tuple[str, str, tuple[tuple[str, str], ...]]
#: Metrics that facts are made of, beside those that rules name.
_FOR_FACTS = frozenset(
    {
        "hookline_webhooks_total",
        "hookline_spool_bytes",
        "hookline_spool_limit_bytes",
        "hookline_spool_disk_free_bytes",
        "hookline_spool_failing",
        "hookline_spooling",
        "hookline_spool_damaged_total",
        "hookline_lag_seconds",
    }
)
#: Share of webhooks answered 401, or 400, that is too much, and of how many at least. One of five is not too much, so a
#: stray one pages nobody; a provider of ten an hour, all of them refused, pages after 36 minutes.
SHARE_REFUSED, OF_WEBHOOKS = 0.2, 5
#: Seconds of history that are kept: the longest that a rule counts over.
HISTORY = 3600.0
#: Seconds between two values that are kept of a series.
STEP = 10.0
#: Seconds over which a growth is carried forward for an hour, and over which lag has to grow.
TREND, LAG_TREND, LAG_RECENT = 900.0, 600.0, 120.0
#: Seconds of lag that are nothing to talk about.
LITTLE_LAG = 5.0


def metrics_of(rules: Iterable[AlarmRule]) -> frozenset[str]:
    """The names of the metrics that have to be read for `rules`."""
    conditions = [rule.condition for rule in rules]
    named = {item.metric for item in conditions if isinstance(item, GaugeCondition | CounterCondition)}
    return _FOR_FACTS | named


class MetricHistory:
    """Used by one thread. `at` is seconds of a clock that never goes back."""

    def __init__(self, rules: Sequence[AlarmRule]) -> None:
        self._rules = rules
        self._now = 0.0
        self._latest: dict[str, dict[Series, float]] = {}
        self._values: dict[Series, deque[tuple[float, float]]] = {}
        self._counted = _FOR_FACTS | {
            rule.condition.metric for rule in rules if isinstance(rule.condition, CounterCondition)
        }

    def record(self, process: str, samples: Iterable[Sample], at: float) -> None:
        """What `process` answered at `at`."""
        self._now = at
        is_first = process not in self._latest
        latest: dict[Series, float] = {}
        for sample in samples:
            series = (process, sample.name, tuple(sorted(sample.labels.items())))
            latest[series] = sample.value
            if sample.name not in self._counted:
                continue
            points = self._values.get(series)
            if points is None:
                points = self._values[series] = deque()
                # A counter appears with its first increase: before, it was 0, but nobody knows where we just began.
                if not is_first and sample.name.endswith("_total"):
                    points.append((at, 0.0))
            if len(points) < 2 or at - points[-2][0] >= STEP or points[-1][1] < points[-2][1]:
                points.append((at, sample.value))
            else:
                points[-1] = (at, sample.value)
            while len(points) > 2 and points[1][0] <= at - HISTORY:
                points.popleft()
        self._latest[process] = latest

    def forget(self, process: str) -> None:
        """Its last values are no longer how things are; its counters are remembered."""
        if process in self._latest:
            self._latest[process] = {}

    def findings(self) -> Iterator[AlarmFinding]:
        """The rules about one metric whose conditions hold."""
        for rule in self._rules:
            if isinstance(rule.condition, GaugeCondition):
                yield from self._gauges(rule.name, rule.condition)
            elif isinstance(rule.condition, CounterCondition):
                yield from self._counters(rule.name, rule.condition)

    def _gauges(self, rule: str, condition: GaugeCondition) -> Iterator[AlarmFinding]:
        grouped: dict[tuple[tuple[str, str], ...], list[float]] = {}
        for labels, value in self._current(condition.metric, condition.where):
            grouped.setdefault(_group(labels, condition.by), []).append(value)
        for group, values in grouped.items():
            value = max(values) if condition.aggregate == "max" else sum(values)
            if value > condition.limit or (condition.or_equal and value == condition.limit):
                yield AlarmFinding(rule, dict(group), value)

    def _counters(self, rule: str, condition: CounterCondition) -> Iterator[AlarmFinding]:
        grouped: dict[tuple[tuple[str, str], ...], float] = {}
        fits = matcher(condition.where)
        for series, values in self._values.items():
            process, name, labels = series
            if name == condition.metric and fits(dict(labels)):
                group = _group({**dict(labels), "instance": process}, condition.by)
                grouped[group] = grouped.get(group, 0.0) + _growth(values, self._now - 60.0 * condition.minutes)
        for group, value in grouped.items():
            if value > condition.more_than:
                yield AlarmFinding(rule, dict(group), value)

    def facts(self) -> Iterator[ObservedItem]:
        """What takes several metrics, or their history."""
        yield from self._shares()
        yield from self._spools()
        yield from self._growing_lag()

    def _shares(self) -> Iterator[ObservedItem]:
        """Over the last 5 minutes, or over the last hour where too little came."""
        for status, kind in (("401", "share_of_401"), ("400", "share_of_400")):
            for provider in sorted({dict(key[2]).get("provider", "") for key in self._of("hookline_webhooks_total")}):
                for seconds in (300.0, HISTORY):
                    counts = [
                        (dict(key[2]).get("status"), _growth(values, self._now - seconds))
                        for key, values in self._of("hookline_webhooks_total").items()
                        if dict(key[2]).get("provider") == provider
                    ]
                    total = sum(count for _, count in counts)
                    if total >= OF_WEBHOOKS:
                        share = sum(count for given, count in counts if given == status) / total
                        if share > SHARE_REFUSED:
                            yield ObservedItem(kind, {"provider": provider}, share)
                        break

    def _spools(self) -> Iterator[ObservedItem]:
        for process in self._latest:
            labels = {"instance": process}
            held, limit = self._gauge(process, "spool_bytes"), self._gauge(process, "spool_limit_bytes")
            free, spooling = self._gauge(process, "spool_disk_free_bytes"), self._gauge(process, "spooling")
            damaged = (_growth(values, self._now - TREND) for values in self._of(
                "hookline_spool_damaged_total", process).values())  # fmt: skip
            if self._gauge(process, "spool_failing") or any(damaged):
                yield ObservedItem("spool_failing", labels)
            if held is None or limit is None:
                continue
            if held > 0.5 * limit or (free is not None and free < limit - held):
                yield ObservedItem("spool_filling", labels, held)
            in_an_hour = held + self._slope(process, "hookline_spool_bytes") * 3600
            left = None if free is None else free + self._slope(process, "hookline_spool_disk_free_bytes") * 3600
            fills = bool(spooling) and (in_an_hour > limit or (left is not None and left < 0))
            if held > 0.8 * limit or fills:
                yield ObservedItem("spool_nearly_full", labels, held)

    def _growing_lag(self) -> Iterator[ObservedItem]:
        """The least of the last two minutes is above the greatest of two minutes that began ten minutes ago."""
        found: dict[str, float] = {}
        for (_, _, labels), values in self._of("hookline_lag_seconds").items():
            recent = [value for at, value in values if at > self._now - LAG_RECENT]
            before = [value for at, value in values if 0 <= at - (self._now - LAG_TREND) <= LAG_RECENT]
            if recent and before and min(recent) > max(LITTLE_LAG, *before):
                processor = dict(labels).get("processor", "")
                found[processor] = max(found.get(processor, 0.0), recent[-1])
        for processor, seconds in found.items():
            yield ObservedItem("lag_grows", {"processor": processor}, seconds)

    def _slope(self, process: str, metric: str) -> float:
        """How much it grows a second, over the last minutes; 0 where too little is known."""
        for values in self._of(metric, process).values():
            recent = [(at, value) for at, value in values if at >= self._now - TREND]
            if len(recent) > 1 and recent[-1][0] - recent[0][0] >= 60.0:
                return (recent[-1][1] - recent[0][1]) / (recent[-1][0] - recent[0][0])
        return 0.0

    def _of(self, metric: str, process: str | None = None) -> dict[Series, deque[tuple[float, float]]]:
        return {key: values for key, values in self._values.items() if key[1] == metric and process in (None, key[0])}

    def _gauge(self, process: str, name: str) -> float | None:
        return self._latest[process].get((process, f"hookline_{name}", ()))

    def _current(self, metric: str, where: str) -> Iterator[tuple[Mapping[str, str], float]]:
        fits = matcher(where)
        for process, values in self._latest.items():
            for (_, name, labels), value in values.items():
                if name == metric and fits(dict(labels)):
                    yield {**dict(labels), "instance": process}, value


def _group(labels: Mapping[str, str], by: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in labels.items() if not by or name in by))


def _growth(values: Iterable[tuple[float, float]], since: float) -> float:
    """How much a counter has grown after `since`; one that fell was begun anew."""
    grown, before = 0.0, None
    for at, value in values:
        if before is not None and at > since:
            grown += value - before if value >= before else value
        before = value
    return grown
