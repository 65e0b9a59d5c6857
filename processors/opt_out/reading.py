"""What an event says about who may be texted: drafts of rows for the ledger, or a question about nobody known."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from processors.engine.processor import Delivery
from processors.opt_out.classifier import Classifier, Decision
from processors.opt_out.entry import Action, EntryDraft, Evidence
from runtime.phones import is_assignable, number_body, read_phone
from schemas.events import Event, EventType, Message, ReportedOptOut, Unrecognized
from schemas.provider_facts import CAREFUL, ProviderFacts

#: What a phone number in a webhook of no known kind may look like, without escapes, scheme and extension: without a
#: plus sign it has ten characters at least, or any id would be one.
_WRITTEN_WITH = r"[\d\s()./\u2010-\u2015\uff08\uff09\uff0d-]"
_PHONE = re.compile(rf"[\s(]*[+\uff0b]{_WRITTEN_WITH}{{6,24}}|{_WRITTEN_WITH}{{10,24}}")
#: What is dialled before a country code, in most countries and in North America.
_DIALLED = re.compile(r"[\s(]*(?:00|011)[\s().-]*")
#: No number has more than fifteen digits.
_LARGEST_NUMBER = 10**15 - 1
#: Characters of a text that may be a number, escaped twice and with an extension.
_LONGEST_WRITTEN = 100


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
    if not event.text or event.text.isspace():
        return _read_for_a_hold(delivery, event, classifier, region, "a received message without a text")
    decision = classifier.classify(event.text)
    if decision.action == "none" or (decision.action == "in" and facts.reports_opt_ins):
        return _NOTHING
    fields: dict[str, Any] = (
        _common_fields(delivery, event) | _decided(decision) | phone_read(event.contact_phone, region)
    )
    fields |= {"message_id": event.message_key, "evidence": Evidence(text=event.text, name=event.name)}
    if decision.tier == "B":
        fields |= {"review": "out", "question": f"was it a stop? rule {decision.rule}"}
    elif decision.action == "hold":
        fields |= {"review": "hold", "question": f"is it a stop? rule {decision.rule}"}
    return Read((EntryDraft(action=decision.action, actor="contact", **fields),))


def _read_report(delivery: Delivery, event: ReportedOptOut, region: str | None) -> Read:
    if event.contact_phone is None:
        return _NOTHING
    fields = _common_fields(delivery, event) | phone_read(event.contact_phone, region)
    fields |= {"message_id": event.provider_opt_out_id}
    evidence = Evidence(text=event.payload)
    action: Action = "out" if event.opted_out else "in"
    return Read((EntryDraft(action=action, actor="provider", evidence=evidence, **fields),))


def _read_for_a_hold(delivery: Delivery, event: Event, classifier: Classifier, region: str | None, what: str) -> Read:
    """Whatever in the payload reads like a stop puts the phone on hold: `what` is told to the person who decides."""
    values = list(_values(_payload(event.payload)))
    strings = [value for value in values if isinstance(value, str)]
    decided = ((text, classifier.classify(text)) for text in strings)
    found = next(((text, value) for text, value in decided if value.tier in ("A", "B", "C")), None)
    if found is None:
        return _NOTHING
    text, decision = found
    question = f"{what} holds what reads like a stop; rule {decision.rule}"
    named = [phone_read(phone, region) for phone in _writers(event)]
    phones = named or [{"phone": phone} for phone in _phones(values, region)]
    if not phones:
        return Read(question=Question(event.event_id, question))
    fields: dict[str, Any] = _common_fields(delivery, event) | _decided(decision)
    fields |= {"review": "unrecognized", "question": question, "evidence": Evidence(text=text)}
    return Read(tuple(EntryDraft(action="hold", actor="contact", **fields, **phone) for phone in phones))


def _writers(event: Event) -> list[str]:
    """Who may have written `event`: its contact.

    Where its direction is a guess, so is which of its two numbers is the contact's, and a hold of our own stops nobody.
    """
    if event.contact_phone is None:
        return []
    ours = None if event.event_type == EventType.MESSAGE_RECEIVED else event.account_phone
    return list(dict.fromkeys(phone for phone in (event.contact_phone, ours) if phone))


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


def _payload(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # nested deeper than ingest would have let through
        return text


def _values(node: Any) -> Iterator[str | int | float]:
    """Every text and number in a JSON document, but for the names of its fields."""
    waiting = [node]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str | int | float):
            yield value
        elif isinstance(value, dict):
            waiting += reversed(value.values())
        elif isinstance(value, list):
            waiting += reversed(value)


def _phones(values: list[str | int | float], region: str | None) -> list[str]:
    """The full numbers among `values`, however each is written."""
    found = {number: None for value in values if (number := _full_number(value, region)) is not None}
    return list(found)


def _full_number(value: str | int | float, region: str | None) -> str | None:
    """The E.164 of what may be a phone number; None: it is none."""
    if isinstance(value, str):
        body = number_body(value) if len(value) <= _LONGEST_WRITTEN else None
        if body is None or _PHONE.fullmatch(body.strip()) is None:
            return None
        abroad = _DIALLED.sub("+", body, count=1)  # the region may dial a country code in another way
        ways = ((value, region), (abroad, None)) if abroad != body else ((value, region),)
        read = (read_phone(written, where) for written, where in ways)
        return next((phone.number for phone in read if phone is not None and phone.valid), None)
    if isinstance(value, bool) or not 0 < value <= _LARGEST_NUMBER or value != value // 1:
        return None
    phone = read_phone(f"{value:.0f}", region)
    # Times and ids are numbers as well: what nobody can have been given is none.
    return phone.number if phone is not None and phone.valid and is_assignable(phone.number) else None
