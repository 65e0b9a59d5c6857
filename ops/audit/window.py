"""The time that an audit is about: whole minutes of receipt at ingest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AuditWindow:
    """From `since` on, and before `until`; both are whole minutes, as ingest counts them."""

    since: datetime
    until: datetime

    @classmethod
    def around(cls, since: datetime, until: datetime) -> AuditWindow:
        """The minutes that `since` to `until` touches."""
        first = _floor(since)
        last = _floor(until)
        return cls(first, last if last == until and last > first else last + _MINUTE)

    def __contains__(self, moment: datetime) -> bool:
        return self.since <= moment < self.until


def minute_of(moment: datetime) -> datetime:
    """The minute that `moment` is in."""
    return _floor(moment)


def hour_of(moment: datetime) -> datetime:
    """The hour that `moment` is in, UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _floor(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
