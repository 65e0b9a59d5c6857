"""The whole table of ingest's HTTP contract, through the WSGI app."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from ingest.app import create_app
from ingest.durable.publisher import Durability, Unavailable
from ingest.endpoint import MAX_BODY, WebhookEndpoint
from ingest.json_body import MAX_NODES
from runtime.admin import Readiness
from schemas.events import Event
from tests.contract.players import ADDRESS, NEW_SECRET, PLAYERS

TEXTLINK, TEXTUS = PLAYERS["textlink"], PLAYERS["textus"]
MESSAGE = {"phone_number": "+13035550142", "text": "hello", "timestamp": 1748455363370}


class Log:
    """A publisher that keeps events, or fails as it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.failure: Exception | None = None
        self.durability = Durability.KAFKA

    def publish_all(self, events: Sequence[Event]) -> Durability:
        if self.failure:
            raise self.failure
        self.events += events
        return self.durability


@pytest.fixture
def kept() -> Log:
    return Log()


@pytest.fixture
def serve(kept: Log) -> Callable[..., FlaskClient]:
    def client(*names: str, ready: Readiness = Readiness(True), **settings: Any) -> FlaskClient:
        providers = [PLAYERS[name].provider(NEW_SECRET, **settings) for name in names or sorted(PLAYERS)]
        return create_app(
            WebhookEndpoint(providers, kept, lambda: datetime.now(UTC), public_url=ADDRESS), lambda: ready
        ).test_client()

    return client


@pytest.fixture
def client(serve: Callable[..., FlaskClient]) -> FlaskClient:
    return serve()


def textlink_body(**fields: Any) -> bytes:
    return TEXTLINK.posted({**MESSAGE, **fields}, NEW_SECRET).body


@pytest.mark.parametrize("kind", ["received", "sent", "failed", "tag", ""])
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", None])
def test_textlink_200(client: FlaskClient, kept: Log, kind: str, slash: str, content_type: str | None) -> None:
    path = f"/webhooks/textlink/{kind}".rstrip("/") + slash
    answer = client.post(path, data=textlink_body(), content_type=content_type)
    assert (answer.status_code, answer.data) == (200, b'{"ok":true}')
    assert answer.headers["X-Event-Id"] == str(kept.events[0].event_id)
    assert answer.headers["X-Durability"] == "kafka"
    assert answer.content_type == "application/json"


def test_textus_200_and_a_repeat_has_the_same_id(client: FlaskClient, kept: Log) -> None:
    posted = TEXTUS.posted(TEXTUS.message, NEW_SECRET)
    answers = [client.post(posted.path, data=posted.body, headers=posted.headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["X-Event-Id"] == answers[1].headers["X-Event-Id"]
    assert len(kept.events) == 2, "a repeat is published again: whoever reads deduplicates"


def test_where_it_is_durable_is_told(client: FlaskClient, kept: Log) -> None:
    kept.durability = Durability.SPOOL
    assert client.post("/webhooks/textlink", data=textlink_body()).headers["X-Durability"] == "spool"


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
def test_the_single_url_infers_the_kind(client: FlaskClient, kept: Log, fields: dict[str, Any], inferred: str) -> None:
    assert client.post("/webhooks/textlink", data=textlink_body(**fields)).status_code == 200
    assert kept.events[0].event_type == inferred


def test_a_kind_in_the_url_beats_inference(client: FlaskClient, kept: Log) -> None:
    client.post("/webhooks/textlink/received", data=textlink_body(textlink_id=1, sim_card_id=2))
    assert kept.events[0].event_type == "message.received"


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/webhooks/nobody", "POST", 404),
        ("/webhooks/textlink/nothing", "POST", 404),
        ("/webhooks/textus/received", "POST", 404),  # TextUs has one URL
        ("/webhooks/textlink//", "POST", 404),
        ("/webhooks/", "POST", 404),
        ("/webhooks", "POST", 404),
        ("/", "POST", 404),
        ("/elsewhere", "GET", 404),
        ("/webhooks/textlink", "GET", 405),
        ("/webhooks/textlink/received", "PUT", 405),
        ("/webhooks/textus/", "DELETE", 405),
        ("/webhooks/nobody", "GET", 404),  # 404 comes first
        ("/healthz", "POST", 405),
    ],
)
def test_paths_and_methods(client: FlaskClient, kept: Log, path: str, method: str, status: int) -> None:
    answer = client.open(path, method=method, data=textlink_body())
    assert (answer.status_code, answer.get_json()["ok"], kept.events) == (status, False, [])


def test_a_provider_that_is_not_enabled_is_404(serve: Callable[..., FlaskClient]) -> None:
    assert serve("textus").post("/webhooks/textlink", data=textlink_body()).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b" " * (MAX_BODY + 1), 413, "body_too_large"),
        (b" " * MAX_BODY, 400, "not_json"),  # as much as is taken
        (b"{", 400, "not_json"),
        (b'{"secret": "x", "a": NaN}', 400, "not_finite"),
        (b'{"phone_number": "+13035550142", "text": "x"}', 401, "missing_secret"),
        (b'{"secret": "no", "phone_number": "+13035550142"}', 401, "wrong_secret"),
        (b'{"secret": ["no"], "phone_number": "+13035550142"}', 401, "wrong_secret"),
    ],
)
def test_textlink_refusals(client: FlaskClient, kept: Log, body: bytes, status: int, error: str) -> None:
    answer = client.post("/webhooks/textlink/received", data=body)
    assert (answer.status_code, answer.get_json(), kept.events) == (status, {"ok": False, "error": error}, [])


def test_textus_is_verified_before_its_body_is_read(client: FlaskClient) -> None:
    assert client.post("/webhooks/textus", data=b"{").status_code == 401  # not 400
    assert client.post("/webhooks/textus", data=b" " * (MAX_BODY + 1)).status_code == 413  # not 401


@pytest.mark.parametrize("content_type", ["application/json; charset=iso-8859-1", "application/json; charset=utf-16"])
@pytest.mark.parametrize("coding", ["", "gzip", "deflate"])
@pytest.mark.parametrize("name", sorted(PLAYERS))
def test_a_packed_body_in_another_charset_is_taken(
    client: FlaskClient, kept: Log, name: str, coding: str, content_type: str
) -> None:
    fields = {**PLAYERS[name].message, "text": "déjà vu", "secret": NEW_SECRET}
    body = json.dumps(fields, ensure_ascii=False).encode(content_type.rpartition("=")[2])
    body = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress}[coding](body)
    posted = PLAYERS[name].raw(body, NEW_SECRET)  # a signature is over the bytes on the wire
    headers = posted.headers | {"Content-Type": content_type} | ({"Content-Encoding": coding} if coding else {})
    answer = client.post(posted.path, data=body, headers=headers)
    assert answer.status_code == 200
    assert json.loads(kept.events[0].payload)["text"] == "déjà vu"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_the_size_counts_packed_and_unpacked_and_before_anything_else(
    client: FlaskClient, kept: Log, pack: Any
) -> None:
    headers = {"Content-Encoding": "gzip" if pack is gzip.compress else "deflate"}
    just, over = (
        pack(json.dumps({**TEXTUS.message, "x": "x" * size}).encode()) for size in (MAX_BODY - 1_000, MAX_BODY)
    )
    for path in ("/webhooks/textlink", "/webhooks/textus"):  # neither a secret nor a signature is right
        answer = client.post(path, data=over, headers=headers)
        assert (answer.status_code, answer.get_json()["error"]) == (413, "body_too_large")
        assert client.post(path, data=just, headers=headers).status_code == 401
    assert client.post("/webhooks/textus", data=pack(b"{"), headers=headers).status_code == 401
    assert client.post("/webhooks/textlink", data=pack(b"{"), headers=headers).status_code == 400
    assert kept.events == []


def test_too_many_values_are_400(client: FlaskClient) -> None:
    answer = client.post("/webhooks/textlink", data=textlink_body(more=[1] * MAX_NODES))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "too_many_nodes")
    assert client.post("/webhooks/textlink", data=textlink_body(more=[1] * (MAX_NODES - 20))).status_code == 200


def test_a_body_in_chunks_is_taken_and_bounded(client: FlaskClient) -> None:
    def chunked(body: bytes) -> int:
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
        return client.post("/webhooks/textlink", data=body, environ_overrides=environ).status_code

    assert chunked(textlink_body()) == 200
    assert chunked(b" " * (MAX_BODY + 1)) == 413


class TestTagSecret:
    """The published tag sample has no secret."""

    tag = json.dumps({"name": "A", "phone_number": "+381690156360", "tag": "Warm"}).encode()

    @pytest.mark.parametrize("path", ["/webhooks/textlink/tag", "/webhooks/textlink"])
    def test_is_needed_unless_told(self, serve: Callable[..., FlaskClient], path: str) -> None:
        answer = serve("textlink").post(path, data=self.tag)
        assert (answer.status_code, answer.get_json()["error"]) == (401, "missing_tag_secret")
        assert serve("textlink", tag_secret="optional").post(path, data=self.tag).status_code == 200

    def test_optional_does_not_make_a_wrong_one_right(self, serve: Callable[..., FlaskClient]) -> None:
        wrong = self.tag[:-1] + b', "secret": "no"}'
        assert serve("textlink", tag_secret="optional").post("/webhooks/textlink/tag", data=wrong).status_code == 401

    def test_optional_is_for_tags_alone(self, serve: Callable[..., FlaskClient]) -> None:
        text = b'{"phone_number": "+381690156360", "text": "hi"}'
        assert (
            serve("textlink", tag_secret="optional").post("/webhooks/textlink/received", data=text).status_code == 401
        )


def test_503_says_when_to_come_back(client: FlaskClient, kept: Log) -> None:
    kept.failure = Unavailable("kafka_unconfirmed")
    answer = client.post("/webhooks/textlink", data=textlink_body())
    assert (answer.status_code, answer.get_json()) == (503, {"ok": False, "error": "kafka_unconfirmed"})
    assert int(answer.headers["Retry-After"]) > 0


def test_a_trusted_request_id_makes_the_event_id(serve: Callable[..., FlaskClient], kept: Log) -> None:
    client = serve("textlink", request_id_header="X-Request-Id")
    for request_id in ("a", "a", "b"):
        client.post("/webhooks/textlink", data=textlink_body(), headers={"X-Request-Id": request_id})
    ids = [event.event_id for event in kept.events]
    assert ids[0] == ids[1] != ids[2]


def test_two_equal_texts_without_a_time_are_two_messages(client: FlaskClient, kept: Log) -> None:
    for _ in range(2):
        client.post("/webhooks/textlink", data=textlink_body(timestamp=None))
    assert kept.events[0].event_id != kept.events[1].event_id


def test_health_and_readiness(serve: Callable[..., FlaskClient]) -> None:
    assert serve().get("/healthz").status_code == 200
    assert serve().get("/readyz").status_code == 200
    answer = serve(ready=Readiness(False, "kafka_unreachable")).get("/readyz")
    assert (answer.status_code, answer.get_json()["reason"]) == (503, "kafka_unreachable")
