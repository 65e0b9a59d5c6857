"""What an event says about who may be texted: drafts of rows for the ledger, or a question about nobody known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from processors.engine.processor import Delivery
from processors.opt_out.classifier import Classifier, Decision
from processors.opt_out.entry import Action, EntryDraft, Evidence
from processors.opt_out.payload import decoded, dialled_number_of, phones_in, texts_in, values_in
from runtime.blank import is_blank
from runtime.phones import read_phone
from schemas.events import Event, EventType, Message, ReportedOptOut, Unrecognized
from schemas.provider_facts import CAREFUL, ProviderFacts


@dataclass(frozen=True, slots=True)
class Question:
    """Something like a stop, from nobody that we can tell."""

    event_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """What one event comes to."""

    drafts: tuple[EntryDraft, ...] = ()
    question: Question | None = None


_NOTHING = Read()


def read(delivery: Delivery, classifier: Classifier, region: str | None, facts: Mapping[str, ProviderFacts]) -> Read:
    """What `delivery` says, phones without a country code read by `region`. Tests never say anything.

    `facts`: what is known of each provider.
    """
    event = delivery.event
    if event.is_test:
        return _NOTHING
    if isinstance(event, Message):
        return _read_message(delivery, event, classifier, region, facts.get(event.provider, CAREFUL))
    if isinstance(event, ReportedOptOut):
        return _read_report(delivery, event, region)
    if isinstance(event, Unrecognized):
        return _read_for_a_hold(delivery, event, classifier, region, f"a webhook of no known kind ({event.reason})")
    return _NOTHING


def _read_message(
    delivery: Delivery, event: Message, classifier: Classifier, region: str | None, facts: ProviderFacts
) -> Read:
    if event.maybe_inbound:
        return _read_for_a_hold(delivery, event, classifier, region, "a message that may be inbound")
    if event.event_type != EventType.MESSAGE_RECEIVED or event.contact_phone is None:
        return _NOTHING
    if not event.text or is_blank(event.text):
        return _read_for_a_hold(delivery, event, classifier, region, "a received message without a text")
    decision = classifier.classify(event.text)
    if decision.action == "none":
        return _read_other_texts(delivery, event, classifier, region)
    if decision.action == "in":
        held = _read_other_texts(delivery, event, classifier, region)
        if held is not _NOTHING or facts.reports_opt_ins:
            return held
    about = phone_read(event.contact_phone, region)
    fields: dict[str, Any] = _common_fields(delivery, event) | _decided(decision) | about
    fields |= {"message_id": event.message_key, "evidence": Evidence(text=event.text, name=event.name)}
    if decision.tier == "B":
        fields |= {"review": "out", "question": f"was it a stop? rule {decision.rule}"}
    elif decision.action == "hold":
        fields |= {"review": "hold", "question": f"is it a stop? rule {decision.rule}"}
    drafts = [EntryDraft(action=decision.action, actor="contact", **fields)]
    if decision.action in ("out", "hold") and not _is_full(event.contact_phone, region):
        what = "a message from what is no phone number"
        drafts += _holds(delivery, event, decision, event.text, what, _other_phones(event, region, event.text))
    return Read(tuple(drafts))


def _read_report(delivery: Delivery, event: ReportedOptOut, region: str | None) -> Read:
    if event.contact_phone is None:
        return _NOTHING
    fields = _common_fields(delivery, event) | phone_read(event.contact_phone, region)
    fields |= {"message_id": event.provider_opt_out_id}
    evidence = Evidence(text=event.payload)
    action: Action = "out" if event.opted_out else "in"
    return Read((EntryDraft(action=action, actor="provider", evidence=evidence, **fields),))


def _read_other_texts(delivery: Delivery, event: Message, classifier: Classifier, region: str | None) -> Read:
    """A received message whose text is no stop may have another text: where that is one, nobody knows which counts."""
    texts = [text for text in texts_in(decoded(event.payload)) if text != event.text]
    return _held(delivery, event, classifier, region, "a received message with several texts", texts)


def _read_for_a_hold(delivery: Delivery, event: Event, classifier: Classifier, region: str | None, what: str) -> Read:
    """Whatever in the payload reads like a stop puts the phone on hold: `what` is said to the person who decides."""
    texts = [value for value in values_in(decoded(event.payload)) if isinstance(value, str)]
    return _held(delivery, event, classifier, region, what, texts)


def _held(
    delivery: Delivery, event: Event, classifier: Classifier, region: str | None, what: str, texts: Sequence[str]
) -> Read:
    """A hold for the first of `texts` that reads like a stop."""
    decisions = ((text, classifier.classify(text)) for text in texts)
    found = next(((text, decision) for text, decision in decisions if decision.tier in ("A", "B", "C")), None)
    if found is None:
        return _NOTHING
    text, decision = found
    phones = [phone_read(phone, region) for phone in _writers(event)]
    if event.contact_phone is None or not _is_full(event.contact_phone, region):
        phones += _other_phones(event, region, text)
    if not phones:
        return Read(question=Question(event.event_id, _question(what, decision)))
    return Read(tuple(_holds(delivery, event, decision, text, what, phones)))


def _holds(
    delivery: Delivery, event: Event, decision: Decision, text: str, what: str, phones: Sequence[dict[str, Any]]
) -> list[EntryDraft]:
    fields: dict[str, Any] = _common_fields(delivery, event) | _decided(decision)
    fields |= {"review": "unrecognized", "question": _question(what, decision), "evidence": Evidence(text=text)}
    return [EntryDraft(action="hold", actor="contact", **fields, **phone) for phone in phones]


def _question(what: str, decision: Decision) -> str:
    return f"{what} holds what reads like a stop; rule {decision.rule}"


def _other_phones(event: Event, region: str | None, text: str) -> list[dict[str, Any]]:
    """The numbers that stand elsewhere in `event` than those who may have written it, but for our own.

    `text`: what reads like a stop; whoever it names did not write it.
    """
    ours = event.account_phone if event.event_type == EventType.MESSAGE_RECEIVED else None
    own = [phone for phone in (*_writers(event), ours) if phone]
    # A phone that is stored as it came is found by its digits, with what is dialled in front of them, too.
    known = {phone_read(phone, region)["phone"] for phone in own} | {dialled_number_of(phone, region) for phone in own}
    values = [value for value in values_in(decoded(event.payload)) if value != text]
    return [{"phone": phone} for phone in phones_in(values, region) if phone not in known]


def _writers(event: Event) -> list[str]:
    """Who may have written `event`: its contact.

    Where its direction is a guess, so is which of its two numbers is the contact's, and a hold of our own stops nobody.
    """
    if event.contact_phone is None:
        return []
    ours = None if event.event_type == EventType.MESSAGE_RECEIVED else event.account_phone
    return list(dict.fromkeys(phone for phone in (event.contact_phone, ours) if phone))


def _is_full(phone: str, region: str | None) -> bool:
    found = read_phone(phone, region)
    return found is not None and found.valid


def phone_read(received: str, region: str | None) -> dict[str, Any]:
    """The phone of a draft about `received`: E.164 where `region` makes it so, and then what came beside it."""
    found = read_phone(received, region)
    if found is None or not found.valid or found.number == received:
        return {"phone": received}
    return {"phone": found.number, "phone_as_received": received}


def _common_fields(delivery: Delivery, event: Event) -> dict[str, Any]:
    record = delivery.record
    return {
        "provider": event.provider,
        "account": event.account,
        "account_phone": event.account_phone,
        "event_id": event.event_id,
        "occurred_at": event.own_time,
        "received_at": event.received_at,
        "event_hash": hashlib.sha256(record.value or b"").hexdigest(),
        "topic": record.topic,
        "partition": record.partition,
        "record_offset": record.offset,
    }


def _decided(decision: Decision) -> dict[str, Any]:
    return {"tier": decision.tier, "rule": decision.rule, "rule_set": decision.rule_set}
