"""Several events in one webhook: all are durable before any 200, in one group, and repeats agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from ingest.app import create_app
from ingest.durable.durability import Durability
from ingest.durable.publisher import Unavailable
from ingest.endpoint import WebhookEndpoint
from ops.send.player import Webhook
from runtime.admin import Readiness
from schemas.events import Event
from tests.contract.players import ADDRESS, NEW_SECRET, PLAYERS, PlayedProvider

SENDING = sorted(name for name, played in PLAYERS.items() if played.player.together("", []) is not None)
RECEIPT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("name", SENDING)


class _Groups:
    """A publisher that keeps the events of each webhook, or fails."""

    def __init__(self) -> None:
        self.groups: list[list[Event]] = []
        self.failure: Exception | None = None

    def publish_all(self, events: Sequence[Event]) -> Durability:
        if self.failure:
            raise self.failure
        self.groups.append(list(events))
        return Durability.KAFKA


@pytest.fixture
def published() -> _Groups:
    return _Groups()


@pytest.fixture
def post(name: str, published: _Groups) -> Callable[..., Any]:
    played = PLAYERS[name]
    endpoint = WebhookEndpoint([played.provider(NEW_SECRET)], published, lambda: RECEIPT, public_url=ADDRESS)
    client: FlaskClient = create_app(endpoint, lambda: Readiness(True)).test_client()

    def posting(events: Sequence[Any], secret: str | None = NEW_SECRET) -> Any:
        webhook = played.player.together(played.path(None), events)
        assert isinstance(webhook, Webhook)
        posted = played.posted_as(webhook, secret)
        return client.post(posted.path, data=posted.body, headers=posted.headers)

    return posting


def several(played: PlayedProvider) -> list[dict[str, Any]]:
    """An event of each kind, no two about one message."""
    return [played.fields(kind, seed=number) for number, kind in enumerate(played.player.kinds)]


def test_every_event_is_published_in_order_and_in_one_group(
    name: str, post: Callable[..., Any], published: _Groups
) -> None:
    played = PLAYERS[name]
    answer = post(several(played))
    [group] = published.groups
    assert [event.event_type for event in group] == list(played.player.kinds.values())
    assert answer.status_code == 200
    assert answer.headers["X-Event-Id"] == str(group[0].event_id)
    assert answer.headers["X-Events"] == str(len(group))
    assert len({event.event_id for event in group}) == len(group)


def test_where_one_is_not_durable_none_is_answered_200(name: str, post: Callable[..., Any], published: _Groups) -> None:
    published.failure = Unavailable("kafka_unconfirmed")
    answer = post(several(PLAYERS[name]))
    assert (answer.status_code, answer.headers.get("X-Event-Id")) == (503, None)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_repeat_in_part_or_with_others_has_the_same_events(
    name: str, post: Callable[..., Any], published: _Groups
) -> None:
    played = PLAYERS[name]
    events = several(played)
    post(events)
    post(events)
    post(events[1:])
    post([played.fields(played.player.received, seed=99), *reversed(events)])
    post(events[:1])
    first, again, half, mixed, alone = ([event.event_id for event in group] for group in published.groups)
    assert first == again
    assert half == first[1:]
    assert mixed[1:] == first[::-1]
    assert mixed[0] not in first
    assert alone == first[:1]


def test_what_is_odd_among_others_is_kept_beside_them(name: str, post: Callable[..., Any], published: _Groups) -> None:
    played = PLAYERS[name]
    assert post([played.message, {}, {"type": 7}, played.fields(played.player.received, seed=5)]).status_code == 200
    [group] = published.groups
    assert [event.event_type for event in group] == [
        "message.received", "unrecognized", "unrecognized", "message.received"
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [[], [1], ["x"], [None], [{"a": 1}, 2], [[{"a": 1}]]])
def test_a_list_of_what_is_no_object_is_400_as_a_whole(
    name: str, post: Callable[..., Any], published: _Groups, wrong: list[Any]
) -> None:
    del name
    answer = post(wrong)
    assert (answer.status_code, answer.get_json(), published.groups) == (
        400, {"ok": False, "error": "not_an_object"}, []
    )  # fmt: skip


def test_a_wrong_secret_refuses_all_of_them(name: str, post: Callable[..., Any], published: _Groups) -> None:
    assert post(several(PLAYERS[name]), "a-wrong-secret").status_code == 401
    assert published.groups == []
