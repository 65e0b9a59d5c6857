"""What is TextLink's own in ingest's HTTP contract: kinds in the URL, its inference, tags without a secret, ids."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contract.players import NEW_SECRET, PLAYERS
from tests.contract.served import PublishedEvents, served_client

TEXTLINK = PLAYERS["textlink"]
MESSAGE = {"phone_number": "+13035550142", "text": "hello", "timestamp": 1748455363370}


@pytest.fixture
def published() -> PublishedEvents:
    return PublishedEvents()


@pytest.fixture
def serve(published: PublishedEvents) -> Callable[..., FlaskClient]:
    return lambda **settings: served_client(published, "textlink", **settings)


@pytest.fixture
def client(serve: Callable[..., FlaskClient]) -> FlaskClient:
    return serve()


def textlink_body(**fields: Any) -> bytes:
    return TEXTLINK.posted({**MESSAGE, **fields}, NEW_SECRET).body


@pytest.mark.parametrize("kind", ["received", "sent", "failed", "tag", ""])
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", None])
def test_textlink_200(
    client: FlaskClient, published: PublishedEvents, kind: str, slash: str, content_type: str | None
) -> None:
    path = f"/webhooks/textlink/{kind}".rstrip("/") + slash
    answer = client.post(path, data=textlink_body(), content_type=content_type)
    assert (answer.status_code, answer.data) == (200, b'{"ok":true}')
    assert answer.headers["X-Event-Id"] == str(published.events[0].event_id)
    assert answer.headers["X-Durability"] == "kafka"
    assert answer.content_type == "application/json"


@pytest.mark.parametrize(
    ("fields", "inferred"),
    [
        ({"textlink_id": 1}, "message.failed"),
        ({"custom_id": "1"}, "message.failed"),
        ({"sim_card_id": 1}, "message.sent"),
        ({"portal": True}, "message.sent"),
        ({"sent": True, "received": False}, "message.sent"),  # an older page's booleans
        ({"sent": False, "received": True}, "message.received"),
        ({"tag": "Warm"}, "message.received"),  # a text that carries a tag
        ({}, "message.received"),
    ],
)
def test_the_single_url_infers_the_kind(
    client: FlaskClient, published: PublishedEvents, fields: dict[str, Any], inferred: str
) -> None:
    assert client.post("/webhooks/textlink", data=textlink_body(**fields)).status_code == 200
    assert published.events[0].event_type == inferred


def test_a_kind_in_the_url_beats_inference(client: FlaskClient, published: PublishedEvents) -> None:
    client.post("/webhooks/textlink/received", data=textlink_body(textlink_id=1, sim_card_id=2))
    assert published.events[0].event_type == "message.received"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b'{"secret": "x", "a": NaN}', 400, "not_finite"),
        (b'{"phone_number": "+13035550142", "text": "x"}', 401, "missing_secret"),
        (b'{"secret": "no", "phone_number": "+13035550142"}', 401, "wrong_secret"),
        (b'{"secret": ["no"], "phone_number": "+13035550142"}', 401, "wrong_secret"),
    ],
)
def test_refusals(client: FlaskClient, published: PublishedEvents, body: bytes, status: int, error: str) -> None:
    answer = client.post("/webhooks/textlink/received", data=body)
    assert (answer.status_code, answer.get_json(), published.events) == (status, {"ok": False, "error": error}, [])


class TestTagSecret:
    """The published tag sample has no secret."""

    tag = json.dumps({"name": "A", "phone_number": "+381690156360", "tag": "Warm"}).encode()

    @pytest.mark.parametrize("path", ["/webhooks/textlink/tag", "/webhooks/textlink"])
    def test_is_needed_unless_told(self, serve: Callable[..., FlaskClient], path: str) -> None:
        answer = serve().post(path, data=self.tag)
        assert (answer.status_code, answer.get_json()["error"]) == (401, "missing_tag_secret")
        assert serve(tag_secret="optional").post(path, data=self.tag).status_code == 200

    def test_optional_does_not_make_a_wrong_one_right(self, serve: Callable[..., FlaskClient]) -> None:
        wrong = self.tag[:-1] + b', "secret": "no"}'
        assert serve(tag_secret="optional").post("/webhooks/textlink/tag", data=wrong).status_code == 401

    def test_optional_is_for_tags_alone(self, serve: Callable[..., FlaskClient]) -> None:
        text = b'{"phone_number": "+381690156360", "text": "hi"}'
        assert serve(tag_secret="optional").post("/webhooks/textlink/received", data=text).status_code == 401

    @pytest.mark.parametrize("more", ['"text": "START"', '"received": true', '"sent": true, "text": "x"'])
    def test_nor_is_it_for_a_message_at_the_url_of_tags(self, serve: Callable[..., FlaskClient], more: str) -> None:
        """Or anybody could opt a number in."""
        message = f'{{"phone_number": "+381690156360", "tag": "Warm", {more}}}'
        answer = serve(tag_secret="optional").post("/webhooks/textlink/tag", data=message)
        assert (answer.status_code, answer.get_json()["error"]) == (401, "missing_secret")


def test_a_trusted_request_id_makes_the_event_id(serve: Callable[..., FlaskClient], published: PublishedEvents) -> None:
    client = serve(request_id_header="X-Request-Id")
    for request_id in ("a", "a", "b"):
        client.post("/webhooks/textlink", data=textlink_body(), headers={"X-Request-Id": request_id})
    ids = [event.event_id for event in published.events]
    assert ids[0] == ids[1] != ids[2]


def test_two_equal_texts_without_a_time_are_two_messages(client: FlaskClient, published: PublishedEvents) -> None:
    for _ in range(2):
        client.post("/webhooks/textlink", data=textlink_body(timestamp=None))
    assert published.events[0].event_id != published.events[1].event_id
