"""What every provider must do; providers are found by scanning, so that a new one cannot be forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.answers import WebhookOutcome
from ingest.durable.durability import Durability
from ingest.provider import Provider, provider_types
from ingest.webhooks import receive
from ops.send.player import Webhook
from runtime.settings import Configuration
from schemas.codec import Codec
from schemas.events import Event, EventType, Message, Unrecognized
from schemas.ids import SchemaIds
from tests.contract.players import NEW_SECRET, OLD_SECRET, PHONE, PLAYERS, TEXT, Posted, samples

RECEIPT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NAMES = sorted(provider_types())


class Kept:
    """A publisher that keeps events in a list."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish_all(self, events: Sequence[Event]) -> Durability:
        self.events += events
        return Durability.KAFKA


def deliver(name: str, posted: Posted, *secrets: str, **settings: Any) -> tuple[WebhookOutcome, list[Event]]:
    kept = Kept()
    provider = PLAYERS[name].provider(*(secrets or (NEW_SECRET,)), **settings)
    return receive(provider, posted.request(RECEIPT), kept), kept.events


def delivered(name: str, fields: dict[str, Any], kind: str | None = None) -> Event:
    outcome, events = deliver(name, PLAYERS[name].posted(fields, NEW_SECRET, kind))
    assert outcome.status == 200
    [event] = events
    assert (outcome.event_id, outcome.events) == (event.event_id, 1)
    return event


def test_every_provider_is_played() -> None:
    assert sorted(PLAYERS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_its_name_is_the_same_everywhere(name: str) -> None:
    kind = provider_types()[name]
    assert kind.__module__ == f"ingest.providers.{name}"
    assert kind.settings_type.section == name
    assert samples(name), "a provider comes with sample payloads"


@pytest.mark.parametrize("sample", [pytest.param(s, id=f"{n}/{s.stem}") for n in NAMES for s in samples(n)])
def test_every_sample_becomes_its_event(sample: Path) -> None:
    name = sample.parent.name
    player = PLAYERS[name]
    kind = player.kind_of(sample)
    is_form = sample.suffix == ".form"
    content_type = "application/x-www-form-urlencoded" if is_form else "application/json"
    webhook = Webhook(player.path(kind), sample.read_bytes().strip(), content_type)
    outcome, events = deliver(name, player.posted_as(webhook, NEW_SECRET, kind))
    assert outcome.status == 200
    assert events[0].event_type == player.expected(sample)
    codec = Codec(SchemaIds.checked_in())
    for event in events:
        if event.event_type != EventType.UNRECOGNIZED:
            assert event.phone_valid
        assert event.time_valid
        assert not event.sanitised
        assert codec.decode(codec.encode(event)) == event
    if not is_form:  # what came is kept whole, all but the secret
        content = json.loads(webhook.body)
        objects = content if isinstance(content, list) else [content]
        kept = [json.loads(event.payload) for event in events]
        assert kept == [{key: value for key, value in found.items() if key != "secret"} for found in objects]


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_has_a_sample_and_none_is_forgotten(name: str) -> None:
    kinds = {sample.name.partition("__")[0].removesuffix(sample.suffix) for sample in samples(name)}
    assert kinds == {*PLAYERS[name].player.kinds, "unrecognized"}


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in NAMES for kind in PLAYERS[name].player.kinds])
def test_every_kind_that_is_played_becomes_its_event(name: str, kind: str) -> None:
    played = PLAYERS[name]
    segment = kind if kind in played.type.url_kinds else None
    outcome, events = deliver(name, played.posted(played.fields(kind), NEW_SECRET, segment))
    assert outcome.status == 200
    assert events[0].event_type == played.player.kinds[kind]
    assert {event.contact_phone for event in events} == {PHONE}


@pytest.mark.parametrize("name", NAMES)
class TestSecrets:
    def test_the_right_one(self, name: str) -> None:
        assert isinstance(delivered(name, PLAYERS[name].message), Message)

    def test_two_are_valid_at_once(self, name: str) -> None:
        for secret in (OLD_SECRET, NEW_SECRET):
            request = PLAYERS[name].posted(PLAYERS[name].message, secret)
            assert deliver(name, request, OLD_SECRET, NEW_SECRET)[0].status == 200

    def test_a_wrong_one_is_401(self, name: str) -> None:
        answer, events = deliver(name, PLAYERS[name].posted(PLAYERS[name].message, OLD_SECRET))
        assert (answer.status, events) == (401, [])
        assert str(answer.error).startswith("wrong_")

    def test_none_is_401(self, name: str) -> None:
        answer, events = deliver(name, PLAYERS[name].posted(PLAYERS[name].message, None))
        assert (answer.status, events) == (401, [])
        assert str(answer.error).startswith("missing_")

    def test_open_takes_anything(self, name: str) -> None:
        for secret in (None, OLD_SECRET):
            request = PLAYERS[name].posted(PLAYERS[name].message, secret)
            assert deliver(name, request, auth="open")[0].status == 200

    def test_it_never_reaches_the_event(self, name: str) -> None:
        # Given a message that repeats the secret in its text, in a list and in a nested object
        fields = {**PLAYERS[name].message, "note": [f"my secret is {NEW_SECRET}", {"deep": NEW_SECRET}]}
        event = delivered(name, fields)
        assert NEW_SECRET.encode() not in Codec(SchemaIds.checked_in()).encode(event)

    def test_nor_does_one_that_json_escapes(self, name: str) -> None:
        secret = 'a "quoted" \\ secret'
        request = PLAYERS[name].posted({**PLAYERS[name].message, "note": f"it is {secret}"}, secret)
        [event] = deliver(name, request, secret)[1]
        assert json.loads(event.payload)["note"] == "it is [redacted]"

    def test_it_is_shown_starred(self, name: str) -> None:
        kind = provider_types()[name]
        variable = kind.settings_type.variable(str(kind.secrets_setting))
        given = ",".join(map(kind.new_secret, (OLD_SECRET, NEW_SECRET)))
        loaded = Configuration.load(kind.settings_type, environ={variable: given})
        [shown] = [value for key, value, _origin in loaded.rows() if key == variable]
        assert OLD_SECRET not in shown
        assert NEW_SECRET not in shown


@pytest.mark.parametrize("name", NAMES)
class TestKept:
    @pytest.mark.parametrize(
        "body",
        [
            b"{}",  # an object, and nothing in it
            b'{"action": 7, "text": "x"}',  # the wrong types
            b'{"action": "message.received", "text": "stop", "message": [], "conversation": "x"}',
        ],
    )
    def test_what_names_no_phone_is_kept_whole(self, name: str, body: bytes) -> None:
        event = delivered(name, json.loads(body))
        assert isinstance(event, Unrecognized)
        assert event.contact_phone is None

    def test_a_repeat_has_the_same_id(self, name: str) -> None:
        assert delivered(name, PLAYERS[name].message).event_id == delivered(name, PLAYERS[name].message).event_id

    @pytest.mark.parametrize(
        ("phone", "kept", "valid"),
        [
            ("+1 (303) 555-0142", "+13035550142", True),  # written for people
            ("12345", "12345", False),  # a short code
            ("anonymous", "anonymous", False),  # no number at all
            ("+1303555", "+1303555", False),  # too short to be possible
            (13035550142, "+13035550142", True),  # a JSON number without a plus sign, in the default region
            ("Ö" * 5_000, "Ö" * 250, False),  # more than an index can hold; the payload has it all
        ],
    )
    def test_an_odd_phone_is_kept_and_flagged(self, name: str, phone: Any, kept: str, valid: bool) -> None:
        event = delivered(name, PLAYERS[name].fields(PLAYERS[name].player.received, phone=phone))
        assert isinstance(event, Message)
        assert (event.contact_phone, event.phone_valid) == (kept, valid)

    @pytest.mark.parametrize(
        "time",
        [
            0,  # 1970
            -1,
            10**30,  # beyond every calendar
            "yesterday",
            int((RECEIPT + timedelta(days=2)).timestamp() * 1000),
            (RECEIPT + timedelta(days=2)).isoformat(),
            ["2026"],
            True,
        ],
    )
    def test_an_odd_time_is_flagged_and_receipt_used(self, name: str, time: Any) -> None:
        field = PLAYERS[name].player.time_field
        event = delivered(name, {**PLAYERS[name].message, field or "timestamp": time})
        assert isinstance(event, Message)
        # A provider that tells no time has none that could be odd.
        assert (event.occurred_at, event.time_valid) == (RECEIPT, field is None)

    @pytest.mark.parametrize(
        ("odd", "kept"),
        [
            ("a\x00b", "a\ufffdb"),  # PostgreSQL takes no NUL
            ("a\ud800b", "a\ufffdb"),  # UTF-8 has no lone surrogates
            (2**63, str(2**63)),  # one more than 63 bits hold
            (-(2**63) - 1, str(-(2**63) - 1)),
            (10**40, str(10**40)),
        ],
    )
    def test_what_cannot_be_stored_is_replaced_and_flagged(self, name: str, odd: Any, kept: str) -> None:
        event = delivered(name, {**PLAYERS[name].message, "odd": odd, f"key {odd}": 1})
        assert event.sanitised
        assert json.loads(event.payload)["odd"] == kept
        event.payload.encode("utf-8")
        assert "\x00" not in event.payload

    def test_the_largest_integers_are_left_alone(self, name: str) -> None:
        event = delivered(name, {**PLAYERS[name].message, "odd": [2**63 - 1, -(2**63)]})
        assert not event.sanitised
        assert json.loads(event.payload)["odd"] == [2**63 - 1, -(2**63)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", "not_json"),
        (b"[]", "not_an_object"),
        (b'["text"]', "not_an_object"),
        (b'{"a": NaN}', "not_finite"),
        (b'{"a": -Infinity}', "not_finite"),
        (b'{"a": 1e999}', "not_finite"),
        (b'{"a": "\xff"}', "not_utf8"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "too_deep"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep"),
        (b'{"a": "\x00"}', "not_json"),  # a NUL as it is, not escaped
    ],
)
def test_what_nobody_can_read_is_400(name: str, body: bytes, error: str) -> None:
    kept = Kept()
    provider = PLAYERS[name].provider(NEW_SECRET, auth="open")
    outcome = receive(provider, PLAYERS[name].raw(body, None).request(RECEIPT), kept)
    assert (outcome.status, outcome.error, kept.events) == (400, error, [])


@pytest.mark.parametrize("name", NAMES)
def test_64_levels_are_read(name: str) -> None:
    fields: dict[str, Any] = {}
    for _ in range(62):
        fields = {"deeper": fields}
    assert delivered(name, {**PLAYERS[name].message, "deeper": fields["deeper"]}).event_type == "message.received"


@pytest.mark.parametrize("name", NAMES)
def test_who_answers_a_challenge_says_so_and_nobody_else(name: str) -> None:
    request = PLAYERS[name].raw(b"", None).request(RECEIPT)
    assert provider_types()[name].challenge is not Provider.challenge or (
        PLAYERS[name].provider(NEW_SECRET).challenge(request) is None
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_to_what_is_durable_is_200(name: str) -> None:
    answer = PLAYERS[name].provider(NEW_SECRET).answer(WebhookOutcome(200))
    assert answer.status == 200
    assert answer.body
    assert answer.content_type


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_read(name: str) -> None:
    event = delivered(name, PLAYERS[name].message)
    assert isinstance(event, Message)
    assert (event.text, event.direction, event.contact_phone) == (TEXT, "in", PHONE)
