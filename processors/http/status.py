"""The one table from an answer's status to an error that says what happens next."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from processors.outbox.errors import (
    CredentialsRefused,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Redirected,
    Rejected,
    RetryLater,
)

#: Statuses with a meaning of their own, and the seconds to wait at least after each.
_STATUSES: Mapping[int, tuple[type[RetryLater | Rejected], float]] = {
    HTTPStatus.UNAUTHORIZED: (CredentialsRefused, 15.0),
    HTTPStatus.FORBIDDEN: (CredentialsRefused, 15.0),
    HTTPStatus.NOT_FOUND: (NotFound, 0.0),
    HTTPStatus.GONE: (NotFound, 0.0),
    # Nothing has been done, and it may be another time.
    HTTPStatus.REQUEST_TIMEOUT: (RetryLater, 0.0),
    HTTPStatus.CONFLICT: (RetryLater, 0.0),
    HTTPStatus.TOO_EARLY: (RetryLater, 0.0),
    HTTPStatus.LOCKED: (RetryLater, 2.0),  # somebody edits the record (HubSpot, Tryton)
    HTTPStatus.TOO_MANY_REQUESTS: (RateLimited, 0.0),
}
#: What the others mean, by their first digit; whatever else there is may be a server's trouble.
_CLASSES: Mapping[int, type[RetryLater | Rejected]] = {1: RetryLater, 3: Redirected, 4: Rejected}
_SAYS: Mapping[type[Exception], str] = {
    CredentialsRefused: ": it refuses our credentials",
    Redirected: ": redirects are not followed",
}


def error_of(name: str, status: int, wait: float | None, *, changes: bool, busy: float) -> RetryLater | Rejected | None:
    """What `status` of the service `name` means; None: success.

    `wait`: seconds that it asks to wait. `changes`: the request changes something, so that it may have been done.
    `busy`: seconds to wait after a 429 that does not say how long.
    """
    if 200 <= status < 300:
        return None
    kind, least = _STATUSES.get(status, (_CLASSES.get(status // 100, OutcomeUnknown), 0.0))
    if status == HTTPStatus.SERVICE_UNAVAILABLE and wait:
        kind = RateLimited
    message = f"{name} answers {status}{_SAYS.get(kind, '')}"
    if issubclass(kind, Rejected):
        return kind(message)
    if kind is RateLimited:
        return RateLimited(message, retry_after=wait or busy)
    return unsure(kind, changes=changes)(message, retry_after=max(wait or 0.0, least) or None)


def unsure(kind: type[RetryLater] = OutcomeUnknown, *, changes: bool) -> type[RetryLater]:
    """`kind`, but the outcome of what changes nothing is never unknown."""
    return RetryLater if kind is OutcomeUnknown and not changes else kind
