"""The traffic of the benchmarks: webhooks of 10,000 contacts, and the events that become of such."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from schemas.events import Contact, Event, Message, PhoneCall, ReportedOptOut, Unrecognized

SECRET = "the-secret-of-the-benchmark"
CONTACTS = 10_000
#: The first time. Every run of a generator gets times of its own, so that no two webhooks are the same.
EPOCH_MS = 1_748_000_000_000
_EPOCH = datetime.fromtimestamp(EPOCH_MS / 1000, UTC)

WORDS = (
    "yes", "no", "the", "job", "is", "still", "open", "see", "you", "at", "five", "please", "call", "me", "back", "ok",
)  # fmt: skip

#: Of a hundred webhooks, how many are of which kind.
MIX = {"received": 70, "sent": 25, "tag": 5}


def phone(number: int) -> str:
    """One of the contacts'."""
    return f"+1303555{number % CONTACTS:04d}"


def requests(run: int, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Path and body of TextLink's webhooks, endless: the text and the time of each are its own."""
    kinds, weights = list(MIX), list(MIX.values())
    number = 0
    while True:
        number += 1
        kind = chance.choices(kinds, weights)[0]
        yield f"/webhooks/textlink/{kind}", _body(kind, run, number, chance)


def _body(kind: str, run: int, number: int, chance: random.Random) -> bytes:
    text = f"{' '.join(chance.choices(WORDS, k=8))} {run}-{number}"
    moment = EPOCH_MS + run * 10_000_000 + number
    about: dict[str, Any] = {"secret": SECRET, "phone_number": phone(chance.randrange(CONTACTS))}
    if kind == "tag":
        about |= {"name": "Dana Reyes", "tag": f"tag {number % 50}", "subuser_id": 6, "timestamp": moment}
    elif kind == "sent":
        about |= {"text": text, "portal": True, "timestamp": moment, "sim_card_id": 123}
    else:
        about |= {"text": text, "tag": "Warm", "name": "Dana Reyes", "timestamp": moment}
    return json.dumps(about).encode()


def event(number: int) -> Event:
    """The event of this number: always the same, and unlike every other.

    Of a hundred: 52 received, 25 sent and 2 failed (of one just sent) by TextLink; 6 received and 6 delivered by
    TextUs; 5 tags, 2 calls, 1 opt-out, 1 unrecognized.
    """
    place = number % 100
    moment = _EPOCH + timedelta(milliseconds=number)
    textus = 79 <= place < 91 or 96 <= place < 99
    common: dict[str, Any] = {
        "event_id": UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % (1 << 128)),
        "provider": "textus" if textus else "textlink",
        "account": "my_account" if textus else "textlink",
        "contact_phone": phone(number * 7919),
        "phone_valid": True,
        "account_phone": "+13035550000" if textus else None,
        "occurred_at": moment,
        "time_valid": True,
        "received_at": moment + timedelta(milliseconds=80),
        "is_test": False,
        "sanitised": False,
    }
    text = _text(number)
    payload = {"phone_number": common["contact_phone"], "text": text, "timestamp": EPOCH_MS + number}
    common["payload"] = json.dumps(payload | {"name": "Dana Reyes", "sim_card_id": 123}, separators=(",", ":"))
    if place < 52:
        return _message(common, "received", f"textlink:{number:032x}", text)
    if place < 77:
        return _message(common, "sent", f"textlink:{number:032x}", text)
    if place < 79:
        key, sent = f"textlink:{number - 2:032x}", common | {"contact_phone": phone((number - 2) * 7919)}
        return _message(sent, "failed", key, _text(number - 2))
    if place < 85:
        return _message(common, "received", f"/messages/{number}", text, f"/messages/{number}")
    if place < 91:
        return _message(common, "delivered", f"/messages/out-{number}", text, f"/messages/out-{number}")
    return _other(common, place)


def _text(number: int) -> str:
    return f"{WORDS[number % 16]} {WORDS[number // 16 % 16]} {WORDS[number // 256 % 16]}, this is number {number}"


def _message(common: dict[str, Any], state: str, key: str, text: str, provider_id: str | None = None) -> Message:
    return Message(
        **common,
        event_type=f"message.{state}",
        message_key=key,
        direction="in" if state == "received" else "out",
        state=state,
        text=text,
        provider_message_id=provider_id,
        conversation_id=provider_id and f"/conversations/{common['contact_phone'][-4:]}",
        custom_id=None,
        failure_id="4711" if state == "failed" else None,
        sim_card_id="123" if provider_id is None and state != "received" else None,
        portal=True if provider_id is None and state != "received" else None,
        name="Dana Reyes" if state == "received" else None,
        tag="Warm" if state == "received" and provider_id is None else None,
    )


def _other(common: dict[str, Any], place: int) -> Event:
    if place < 96:
        about: dict[str, Any] = dict.fromkeys(("provider_contact_id", "tags", "business_name"))
        tag = f"tag {common['contact_phone'][-2:]}"
        return Contact(**common, **about, event_type="contact.tag_changed", name="Dana Reyes", tag=tag, subuser_id="6")
    if place < 98:
        return PhoneCall(
            **common,
            event_type="call.completed",
            provider_call_id="/phone_calls/1",
            conversation_id="/conversations/1",
            direction="in",
        )
    if place == 98:
        return ReportedOptOut(
            **common, event_type="contact.opted_out", opted_out=True, provider_opt_out_id="/my_account/opt_outs/1"
        )
    return Unrecognized(**common, event_type="unrecognized", kind="mystery", reason="unknown_kind")
