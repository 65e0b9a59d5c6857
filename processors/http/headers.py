"""What an answer's headers say about an API's limit: X-RateLimit-Limit, -Remaining, -Reset, and Retry-After."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from processors.outbox.budget import RequestResult, Seen

#: Seconds that an API is believed to want us to wait, at most.
LONGEST_WAIT = 3600.0

#: Digits of a number in a header: epoch seconds have ten, and `api_budgets` holds integers of 32 bits.
DIGITS = 10

#: The value of a header, whatever its case; "" where there is none.
Header = Callable[[str], str]


def request_result(status: int, header: Header, *, busy: float) -> RequestResult:
    """What the limiter is to know of an answer. `busy`: seconds to wait after a 429 that does not say how long."""
    blocked = (wait(header) or busy) if status == HTTPStatus.TOO_MANY_REQUESTS else None
    return RequestResult(seen(header), blocked=blocked)


def wait(header: Header) -> float | None:
    """Retry-After in seconds, in either of its forms (RFC 9110, 10.2.3); None: it does not say."""
    text = header("Retry-After").strip()
    if text.isdecimal():
        return min(float(text), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
        seconds = (until if until.tzinfo else until.replace(tzinfo=UTC)) - datetime.now(UTC)
    except (ValueError, OverflowError):  # no date, or one that no calendar here has
        return None
    return min(max(0.0, seconds.total_seconds()), LONGEST_WAIT)


def seen(header: Header) -> Seen | None:
    """The window that the request was counted in; None: the API knows none, does not tell, or tells what cannot be."""
    numbers = [header(f"X-RateLimit-{name}") for name in ("Limit", "Remaining", "Reset")]
    if not all(number.isdecimal() and len(number) <= DIGITS for number in numbers):
        return None
    window = Seen(*map(int, numbers))
    is_near = abs(window.resets_at - datetime.now(UTC).timestamp()) <= LONGEST_WAIT
    return window if is_near and 0 <= window.remaining <= window.limit and window.limit else None
