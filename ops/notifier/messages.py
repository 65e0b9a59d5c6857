"""What people read: each alarm with what, since when, the likely cause, and the command to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ops.alarms.rule import duration
from ops.notifier.alarm_book import AlarmRecord

#: Alarms in one message at most.
MOST = 20


@dataclass(frozen=True, slots=True)
class AlarmMessage:
    """One message about one alarm or several."""

    title: str
    body: str
    kind: str  #: as apprise names it: failure, warning, success, info


def message_about(records: Sequence[AlarmRecord]) -> AlarmMessage:
    """About `records`, of which there is at least one."""
    on = [record for record in records if record.over_at is None]
    pages = any(record.severity == "page" for record in on)
    kind = "failure" if pages else "warning" if on else "success"
    if len(records) == 1:
        title = f"{'over' if not on else on[0].severity}: {records[0].summary}"
    else:
        counts = [f"{len(on)} alarms"] * bool(on) + [f"{len(records) - len(on)} over"] * (len(on) < len(records))
        title = ", ".join(counts)
    return AlarmMessage(f"Hookline: {title}", "\n\n".join(map(_section, records)), kind)


def example() -> AlarmMessage:
    """What `hookline notify test` sends."""
    return AlarmMessage(
        "Hookline: test", "This is a test: alarms of this Hookline arrive here. Nothing is wrong.", "info"
    )


def _section(record: AlarmRecord) -> str:
    if record.over_at is not None:
        lasted = duration((record.over_at - record.since).total_seconds())
        return f"OVER: {record.summary}\nfrom {_at(record.since)} to {_at(record.over_at)} ({lasted})"
    return "\n".join(
        (
            f"{record.severity.upper()} {record.rule}: {record.summary}",
            f"since {_at(record.since)}",
            f"likely cause: {record.cause}",
            f"run: {record.command}",
            f"runbook: {record.runbook}",
        )
    )


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
