"""What may not go further: the unstorable and the secret. What the fuzzing has found, kept."""

from __future__ import annotations

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
