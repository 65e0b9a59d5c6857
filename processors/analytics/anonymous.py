"""An event without its personal data. What is not named here is not published: a new field has to be decided about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, TypedDict
from uuid import UUID

import phonenumbers

from processors.analytics.features import FeatureReader
from processors.analytics.keys import Keys
from processors.engine.processor import Rejected
from schemas.analytics_events import (
    AnalyticsCall,
    AnalyticsContact,
    AnalyticsEvent,
    AnalyticsMessage,
    AnalyticsOptOut,
    AnalyticsUnrecognized,
)
from schemas.events import Contact, Event, Message, PhoneCall, ReportedOptOut, Unrecognized

#: phonenumbers' code of what belongs to no country, such as a satellite phone.
_NO_COUNTRY = "001"


class Anonymiser:
    """Makes of each event the one without personal data."""

    def __init__(self, keys: Keys, features: FeatureReader, readable_tags: frozenset[str] = frozenset()) -> None:
        self._keys = keys
        self._features = features
        self._readable = readable_tags
        self._of: dict[type[Event], Callable[[Any], AnalyticsEvent]] = {
            Message: self._message,
            Contact: self._contact,
            ReportedOptOut: self._opt_out,
            PhoneCall: self._call,
            Unrecognized: self._unrecognized,
        }

    def anonymous(self, event: Event) -> AnalyticsEvent:
        """The record that is published in the place of `event`. Raises Rejected where it is no event of ingest's."""
        make = self._of.get(type(event))
        if make is None:
            raise Rejected(f"{type(event).__name__} is no event of a provider's")
        return make(event)

    def _common(self, event: Event) -> _Common:
        keys, phone = self._keys, event.contact_phone
        return {
            "event_id": keys.event_id(event.event_id),
            "event_type": keys.word(event.event_type),
            "provider": keys.word(event.provider),
            "account": keys.word(event.account),
            "contact_key": None if phone is None else keys.phone(phone),
            "region": region_of(phone) if phone is not None and event.phone_valid else None,
            "phone_valid": event.phone_valid,
            "account_phone_key": None if event.account_phone is None else keys.phone(event.account_phone),
            "occurred_at": event.occurred_at,
            "time_valid": event.time_valid,
            "received_at": event.received_at,
            "is_test": event.is_test,
            "sanitised": event.sanitised,
            "key_id": keys.key_id,
        }

    def _message(self, event: Message) -> AnalyticsMessage:
        keys = self._keys
        features = self._features.read(event.text, inbound=event.direction == "in" or event.maybe_inbound)
        return AnalyticsMessage(
            **self._common(event),
            message_key=keys.of("message", event.message_key),
            direction=keys.word(event.direction),
            state=keys.word(event.state),
            text_length=features.length,
            language=features.language,
            opt_out_tier=features.opt_out_tier,
            asks_help=features.asks_help,
            has_link=features.has_link,
            has_question=features.has_question,
            provider_message_key=keys.maybe("provider_message", event.provider_message_id),
            conversation_key=keys.maybe("conversation", event.conversation_id),
            custom_key=keys.maybe("custom", event.custom_id),
            failure_key=keys.maybe("failure", event.failure_id),
            sim_card_id=keys.short_number(event.sim_card_id),
            portal=event.portal,
            has_name=bool(event.name),
            tag_label=self._label(event.tag),
            maybe_inbound=event.maybe_inbound,
        )

    def _contact(self, event: Contact) -> AnalyticsContact:
        keys = self._keys
        return AnalyticsContact(
            **self._common(event),
            provider_contact_key=keys.maybe("provider_contact", event.provider_contact_id),
            has_name=bool(event.name),
            tag_label=self._label(event.tag),
            tag_labels=None if event.tags is None else tuple(keys.label(tag, self._readable) for tag in event.tags),
            has_business_name=bool(event.business_name),
            subuser_key=keys.maybe("subuser", event.subuser_id),
        )

    def _opt_out(self, event: ReportedOptOut) -> AnalyticsOptOut:
        key = self._keys.maybe("provider_opt_out", event.provider_opt_out_id)
        return AnalyticsOptOut(**self._common(event), opted_out=event.opted_out, provider_opt_out_key=key)

    def _call(self, event: PhoneCall) -> AnalyticsCall:
        keys = self._keys
        return AnalyticsCall(
            **self._common(event),
            provider_call_key=keys.maybe("provider_call", event.provider_call_id),
            conversation_key=keys.maybe("conversation", event.conversation_id),
            direction=None if event.direction is None else keys.word(event.direction),
        )

    def _unrecognized(self, event: Unrecognized) -> AnalyticsUnrecognized:
        return AnalyticsUnrecognized(**self._common(event), reason=self._keys.word(event.reason))

    def _label(self, tag: str | None) -> str | None:
        return None if tag is None else self._keys.label(tag, self._readable)


@lru_cache(maxsize=50_000)  # a contact writes more than once; parsing costs 23 us
def region_of(phone: str) -> str | None:
    """The country of a number in E.164; None: not known."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return None
    return None if region in (None, _NO_COUNTRY) else str(region)


class _Common(TypedDict):
    """The fields of AnalyticsEvent."""

    event_id: UUID
    event_type: str
    provider: str
    account: str
    contact_key: str | None
    region: str | None
    phone_valid: bool
    account_phone_key: str | None
    occurred_at: datetime
    time_valid: bool
    received_at: datetime
    is_test: bool
    sanitised: bool
    key_id: str
