"""What an answer's headers say about an API's limit: X-RateLimit-Limit, -Remaining, -Reset, and Retry-After."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from processors.api_budget.budget import Seen
from processors.api_budget.purse import Told

#: Seconds that an API is believed to want us to wait, at most.
LONGEST_WAIT = 3600.0

#: The value of a header, whatever its case; "" where there is none.
Header = Callable[[str], str]


def told(status: int, header: Header, *, busy: float) -> Told:
    """What the purse is to know of an answer. `busy`: seconds to wait after a 429 that does not say how long."""
    blocked = (wait(header) or busy) if status == HTTPStatus.TOO_MANY_REQUESTS else None
    return Told(seen(header), blocked=blocked)


def wait(header: Header) -> float | None:
    """Retry-After in seconds, in either of its forms (RFC 9110, 10.2.3); None: it does not say."""
    text = header("Retry-After").strip()
    if text.isdecimal():
        return min(float(text), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(0.0, (until - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)


def seen(header: Header) -> Seen | None:
    """The window that the request was counted in; None: the API knows none, or does not tell."""
    numbers = [header(f"X-RateLimit-{name}") for name in ("Limit", "Remaining", "Reset")]
    if not all(number.isdecimal() for number in numbers):
        return None
    return Seen(*map(int, numbers))
