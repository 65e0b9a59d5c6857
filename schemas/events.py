"""What happened, normalised: one frozen record per topic, the same for every provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class EventType(StrEnum):
    """Everything that a provider can tell us (CloudEvents `type`)."""

    MESSAGE_RECEIVED = "message.received"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_UNKNOWN = "message.unknown"
    CALL_COMPLETED = "call.completed"
    CONTACT_CREATED = "contact.created"
    CONTACT_TAG_CHANGED = "contact.tag_changed"
    CONTACT_OPTED_OUT = "contact.opted_out"
    CONTACT_OPTED_IN = "contact.opted_in"
    UNRECOGNIZED = "unrecognized"
    OPT_OUT_STATE = "opt_out.state"  # ours: what the ledger says about a phone from here on
    MESSAGE_STATE = "message.state"  # ours: what all events of a message come to


def is_derived(event_id: UUID) -> bool:
    """Whether a repeat of the delivery has the same id. A delivery that nothing identifies has a UUIDv7 of its own."""
    return event_id.version == 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every record has, whatever happened."""

    event_id: UUID  #: the same for every repeat of one delivery; the key of every effect
    event_type: str  #: an EventType's value
    provider: str  #: the provider's name, also its URL segment
    account: str  #: the account at the provider (TextUs: the slug; TextLink: a setting)
    contact_phone: str | None  #: E.164 where possible, else as it came; only `unrecognized` may lack it
    phone_valid: bool  #: False: not a possible phone number, kept as it came
    account_phone: str | None  #: our own number, E.164 where possible
    occurred_at: datetime  #: the provider's time, UTC; the receipt where it gave none or an odd one
    time_valid: bool  #: False: the provider's time was unreadable or outside 2000 .. receipt + 1 day
    received_at: datetime  #: when ingest took it, UTC; never goes backwards on a node
    is_test: bool  #: the provider's "test webhook" button
    sanitised: bool  #: NUL, lone surrogates or integers beyond 63 bits were replaced
    payload: str  #: the provider's JSON, sanitised, without the secret

    @property
    def own_time(self) -> datetime | None:
        """The provider's own time; None where it gave none that can be believed, and the receipt stands for it."""
        return self.occurred_at if self.time_valid and self.occurred_at != self.received_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Event):
    """A text message received, sent, delivered, failed, or of unknown outcome (`sms.messages.v1`)."""

    #: the same for every event of a TextUs message; TextLink's may differ between sent and failed (MessageState)
    message_key: str
    direction: str  #: "in" or "out"
    state: str  #: "received", "sent", "delivered", "failed" or "unknown"
    text: str | None  #: the message's body; None where the webhook has none
    provider_message_id: str | None  #: from TextUs, as it came
    conversation_id: str | None  #: from TextUs, as it came
    custom_id: str | None  #: from TextLink: the id that the sender gave
    failure_id: str | None  #: from TextLink: `textlink_id`, which only a failed message has
    sim_card_id: str | None  #: from TextLink: the SIM that sent it
    portal: bool | None  #: from TextLink: sent from its portal
    name: str | None  #: the contact's name where the webhook carries it
    tag: str | None  #: the contact's tag where the webhook carries it; "" removes it
    maybe_inbound: bool = False  #: "out" is a guess: its text may be the contact's, and is read for a stop too


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Event):
    """A contact was created or its tag changed (`sms.contacts.v1`)."""

    provider_contact_id: str | None  #: from TextUs, as it came
    name: str | None  #: None: not told
    tag: str | None  #: from TextLink; None: not told; "" removes it
    tags: tuple[str, ...] | None  #: from TextUs; None: not told; empty removes them all
    business_name: str | None  #: from TextUs
    subuser_id: str | None  #: from TextLink: who changed the tag


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedOptOut(Event):
    """The provider itself opted a contact out or in (`sms.opt-outs.v1`)."""

    opted_out: bool  #: True: out, False: in again
    provider_opt_out_id: str | None  #: from TextUs, as it came


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneCall(Event):
    """A phone call was completed (`sms.calls.v1`)."""

    provider_call_id: str | None  #: from TextUs, as it came
    conversation_id: str | None  #: from TextUs, as it came
    direction: str | None  #: "in" or "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecognized(Event):
    """Authentic, but of a kind that we do not know, or naming no phone: kept whole (`sms.unrecognized.v1`)."""

    kind: str | None  #: what the provider called it, or the URL's segment
    reason: str  #: "unknown_kind" or "no_phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutState(Event):
    """Whether a phone may be texted, by the ledger (`sms.opt-out-state.v1`). The newest record of a phone counts."""

    state: str  #: "out", "hold" (nobody may text it until a person decides) or "in"
    since: datetime  #: since when it is so, UTC
    reason: str  #: what made it so, in words without personal data
    position: int  #: the newest row of the phone in the ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageState(Event):
    """What all events of one message come to, as the table `messages` has it (`sms.message-state.v1`).

    Its key is the message's, and the newest record of a key counts; one without a value says that the message was
    joined to another. `occurred_at` is the time of the state, `received_at` the time at which it was stored.
    """

    message_key: str  #: one message has one
    direction: str  #: "in" or "out"
    state: str  #: "failed", "delivered", "unknown", "sent" or "received": the one that wins
    text: str | None  #: the message's body; None where no webhook had it
    provider_message_id: str | None  #: from TextUs, as it came
    conversation_id: str | None  #: from TextUs, as it came
    custom_id: str | None  #: from TextLink: the id that the sender gave
    failure_id: str | None  #: from TextLink: `textlink_id`, which only a failed message has
    sim_card_id: str | None  #: from TextLink: the SIM that sent it
    portal: bool | None  #: from TextLink: sent from its portal
    first_at: datetime  #: the time of its first event, UTC
    last_at: datetime  #: the time of its last event, UTC
