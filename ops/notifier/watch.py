"""One look at everything: what the observers found, as the findings of rules, into the book."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from prometheus_client import generate_latest

from ops.alarms.catalogue import RULES
from ops.alarms.findings import AlarmFinding, ObservedItem
from ops.alarms.metric_history import MetricHistory, metrics_of
from ops.alarms.rule import AlarmRule, ObservedFact
from ops.notifier.alarm_book import AlarmBook, AlarmRecord
from ops.notifier.alarm_store import AlarmFile
from ops.notifier.postgres_observer import PostgresObserver
from ops.notifier.process_observer import ProcessAnswer
from ops.status.findings import Sample, samples_of
from runtime import logs, metrics
from runtime.reminder import Reminder

log = logs.logger("hookline.notifier")

#: Seconds without an answer from PostgreSQL that make it a fact, for which the rule then has its own patience.
UNANSWERED = 6.0
#: Seconds between two times that what may become an alarm is kept: a notifier that starts anew goes on waiting.
KEEP_PENDING_EVERY = 10.0
#: Seconds after its start in which the notifier only looks: PostgreSQL has to tell first what was sent.
START_GRACE = 8.0
#: Seconds after its start in which counters say little: rules look at how they grow, over five minutes.
NO_HISTORY = 330.0


def findings_of(items: Iterable[ObservedItem], rules: Sequence[AlarmRule] = RULES) -> Iterator[AlarmFinding]:
    """The facts as findings of the rules that are about them."""
    by_kind = {rule.condition.kind: rule.name for rule in rules if isinstance(rule.condition, ObservedFact)}
    for item in items:
        yield AlarmFinding(by_kind[item.kind], item.labels, item.value)


class AlarmWatch:
    """`look` is called by one thread, `keep` by any."""

    def __init__(
        self,
        book: AlarmBook,
        ask: Callable[[], Sequence[ProcessAnswer]],
        postgres: PostgresObserver,
        file: AlarmFile,
        *,
        slow_facts: Callable[[], Iterable[ObservedItem]] = tuple,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`slow_facts`: what other threads have found of what changes slowly."""
        self._book = book
        self._ask = ask
        self._postgres = postgres
        self._file = file
        self._slow_facts = slow_facts
        self._clock = clock
        self._now = now
        self._history = MetricHistory(RULES)
        self._begun = clock()
        self._own = metrics_of(RULES)
        self._keeping = threading.Lock()
        self._reminder = Reminder(clock=clock)
        self._pending_written_at = float("-inf")
        self._written: Mapping[tuple[str, datetime], tuple[str, Mapping[str, str]]] = {}
        self.looked_at: float | None = None  #: by the monotonic clock

    @property
    def may_send(self) -> bool:
        """Whether what was sent before is known, or nobody can tell."""
        return self._postgres.latest is not None and (
            self._postgres.latest.failure is None or self._clock() - self._begun >= START_GRACE
        )

    def look(self) -> list[AlarmRecord]:
        """Look once. Returns the alarms that changed."""
        answers = self._ask()
        at = self._clock()
        for answer in answers:
            if answer.answered:
                self._history.record(answer.name, answer.samples, at)
            else:
                self._history.forget(answer.name)
        self._history.record("notifier", self._own_samples(), at)
        items = [*self._facts(answers, at)]
        self._postgres.spooling = any(
            sample.name == "hookline_spooling" and sample.value for answer in answers for sample in answer.samples
        )
        unseen = set()
        if any(not answer.answered for answer in answers):
            unseen.add("metrics")
        if at - self._begun < NO_HISTORY:
            unseen.add("history")
        latest = self._postgres.latest
        if latest is None or latest.failure is not None or at - self._postgres.answered_at > UNANSWERED:
            unseen.add("postgres")
        changed = self._book.update([*self._history.findings(), *findings_of(items)], self._now(), unseen=unseen)
        for record in changed:
            log.warning("alarm", rule=record.rule, state=record.state, summary=record.summary)
        try:
            self.keep()
        except OSError as error:  # PostgreSQL keeps them too; of a full disk people are to be told above all
            if self._reminder.due():
                log.error("alarms_not_kept", error=error.strerror)
        self._measure()
        self.looked_at = self._clock()
        return changed

    def keep(self) -> None:
        """Write what there is to the file. Raises OSError."""
        with self._keeping:
            records, pending = self._book.records(), self._book.pending()
            fresh = {(record.key, record.since): (record.state, record.sent) for record in records}
            is_due = bool(pending) and self._clock() >= self._pending_written_at + KEEP_PENDING_EVERY
            if fresh != self._written or is_due:
                self._file.write(records, pending)
                self._written, self._pending_written_at = fresh, self._clock()

    def _facts(self, answers: Sequence[ProcessAnswer], at: float) -> Iterator[ObservedItem]:
        down = [answer.name for answer in answers if not answer.answered]
        for answer in answers:
            yield from answer.facts()
        yield from self._history.facts()
        yield from self._slow_facts()
        latest = self._postgres.latest
        if latest is not None and at - self._postgres.answered_at > UNANSWERED:
            yield ObservedItem("postgres_unreachable", {"reason": latest.failure or "it does not answer"})
        elif latest is not None:
            for item in latest.items:
                # One that does not answer on its admin port is told of once.
                process = item.labels.get("process", "")
                if item.kind in ("process_missing", "process_gone") and any(_is_of(name, process) for name in down):
                    continue
                yield item

    def _own_samples(self) -> list[Sample]:
        samples = samples_of(generate_latest().decode())
        return [sample for sample in samples if sample.name in self._own and "notification" in sample.name]

    def _measure(self) -> None:
        for severity in ("page", "ticket"):
            count = sum(item.severity == severity and item.over_at is None for item in self._book.records())
            metrics.ALARMS_ON.labels(severity).set(count)
        metrics.NOTIFIER_LOOKED_AT.set(self._now().timestamp())


def _is_of(admin_name: str, process: str) -> bool:
    """Whether the admin port ingest-1 is one of the process ingest."""
    return admin_name == process or admin_name.removeprefix(f"{process}-").isdecimal()
