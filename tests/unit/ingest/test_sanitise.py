"""What may not go further: the unstorable and the secret. What the fuzzing has found, kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.event import events_of
from ingest.sanitise import REDACTED, sanitised, without_secrets
from schemas.events import Event
from tests.contract.players import NEW_SECRET, PLAYERS

RECEIPT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def event(provider: str, **fields: Any) -> Event:
    player = PLAYERS[provider]
    request = player.posted({**player.message, **fields}, NEW_SECRET).request(RECEIPT)
    [found] = events_of(player.provider(NEW_SECRET), request)
    return found


def test_a_delivery_id_with_lone_surrogates_makes_an_event_like_any_other() -> None:
    odd, again, other = (event("textus", id=given) for given in ("a\ud800", "a\ud800", "a\udfff"))
    assert odd.event_id == again.event_id
    assert odd.event_id != other.event_id
    assert odd.sanitised


@pytest.mark.parametrize("provider", PLAYERS)
@pytest.mark.parametrize(
    "fields",
    [
        {"text": f"my secret is {NEW_SECRET}"},
        {NEW_SECRET: 1},  # as a key
        {"more": [{f"x{NEW_SECRET}": {"deeper": NEW_SECRET}}]},
    ],
)
def test_the_secret_is_nowhere_in_an_event(provider: str, fields: dict[str, Any]) -> None:
    found = event(provider, **fields)
    assert NEW_SECRET not in repr(found)
    assert REDACTED in found.payload


SHORT = "ab12"


def short_secret_event(provider: str, secret: str, **fields: Any) -> Event:
    player = PLAYERS[provider]
    request = player.posted({**player.message, **fields}, secret).request(RECEIPT)
    [found] = events_of(player.provider(secret), request)
    return found


@pytest.mark.parametrize("provider", ["textlink", "textus"])
@pytest.mark.parametrize(
    "fields",
    [
        {"note": SHORT},
        {"old_secret": SHORT},
        {"apiKey": f"Bearer {SHORT}"},
        {"more": [{"auth": {"deeper": [f"x {SHORT}"]}}, {SHORT: 1}]},
    ],
)
def test_a_short_secret_is_nowhere_but_in_a_longer_text(provider: str, fields: dict[str, Any]) -> None:
    found = short_secret_event(provider, SHORT, **fields)
    assert SHORT not in repr(found)
    assert REDACTED in found.payload


@pytest.mark.parametrize("secret", ["stop", "1234", SHORT])
def test_a_message_stays_as_it_is_whatever_the_secret(secret: str) -> None:
    for text in (secret, f"{secret} it", f"x{secret}"):
        found = short_secret_event("textlink", secret, text=text, password=secret)
        assert (found.text, REDACTED in found.payload) == (text, True)  # type: ignore[attr-defined] # a message has one
        assert json.loads(found.payload)["text"] == text


def test_a_number_that_is_the_secret_is_still_the_contact() -> None:
    assert short_secret_event("textlink", "60777", phone_number="60777").contact_phone == "60777"


def test_a_word_in_what_nobody_can_classify_is_left_for_opt_out() -> None:
    player = PLAYERS["textlink"]
    fields = {"something": "stop", "token": "stop", "unknown": True}
    request = player.posted(fields, "stop").request(RECEIPT)
    [found] = events_of(player.provider("stop"), request)
    assert found.event_type == "unrecognized"
    assert json.loads(found.payload) == {"something": "stop", "token": REDACTED, "unknown": True}


def test_a_short_secret_is_left_where_it_could_be_a_word() -> None:
    assert without_secrets({"text": "no stop"}, ["stop"]) == {"text": "no stop"}


@pytest.mark.parametrize(
    ("node", "clean", "changed"),
    [
        ({"a": ["b", 1, None, True]}, {"a": ["b", 1, None, True]}, False),
        ({"a\x00": "\x00"}, {"a\ufffd": "\ufffd"}, True),  # keys too
        (["\ud800", ["\udfff"]], ["\ufffd", ["\ufffd"]], True),
        ("\U0001f600", "\U0001f600", False),  # a pair is a character
    ],
)
def test_what_cannot_be_stored_is_replaced(node: Any, clean: Any, changed: bool) -> None:
    assert sanitised(node) == (clean, changed)
