"""Reading a form, a query or a header costs no more than its size explains, whoever sent it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import form, request
from ingest.content_coding import MAX_BODY, unpacked
from ingest.form import MAX_FIELDS, MAX_STRAY, read_form, unescaped
from ingest.json_body import BadBody
from ingest.provider import Unauthorized
from ingest.request import MAX_HEADER, WebhookRequest
from ingest.webhooks import receive
from tests.contract.players import NEW_SECRET, PLAYERS
from tests.unit.ingest.test_twilio import INCOMING, RECEIPT, SETTINGS_HEADER, SIGNATURE_HEADER, TWILIO, posted
from tests.unit.ingest.test_twilio import form as signed

WEBHOOK = {SIGNATURE_HEADER: "x"}


def as_python_reads_it(body: bytes) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    text = body.decode("utf-8", "surrogateescape")
    for name, value in parse_qsl(text, keep_blank_values=True, errors="surrogateescape"):
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


@given(st.lists(st.sampled_from([*"%%%==&&++aAfFgG012/", "\r\n", "%41", "%c3%a9", "%00", "é"]), max_size=60))
def test_a_form_is_read_as_python_reads_it(pieces: list[str]) -> None:
    body = "".join(pieces).encode()
    # Python decodes what stands between letters that are not ASCII by itself; the bytes are the same.
    assert [name.encode("utf-8", "surrogateescape") for name in read_form(body)] == [
        name.encode("utf-8", "surrogateescape") for name in as_python_reads_it(body)
    ]
    if body.isascii():
        assert read_form(body) == as_python_reads_it(body)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20)))
def test_what_was_encoded_is_what_it_was(fields: dict[str, str]) -> None:
    assert read_form(urlencode(fields, errors="surrogatepass").encode()) == {
        name.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"): value.encode(
            "utf-8", "surrogatepass"
        ).decode("utf-8", "surrogateescape")
        for name, value in fields.items()
    }


def test_as_many_fields_as_are_taken() -> None:
    assert len(read_form(b"&".join(b"%d=1" % number for number in range(MAX_FIELDS)))) == MAX_FIELDS
    for body in (b"a=1&" * MAX_FIELDS, b"&" * MAX_FIELDS, b"a=1&" * 60_000):
        with pytest.raises(BadBody, match="too_many_fields"):
            read_form(body)


def test_percent_signs_that_escape_nothing_are_bounded() -> None:
    assert read_form(b"a=" + b"%" * MAX_STRAY) == {"a": "%" * MAX_STRAY}
    for stray in (b"%", b"%x", b"%a"):
        with pytest.raises(BadBody, match="not_a_form"):
            read_form(b"a=" + stray * (MAX_STRAY + 1))
    with pytest.raises(BadBody, match="not_a_form"):
        unescaped("%" * (MAX_STRAY + 1))


def filled(unit: bytes, start: bytes = b"a=") -> bytes:
    return (start + unit * (MAX_BODY // len(unit) + 1))[:MAX_BODY]


BOMBS = {
    "one name again and again": b"&".join([b"a=1"] * 4_000),
    "no names": b"&".join([b"=%ff"] * 4_000),
    "as many as are taken": b"&".join([b"a=%41"] * (MAX_FIELDS - 1)) + filled(b"x", b"&b=")[:-20_000],
    "bytes and escapes": filled(b"\xff%41"),
    "letters and escapes": filled(b"x%41"),
    "percent signs": filled(b"%"),
    "half an escape": filled(b"%4"),
    "escaped percent signs": filled(b"%25"),
    "ampersands": filled(b"&"),
    "bytes that are no UTF-8": filled(b"\xff"),
}


def seconds(work: Callable[[], Any]) -> float:
    """The least that `work` took of the processor."""
    found = []
    for _ in range(5):
        begun = time.process_time()
        with pytest.raises((Unauthorized, BadBody)):
            work()
        found.append(time.process_time() - begun)
    return min(found)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_little_more_than_a_text_of_that_size(bomb: str) -> None:
    """Python's own parser took up to fifty times as long; the margin is wide because machines are busy."""
    text = seconds(lambda: TWILIO.verify(posted(filled(b"x%41" + b"x" * 60), WEBHOOK)))
    assert seconds(lambda: TWILIO.verify(posted(BOMBS[bomb], WEBHOOK))) < 12 * text


def test_what_has_too_many_fields_is_400_and_kept() -> None:
    kept: list[str] = []

    class Quarantine:
        def keep(self, _provider: Any, _request: WebhookRequest, reason: str) -> None:
            kept.append(reason)

    outcome = receive(TWILIO, signed([("a", "1")] * (MAX_FIELDS + 1)), None, Quarantine())  # type: ignore[arg-type]
    assert (outcome.status, outcome.error, kept) == (400, "too_many_fields", ["too_many_fields"])


def test_a_message_with_ten_media_is_far_from_the_bound() -> None:
    media = {f"{name}{number}": "x" * 80 for number in range(10) for name in ("MediaUrl", "MediaContentType")}
    found = read_form(urlencode({**INCOMING, **media}).encode())
    assert len(found) * 10 < MAX_FIELDS


def test_a_form_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    monkeypatch.setattr(request, "read_form", lambda body: read.append(body) or form.read_form(body))
    webhook = signed(INCOMING)
    TWILIO.verify(webhook)
    TWILIO.sender_hint(webhook)
    TWILIO.parse(webhook)
    assert len(read) == 1


@pytest.mark.parametrize("name", sorted(PLAYERS))
@pytest.mark.parametrize("value", ["," * 300_000, " " * 300_000, "Basic " + "A" * 300_000, "é" * 300_000])
def test_a_header_that_no_provider_sends_is_none(name: str, value: str) -> None:
    player = PLAYERS[name]
    provider = player.provider(NEW_SECRET)
    names = [*provider.stored_headers, "Authorization", "X-Forwarded-For", "Content-Encoding", "Content-Type"]
    ordinary = player.posted(player.message, "a-wrong-secret-5555555").request(RECEIPT)
    refused = seconds(lambda: provider.verify(ordinary))
    for header in names:
        again = player.posted(player.message, "a-wrong-secret-5555555").request(RECEIPT, **{header: value})
        assert again.header(header) == ""
        # 300 KB of commas were split in 30 ms and more, some hundred times this
        assert seconds(lambda again=again: provider.verify(again)) < 50 * max(refused, 1e-4)  # type: ignore[misc]
    assert again.header("X-Twilio-None") == ""


def test_a_header_of_the_longest_is_read() -> None:
    assert WebhookRequest(None, {"A": "x" * MAX_HEADER}, b"", RECEIPT).header("A") == "x" * MAX_HEADER


def test_a_content_encoding_of_commas_is_not_split() -> None:
    with pytest.raises(BadBody, match="content_encoding_unknown"):
        unpacked("," * 300_000, b"{}")
    assert unpacked("identity, , identity", b"{}") == b"{}"


@pytest.mark.parametrize("query", ["a=1&" * 16_000, "&" * 64_000, "bodySHA256=&" * 5_000, "b=ÿ%41" * 16_000])
def test_a_query_of_any_length_costs_little(query: str) -> None:
    """Python's own parser took 40 ms for 16,000 fields."""
    short = seconds(lambda: TWILIO.verify(posted(b"{}", WEBHOOK, query="bodySHA256=1")))
    long = seconds(lambda: TWILIO.verify(posted(b"{}", WEBHOOK, query=f"bodySHA256=1&{query}")))
    assert long < 30 * max(short, 1e-4)


def test_of_the_settings_a_few_parts_are_looked_at() -> None:
    with pytest.raises(Unauthorized, match="wrong_signature"):  # HMAC-SHA1, as without any
        TWILIO.verify(posted(b"a=1", {**WEBHOOK, SETTINGS_HEADER: "," * 50 + "algorithm=HMAC_SHA256"}))
