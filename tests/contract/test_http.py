"""The whole table of ingest's HTTP contract, through the WSGI app, for every provider that there is."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ingest.durable.publisher import Durability, Unavailable
from ingest.endpoint import MAX_BODY
from ingest.json_body import MAX_NODES
from runtime.admin import Readiness
from tests.contract.players import NEW_SECRET, PLAYERS, PlayedProvider, Posted
from tests.contract.served import PublishedEvents, served_client

every_provider = pytest.mark.parametrize("player", PLAYERS.values(), ids=PLAYERS)


@pytest.fixture
def published() -> PublishedEvents:
    return PublishedEvents()


@pytest.fixture
def client(published: PublishedEvents) -> FlaskClient:
    return served_client(published)


def post(client: FlaskClient, posted: Posted, **more: Any) -> TestResponse:
    headers: Mapping[str, str] = posted.headers | more.pop("headers", {})
    return client.post(posted.path, data=posted.body, headers=headers, **more)


def in_json(player: PlayedProvider, fields: Mapping[str, Any]) -> Posted:
    """`fields` as a JSON object of the provider's, its secret in it or its signature over it."""
    return player.raw(json.dumps({**fields, "secret": NEW_SECRET}).encode(), NEW_SECRET)


@every_provider
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_right_webhook_is_answered_200(
    client: FlaskClient, published: PublishedEvents, player: PlayedProvider, slash: str
) -> None:
    webhook = player.player.written(player.path(None) + slash, player.message)
    answer = post(client, player.posted_as(webhook, NEW_SECRET))
    assert answer.status_code == 200
    assert answer.headers["X-Event-Id"] == str(published.events[0].event_id)
    assert answer.headers["X-Durability"] == "kafka"


@every_provider
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "", None])
def test_whatever_the_content_type_says_json_is_read(
    client: FlaskClient, published: PublishedEvents, player: PlayedProvider, content_type: str | None
) -> None:
    posted = in_json(player, player.message)
    headers = {name: value for name, value in posted.headers.items() if name.lower() != "content-type"}
    answer = client.post(posted.path, data=posted.body, headers=headers, content_type=content_type)
    assert (answer.status_code, len(published.events)) == (200, 1)


@every_provider
def test_a_repeat_has_the_same_id_and_is_published_again(
    client: FlaskClient, published: PublishedEvents, player: PlayedProvider
) -> None:
    answers = [post(client, player.posted(player.message, NEW_SECRET)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["X-Event-Id"] == answers[1].headers["X-Event-Id"]
    assert len(published.events) == 2, "whoever reads deduplicates"


@every_provider
def test_where_it_is_durable_is_told(client: FlaskClient, published: PublishedEvents, player: PlayedProvider) -> None:
    published.durability = Durability.SPOOL
    assert post(client, player.posted(player.message, NEW_SECRET)).headers["X-Durability"] == "spool"


@every_provider
@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/webhooks/{name}/nothing", "POST", 404),
        ("/webhooks/{name}//", "POST", 404),
        ("/webhooks/{name}", "PUT", 405),
        ("/webhooks/{name}/", "DELETE", 405),
        ("/webhooks/nobody", "POST", 404),
        ("/webhooks/nobody", "GET", 404),  # 404 comes first
        ("/webhooks/", "POST", 404),
        ("/webhooks", "POST", 404),
        ("/", "POST", 404),
        ("/elsewhere", "GET", 404),
        ("/healthz", "POST", 405),
    ],
)
def test_paths_and_methods(
    client: FlaskClient, published: PublishedEvents, player: PlayedProvider, path: str, method: str, status: int
) -> None:
    posted = player.posted(player.message, NEW_SECRET)
    answer = client.open(path.format(name=player.name), method=method, data=posted.body, headers=posted.headers)
    assert (answer.status_code, answer.get_json()["ok"], published.events) == (status, False, [])


@every_provider
def test_a_kind_in_the_url_is_there_or_is_404(
    client: FlaskClient, published: PublishedEvents, player: PlayedProvider
) -> None:
    for kind in {kind for each in PLAYERS.values() for kind in each.type.url_kinds}:
        posted = player.posted(player.message, NEW_SECRET, kind)
        assert post(client, posted).status_code == (200 if kind in player.type.url_kinds else 404), kind


@every_provider
def test_a_provider_that_is_not_enabled_is_404(published: PublishedEvents, player: PlayedProvider) -> None:
    others = [name for name in PLAYERS if name != player.name]
    assert post(served_client(published, *others), player.posted(player.message, NEW_SECRET)).status_code == 404


@every_provider
def test_a_wrong_secret_is_401_and_publishes_nothing(
    client: FlaskClient, published: PublishedEvents, player: PlayedProvider
) -> None:
    for secret in (None, "another-secret-0123456789"):
        answer = post(client, player.posted(player.message, secret))
        assert (answer.status_code, answer.get_json()["ok"], published.events) == (401, False, [])


@every_provider
@pytest.mark.parametrize("content", [b"{", b" " * MAX_BODY])
def test_what_is_not_json_is_400_and_a_signature_comes_first(
    client: FlaskClient, published: PublishedEvents, player: PlayedProvider, content: bytes
) -> None:
    answer = post(client, player.raw(content, NEW_SECRET, **{"Content-Type": "application/json"}))
    assert (answer.status_code, answer.get_json()) == (400, {"ok": False, "error": "not_json"})
    unsigned = client.post(player.path(None), data=content, content_type="application/json")
    is_in_headers = player.raw(content, NEW_SECRET).headers != player.raw(content, None).headers
    assert unsigned.status_code == (401 if is_in_headers else 400)
    assert published.events == []


@every_provider
def test_the_size_comes_before_everything_else(
    client: FlaskClient, published: PublishedEvents, player: PlayedProvider
) -> None:
    answer = client.post(player.path(None), data=b" " * (MAX_BODY + 1))
    assert (answer.status_code, answer.get_json(), published.events) == (
        413,
        {"ok": False, "error": "body_too_large"},
        [],
    )


@pytest.mark.parametrize("content_type", ["application/json; charset=iso-8859-1", "application/json; charset=utf-16"])
@pytest.mark.parametrize("coding", ["", "gzip", "deflate"])
@every_provider
def test_a_packed_body_in_another_charset_is_taken(
    client: FlaskClient, published: PublishedEvents, player: PlayedProvider, coding: str, content_type: str
) -> None:
    fields = {**player.message, "text": "déjà vu", "secret": NEW_SECRET}
    body = json.dumps(fields, ensure_ascii=False).encode(content_type.rpartition("=")[2])
    body = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress}[coding](body)
    posted = player.raw(body, NEW_SECRET)  # a signature is over the bytes on the wire
    headers = posted.headers | {"Content-Type": content_type} | ({"Content-Encoding": coding} if coding else {})
    answer = client.post(posted.path, data=body, headers=headers)
    assert answer.status_code == 200
    assert json.loads(published.events[0].payload)["text"] == "déjà vu"


@every_provider
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_the_size_counts_packed_and_unpacked(
    client: FlaskClient, published: PublishedEvents, player: PlayedProvider, pack: Any
) -> None:
    headers = {"Content-Encoding": "gzip" if pack is gzip.compress else "deflate", "Content-Type": "application/json"}
    just, over = (
        pack(json.dumps({**player.message, "x": "x" * size}).encode()) for size in (MAX_BODY - 2_000, MAX_BODY)
    )
    answer = client.post(player.path(None), data=over, headers=headers)  # neither a secret nor a signature is right
    assert (answer.status_code, answer.get_json()["error"]) == (413, "body_too_large")
    assert client.post(player.path(None), data=just, headers=headers).status_code == 401
    assert published.events == []


@every_provider
def test_too_many_values_are_400(client: FlaskClient, player: PlayedProvider) -> None:
    answer = post(client, in_json(player, player.message | {"more": [1] * MAX_NODES}))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "too_many_nodes")
    assert post(client, in_json(player, player.message | {"more": [1] * (MAX_NODES - 200)})).status_code == 200


@every_provider
def test_a_body_in_chunks_is_taken_and_bounded(client: FlaskClient, player: PlayedProvider) -> None:
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    assert post(client, player.posted(player.message, NEW_SECRET), environ_overrides=environ).status_code == 200
    too_long = player.raw(b" " * (MAX_BODY + 1), NEW_SECRET)
    assert post(client, too_long, environ_overrides=environ).status_code == 413


@every_provider
def test_503_says_when_to_come_back(client: FlaskClient, published: PublishedEvents, player: PlayedProvider) -> None:
    published.failure = Unavailable("kafka_unconfirmed")
    answer = post(client, player.posted(player.message, NEW_SECRET))
    assert (answer.status_code, answer.get_json()) == (503, {"ok": False, "error": "kafka_unconfirmed"})
    assert int(answer.headers["Retry-After"]) > 0


def test_health_and_readiness(published: PublishedEvents, client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    answer = served_client(published, ready=Readiness(False, "kafka_unreachable")).get("/readyz")
    assert (answer.status_code, answer.get_json()["reason"]) == (503, "kafka_unreachable")
