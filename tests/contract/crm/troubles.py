"""What every operation of every CRM target is put through, and what has to come of it: the contract suite's table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from processors.crm_sync.port import Capabilities
from processors.outbox.errors import (
    CredentialsRefused,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Redirected,
    Rejected,
    RetryLater,
)
from tests.contract.crm.service import service_type


class Trouble(NamedTuple):
    """One way in which a CRM answers, or does not."""

    what: str
    fault: dict[str, Any]  #: as of the sandbox's POST /_sandbox/faults
    changing: type[Exception]  #: what an operation that changes something raises
    asking: type[Exception]  #: what one raises that only asks


TROUBLES = (
    # Whether a server that fails has done it is not known
    Trouble("500", {"status": 500}, OutcomeUnknown, RetryLater),
    Trouble("502", {"status": 502}, OutcomeUnknown, RetryLater),
    Trouble("503 with Retry-After", {"status": 503, "retry_after": 7}, RateLimited, RateLimited),
    Trouble("429 with Retry-After in seconds", {"status": 429, "retry_after": 3}, RateLimited, RateLimited),
    Trouble("429 that does not say how long", {"status": 429}, RateLimited, RateLimited),
    Trouble(
        "429 with Retry-After as a date (RFC 9110)",
        {"status": 429, "retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"},
        RateLimited,
        RateLimited,
    ),
    Trouble("401", {"status": 401}, CredentialsRefused, CredentialsRefused),
    Trouble("403", {"status": 403}, CredentialsRefused, CredentialsRefused),
    Trouble("404", {"status": 404}, NotFound, NotFound),
    Trouble("409", {"status": 409}, RetryLater, RetryLater),
    Trouble("423: locked by somebody (HubSpot)", {"status": 423}, RetryLater, RetryLater),
    Trouble("422", {"status": 422}, Rejected, Rejected),
    Trouble(
        "a redirect to an address of the cloud that it runs in",
        {"status": 302, "headers": {"Location": "http://169.254.169.254/"}},
        Redirected,
        Redirected,
    ),
    Trouble("200 with what is not JSON", {"status": 200, "body": "<html>"}, OutcomeUnknown, RetryLater),
    Trouble(
        "an answer that takes too long as a whole, though no part of it does",
        {"status": 200, "body": "x" * 40, "drip_s": 0.1},
        OutcomeUnknown,
        RetryLater,
    ),
    Trouble("the effect, and then no answer", {"drop_answer": True}, OutcomeUnknown, RetryLater),
    Trouble("an answer after our patience", {"delay_s": 2.0}, OutcomeUnknown, RetryLater),
)

#: What changes something, and what only asks.
CHANGING = ("upsert_contact", "rename", "log_message", "set_tags", "set_opt_out")
ASKING = ("find_by_phone", "find_note")

#: Operations that a target may be unable to do, by what it says about itself.
_ABLE: dict[str, Callable[[Capabilities], bool]] = {
    "log_message": lambda able: able.notes,
    "find_note": lambda able: able.notes and able.find_note,
    "set_tags": lambda able: able.tags,
    "set_opt_out": lambda able: able.opt_out,
}


def able(target: str, operation: str) -> bool:
    """Whether `target` has `operation`."""
    return operation not in _ABLE or _ABLE[operation](service_type(target).capabilities)
