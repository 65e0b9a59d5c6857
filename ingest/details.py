"""What a provider's file says of an event beyond what all events have: typed, and None where it says nothing.

The meaning of each field stands beside its record in `schemas/events.py`.
"""

from __future__ import annotations

from typing import NamedTuple

from schemas.events import Contact, Event, Message, PhoneCall, ReportedOptOut


class MessageDetails(NamedTuple):
    """Of a text message."""

    direction: str
    state: str
    message_key: str | None = None  #: None: nothing numbers the message, and the event's id stands for it
    text: str | None = None
    provider_message_id: str | None = None
    conversation_id: str | None = None
    custom_id: str | None = None
    failure_id: str | None = None
    sim_card_id: str | None = None
    portal: bool | None = None
    name: str | None = None
    tag: str | None = None
    maybe_inbound: bool = False


class ContactDetails(NamedTuple):
    """Of a contact that was created or changed."""

    provider_contact_id: str | None = None
    name: str | None = None
    tag: str | None = None
    tags: tuple[str, ...] | None = None
    business_name: str | None = None
    subuser_id: str | None = None


class OptOutDetails(NamedTuple):
    """Of an opt-out or an opt-in at the provider."""

    opted_out: bool
    provider_opt_out_id: str | None = None


class CallDetails(NamedTuple):
    """Of a phone call."""

    provider_call_id: str | None = None
    conversation_id: str | None = None
    direction: str | None = None


Details = MessageDetails | ContactDetails | OptOutDetails | CallDetails

#: Details -> the record that they become.
RECORD_OF: dict[type[Details], type[Event]] = {
    MessageDetails: Message,
    ContactDetails: Contact,
    OptOutDetails: ReportedOptOut,
    CallDetails: PhoneCall,
}
