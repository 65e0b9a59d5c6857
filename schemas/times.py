"""The times that a record may tell. What lies outside was written by somebody else, and no clock can be set to it.

A node whose clock was lost begins at the epoch, so its records can be read. Between these bounds there is room for
everything that is reckoned from a time: business days, zones, windows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

EARLIEST = EPOCH
#: The first moment that is too late.
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
#: `LATEST` in microseconds since the epoch.
LATEST_MICROSECOND = (LATEST - EPOCH) // MICROSECOND


def is_tellable(moment: datetime) -> bool:
    """Whether a record may tell `moment`."""
    return EARLIEST <= moment < LATEST


def tellable(moment: datetime) -> datetime:
    """`moment`, or the nearest to it that a record may tell: tables have older rows."""
    return min(max(moment, EARLIEST), LATEST - MICROSECOND)
