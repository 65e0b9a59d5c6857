"""Bandwidth: HTTP Basic, and what its events say."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.answers import WebhookOutcome
from ingest.durable.durability import Durability
from ingest.provider import Unauthorized
from ingest.providers.bandwidth import Bandwidth, BandwidthSettings
from ingest.request import WebhookRequest
from ingest.webhooks import receive
from processors.opt_out.classifier import classifier
from processors.opt_out.reading import read as read_event
from runtime.settings import Configuration, ConfigurationError
from schemas.events import Event, Message, Unrecognized
from tests.twins.facts import DECLARED
from tests.twins.opted_out import delivery

RECEIPT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
USERS = ("first:a-password-1", "second:with:colons:in it")
BANDWIDTH = Bandwidth(BandwidthSettings(users=USERS))
US, CONTACT, OTHER = "+13035550100", "+13035550142", "+13035550143"


def basic(credentials: str, scheme: str = "Basic") -> str:
    return f"{scheme} {b64encode(credentials.encode()).decode()}"


def request(authorization: str, body: bytes = b"[{}]") -> WebhookRequest:
    return WebhookRequest(None, {"Authorization": authorization} if authorization else {}, body, RECEIPT)


class _Kept:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish_all(self, events: Sequence[Event]) -> Durability:
        self.events += events
        return Durability.KAFKA


def read(*events: Any) -> list[Event]:
    kept = _Kept()
    assert receive(BANDWIDTH, request(basic(USERS[0]), json.dumps(events).encode()), kept).status == 200
    return kept.events


def event(kind: str, message_id: str = "m1", to: Sequence[str] = (CONTACT,), **more: Any) -> dict[str, Any]:
    message = {"id": message_id, "to": list(to), "from": US, "text": "hi", "direction": "out", "owner": US}
    message |= more.pop("message", {})
    return {"type": kind, "time": "2026-11-02T11:59:00Z", "to": to[0], "message": message} | more


@pytest.mark.parametrize("credentials", USERS)
@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_each_of_several_users_is_valid(credentials: str, scheme: str) -> None:
    BANDWIDTH.verify(request(basic(credentials, scheme)))


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        ("", "missing_credentials"),
        ("Bearer abc", "missing_credentials"),
        ("Basic", "wrong_credentials"),  # of nobody: empty
        ("Basic !!!", "missing_credentials"),  # no Base64
        (f"Basic {b64encode(bytes([255, 254])).decode()}", "missing_credentials"),  # no text
        (basic("first:a-password-2"), "wrong_credentials"),
        (basic("second:with"), "wrong_credentials"),
        (basic("first:"), "wrong_credentials"),
        (basic("a-password-1"), "wrong_credentials"),  # a password is no user
        (basic("first:a-password-1 "), "wrong_credentials"),
    ],
)
def test_anything_else_is_401_and_asks_for_credentials(authorization: str, reason: str) -> None:
    with pytest.raises(Unauthorized, match=reason):
        BANDWIDTH.verify(request(authorization))
    answer = BANDWIDTH.answer(WebhookOutcome(401, reason))
    assert dict(answer.headers)["WWW-Authenticate"].startswith("Basic ")
    assert BANDWIDTH.answer(WebhookOutcome(200)).headers == ()


@pytest.mark.parametrize("users", ["nobody", "user:", ":password", "good:password,bad"])
def test_credentials_are_user_and_password(users: str) -> None:
    with pytest.raises(ConfigurationError, match="HOOKLINE_BANDWIDTH__USERS") as refused:
        Configuration.load(BandwidthSettings, environ={"HOOKLINE_BANDWIDTH__USERS": users})
    assert "password" not in str(refused.value).replace("user:password", "")


def test_no_password_comes_out_again() -> None:
    for text in ("it is a-password-1", "first:a-password-1", "with:colons:in it"):
        [found] = read(event("message-received", message={"text": text, "from": CONTACT}))
        assert not any(secret in repr(found) for secret in BANDWIDTH.secrets)


def test_what_was_received_is_from_the_contact_also_in_a_group() -> None:
    [found] = read(event("message-received", to=(US, OTHER), message={"from": CONTACT, "direction": "in"}))
    assert isinstance(found, Message)
    assert (found.contact_phone, found.account_phone, found.direction) == (CONTACT, US, "in")
    assert found.occurred_at == datetime(2026, 11, 2, 11, 59, tzinfo=UTC)


def test_a_message_to_a_group_is_one_to_each_of_its_members() -> None:
    group = (CONTACT, OTHER)
    events = [
        event(kind, to=group) | {"to": phone} for kind in ("message-sending", "message-delivered") for phone in group
    ]
    found = read(*events)
    assert all(isinstance(event, Message) for event in found)
    assert [event.contact_phone for event in found] == [CONTACT, OTHER, CONTACT, OTHER]
    keys = [event.message_key for event in found if isinstance(event, Message)]
    assert keys[:2] == keys[2:]
    assert keys[0] != keys[1]
    assert len({event.event_id for event in found}) == 4


def test_sending_and_delivered_to_one_number_are_about_one_message() -> None:
    found = read(event("message-sending"), event("message-delivered"), event("message-failed", errorCode=4432))
    assert {event.message_key for event in found if isinstance(event, Message)} == {"bandwidth:m1"}
    assert [event.event_type for event in found] == ["message.sent", "message.delivered", "message.failed"]
    assert json.loads(found[2].payload)["errorCode"] == 4432


def test_to_nobody_that_is_named_is_kept_whole() -> None:
    [found] = read(event("message-sending", to=(CONTACT, OTHER)) | {"to": None})
    assert isinstance(found, Unrecognized)
    assert found.reason == "no_phone"


def test_without_an_id_the_content_tells_deliveries_apart_where_it_has_a_time() -> None:
    unnumbered = event("message-received", message={"id": None, "from": CONTACT})
    first, again = read(unnumbered)[0].event_id, read(unnumbered)[0].event_id
    assert first == again
    untimed = {**unnumbered, "time": None}
    assert read(untimed)[0].event_id != read(untimed)[0].event_id


@pytest.mark.parametrize("nothing", [None, "", " "])
def test_a_time_that_is_none_hides_no_time_of_the_message(nothing: Any) -> None:
    written = {"time": "2026-11-02T11:58:00Z"}
    [found] = read(event("message-received", message=written) | {"time": nothing})
    assert found.own_time == datetime(2026, 11, 2, 11, 58, tzinfo=UTC)
    for message in ({}, {"time": nothing}):
        [untimed] = read(event("message-received", message=message) | {"time": nothing})
        assert (untimed.own_time, untimed.occurred_at) == (None, RECEIPT)


@pytest.mark.parametrize(
    ("direction", "maybe_inbound"), [("in", True), ("IN", True), ("inbound", True), ("out", False), ("Out", False)]
)
def test_a_status_whose_direction_is_another_is_read_for_a_stop(direction: str, maybe_inbound: bool) -> None:
    for kind in ("message-sending", "message-sent", "message-delivered", "message-read", "message-failed"):
        [found] = read(event(kind, message={"direction": direction, "text": "STOP"}))
        assert isinstance(found, Message)
        assert (found.direction, found.maybe_inbound) == ("out", maybe_inbound)


@pytest.mark.parametrize("direction", [None, "", " "])
def test_a_status_without_a_direction_is_about_what_we_sent(direction: Any) -> None:
    [found] = read(event("message-delivered", message={"direction": direction}))
    assert isinstance(found, Message)
    assert not found.maybe_inbound


@pytest.mark.parametrize("kind", ["message-delivered", "message-exploded"])
def test_whoever_wrote_it_is_held(kind: str) -> None:
    fields = event(kind, to=(US,), message={"from": CONTACT, "direction": "in", "text": "STOP", "owner": US})
    [found] = read(fields)
    drafts = read_event(delivery(found), classifier(), "US", DECLARED).drafts
    assert ("hold", CONTACT) in {(draft.action, draft.phone) for draft in drafts}


def test_one_event_that_is_no_list_is_taken() -> None:
    kept = _Kept()
    body = json.dumps(event("message-delivered")).encode()
    assert receive(BANDWIDTH, request(basic(USERS[0]), body), kept).status == 200
    assert [event.event_type for event in kept.events] == ["message.delivered"]
