"""Which deliveries are the same event: those that a valid time, a delivery id or a trusted request id tells apart.

Every webhook goes through `receive`, as from the network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.durable.durability import Durability
from ingest.provider import EVENT_NAMESPACE, Provider
from ingest.providers.textlink import TEXT_FIELDS, TextLink, TextLinkSettings
from ingest.providers.textus import TextUs, TextUsSettings
from ingest.quarantine.replay import events_again, read_again
from ingest.quarantine.store import QuarantinedWebhook
from ingest.request import WebhookRequest
from ingest.times import LATEST_AFTER_RECEIPT, occurred
from ingest.webhooks import receive
from schemas.events import Event, Message

RECEIPT = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
REQUEST_ID = "X-Request-Id"
ABSENT = object()

#: What the field of a time may hold without being one.
NO_TIMES: tuple[Any, ...] = (
    ABSENT, None, "", " ", "\t\n", "garbage", "0", "-1", "yesterday", "20261122", "\u00b2", "2026-13-01T00:00:00Z",
    0, -1, 1, 0.5, -0.0, 2147483647, 10**16, 10**18, 2**63, 10**40, -(10**40), 1e300, True, False,
    [], {}, [1748455363370], {"at": 1748455363370},
)  # fmt: skip
#: What the field of a delivery's or a message's id may hold without being one.
NO_IDS: tuple[Any, ...] = (
    ABSENT,
    None,
    "",
    " ",
    "\u2003",
    "\n",
    0,
    1,
    -7,
    1.5,
    True,
    False,
    [],
    {},
    ["/deliveries/1"],
    {"id": "1"},
)
#: What a proxy's header may hold without being a request's id.
NO_REQUEST_IDS = (ABSENT, "", " ", "\t")

_textlink = TextLink(TextLinkSettings(auth="open", request_id_header=REQUEST_ID))
_textus = TextUs(TextUsSettings(auth="open"))


class _LastEvents:
    """A publisher that keeps the events of the newest webhook."""

    events: Sequence[Event]

    def publish_all(self, events: Sequence[Event]) -> Durability:
        self.events = events
        return Durability.KAFKA


@dataclass(frozen=True)
class Delivered:
    """A webhook, and whether anything in it tells it from every other."""

    provider: Provider
    kind: str | None
    fields: Mapping[str, Any]
    identified: bool
    own_message_key: bool  #: nothing in it numbers its message
    headers: Mapping[str, str] = field(default_factory=dict)

    def event(self, receipt: datetime = RECEIPT) -> Event:
        """What it is; a second event may have what else it may hold."""
        return self.events(receipt)[0]

    def events(self, receipt: datetime = RECEIPT) -> Sequence[Event]:
        publisher = _LastEvents()
        body = json.dumps(self.fields).encode()
        answer = receive(self.provider, WebhookRequest(self.kind, dict(self.headers), body, receipt), publisher)
        assert answer.status == 200
        return publisher.events


def _fields(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not ABSENT}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), RECEIPT + LATEST_AFTER_RECEIPT
_moments = st.integers(_milliseconds(_EARLIEST), _milliseconds(_LATEST)).map(
    lambda milliseconds: datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
)
_times = st.one_of(
    _moments.map(_milliseconds),
    _moments.map(_milliseconds).map(str),
    _moments.map(datetime.isoformat),
    _moments.map(lambda moment: moment.astimezone(timezone(timedelta(hours=-5))).isoformat()),
    _moments.map(lambda moment: moment.replace(tzinfo=None).isoformat() + "Z"),
)
_no_times = st.one_of(
    st.sampled_from(NO_TIMES),
    st.integers(max_value=_milliseconds(_EARLIEST) - 1),
    st.integers(min_value=_milliseconds(_LATEST) + 1),
    st.timedeltas(timedelta(days=2), timedelta(days=99_999)).map(lambda ahead: (RECEIPT + ahead).isoformat()),
    st.text("aTZé-:+. \u2003\x00\ud800", max_size=12),
    st.lists(st.integers(), max_size=2),
)
_ids = st.text("ad8/1é \u2003\x00\\\ud800", min_size=1, max_size=8).filter(str.strip)
_no_ids = st.sampled_from(NO_IDS)
_request_ids = st.text("aZ09-_/:", min_size=1, max_size=8)
_texts = st.sampled_from(["ok", "STOP", "START", ""])
#: Where TextLink's text may stand: the fields that we know, and two that nobody foresaw.
_text_fields = st.sampled_from([*TEXT_FIELDS, "content", "Message"])


@st.composite
def textlink_deliveries(draw: st.DrawFn) -> Delivered:
    timed, requested = draw(st.booleans()), draw(st.booleans())
    kind = draw(st.sampled_from(["received", "sent", "failed", "tag", None]))
    fields = _fields(phone_number="+13035550142", tag="Warm", timestamp=draw(_times if timed else _no_times))
    fields |= {draw(_text_fields): draw(_texts)}
    request_id = draw(_request_ids if requested else st.sampled_from(NO_REQUEST_IDS))
    headers: dict[str, str] = {} if request_id is ABSENT else {REQUEST_ID: str(request_id)}
    return Delivered(_textlink, kind, fields, timed or requested, not timed, headers)


@st.composite
def textus_deliveries(draw: st.DrawFn) -> Delivered:
    timed, numbered, message_numbered = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    fields = _fields(
        id=draw(_ids if numbered else _no_ids),
        timestamp=draw(_times if timed else _no_times),
        action=draw(st.sampled_from(["message.received", "message.delivered", "contact.opted_in", "no.such"])),
        conversation={"account": "/accounts/acme", "phoneNumber": "+13035550142"},
        message=_fields(id=draw(_ids if message_numbered else _no_ids), body=draw(_texts)),
        optOut={"phoneNumber": "+13035550142"},
    )
    return Delivered(_textus, None, fields, timed or numbered, not message_numbered)


_deliveries = st.one_of(textlink_deliveries(), textus_deliveries())
_later = st.timedeltas(timedelta(0), timedelta(days=3650))


@given(_deliveries, _later)
def test_a_repeat_is_the_same_event_where_anything_identifies_it_and_another_where_nothing_does(
    delivered: Delivered, later: timedelta
) -> None:
    first, repeat = delivered.event(), delivered.event(RECEIPT + later)
    if delivered.identified:
        assert first.event_id == repeat.event_id
    # A time too far ahead at first may be valid by now: the edge, which has a test of its own
    is_still_untimed = occurred(delivered.fields.get("timestamp"), repeat.received_at).own is None
    is_as_timed = first.own_time is not None or is_still_untimed
    if not delivered.identified and is_as_timed:
        assert first.event_id != repeat.event_id
    if isinstance(first, Message) and isinstance(repeat, Message) and is_as_timed:
        # The message is the same where the event is, or where its provider numbers it
        if delivered.identified or not delivered.own_message_key:
            assert first.message_key == repeat.message_key
        else:
            assert first.message_key != repeat.message_key


@given(_deliveries)
def test_at_one_receipt_too(delivered: Delivered) -> None:
    firsts, repeats = delivered.events(), delivered.events()
    for first, repeat in zip(firsts, repeats, strict=True):
        assert (first.event_id == repeat.event_id) == delivered.identified
        assert (first.event_id.version == 5) == delivered.identified
    assert len({event.event_id for event in firsts}) == len(firsts)


@given(_deliveries, _deliveries)
def test_two_deliveries_that_differ_are_two_events(first: Delivered, second: Delivered) -> None:
    headers = [{name: value for name, value in each.headers.items() if value} for each in (first, second)]
    identities = [
        (json.dumps(each.fields, sort_keys=True), each.kind, given)
        for each, given in zip((first, second), headers, strict=True)  # an empty header identifies nothing
    ]
    same_id = (
        first.provider is second.provider is _textus
        and isinstance(first.fields.get("id"), str)
        and first.fields["id"] == second.fields.get("id")
    )
    same_request = first.provider is second.provider is _textlink and headers[0] == headers[1]
    if identities[0] != identities[1] and not same_id and not same_request:
        assert first.event().event_id != second.event().event_id


@given(st.sampled_from(["received", None]), _text_fields, _moments)
def test_two_texts_of_one_moment_are_two_messages(kind: str | None, text_field: str, moment: datetime) -> None:
    """Whatever the field that the text stands in: else persist makes one row of both."""
    webhooks = [
        {"phone_number": "+13035550142", "timestamp": _milliseconds(moment), text_field: text}
        for text in ("STOP", "hello")
    ]
    first, second = (Delivered(_textlink, kind, fields, True, False).event() for fields in webhooks)
    assert first.event_id != second.event_id
    if isinstance(first, Message) and isinstance(second, Message):  # else it is of no known kind, and no message
        assert first.message_key != second.message_key


@pytest.mark.parametrize(
    ("kind", "marks", "key"),
    [
        ("received", {}, "textlink:f1c9439b76628e13a2e0a362858c5dbb"),
        ("received", {"body": "another", "name": "Ann"}, "textlink:f1c9439b76628e13a2e0a362858c5dbb"),
        ("sent", {"sim_card_id": 1, "portal": True}, "textlink:748a33e006fd109db819451ed6bafd9d"),
        ("failed", {"sim_card_id": 1, "portal": True, "textlink_id": 7}, "textlink:748a33e006fd109db819451ed6bafd9d"),
    ],
)
def test_the_key_of_a_message_with_a_text_is_for_ever(kind: str, marks: dict[str, Any], key: str) -> None:
    event = Delivered(_textlink, kind, _received("hello", 1748455363370) | marks, True, False).event()
    assert isinstance(event, Message)
    assert event.message_key == key


@pytest.mark.parametrize("text_field", TEXT_FIELDS)
def test_sent_and_failed_are_one_message_wherever_the_text_stands(text_field: str) -> None:
    fields = {"phone_number": "+13035550142", text_field: "hello", "timestamp": 1748455363370, "sim_card_id": 1}
    events = [Delivered(_textlink, kind, fields, True, False).event() for kind in ("sent", "failed")]
    [key] = {event.message_key for event in events if isinstance(event, Message)}
    other = Delivered(_textlink, "sent", fields | {text_field: "bye"}, True, False).event()
    assert isinstance(other, Message)
    assert other.message_key != key


@given(_moments, _later)
def test_a_time_that_is_valid_stays_valid_and_the_same(moment: datetime, later: timedelta) -> None:
    assert occurred(moment.isoformat(), RECEIPT).own == moment == occurred(moment.isoformat(), RECEIPT + later).own


def test_a_time_too_far_ahead_identifies_nothing_until_its_day_has_come() -> None:
    """The edge: such a delivery repeated after days is a second event, and never the same as another."""
    ahead = Delivered(_textlink, "received", _received("ok", _milliseconds(RECEIPT) + 2 * 86_400_000), False, True)
    early, late = ahead.event(), ahead.event(RECEIPT + timedelta(days=2))
    assert not early.time_valid
    assert late.time_valid
    assert early.event_id != late.event_id
    assert late.event_id == ahead.event(RECEIPT + timedelta(days=3)).event_id


def _received(text: str, timestamp: Any) -> dict[str, Any]:
    return _fields(phone_number="+13035550142", text=text, timestamp=timestamp)


@pytest.mark.parametrize("timestamp", NO_TIMES, ids=lambda value: "absent" if value is ABSENT else repr(value))
def test_stop_start_stop_by_a_clock_that_is_none_are_three_messages(timestamp: Any) -> None:
    sent = [Delivered(_textlink, "received", _received(text, timestamp), False, True) for text in ("STOP", "START")]
    events = [each.event() for each in (*sent, sent[0])]
    assert len({event.event_id for event in events}) == 3
    assert len({event.message_key for event in events if isinstance(event, Message)}) == 3


@pytest.mark.parametrize("delivery_id", NO_IDS, ids=lambda value: "absent" if value is ABSENT else repr(value))
@pytest.mark.parametrize("message_id", [ABSENT, "", 0, [], {}])
def test_two_deliveries_of_textus_without_a_number_are_two_messages(delivery_id: Any, message_id: Any) -> None:
    fields = _fields(
        id=delivery_id,
        action="message.received",
        conversation={"phoneNumber": "+13035550142"},
        message=_fields(id=message_id, body="ok"),
    )
    first, second = (Delivered(_textus, None, fields, False, True).event() for _ in range(2))
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert first.event_id != second.event_id
    assert first.message_key != second.message_key
    assert first.provider_message_id is None


@pytest.mark.parametrize("timestamp", [ABSENT, 0, "garbage"])
def test_sent_and_failed_without_a_time_are_two_messages_until_they_are_matched(timestamp: Any) -> None:
    fields = _received("hello", timestamp) | {"sim_card_id": 1, "portal": True}
    keys = set()
    for kind in ("sent", "failed"):
        event = Delivered(_textlink, kind, fields, False, True).event()
        assert isinstance(event, Message)
        keys.add(event.message_key)
    assert len(keys) == 2


@pytest.mark.parametrize("timestamp", [0, 1748455363370])
@pytest.mark.parametrize("identified", [True, False], ids=["read when it was kept", "mended since"])
def test_a_webhook_from_the_quarantine_is_one_event_however_often_it_is_replayed(
    timestamp: int, identified: bool
) -> None:
    kept_id = UUID(int=0x7 << 76 | 0x8 << 60 | 1)
    fields = _received("STOP", timestamp)
    kept = QuarantinedWebhook(
        received_at=RECEIPT,
        provider="textlink",
        kind="received",
        reason="wrong_secret" if identified else "not_json",
        headers={},
        body=json.dumps(fields).encode(),
        secret_digest=None,
        event_id=kept_id,
        identified=identified,
    )
    [first], [again] = (events_again(kept, _textlink, read_again(kept, _textlink)) for _ in range(2))
    assert first == again
    assert isinstance(first, Message)
    # What could be read had its id from the start; what could not gets the one that its content stands for, if any
    if identified or timestamp == 0:
        assert first.event_id == kept_id
    else:
        assert first.event_id == Delivered(_textlink, "received", fields, True, False).event().event_id
    assert (str(first.event_id) in first.message_key) == (timestamp == 0)


@given(
    request_id=st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).filter(lambda text: bool(text.strip()))
)
def test_a_derived_id_is_the_uuid5_that_anybody_can_derive(request_id: str) -> None:
    settings = TextLinkSettings(auth="open", request_id_header=REQUEST_ID)
    name = f"textlink\nrequest-id\n{request_id.strip()}"
    fields = {"phone_number": "+13035550142", "text": "ok"}
    delivered = Delivered(TextLink(settings), "received", fields, True, True, {REQUEST_ID: request_id})
    assert delivered.event().event_id == uuid5(EVENT_NAMESPACE, name)
