"""Providers' times: read in every form seen so far, and checked against the receipt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_AFTER_RECEIPT = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OccurredAt(NamedTuple):
    """When something happened, as far as we know."""

    at: datetime  #: UTC
    valid: bool  #: False: the provider's time was odd, and this is the receipt
    own: datetime | None  #: the provider's own time; None: it gave none, or an odd one


def occurred(value: Any, receipt: datetime) -> OccurredAt:
    """The moment in a provider's time field: epoch milliseconds, or ISO 8601 with or without an offset.

    None or "" means that the provider told no time, which is not odd: the receipt is used.

    A time that is valid at one receipt is valid at every later one, so repeats of a delivery agree. The reverse does
    not hold: a time more than a day ahead is odd when it first comes, and valid when it is repeated after that day.
    """
    if value is None or value == "":
        return OccurredAt(receipt, True, None)
    try:
        at = _read(value)
        sane = EARLIEST <= at <= receipt + LATEST_AFTER_RECEIPT
    except (ValueError, OverflowError, OSError):
        sane = False
    return OccurredAt(at, True, at) if sane else OccurredAt(receipt, False, None)


def _read(value: Any) -> datetime:
    if isinstance(value, str) and not value.strip().isdigit():
        at = datetime.fromisoformat(value.strip())
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("neither a number nor a text")
    return _EPOCH + timedelta(milliseconds=float(value))
