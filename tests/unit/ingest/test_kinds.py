"""Which kind a webhook is where the URL does not say: a field that is null says as little as one that is not there.

Where it could be inbound and holds a text, opt_out reads it for a stop: as a message received, else for a hold.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.durable.durability import Durability
from ingest.providers.textlink import TEXT_FIELDS, TextLink, TextLinkSettings, inferred_kind, may_be_inbound
from ingest.providers.textus import TextUs, TextUsSettings, action_of
from ingest.request import WebhookRequest
from ingest.webhooks import receive
from schemas.events import Event, EventType, Message, Unrecognized

RECEIPT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ABSENT = object()

_textlink = TextLink(TextLinkSettings(auth="open"))
_textus = TextUs(TextUsSettings(auth="open"))

#: Every combination of these is one webhook: 3 * 3 * 3 * 3 * 4 * 4 = 1,296.
VALUES: dict[str, tuple[Any, ...]] = {
    "textlink_id": (ABSENT, None, 100123),
    "custom_id": (ABSENT, None, "1234"),
    "sim_card_id": (ABSENT, None, 123),
    "portal": (ABSENT, None, False),
    "received": (ABSENT, None, False, True),
    "sent": (ABSENT, None, False, True),
}
COMBINATIONS = list(itertools.product(*VALUES.values()))


class _LastEvents:
    """A publisher that keeps the events of the newest webhook."""

    events: Sequence[Event]

    def publish_all(self, events: Sequence[Event]) -> Durability:
        self.events = events
        return Durability.KAFKA


def events_from(provider: TextLink | TextUs, kind: str | None, fields: dict[str, Any]) -> Sequence[Event]:
    publisher = _LastEvents()
    answer = receive(provider, WebhookRequest(kind, {}, json.dumps(fields).encode(), RECEIPT), publisher)
    assert answer.status == 200
    return publisher.events


def event_from(provider: TextLink | TextUs, kind: str | None, fields: dict[str, Any]) -> Event:
    """What the webhook is; a second event may have what stands beside it."""
    return events_from(provider, kind, fields)[0]


def webhook(combination: tuple[Any, ...], **more: Any) -> dict[str, Any]:
    fields = {name: value for name, value in zip(VALUES, combination, strict=True) if value is not ABSENT}
    return {"phone_number": "+13035550142", "text": "STOP"} | fields | more


def is_read_for_a_stop(event: Event) -> bool:
    """What processors/opt_out/reading.py goes by."""
    return isinstance(event, Unrecognized) or (
        isinstance(event, Message) and (event.event_type == EventType.MESSAGE_RECEIVED or event.maybe_inbound)
    )


def test_every_combination_of_marks() -> None:
    """The rule once more, in other words: the booleans, then failed's marks, then sent's, then the text."""
    for combination in COMBINATIONS:
        failed_id, custom_id, sim, portal, received, sent = (
            value if value is not None and value is not ABSENT else None for value in combination
        )
        if bool(received) is not bool(sent):
            expected = "received" if received else "sent"
        elif failed_id or custom_id:
            expected = "failed"
        elif sim or portal is not None:
            expected = "sent"
        else:
            expected = "received"
        event = event_from(_textlink, None, webhook(combination))
        assert event.event_type == f"message.{expected}", combination
        surely_ours = not received and (sent or (sim and portal is not None))
        assert is_read_for_a_stop(event) is not bool(surely_ours), combination


def test_absent_and_null_are_the_same() -> None:
    for combination in COMBINATIONS:
        without = {name: value for name, value in webhook(combination).items() if value is not None}
        assert inferred_kind(webhook(combination)) == inferred_kind(without)
        assert may_be_inbound(None, webhook(combination)) == may_be_inbound(None, without)


@pytest.mark.parametrize(
    "marks",
    [
        *({name: None} for name in ("custom_id", "textlink_id", "sim_card_id", "portal")),
        {"received": True, "sim_card_id": 123},
        {"received": True, "sim_card_id": 123, "portal": True, "textlink_id": 1, "custom_id": "1"},
        {"received": True, "sent": None},
        {"received": True, "sent": False, "portal": False},
        {"tag": None},
        {"tag": "Warm", "sim_card_id": None},
    ],
)
@pytest.mark.parametrize("text_field", TEXT_FIELDS)
def test_what_was_received_is_received(marks: dict[str, Any], text_field: str) -> None:
    event = event_from(_textlink, None, {"phone_number": "+13035550142", text_field: "STOP"} | marks)
    assert isinstance(event, Message)
    assert (event.event_type, event.direction, event.text) == (EventType.MESSAGE_RECEIVED, "in", "STOP")
    assert not event.maybe_inbound


@pytest.mark.parametrize(
    ("kind", "marks", "maybe_inbound"),
    [
        # Nothing says surely that we sent it
        (None, {"sim_card_id": 123}, True),
        (None, {"portal": True}, True),
        (None, {"custom_id": "1234"}, True),
        (None, {"textlink_id": 1, "portal": True}, True),
        # It says both
        (None, {"received": True, "sent": True, "sim_card_id": 1, "portal": True}, True),
        # The URL and the body disagree
        ("sent", {"received": True, "sim_card_id": 123, "portal": True}, True),
        ("failed", {"received": True}, True),
        # As documented
        (None, {"sim_card_id": 123, "portal": True}, False),
        (None, {"sim_card_id": 123, "portal": False, "textlink_id": 1, "custom_id": None}, False),
        (None, {"sent": True}, False),
        (None, {"sent": True, "received": False, "sim_card_id": 1}, False),
        # The URL says so
        ("sent", {"sim_card_id": 123}, False),
        ("failed", {}, False),
    ],
)
def test_what_we_sent_is_read_for_a_stop_where_that_is_a_guess(
    kind: str | None, marks: dict[str, Any], maybe_inbound: bool
) -> None:
    event = event_from(_textlink, kind, {"phone_number": "+13035550142", "text": "STOP"} | marks)
    assert isinstance(event, Message)
    assert event.direction == "out"
    assert event.maybe_inbound is maybe_inbound


@given(st.permutations(TEXT_FIELDS), st.lists(st.sampled_from([None, "", " ", 7, [], {}, "STOP"]), max_size=4))
def test_the_text_is_the_first_that_is_not_blank(names: list[str], values: list[Any]) -> None:
    fields = dict(zip(names, values, strict=False))
    written = fields.get("text")
    texts = [fields.get(name) for name in TEXT_FIELDS]
    event = event_from(_textlink, "received", {"phone_number": "+13035550142"} | fields)
    assert isinstance(event, Message)
    if written in (None, "", " ") and "STOP" in texts:
        assert event.text == "STOP"
    elif written is not None:
        assert event.text == (written if isinstance(written, str) else json.dumps(written))
    else:
        assert event.text is None


@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_absent_and_blank_are_the_same(blank: str) -> None:
    """Some senders write "" for what they do not have."""
    for name in ("custom_id", "textlink_id", "sim_card_id", "portal"):
        fields = {"phone_number": "+13035550142", "text": "STOP", name: blank}
        assert event_from(_textlink, None, fields).event_type == EventType.MESSAGE_RECEIVED
    fields = {"phone_number": "+13035550142", "text": "STOP", "sim_card_id": blank, "portal": blank}
    assert is_read_for_a_stop(event_from(_textlink, None, fields))


@pytest.mark.parametrize("text_field", TEXT_FIELDS)
def test_every_combination_of_marks_at_the_url_of_tag_changes(text_field: str) -> None:
    """A tag webhook has no text: one that has is read as if its URL said no kind."""
    for combination in COMBINATIONS:
        marked = webhook(combination, tag="Warm", text=None) | {text_field: "STOP"}
        event, unsaid = (event_from(_textlink, kind, marked) for kind in ("tag", None))
        assert isinstance(event, Message)
        assert isinstance(unsaid, Message)
        assert (event.event_type, event.text, event.tag) == (unsaid.event_type, "STOP", "Warm")
        assert is_read_for_a_stop(event) is is_read_for_a_stop(unsaid)


@pytest.mark.parametrize("received", [True, 1, "true", "yes", [True]])
@pytest.mark.parametrize("kind", ["tag", None])
@pytest.mark.parametrize("text_field", ["text", "content"])
def test_a_tag_change_that_says_that_it_was_received_is_a_message(
    kind: str | None, received: Any, text_field: str
) -> None:
    fields = {"phone_number": "+13035550142", "tag": "Warm", "received": received, text_field: "STOP"}
    event = event_from(_textlink, kind, fields)
    assert isinstance(event, Message)
    assert (event.event_type, event.direction, event.tag) == (EventType.MESSAGE_RECEIVED, "in", "Warm")


@pytest.mark.parametrize("kind", ["tag", None])
@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"received": False},
        {"received": None, "sent": False},
        {"received": "False"},
        {"text": None},
        {"subuser_id": 6},
        {"subuser_id": 6, "previous_tag": "Cold"},
        {"content": None, "contact_id": 7},
    ],
)
def test_a_tag_change_as_documented_stays_one(kind: str | None, beside: dict[str, Any]) -> None:
    event = event_from(_textlink, kind, {"phone_number": "+13035550142", "name": "Ann", "tag": "Warm"} | beside)
    assert event.event_type == EventType.CONTACT_TAG_CHANGED


@pytest.mark.parametrize("text", ["", " ", None])
def test_a_tag_change_with_a_blank_text_stays_one(text: str | None) -> None:
    fields = {"phone_number": "+13035550142", "tag": "Warm", "text": text}
    assert event_from(_textlink, "tag", fields).event_type == EventType.CONTACT_TAG_CHANGED


def test_a_tag_change_that_holds_a_text_where_none_was_foreseen_is_read_for_a_stop() -> None:
    """Where nothing but the field `tag` says that it is one: a received message has that field too."""
    for fields in ({"content": "STOP"}, {"message": {"text": "STOP"}}, {"body": ["STOP"]}):
        assert is_read_for_a_stop(event_from(_textlink, None, {"phone_number": "+13035550142", "tag": "Warm"} | fields))


@pytest.mark.parametrize("received", [1, "true", "1", "yes", [True]])
@pytest.mark.parametrize("kind", ["sent", "failed", None])
def test_what_says_in_another_way_that_it_was_received_is_read_for_a_stop(kind: str | None, received: Any) -> None:
    fields = {"phone_number": "+13035550142", "text": "STOP", "received": received, "sim_card_id": 1, "portal": True}
    assert is_read_for_a_stop(event_from(_textlink, kind, fields))


@pytest.mark.parametrize("received", [None, False, 0, "", " ", "false", "False", "0", "no"])
def test_what_says_that_it_was_not_is_not(received: Any) -> None:
    fields = {"phone_number": "+13035550142", "text": "STOP", "received": received, "sim_card_id": 1, "portal": True}
    assert not is_read_for_a_stop(event_from(_textlink, "sent", fields))


@pytest.mark.parametrize("kind", ["received", None])
def test_a_text_in_a_field_that_nobody_foresaw_is_read_for_a_stop(kind: str | None) -> None:
    event = event_from(_textlink, kind, {"phone_number": "+13035550142", "content": "STOP"})
    assert is_read_for_a_stop(event)


TEXTUS_MESSAGE = {"@type": "Message", "id": "/messages/1", "direction": "in", "body": "STOP", "status": "received"}


@pytest.mark.parametrize(
    "beside",
    [
        {"phoneCall": None},
        {"contact": None},
        {"optOut": None},
        {"action": None},
        {"action": ""},
        {"action": " "},
        {"phoneCall": {"id": "/calls/1"}},
        {"contact": {"id": "/contacts/1"}},
    ],
)
def test_a_message_of_textus_without_an_action_is_no_call_and_no_contact(beside: dict[str, Any]) -> None:
    fields = {"conversation": {"phoneNumber": "+13035550142"}, "message": TEXTUS_MESSAGE} | beside
    assert event_from(_textus, None, fields).event_type == EventType.MESSAGE_RECEIVED
    stateless = fields | {"message": {"body": "STOP"}}
    assert is_read_for_a_stop(event_from(_textus, None, stateless))


def test_an_object_of_textus_that_is_null_decides_nothing() -> None:
    assert action_of({"phoneCall": None, "contact": None, "message": None}) is None
    assert action_of({"phoneCall": None, "contact": {}}) == "contact.created"
    assert action_of({"phoneCall": {}, "contact": None}) == "phone_call.completed"


@pytest.mark.parametrize(
    ("action", "direction", "maybe_inbound"),
    [
        ("message.delivered", "in", True),
        ("message.failed", "in", True),
        ("message.unknown", "in", True),
        ("message.delivered", "inbound", True),
        ("message.delivered", "out", False),
        ("message.unknown", "out", False),
        ("message.unknown", "OUT", False),
        ("message.received", "in", False),
        # No direction: the action says it, unless that is unknown
        ("message.delivered", None, False),
        ("message.failed", "", False),
        ("message.unknown", None, True),
        ("message.unknown", " ", True),
        # The action is inferred from the message's state
        (None, None, True),
        (None, "out", False),
    ],
)
def test_a_message_of_textus_whose_action_and_direction_disagree(
    action: str | None, direction: str | None, maybe_inbound: bool
) -> None:
    message = {"id": "/messages/1", "direction": direction, "body": "STOP", "deliveryState": "delivered"}
    event = event_from(
        _textus, None, {"action": action, "conversation": {"phoneNumber": "+13035550142"}, "message": message}
    )
    assert isinstance(event, Message)
    assert event.maybe_inbound is maybe_inbound


@pytest.mark.parametrize("body", [None, "", " "])
@pytest.mark.parametrize("action", ["message.unknown", None])
def test_a_message_of_textus_without_a_text_and_a_direction_is_read_for_nothing(
    action: str | None, body: str | None
) -> None:
    message = {"id": "/messages/1", "body": body, "deliveryState": "unknown"}
    event = event_from(
        _textus, None, {"action": action, "conversation": {"phoneNumber": "+13035550142"}, "message": message}
    )
    assert isinstance(event, Message)
    assert not event.maybe_inbound
