"""Events as rows of the staging table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any

from schemas.events import Contact, Event, Message, PhoneCall

_EVENT = (
    "event_id", "event_type", "provider", "account", "contact_phone", "phone_valid", "account_phone", "occurred_at",
    "time_valid", "received_at", "is_test", "sanitised", "payload",
)  # fmt: skip
_MESSAGE = (
    "name", "tag", "message_key", "direction", "state", "text", "provider_message_id", "conversation_id", "custom_id",
    "failure_id", "sim_card_id", "portal",
)  # fmt: skip
_CONTACT = ("provider_contact_id", "tags", "business_name")

#: COPY's column list, in the order of the rows. A message's columns before a contact's.
COLUMNS = (*_EVENT, *_MESSAGE, "is_contact", *_CONTACT)

#: Behind them, where the origin of each record is staged too (origin.py).
ORIGIN = ("topic", "partition", '"offset"', "kafka_at", "spooled_at")

_event = attrgetter(*_EVENT)
_message = attrgetter(*_EVENT, *_MESSAGE)
_contact = attrgetter("name", "tag")
_contact_only = attrgetter(*_CONTACT)

_NO_CONTACT = (False, None, None, None)
_NO_MESSAGE = (None,) * (len(_MESSAGE) - 2)
_NEITHER = (None, None, *_NO_MESSAGE, *_NO_CONTACT)
_direction = _MESSAGE.index("direction")
_before_direction, _after_direction = _NEITHER[:_direction], _NEITHER[_direction + 1 :]


def rows(events: Iterable[Event]) -> Iterator[tuple[Any, ...]]:
    """One row an event. What is no message's or no contact's stays null."""
    for event in events:
        if isinstance(event, Message):
            yield _message(event) + _NO_CONTACT
        elif isinstance(event, Contact):
            provider_contact_id, tags, business_name = _contact_only(event)
            contact_values = (True, provider_contact_id, None if tags is None else list(tags), business_name)
            yield _event(event) + _contact(event) + _NO_MESSAGE + contact_values
        elif isinstance(event, PhoneCall):
            yield _event(event) + _before_direction + (event.direction,) + _after_direction
        else:
            yield _event(event) + _NEITHER
