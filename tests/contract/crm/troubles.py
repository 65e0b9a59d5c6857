"""What every operation of every CRM target is put through, and what has to come of it: the contract suite's table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from processors.crm_sync.port import AskedToWait, Capabilities, CrmCredentialsRefused, Gone, Unknown
from processors.engine.processor import Rejected, Retryable
from tests.contract.crm.service import service_type


class Trouble(NamedTuple):
    """One way in which a CRM answers, or does not."""

    what: str
    fault: dict[str, Any]  #: as of the sandbox's POST /_sandbox/faults
    changing: type[Exception]  #: what an operation that changes something raises
    asking: type[Exception]  #: what one raises that only asks


TROUBLES = (
    # Whether a server that fails has done it is not known
    Trouble("500", {"status": 500}, Unknown, Retryable),
    Trouble("502", {"status": 502}, Unknown, Retryable),
    Trouble("503 with Retry-After", {"status": 503, "retry_after": 7}, AskedToWait, AskedToWait),
    Trouble("429 with Retry-After in seconds", {"status": 429, "retry_after": 3}, AskedToWait, AskedToWait),
    Trouble("429 that does not say how long", {"status": 429}, AskedToWait, AskedToWait),
    Trouble(
        "429 with Retry-After as a date (RFC 9110)",
        {"status": 429, "retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"},
        AskedToWait,
        AskedToWait,
    ),
    Trouble("401", {"status": 401}, CrmCredentialsRefused, CrmCredentialsRefused),
    Trouble("403", {"status": 403}, CrmCredentialsRefused, CrmCredentialsRefused),
    Trouble("404", {"status": 404}, Gone, Gone),
    Trouble("409", {"status": 409}, Retryable, Retryable),
    Trouble("423: locked by somebody (HubSpot)", {"status": 423}, Retryable, Retryable),
    Trouble("422", {"status": 422}, Rejected, Rejected),
    Trouble(
        "a redirect to an address of the cloud that it runs in",
        {"status": 302, "headers": {"Location": "http://169.254.169.254/"}},
        Rejected,
        Rejected,
    ),
    Trouble("200 with what is not JSON", {"status": 200, "body": "<html>"}, Unknown, Retryable),
    Trouble(
        "an answer that takes too long as a whole, though no part of it does",
        {"status": 200, "body": "x" * 40, "drip_s": 0.1},
        Unknown,
        Retryable,
    ),
    Trouble("the effect, and then no answer", {"drop_answer": True}, Unknown, Retryable),
    Trouble("an answer after our patience", {"delay_s": 2.0}, Unknown, Retryable),
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
