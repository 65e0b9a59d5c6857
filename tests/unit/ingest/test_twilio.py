"""Twilio: whatever its own package signs is taken, and its forms become what they say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from ingest.answers import WebhookOutcome
from ingest.durable.durability import Durability
from ingest.provider import Unauthorized
from ingest.providers.twilio import SETTINGS_HEADER, SIGNATURE_HEADER, STATUSES, Twilio, TwilioSettings
from ingest.request import WebhookRequest
from ingest.webhooks import receive
from processors.opt_out.classifier import classifier
from processors.opt_out.reading import read as read_event
from schemas.events import Event, EventType, Message, ReportedOptOut
from tests.twins.facts import DECLARED
from tests.twins.opted_out import delivery

RECEIPT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
TOKEN, OTHER_TOKEN, SHARED_KEY = "auth-token-0123456789", "auth-token-9876543210", "shared-key-0123456789"
ADDRESS = "https://sms.example.com"
PATH = "/webhooks/twilio"
TWILIO = Twilio(TwilioSettings(auth_tokens=(OTHER_TOKEN, TOKEN), shared_keys=(SHARED_KEY,)))
INCOMING = {
    "MessageSid": "SM1", "SmsSid": "SM1", "AccountSid": "AC1", "SmsStatus": "received",
    "From": "+13035550142", "To": "+13035550100", "Body": "hello", "NumMedia": "0",
}  # fmt: skip
STATUS = {"MessageSid": "SM2", "AccountSid": "AC1", "From": "+13035550100", "To": "+13035550142"}


class _Kept:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish_all(self, events: Any) -> Durability:
        self.events += events
        return Durability.KAFKA


def posted(
    body: bytes, headers: Mapping[str, str], *, path: str = PATH, query: str = "", address: str = ADDRESS
) -> WebhookRequest:
    return WebhookRequest(None, dict(headers), body, RECEIPT, "POST", path, query, address)


def form(
    fields: Any,
    key: str = TOKEN,
    *,
    signed_url: str = ADDRESS + PATH,
    address: str = ADDRESS,
    path: str = PATH,
    query: str = "",
    settings: str | None = None,
) -> WebhookRequest:
    """A form, signed by Twilio's own package."""
    body = urlencode(fields).encode()
    algorithm = "HMAC_SHA256" if settings and "SHA256" in settings else None
    params = _MultiDict(parse_qsl(body.decode(), keep_blank_values=True))
    signature = RequestValidator(key).compute_signature(signed_url, params, algorithm)
    headers = {SIGNATURE_HEADER: signature} | ({SETTINGS_HEADER: settings} if settings else {})
    return posted(body, headers, path=path, query=query, address=address)


class _MultiDict(dict[str, str]):
    """As Twilio's package takes forms from Flask."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def getlist(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]


def read(request: WebhookRequest) -> tuple[WebhookOutcome, list[Event]]:
    kept = _Kept()
    return receive(TWILIO, request, kept), kept.events


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(_texts, _texts), max_size=12))
def test_every_form_that_twilio_signs_is_verified(pairs: list[tuple[str, str]]) -> None:
    TWILIO.verify(form(pairs))
    with pytest.raises(Unauthorized):
        TWILIO.verify(form(pairs, "not-a-token-of-ours"))


@pytest.mark.parametrize("key", [TOKEN, OTHER_TOKEN])
def test_each_of_several_tokens_is_valid(key: str) -> None:
    TWILIO.verify(form(INCOMING, key))


@pytest.mark.parametrize("settings", ["key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", "key=k,algorithm=HMAC_SHA1"])
def test_a_shared_key_by_either_algorithm(settings: str) -> None:
    TWILIO.verify(form(INCOMING, SHARED_KEY, settings=settings))
    with pytest.raises(Unauthorized):
        TWILIO.verify(form(INCOMING, "not-a-key-of-ours", settings=settings))


def test_a_shared_key_without_its_header_is_no_auth_token() -> None:
    with pytest.raises(Unauthorized, match="wrong_signature"):
        TWILIO.verify(form(INCOMING, SHARED_KEY))


def test_an_algorithm_that_nobody_knows_is_refused() -> None:
    request = form(INCOMING, SHARED_KEY, settings="key=k,algorithm=HMAC_SHA512")
    with pytest.raises(Unauthorized, match="unknown_algorithm"):
        TWILIO.verify(request)


@pytest.mark.parametrize(
    ("address", "path", "query", "signed_url"),
    [
        (ADDRESS, PATH, "", f"{ADDRESS}{PATH}"),
        (ADDRESS, PATH, "", f"{ADDRESS}:443{PATH}"),  # Twilio signs now with the port, now without
        (f"{ADDRESS}:8443", PATH, "", f"{ADDRESS}:8443{PATH}"),
        (f"{ADDRESS}:8443", PATH, "", f"{ADDRESS}{PATH}"),
        ("http://10.0.0.1", PATH, "", f"http://10.0.0.1:80{PATH}"),
        (f"{ADDRESS}/behind/a/proxy", PATH, "", f"{ADDRESS}/behind/a/proxy{PATH}"),
        (ADDRESS, f"{PATH}/", "", f"{ADDRESS}{PATH}/"),
        (ADDRESS, PATH, "a=b%20c&x=", f"{ADDRESS}{PATH}?a=b%20c&x="),
    ],
)
def test_the_url_is_the_one_of_the_settings(address: str, path: str, query: str, signed_url: str) -> None:
    TWILIO.verify(form(INCOMING, signed_url=signed_url, address=address, path=path, query=query))
    parts = urlsplit(signed_url)
    for other in (f"https://elsewhere.example.com{parts.path}", f"{signed_url}x", f"{signed_url}?y=1"):
        with pytest.raises(Unauthorized):
            TWILIO.verify(form(INCOMING, signed_url=other, address=address, path=path, query=query))


def test_no_header_says_where_we_are() -> None:
    request = form(INCOMING, signed_url="https://elsewhere.example.com" + PATH)
    forged = {"Host": "elsewhere.example.com", "X-Forwarded-Host": "elsewhere.example.com"}
    with pytest.raises(Unauthorized):
        TWILIO.verify(posted(request.body, {**request.headers, **forged}))  # type: ignore[dict-item]


def json_request(body: bytes, *, hashed: bytes | None = None, with_hash: bool = True) -> WebhookRequest:
    query = f"bodySHA256={hashlib.sha256(body if hashed is None else hashed).hexdigest()}" if with_hash else ""
    url = f"{ADDRESS}{PATH}" + (f"?{query}" if query else "")
    return posted(body, {SIGNATURE_HEADER: RequestValidator(TOKEN).compute_signature(url, {})}, query=query)


def test_json_is_signed_by_its_hash_in_the_query() -> None:
    body = json.dumps(INCOMING).encode()
    TWILIO.verify(json_request(body))
    for wrong in (json_request(body, hashed=b"{}"), json_request(body, with_hash=False)):
        with pytest.raises(Unauthorized, match="wrong_signature"):
            TWILIO.verify(wrong)


def test_the_answer_is_twiml_that_sends_nothing() -> None:
    answer = TWILIO.answer(read(form(INCOMING))[0])
    assert (answer.status, answer.content_type) == (200, "text/xml")
    assert answer.body == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    assert TWILIO.answer(WebhookOutcome(401, "wrong_signature")).content_type == "application/json"


@pytest.mark.parametrize(
    ("opt_out_type", "reported"),
    [("STOP", EventType.CONTACT_OPTED_OUT), ("START", EventType.CONTACT_OPTED_IN), ("HELP", None), ("", None)],
)
def test_what_twilio_did_about_a_keyword_is_an_event_of_its_own(opt_out_type: str, reported: EventType | None) -> None:
    outcome, events = read(form({**INCOMING, "Body": "Arret", "OptOutType": opt_out_type}))
    assert isinstance(events[0], Message)
    assert (events[0].event_type, events[0].text) == ("message.received", "Arret")
    assert [event.event_type for event in events[1:]] == ([reported] if reported else [])
    assert outcome.events == len(events) == len({event.event_id for event in events})
    assert all(event.contact_phone == "+13035550142" for event in events)
    for event in events[1:]:
        assert isinstance(event, ReportedOptOut)
        assert event.opted_out is (opt_out_type == "STOP")


@pytest.mark.parametrize(
    ("status", "event_type"),
    [
        ("queued", EventType.MESSAGE_SENT),
        ("sending", EventType.MESSAGE_SENT),
        ("sent", EventType.MESSAGE_SENT),
        ("delivered", EventType.MESSAGE_DELIVERED),
        ("undelivered", EventType.MESSAGE_FAILED),
        ("failed", EventType.MESSAGE_FAILED),
        ("exploded", EventType.UNRECOGNIZED),
    ],
)
def test_a_status_is_about_the_number_that_we_texted(status: str, event_type: EventType) -> None:
    _, [event] = read(form({**STATUS, "MessageStatus": status, "ErrorCode": "30003"}))
    assert (event.event_type, event.contact_phone, event.account) == (event_type, "+13035550142", "AC1")
    assert json.loads(event.payload)["ErrorCode"] == "30003"
    if isinstance(event, Message):
        assert (event.direction, event.message_key, event.account_phone) == ("out", "twilio:SM2", "+13035550100")


#: What a field may hold that says nothing.
NOTHING: tuple[Any, ...] = (None, "", " ")


def as_json(fields: dict[str, Any]) -> list[Event]:
    """A webhook in JSON, in which a field may be null."""
    kept = _Kept()
    provider = Twilio(TwilioSettings(auth="open"))
    assert receive(provider, posted(json.dumps(fields).encode(), {}), kept).status == 200
    return kept.events


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("names", [("MessageStatus",), ("SmsStatus",), ("MessageStatus", "SmsStatus")])
def test_a_status_that_says_nothing_decides_nothing(nothing: Any, names: tuple[str, ...]) -> None:
    incoming = {name: value for name, value in INCOMING.items() if name != "SmsStatus"}
    [event] = as_json(incoming | dict.fromkeys(names, nothing))
    assert (event.event_type, event.contact_phone) == (EventType.MESSAGE_RECEIVED, "+13035550142")


def test_a_field_of_incoming_messages_that_is_null_makes_none() -> None:
    absent, null = as_json(STATUS), as_json(STATUS | dict.fromkeys(("Body", "NumMedia", "OptOutType")))
    assert [event.event_type for event in (*absent, *null)] == [EventType.UNRECOGNIZED] * 2
    [with_text] = as_json(STATUS | {"NumMedia": None, "Body": "STOP"})
    assert with_text.event_type == EventType.MESSAGE_RECEIVED


@pytest.mark.parametrize("status", [name for name, (_, state) in STATUSES.items() if state != "received"])
@pytest.mark.parametrize(
    ("marks", "maybe_inbound"),
    [
        ({"SmsStatus": "received"}, True),
        ({"SmsStatus": " Receiving "}, True),
        ({"SmsStatus": "received", "Body": "STOP"}, True),
        ({"Body": "STOP"}, True),  # no status of what we sent has a text
        ({"OptOutType": "STOP"}, True),
        ({}, False),
        ({"SmsStatus": "sent"}, False),
        *(({"Body": nothing, "OptOutType": nothing, "SmsStatus": nothing}, False) for nothing in NOTHING),
        ({"NumMedia": "0"}, False),
    ],
)
def test_a_status_of_what_may_be_inbound_is_read_for_a_stop(
    status: str, marks: dict[str, Any], maybe_inbound: bool
) -> None:
    [event] = as_json(STATUS | {"MessageStatus": status} | marks)
    assert isinstance(event, Message)
    assert (event.direction, event.event_type) == ("out", STATUSES[status][0])
    assert event.maybe_inbound is maybe_inbound


@pytest.mark.parametrize(
    "marks",
    [
        {"MessageStatus": "delivered", "SmsStatus": "received"},
        {"MessageStatus": "sent"},
        {"MessageStatus": "exploded"},  # of no known kind
    ],
)
@pytest.mark.parametrize(("writer", "reader"), [("From", "To"), ("To", "From")])
def test_whoever_wrote_it_is_held(marks: dict[str, Any], writer: str, reader: str) -> None:
    """Nothing says which of the two numbers is ours where nothing says the direction."""
    numbers = {writer: "+13035550142", reader: "+13035550100"}
    [event] = as_json({"MessageSid": "SM1", "Body": "STOP"} | numbers | marks)
    drafts = read_event(delivery(event), classifier(), "US", DECLARED).drafts
    assert {(draft.action, draft.phone) for draft in drafts} == {("hold", phone) for phone in numbers.values()}


def test_each_status_of_a_message_is_one_event_however_often_it_comes() -> None:
    def event(status: str) -> Event:
        return read(form({**STATUS, "MessageStatus": status}))[1][0]

    assert event("sent").event_id == event("sent").event_id
    assert len({event(status).event_id for status in ("queued", "sent", "delivered")}) == 3


def test_media_and_doubled_names_are_kept() -> None:
    pairs = [
        *INCOMING.items(),
        ("MediaUrl0", "https://x/1"),
        ("MediaContentType0", "image/png"),
        ("a", "1"),
        ("a", "2"),
    ]
    _, [event] = read(form(pairs))
    payload = json.loads(event.payload)
    assert (payload["MediaUrl0"], payload["MediaContentType0"], payload["a"]) == (
        "https://x/1",
        "image/png",
        ["1", "2"],
    )


def test_bytes_that_are_no_utf_8_are_kept_and_flagged() -> None:
    body = urlencode(INCOMING).encode() + b"&odd=%FF%00"
    kept = _Kept()
    provider = Twilio(TwilioSettings(auth="open"))
    assert receive(provider, posted(body, {}), kept).status == 200
    [event] = kept.events
    assert event.sanitised
    assert json.loads(event.payload)["odd"] == "\ufffd\ufffd"
