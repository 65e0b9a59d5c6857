"""Events for tests: what is not said is ordinary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from schemas.events import Contact, Message, OptOutState, PhoneCall, ReportedOptOut, Unrecognized

T0 = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
_NAMESPACE = UUID("6f6c6b6e-6f6f-4b4c-8949-4e4500000000")
_numbers = count(1)


def event_id(number: int) -> UUID:
    """The same for the same number."""
    return uuid5(_NAMESPACE, str(number))


def at(minutes: float) -> datetime:
    """So many minutes after T0."""
    return T0 + timedelta(minutes=minutes)


def _common(**given: Any) -> dict[str, Any]:
    moment = given.get("occurred_at", T0)
    return {
        "event_id": event_id(next(_numbers)),
        "provider": "textlink",
        "account": "textlink",
        "contact_phone": "+13035550142",
        "phone_valid": True,
        "account_phone": None,
        "occurred_at": moment,
        "time_valid": True,
        "received_at": given["received_at"] if "received_at" in given else moment + timedelta(milliseconds=50),
        "is_test": False,
        "sanitised": False,
        "payload": "{}",
    } | given


def message(state: str = "received", key: str = "textlink:1", **given: Any) -> Message:
    """A message of TextLink, unless it has a provider_message_id."""
    details = {
        "event_type": f"message.{state}",
        "message_key": key,
        "direction": "in" if state == "received" else "out",
        "state": state,
        "text": "hello",
        "provider_message_id": None,
        "conversation_id": None,
        "custom_id": None,
        "failure_id": None,
        "sim_card_id": None if state == "received" else "1",
        "portal": None,
        "name": None,
        "tag": None,
    }
    return Message(**(_common(**given) | details | given))


def contact(**given: Any) -> Contact:
    """A contact that tells nothing but what is given."""
    details = {
        "event_type": "contact.tag_changed",
        "provider_contact_id": None,
        "name": None,
        "tag": None,
        "tags": None,
        "business_name": None,
        "subuser_id": None,
    }
    return Contact(**(_common(**given) | details | given))


def opt_out(out: bool, **given: Any) -> ReportedOptOut:
    """What TextUs reports, of a number that is out or in again."""
    details = {"provider": "textus", "account": "acme", "opted_out": out, "provider_opt_out_id": None}
    details |= {"event_type": "contact.opted_out" if out else "contact.opted_in"}
    return ReportedOptOut(**(_common(**given) | details | given))


def opt_out_state(state: str, position: int, **given: Any) -> OptOutState:
    """What the ledger says about a number from its row `position` on."""
    details = {"provider": "hookline", "account": "hookline", "event_type": "opt_out.state", "reason": "said so"}
    details |= {"state": state, "position": position, "since": given.get("occurred_at", T0)}
    return OptOutState(**(_common(**given) | details | given))


def call(**given: Any) -> PhoneCall:
    """A call that is over."""
    details = {"provider": "textus", "account": "acme", "event_type": "call.completed", "provider_call_id": None}
    return PhoneCall(**(_common(**given) | details | {"conversation_id": None, "direction": "in"} | given))


def unrecognized(**given: Any) -> Unrecognized:
    """A webhook of no known kind, naming nobody."""
    details = {"event_type": "unrecognized", "contact_phone": None, "phone_valid": False, "kind": None}
    return Unrecognized(**(_common(**given) | details | {"reason": "no_phone"} | given))
