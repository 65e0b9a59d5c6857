"""From the webhook to the ledger: what a provider posts, through ingest's code, into opt_out on a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from ingest.durable.durability import Durability
from ingest.provider import Provider
from ingest.providers.textlink import TextLink, TextLinkSettings
from ingest.providers.textus import TextUs, TextUsSettings
from ingest.providers.twilio import Twilio, TwilioSettings
from ingest.request import WebhookRequest
from ingest.webhooks import receive
from schemas.events import Event
from tests.twins.events import at
from tests.twins.opted_out import Desk

PHONE = "+13035550142"
NO_TIMES = (None, 0, -1, 2147483647, 10**16, "garbage", " ", True)

_textlink = TextLink(TextLinkSettings(auth="open"))
_textus = TextUs(TextUsSettings(auth="open"))
_twilio = Twilio(TwilioSettings(auth="open"))


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    yield made
    made.close()


class _Received:
    """Ingest with a clock that a second passes on between two webhooks; keeps every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._seconds = count(1)

    def publish_all(self, events: Sequence[Event]) -> Durability:
        self.events += events
        return Durability.KAFKA

    def post(
        self, provider: Provider, kind: str | None, fields: dict[str, Any], receipt: datetime | None = None
    ) -> None:
        moment = receipt or at(0) + timedelta(seconds=next(self._seconds))
        answer = receive(provider, WebhookRequest(kind, {}, json.dumps(fields).encode(), moment), self)
        assert answer.status == 200


def textlink(text: str, **more: Any) -> dict[str, Any]:
    return {"phone_number": PHONE, "text": text} | more


@pytest.mark.parametrize("timestamp", NO_TIMES, ids=repr)
def test_stop_start_stop_with_one_time_that_is_none_ends_out(desk: Desk, timestamp: Any) -> None:
    ingest = _Received()
    for text in ("STOP", "START", "STOP"):
        ingest.post(_textlink, "received", textlink(text, timestamp=timestamp))
    desk.take(*ingest.events)
    assert desk.all("SELECT action FROM opt_out_ledger ORDER BY position") == [("out",), ("in",), ("out",)]
    assert desk.state() == "out"


@pytest.mark.parametrize("timestamp", NO_TIMES, ids=repr)
def test_a_start_that_a_proxy_sends_again_does_not_end_the_next_stop(desk: Desk, timestamp: Any) -> None:
    ingest = _Received()
    for text in ("STOP", "START", "STOP", "START", "START"):
        ingest.post(_textlink, "received", textlink(text, timestamp=timestamp))
        desk.take(*ingest.events)  # all of them again, each time
        assert desk.state() == "out"
    assert desk.all("SELECT count(*) FROM opt_out_reviews WHERE kind = 'opt-in' AND decision IS NULL") == [(1,)]


def test_a_signed_opt_in_without_id_and_time_does_not_reopen_however_often_it_comes(desk: Desk) -> None:
    ingest = _Received()
    opted_in = {"action": "contact.opted_in", "optOut": {"id": "/acme/opt_outs/1", "phoneNumber": PHONE}}
    ingest.post(_textlink, "received", textlink("STOP"))
    for _ in range(3):
        ingest.post(_textus, None, opted_in)
    desk.take(*ingest.events)
    assert desk.state() == "out"
    assert desk.all("SELECT kind FROM opt_out_reviews WHERE decision IS NULL") == [("opt-in",)]
    # With a delivery id it is known to be new, and once
    numbered = opted_in | {"id": "/integrations/a/deliveries/1"}
    ingest.post(_textus, None, numbered)
    desk.take(*ingest.events)
    assert desk.state() == "in"
    assert desk.all("SELECT count(*) FROM opt_out_reviews WHERE decision IS NULL") == [(0,)]
    ingest.post(_textlink, "received", textlink("STOP"))
    ingest.post(_textus, None, numbered)
    desk.take(*ingest.events)
    assert desk.state() == "out"


def test_an_opt_in_with_a_time_of_its_own_still_reopens(desk: Desk) -> None:
    ingest = _Received()
    ingest.post(_textlink, "received", textlink("STOP", timestamp=int(at(1).timestamp() * 1000)), at(1.1))
    ingest.post(_textlink, "received", textlink("START", timestamp=int(at(2).timestamp() * 1000)), at(2.1))
    desk.take(*ingest.events)
    assert desk.state() == "in"


@pytest.mark.parametrize(
    ("marks", "state"),
    [
        *(({name: None}, "out") for name in ("custom_id", "textlink_id", "sim_card_id", "portal")),
        ({"received": True, "sim_card_id": 123}, "out"),
        # Maybe inbound
        ({"sim_card_id": 123}, "hold"),
        ({"custom_id": "1234"}, "hold"),
        ({"received": True, "sent": True}, "out"),
        # Surely ours
        ({"sim_card_id": 123, "portal": True}, None),
        ({"sent": True}, None),
    ],
    ids=repr,
)
@pytest.mark.parametrize("text_field", ["text", "body", "message", "Text"])
def test_a_stop_at_the_url_for_all_kinds(desk: Desk, marks: dict[str, Any], state: str | None, text_field: str) -> None:
    ingest = _Received()
    ingest.post(_textlink, None, {"phone_number": PHONE, text_field: "STOP"} | marks)
    desk.take(*ingest.events)
    assert desk.state() == state


@pytest.mark.parametrize(
    ("marks", "state"),
    [
        ({"received": True}, "out"),
        ({}, "out"),
        ({"tag": "Warm"}, "out"),
        ({"tag": "Warm", "textlink_id": 1}, "hold"),
        ({"sent": True}, None),  # surely ours
    ],
    ids=repr,
)
def test_a_stop_at_the_url_of_tag_changes(desk: Desk, marks: dict[str, Any], state: str | None) -> None:
    ingest = _Received()
    ingest.post(_textlink, "tag", textlink("STOP") | marks)
    desk.take(*ingest.events)
    assert desk.state() == state


@pytest.mark.parametrize("marks", [{"SmsStatus": "received"}, {}], ids=repr)
def test_a_stop_in_a_status_of_twilio_holds_whoever_wrote_it(desk: Desk, marks: dict[str, Any]) -> None:
    ingest = _Received()
    status = {"MessageSid": "SM1", "MessageStatus": "delivered", "From": PHONE, "To": "+13035550100", "Body": "STOP"}
    ingest.post(_twilio, None, status | marks)
    desk.take(*ingest.events)
    assert desk.state() == "hold"
