"""A stop that stands where no text is expected, or whose number does, is a stop or a hold all the same.

From the webhook to the drafts for the ledger, so that ingest and opt_out together leave nothing out.
"""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from ingest.event import events_of
from ingest.provider import Provider
from ingest.providers.bandwidth import Bandwidth, BandwidthSettings
from ingest.providers.textlink import TextLink, TextLinkSettings
from ingest.providers.textus import TextUs, TextUsSettings
from ingest.providers.twilio import Twilio, TwilioSettings
from ingest.request import WebhookRequest
from processors.opt_out.classifier import classifier
from processors.opt_out.reading import Question, read
from runtime.phone_lookup import Match, number_query
from schemas.events import EventType
from tests.twins.facts import DECLARED
from tests.twins.opted_out import delivery

RECEIPT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PHONE, OURS = "+13035550142", "+13035550100"
CLASSIFIER = classifier()
TEXTLINK = TextLink(TextLinkSettings(auth="open"))
TEXTUS = TextUs(TextUsSettings(auth="open"))
TWILIO = Twilio(TwilioSettings(auth="open"))
BANDWIDTH = Bandwidth(BandwidthSettings(auth="open"))
#: What shows nothing.
BLANK = (None, "", " ", "\u200b", "\u2060 \ufeff", "\u00ad", "\u3164", "\ufe0f")


def came_to(provider: Provider, kind: str | None, content: Any) -> list[tuple[str, str]]:
    """The action and the phone of every draft."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    found: list[tuple[str, str]] = []
    for event in events_of(provider, WebhookRequest(kind, Headers(), body, RECEIPT)):
        reading = read(delivery(event), CLASSIFIER, "US", DECLARED)
        assert not isinstance(reading.question, Question) or "holds what reads like a stop" in reading.question.text
        found += [(draft.action, draft.phone) for draft in reading.drafts]
    return found


def is_kept_from(phone: str, drafts: list[tuple[str, str]]) -> bool:
    """Whether the gate would not say in."""
    return any(
        action in ("out", "hold") and number_query(phone, "US").match(found) is not Match.NONE
        for action, found in drafts
    )


@pytest.mark.parametrize("blank", BLANK)
@pytest.mark.parametrize("field", ["body", "message", "Text"])
def test_a_text_that_shows_nothing_hides_no_other(blank: str | None, field: str) -> None:
    fields = {"phone_number": PHONE, "text": blank, field: "STOP"}
    for kind in ("received", None):
        assert came_to(TEXTLINK, kind, fields) == [("out", PHONE)]
    assert came_to(TEXTLINK, "received", {"phone_number": PHONE, "text": blank, "content": "STOP"}) == [("hold", PHONE)]
    textus = {"action": "message.received", "conversation": {"phoneNumber": PHONE}}
    assert came_to(TEXTUS, None, textus | {"message": {"body": blank, "text": "STOP"}}) == [("hold", PHONE)]
    bandwidth = {"type": "message-received", "message": {"from": PHONE, "text": blank, "body": "STOP"}}
    assert came_to(BANDWIDTH, None, [bandwidth]) == [("hold", PHONE)]


@pytest.mark.parametrize("text", [".", "Hi", "START", "\U0001f44d"])
@pytest.mark.parametrize("other", ["body", "message", "Text", "content", "message_body", "msg"])
def test_of_several_texts_each_is_read(text: str, other: str) -> None:
    assert came_to(TEXTLINK, "received", {"phone_number": PHONE, "text": text, other: "STOP"}) == [("hold", PHONE)]
    assert came_to(TEXTLINK, "received", {"phone_number": PHONE, "text": text, other: ["STOP"]}) == [("hold", PHONE)]
    message = {"from": PHONE, "to": [OURS], "text": text, other: {"text": "STOP"}}
    assert came_to(BANDWIDTH, None, [{"type": "message-received", "message": message}]) == [("hold", PHONE)]


def test_a_button_of_whatsapp_is_a_text() -> None:
    form = b"From=whatsapp%3A%2B13035550142&To=%2B13035550100&Body=Hi&ButtonPayload=STOP&SmsStatus=received"
    assert came_to(TWILIO, None, form) == [("hold", PHONE)]


@pytest.mark.parametrize(
    "beside",
    [
        {"name": "Stop"},
        {"tag": "STOP"},
        {"body": "Hi"},
        {"message_id": "STOP"},
        {"content_type": "STOP"},
        {"from": "STOP"},
    ],
)
def test_what_is_no_text_is_not_read(beside: dict[str, Any]) -> None:
    """A received message with a text is read by that and by nothing else."""
    assert came_to(TEXTLINK, "received", {"phone_number": PHONE, "text": "Hi"} | beside) == []


@pytest.mark.parametrize("kind", ["tag", None])
@pytest.mark.parametrize("content", ["STOP", ["STOP"], {"words": "STOP"}])
def test_a_text_beside_a_tag_change_is_a_hold(kind: str | None, content: Any) -> None:
    fields = {"phone_number": PHONE, "name": "Ann", "tag": "Warm", "subuser_id": 3, "content": content}
    tag_change, beside = events_of(TEXTLINK, WebhookRequest(kind, Headers(), json.dumps(fields).encode(), RECEIPT))
    assert (tag_change.event_type, beside.event_type) == (EventType.CONTACT_TAG_CHANGED, EventType.UNRECOGNIZED)
    assert came_to(TEXTLINK, kind, fields) == [("hold", PHONE)]
    # A repeat has the same two ids where anything tells it from others
    timed = json.dumps(fields | {"timestamp": 1748455363370}).encode()
    ids = [
        [event.event_id for event in events_of(TEXTLINK, WebhookRequest(kind, Headers(), timed, RECEIPT))] for _ in "ab"
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


@pytest.mark.parametrize("tag", ["STOP", "Unsubscribed"])
def test_a_tag_is_no_text(tag: str) -> None:
    fields = {"phone_number": PHONE, "name": "Stop", "tag": tag, "previous_tag": "Cold"}
    assert came_to(TEXTLINK, "tag", fields) == []


def test_a_tag_change_as_documented_is_one_event() -> None:
    for kind, subuser in itertools.product(("tag", None), (3, "3", None)):
        fields = {"phone_number": PHONE, "name": "Ann", "tag": "Warm", "timestamp": 1, "subuser_id": subuser}
        body = json.dumps(fields).encode()
        assert len(events_of(TEXTLINK, WebhookRequest(kind, Headers(), body, RECEIPT))) == 1


ACTIONS = ("contact.created", "phone_call.completed", "contact.opted_in")


@pytest.mark.parametrize("action", [*ACTIONS, "contact.renamed", "opted-out", None])
@pytest.mark.parametrize("message", [{"body": "STOP", "direction": "in"}, {"text": "STOP"}, [{"body": "STOP"}], "STOP"])
def test_a_message_beside_another_action_of_textus_is_a_hold(action: str | None, message: Any) -> None:
    fields = {"action": action, "id": "/integrations/1/deliveries/2", "conversation": {"phoneNumber": PHONE}}
    assert ("hold", PHONE) in came_to(TEXTUS, None, fields | {"message": message})


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("message", [None, {}, [], "", {"body": "STOP", "direction": "out"}])
def test_no_message_of_the_contacts_beside_it_is_nothing(action: str, message: Any) -> None:
    fields = {"action": action, "conversation": {"phoneNumber": PHONE}, "message": message}
    body = json.dumps(fields).encode()
    assert len(events_of(TEXTUS, WebhookRequest(None, Headers(), body, RECEIPT))) == 1


@pytest.mark.parametrize("phone", ["unknown", "60777", "Ann", True, None, "", [], {}, 0, "5550142"])
@pytest.mark.parametrize("written", [PHONE, "(303) 555-0142", "3035550142 (mobile)", "Ann <+13035550142>", 3035550142])
@pytest.mark.parametrize("text", ["STOP", "wrong number"])
def test_a_number_elsewhere_is_held_where_the_phone_is_none(phone: Any, written: Any, text: str) -> None:
    for kind, content in (("received", {"text": text}), (None, {"text": text, "sim_card_id": 1})):
        drafts = came_to(TEXTLINK, kind, {"phone_number": phone, "from": written} | content)
        assert is_kept_from(PHONE, drafts), kind


def test_our_own_number_is_not_the_contacts() -> None:
    form = b"From=60777&To=%2B13035550100&Body=STOP&SmsStatus=received"
    assert came_to(TWILIO, None, form) == [("out", "60777")]
    message = {"from": "60777", "to": [OURS], "owner": OURS, "text": "STOP"}
    assert came_to(BANDWIDTH, None, [{"type": "message-received", "to": OURS, "message": message}]) == [
        ("out", "60777")
    ]


@pytest.mark.parametrize(
    "held", ["msg-3035550142", "a3035550142", "call me at 3035550142 when you can", "20261122123456"]
)
def test_an_id_or_a_sentence_is_no_number(held: str) -> None:
    drafts = came_to(TEXTLINK, "received", {"phone_number": "unknown", "from": held, "text": "STOP"})
    assert drafts == [("out", "unknown")]


_phones = st.sampled_from([PHONE, "unknown", "Ann", "", None, True, [PHONE], 5, "\u200b"])
_texts = st.sampled_from([*BLANK, ".", "Hi", "STOP", "START", ["STOP"], {"body": "STOP"}])


@given(
    st.sampled_from(["received", "tag", None]),
    _phones,
    st.dictionaries(st.sampled_from(["text", "body", "message", "Text", "content"]), _texts, min_size=1),
    st.fixed_dictionaries({}, optional={"tag": st.just("Warm"), "subuser_id": st.just(3), "name": st.just("Ann")}),
    st.sampled_from([PHONE, "303-555-0142", "3035550142 (mobile)", "\u00b3\u2070\u00b35550142"]),
)
@example("received", PHONE, {"text": "\u200b", "body": "STOP"}, {}, PHONE)
@example("received", PHONE, {"text": ".", "body": "STOP"}, {}, PHONE)
@example(None, PHONE, {"content": "STOP"}, {"tag": "x", "subuser_id": 3}, PHONE)
@example("tag", PHONE, {"content": "STOP"}, {"tag": "x"}, PHONE)
@example("received", "unknown", {"text": "STOP"}, {}, PHONE)
@example("received", True, {"text": "STOP"}, {}, "3035550142 (mobile)")
@settings(max_examples=800, deadline=None)
def test_wherever_a_stop_and_its_number_stand(
    kind: str | None, phone: Any, texts: dict[str, Any], marks: dict[str, Any], written: str
) -> None:
    elsewhere = {} if phone == PHONE else {"from": written}
    drafts = came_to(TEXTLINK, kind, {"phone_number": phone} | marks | elsewhere | texts)
    if "STOP" in json.dumps(texts):
        assert is_kept_from(PHONE, drafts)
    else:
        assert all(action == "in" for action, _ in drafts)
