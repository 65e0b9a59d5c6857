"""What a call to somebody else's service may raise. Each error says what happens next, to people and to the worker.

`Rejected`, which stands in `processors/engine/processor.py`, says: never again for this.
"""

from __future__ import annotations

from processors.engine.processor import Rejected, Retryable

__all__ = ["CredentialsRefused", "NotFound", "OutcomeUnknown", "RateLimited", "Redirected", "Rejected", "RetryLater"]


class RetryLater(Retryable):
    """Call again later: nothing has been done; the service is away, busy or in trouble."""


class OutcomeUnknown(RetryLater):
    """Look before this is repeated: the call may have gone through, its answer is lost."""


class RateLimited(RetryLater):
    """Call nothing of this service for as long as it asks: it is there, and has had enough for now."""


class CredentialsRefused(RetryLater):
    """Call nothing of this service until a person has mended its credentials."""


class NotFound(Rejected):
    """Forget its id and look again: the service has no such account, contact or note (any more)."""


class Redirected(Rejected):
    """Mend the service's address in the settings: it is elsewhere, and no redirect is followed."""
