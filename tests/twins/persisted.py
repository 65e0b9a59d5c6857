"""What persist makes of events, said once more in plain Python: slowly, whole, and without a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from schemas.events import Event, Message

RANK = {"received": 1, "sent": 2, "unknown": 3, "delivered": 4, "failed": 5}
Row = dict[str, Any]


def greatest(values: Iterable[Any]) -> Any:
    """By bytes, as PostgreSQL's collation "C" has it; what is missing does not count."""
    present = [value for value in values if value is not None]
    return max(present, key=lambda value: value.encode() if isinstance(value, str) else value) if present else None


def any_true(values: Iterable[bool | None]) -> bool | None:
    present = [value for value in values if value is not None]
    return any(present) if present else None


def distinct(events: Iterable[Event]) -> list[Event]:
    return list({event.event_id: event for event in events}.values())


def messages(events: Iterable[Event]) -> dict[str, Row]:
    reported = [event for event in distinct(events) if isinstance(event, Message) and not event.is_test]
    failures: dict[str, list[Message]] = defaultdict(list)
    own: dict[str, list[Message]] = defaultdict(list)
    for event in reported:
        numberless = event.provider_message_id is None and event.text is not None
        (failures if event.state == "failed" and numberless else own)[event.message_key].append(event)

    taken = {key: key for key in failures if key in own}  # message -> failure
    sents = {
        key: min(event.occurred_at for event in events if event.state == "sent")
        for key, events in own.items()
        if any(event.state == "sent" for event in events) and all(event.state != "failed" for event in events)
    }
    for key in sorted(failures, key=lambda key: (min(event.occurred_at for event in failures[key]), key)):
        if key in own:
            continue
        failed_at = min(event.occurred_at for event in failures[key])
        free = [
            (sent_at, sent)
            for sent, sent_at in sents.items()
            if sent not in taken
            and _group(own[sent][0]) == _group(failures[key][0])
            and timedelta(0) <= failed_at - sent_at <= timedelta(minutes=10)
        ]
        taken[max(free)[1] if free else key] = key
    return {key: _row(own.get(key, []), failures[taken[key]] if key in taken else []) for key in {*own, *taken}}


def _group(event: Message) -> tuple[Any, ...]:
    return event.provider, event.contact_phone, event.text, event.sim_card_id


def _row(own: list[Message], failure: list[Message]) -> Row:
    base = own or failure
    every = own + failure
    state = max((event.state for event in every), key=RANK.__getitem__)
    return {
        "provider": greatest(event.provider for event in base),
        "account": greatest(event.account for event in base),
        "contact_phone": greatest(event.contact_phone for event in base),
        "account_phone": greatest(event.account_phone for event in base),
        "direction": greatest(event.direction for event in base),
        "text": greatest(event.text for event in base),
        "state": state,
        "state_at": min(event.occurred_at for event in every if event.state == state),
        "provider_message_id": greatest(event.provider_message_id for event in base),
        "conversation_id": greatest(event.conversation_id for event in base),
        "custom_id": greatest(event.custom_id for event in every),
        "failure_id": greatest(event.failure_id for event in every),
        "sim_card_id": greatest(event.sim_card_id for event in base),
        "portal": any_true(event.portal for event in every),
        "first_at": min(event.occurred_at for event in every),
        "last_at": max(event.occurred_at for event in every),
    }


def contacts(events: Iterable[Event]) -> dict[str, Row]:
    """A row for every phone that any event names."""
    reported = [event for event in distinct(events) if event.contact_phone is not None and not event.is_test]
    rows: dict[str, Row] = {}
    for event in sorted(reported, key=lambda event: (event.occurred_at, event.event_id)):
        fields = ("name", "tag", "tags", "business_name", "provider_contact_id")
        row = rows.setdefault(str(event.contact_phone), dict.fromkeys(fields))
        for field in fields:
            value = getattr(event, field, None)
            if value is not None and not (isinstance(event, Message) and field not in ("name", "tag")):
                row[field] = (list(value) if isinstance(value, tuple) else value) or None
    return rows
