"""The alarms that are on, those that are over, and who has been told: each alarm once, and once when it is over."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ops.alarms.findings import AlarmFinding
from ops.alarms.rule import AlarmRule, GaugeCondition, ObservedFact

#: How long a condition has to be gone before its alarm is over: what comes and goes is one alarm.
CLEAR_AFTER = timedelta(seconds=30)
#: How long an alarm stays on when nobody can see whether its condition still holds.
UNSEEN_AFTER = timedelta(minutes=10)
#: How long an alarm that is over is remembered here; PostgreSQL remembers it for longer.
FORGET_AFTER = timedelta(days=1)

#: Kinds of facts that only PostgreSQL can tell.
FROM_POSTGRES = frozenset(
    {
        *("process_missing", "process_gone", "process_restarted", "crash_loop", "postgres_restarted"),
        *("lock_wait", "halted", "paused_by_operator", "silence", "clock_off"),
    }
)


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """One alarm from its beginning to its end."""

    key: str
    rule: str
    severity: str
    summary: str
    cause: str
    command: str
    runbook: str
    since: datetime  #: when the condition began to hold
    seen_at: datetime  #: when it was last seen to hold
    changed_at: datetime  #: when the alarm went on or was over
    over_at: datetime | None = None
    sent: Mapping[str, str] = field(default_factory=dict)  #: by target: "on" or "over", the last that it was sent

    @property
    def state(self) -> str:
        """`on` or `over`."""
        return "on" if self.over_at is None else "over"

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AlarmRecord:
        """From `as_json`. Raises KeyError, TypeError and ValueError where it is none."""
        times = {name: datetime.fromisoformat(data[name]) for name in ("since", "seen_at", "changed_at")}
        over_at = data.get("over_at")
        return cls(**{**data, **times, "over_at": None if over_at is None else datetime.fromisoformat(over_at)})


@dataclass(frozen=True, slots=True)
class PendingAlarm:
    """A condition that has not held for long enough yet."""

    key: str
    rule: str
    begun: datetime
    seen_at: datetime

    def as_json(self) -> dict[str, str]:
        """As plain data."""
        times = {"begun": self.begun.isoformat(), "seen_at": self.seen_at.isoformat()}
        return {"key": self.key, "rule": self.rule, **times}

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> PendingAlarm:
        """From `as_json`. Raises KeyError, TypeError and ValueError where it is none."""
        times = {name: datetime.fromisoformat(data[name]) for name in ("begun", "seen_at")}
        return cls(key=data["key"], rule=data["rule"], **times)


class AlarmBook:
    """Thread-safe. `now` is given by the caller, in UTC."""

    def __init__(self, rules: Sequence[AlarmRule]) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self._lock = threading.Lock()
        self._alarms: dict[str, AlarmRecord] = {}
        self._pending: dict[str, PendingAlarm] = {}
        self._unsaved: set[tuple[str, datetime]] = set()
        self._over: dict[tuple[str, datetime], AlarmRecord] = {}
        self._restored: set[str] = set()  #: keys of alarms that went on when they were kept; none has been looked for

    def restore(self, records: Iterable[AlarmRecord], pending: Iterable[PendingAlarm] = ()) -> None:
        """Take what was kept; of two records of one alarm the one that changed last, with everything that was sent."""
        with self._lock:
            for record in records:
                self._restore(record)
            self._pending |= {waiting.key: waiting for waiting in pending if waiting.rule in self._rules}

    def _restore(self, record: AlarmRecord) -> None:
        place, on = (record.key, record.since), self._alarms.get(record.key)
        known = on if on is not None and on.since == record.since else self._over.get(place)
        if known is not None:
            latest = max(known, record, key=lambda item: item.changed_at)
            sent = {**known.sent, **record.sent}
            sent.update(
                {target: "over" for target in sent if "over" in (known.sent.get(target), record.sent.get(target))}
            )
            record = replace(latest, sent=sent)
        if record.over_at is not None:
            self._over[place] = record
            if on is not None and on.since == record.since:
                del self._alarms[record.key]
        elif on is None or on.since >= record.since:  # what went on before the restart goes on
            self._alarms[record.key] = record
            self._restored.add(record.key)

    def update(
        self, findings: Iterable[AlarmFinding], now: datetime, *, unseen: Collection[str] = ()
    ) -> list[AlarmRecord]:
        """What holds now. Returns what changed.

        `unseen`: "postgres" and "metrics", where what they tell could not be asked, and "history", where it is not
        known how metrics were before: the alarms that rest on them stay as they are.
        """
        changed: list[AlarmRecord] = []
        with self._lock:
            found = {finding.key: finding for finding in findings}
            for key in self._restored & self._alarms.keys():  # it was last seen by another process, before this one
                self._alarms[key] = replace(self._alarms[key], seen_at=now)
            self._restored.clear()
            for key, finding in found.items():
                rule = self._rules[finding.rule]
                summary = rule.describe(finding.labels, finding.value)
                if known := self._alarms.get(key):
                    self._alarms[key] = replace(known, seen_at=now, summary=summary)
                    continue
                begun = self._pending[key].begun if key in self._pending else now
                self._pending[key] = PendingAlarm(key, finding.rule, begun, now)
                if now - begun >= timedelta(seconds=rule.for_seconds):
                    del self._pending[key]
                    command = rule.command_for(finding.labels)
                    record = AlarmRecord(
                        key, rule.name, rule.severity, summary, rule.cause, command, rule.runbook, begun, now, now
                    )
                    self._alarms[key] = record
                    changed.append(record)
            for key in self._pending.keys() - found.keys():
                waiting = self._pending[key]
                if now - waiting.seen_at > self._longest_gap(waiting.rule, unseen):
                    del self._pending[key]
            for key in [key for key in self._alarms if key not in found]:
                record = self._alarms[key]
                wait = UNSEEN_AFTER if self._rests_on(record.rule, unseen) else CLEAR_AFTER
                if now - record.seen_at >= wait:
                    del self._alarms[key]
                    over = replace(record, over_at=now, changed_at=now)
                    self._over[key, over.since] = over
                    changed.append(over)
            for place in [place for place, record in self._over.items() if now - record.changed_at > FORGET_AFTER]:
                del self._over[place]
            self._unsaved |= {(record.key, record.since) for record in changed}
        return changed

    def _longest_gap(self, rule: str, unseen: Collection[str]) -> timedelta:
        """How long a condition that has to hold for a while may be out of sight without having to begin again.

        A process that starts anew has no figures for some seconds: a tenth of the while is not counted against it.
        """
        if self._rests_on(rule, unseen):
            return UNSEEN_AFTER
        return timedelta(seconds=self._rules[rule].for_seconds / 10)

    def _rests_on(self, rule: str, unseen: Collection[str]) -> bool:
        """Whether what `rule` is judged by is among `unseen`."""
        condition = self._rules[rule].condition if rule in self._rules else None
        if isinstance(condition, GaugeCondition):
            return "metrics" in unseen
        if isinstance(condition, ObservedFact):
            if condition.kind in ("process_down", "postgres_unreachable"):
                return False  # who does not answer is seen by that
            if condition.kind in FROM_POSTGRES:
                return "postgres" in unseen
        return "metrics" in unseen or "history" in unseen

    def outstanding(self, target: str) -> list[AlarmRecord]:
        """What `target` has not been sent yet, oldest first; it hears that an alarm is over if it heard of it."""
        with self._lock:
            waiting = [record for record in self._alarms.values() if record.sent.get(target) != "on"]
            waiting += [record for record in self._over.values() if record.sent.get(target) != "over"]
        return sorted(waiting, key=lambda record: record.changed_at)

    def mark_sent(self, target: str, records: Iterable[AlarmRecord]) -> None:
        """`target` has been sent these as they are here."""
        with self._lock:
            for record in records:
                place = (record.key, record.since)
                holder: dict[Any, AlarmRecord] = self._over if place in self._over else self._alarms
                name: Any = place if place in self._over else record.key
                if (known := holder.get(name)) is not None and known.since == record.since:
                    holder[name] = replace(known, sent={**known.sent, target: record.state})
                    self._unsaved.add(place)

    def records(self) -> list[AlarmRecord]:
        """All that are on, and those that were over lately."""
        with self._lock:
            return [*self._alarms.values(), *self._over.values()]

    def pending(self) -> list[PendingAlarm]:
        """What has not held for long enough yet."""
        with self._lock:
            return [*self._pending.values()]

    def take_unsaved(self) -> list[AlarmRecord]:
        """What changed since the last call; whoever cannot keep it gives it back with `not_saved`."""
        with self._lock:
            places, self._unsaved = self._unsaved, set()
            held = [*self._alarms.values(), *self._over.values()]
        return [record for record in held if (record.key, record.since) in places]

    def not_saved(self, records: Iterable[AlarmRecord]) -> None:
        """They are handed out again."""
        with self._lock:
            self._unsaved |= {(record.key, record.since) for record in records}
