"""Brings alarms to the targets. Each target has a thread of its own: one that is slow or dead delays nobody else."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops.notifier.alarm_book import AlarmBook
from ops.notifier.messages import MOST, AlarmMessage, message_about
from runtime import logs, metrics

log = logs.logger("hookline.notifier")

#: Seconds to the next try at most, after 5, 10, 20 ... Nothing sleeps on it: a thread looks every second.
LONGEST_WAIT = 300.0

#: Sends a message to a URL within so many seconds; whether it was taken.
Send = Callable[[str, AlarmMessage, float], bool]


@dataclass(frozen=True, slots=True)
class NotificationTarget:
    """Where messages go."""

    name: str  #: its kind and a digest of its URL: the URL is a secret
    url: str

    @classmethod
    def of(cls, url: str) -> NotificationTarget:
        """Named by its URL."""
        kind = url.partition(":")[0].strip().lower()
        kind = kind if kind.isalnum() and len(kind) < 20 else "target"
        return cls(f"{kind}-{hashlib.sha256(url.encode()).hexdigest()[:8]}", url)

    def __repr__(self) -> str:
        return f"NotificationTarget({self.name})"


def send_by_apprise(url: str, message: AlarmMessage, seconds: float) -> bool:
    """Send it in a process of its own, which is killed after `seconds`. Raises OSError where none can be started."""
    given = {"url": url, "title": message.title, "body": message.body, "type": message.kind}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ops.notifier.send_message"],
            input=json.dumps(given).encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


class TargetWorker:
    """Sends one target what it has not been sent, one message at a time. Used by one thread."""

    def __init__(
        self,
        target: NotificationTarget,
        book: AlarmBook,
        *,
        send: Send = send_by_apprise,
        seconds: float = 20.0,
        give_up_after: timedelta = timedelta(hours=24),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._target = target
        self._book = book
        self._send = send
        self._seconds = seconds
        self._give_up_after = give_up_after
        self._now = now
        self._failures = 0
        self._next_try = now()
        self._gauge = metrics.NOTIFICATION_FAILING.labels(target.name)
        self._gauge.set(0)

    def step(self) -> bool:
        """Send what waits, if it is time. Returns whether something was delivered."""
        now = self._now()
        if now < self._next_try:
            return False
        waiting = self._book.outstanding(self._target.name)
        old = [record for record in waiting if now - record.changed_at > self._give_up_after]
        if old:
            self._book.mark_sent(self._target.name, old)
            metrics.NOTIFICATIONS.labels(self._target.name, "given_up").inc(len(old))
            log.error("notifications_given_up", target=self._target.name, alarms=len(old))
        records = [record for record in waiting if record not in old][:MOST]
        if not records:
            return False
        if not self._taken(message_about(records)):
            self._failures += 1
            self._next_try = self._now() + timedelta(seconds=min(LONGEST_WAIT, 5.0 * 2 ** min(self._failures - 1, 9)))
            self._gauge.set(1)
            metrics.NOTIFICATIONS.labels(self._target.name, "failed").inc()
            log.warning("notification_failed", target=self._target.name, failures=self._failures)
            return False
        self._book.mark_sent(self._target.name, records)
        self._failures = 0
        self._gauge.set(0)
        metrics.NOTIFICATIONS.labels(self._target.name, "delivered").inc()
        log.info("notification_delivered", target=self._target.name, rules=[record.rule for record in records])
        return True

    def _taken(self, message: AlarmMessage) -> bool:
        try:
            return self._send(self._target.url, message, self._seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is, the target has not got it, and that has to show
            log.error("notification_process_failed", error_class=type(error).__name__)
            return False
