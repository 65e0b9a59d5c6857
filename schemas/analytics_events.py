"""The same events without personal data: one frozen record for each topic of events (`sms.<x>.analytics.v1`).

Every id is a keyed hash: 22 characters that nobody can make from a guess without the secret. The same value has the
same key on every topic, as long as the secret stays (`key_id`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsEvent:
    """What every record without personal data has."""

    event_id: UUID  #: a keyed hash of the event's own id: the same for every repeat of one delivery
    event_type: str  #: as in the event
    provider: str  #: as in the event
    account: str  #: as in the event; a keyed hash where it is no plain word
    contact_key: str | None  #: the contact's phone as a keyed hash, and the record's key; None: it names no phone
    region: str | None  #: the country of the contact's phone (ISO 3166-1 alpha-2); None: not known
    phone_valid: bool  #: as in the event
    account_phone_key: str | None  #: our own number as a keyed hash
    occurred_at: datetime  #: as in the event
    time_valid: bool  #: as in the event
    received_at: datetime  #: as in the event
    is_test: bool  #: as in the event
    sanitised: bool  #: as in the event
    key_id: str  #: which secret made the keys: keys with different ones do not join


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsMessage(AnalyticsEvent):
    """A Message without its text (`sms.messages.analytics.v1`)."""

    message_key: str  #: a keyed hash of the message's key
    direction: str  #: as in the event
    state: str  #: as in the event
    text_length: int | None  #: characters of the text; None: the webhook has none
    language: str | None  #: of an inbound text that is an opt-out keyword of one language; None: not known
    opt_out_tier: str | None  #: of an inbound text: A, B, C, D or in, as opt-out reads it
    asks_help: bool  #: the text is HELP or INFO
    has_link: bool  #: the text holds a web address
    has_question: bool  #: the text holds a question mark
    provider_message_key: str | None  #: provider_message_id as a keyed hash
    conversation_key: str | None  #: conversation_id as a keyed hash
    custom_key: str | None  #: custom_id as a keyed hash
    failure_key: str | None  #: failure_id as a keyed hash
    sim_card_id: str | None  #: as in the event, up to six digits; a longer one as a keyed hash
    portal: bool | None  #: as in the event
    has_name: bool  #: the webhook carries the contact's name
    tag_label: str | None  #: the tag where it is one of the readable ones, else a keyed hash; "" removes it
    maybe_inbound: bool  #: as in the event


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsContact(AnalyticsEvent):
    """A Contact without its name (`sms.contacts.analytics.v1`)."""

    provider_contact_key: str | None  #: provider_contact_id as a keyed hash
    has_name: bool  #: the webhook carries the contact's name
    tag_label: str | None  #: the tag where it is one of the readable ones, else a keyed hash; "" removes it
    tag_labels: tuple[str, ...] | None  #: the tags likewise; None: not told; empty removes them all
    has_business_name: bool  #: the webhook carries the contact's business
    subuser_key: str | None  #: subuser_id as a keyed hash


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsOptOut(AnalyticsEvent):
    """A ReportedOptOut (`sms.opt-outs.analytics.v1`)."""

    opted_out: bool  #: True: out, False: in again
    provider_opt_out_key: str | None  #: provider_opt_out_id as a keyed hash


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsCall(AnalyticsEvent):
    """A PhoneCall (`sms.calls.analytics.v1`)."""

    provider_call_key: str | None  #: provider_call_id as a keyed hash
    conversation_key: str | None  #: conversation_id as a keyed hash
    direction: str | None  #: as in the event


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsUnrecognized(AnalyticsEvent):
    """An Unrecognized: that there was one, and why (`sms.unrecognized.analytics.v1`)."""

    reason: str  #: "unknown_kind" or "no_phone"
