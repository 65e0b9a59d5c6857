"""The switch to a real Schema Registry: its numbers on the wire, and the old ones still readable."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.schema_registry import SchemaRegistrySettings, codec
from runtime.settings import Configuration, ConfigurationError
from schemas.codec import Codec, Undecodable
from schemas.events import Event, PhoneCall
from schemas.ids import SchemaIds, id_rows, read_schema
from tests.twins.events import contact, message

CALL = PhoneCall(
    event_id=UUID("0191d0d0-0000-7000-8000-000000000001"),
    event_type="call.completed",
    provider="textus",
    account="acme",
    contact_phone="+13035550142",
    phone_valid=True,
    account_phone=None,
    occurred_at=datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC),
    time_valid=True,
    received_at=datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
    is_test=False,
    sanitised=False,
    payload="{}",
    provider_call_id="/phone_calls/AbC",
    conversation_id=None,
    direction="in",
)


class FakeRegistry:
    """Keeps what it is given, as Confluent's does: the same schema under the same number, always.

    tests/integration/test_real_registry.py puts the same questions to a real one.
    """

    def __init__(self, first: int, *, refuses: httpx.Response | None = None) -> None:
        self.next = first
        self.refuses = refuses
        self.ids: dict[tuple[str, str], int] = {}
        self.compatibility: dict[str, str] = {}
        self.requests: list[httpx.Request] = []

    def add(self, subject: str, schema: object, number: int | None = None) -> int:
        text = schema if isinstance(schema, str) else json.dumps(schema)
        json.loads(text)  # a schema is JSON within JSON
        if (subject, text) not in self.ids:
            self.ids[subject, text] = self.next if number is None else number
            self.next += number is None
        return self.ids[subject, text]

    def __call__(self, request: httpx.Request) -> httpx.Response:  # noqa: PLR0911 - an answer a path
        self.requests.append(request)
        assert request.headers["Content-Type"] == "application/vnd.schemaregistry.v1+json"
        missing = httpx.Response(404, json={"error_code": 404, "message": "not found"})
        match request.method, *request.url.path.strip("/").split("/"):
            case "GET", "schemas", "ids", number:
                found = [text for (_, text), given in self.ids.items() if given == int(number)]
                return httpx.Response(200, json={"schema": found[0]}) if found else missing
            case "GET", "subjects", subject, "versions":
                found = [text for name, text in self.ids if name == subject]
                return httpx.Response(200, json=list(range(1, len(found) + 1))) if found else missing
            case "GET", "subjects", subject, "versions", version:
                text = [text for name, text in self.ids if name == subject][int(version) - 1]
                return httpx.Response(200, json={"schema": text, "id": self.ids[subject, text]})
            case "POST", "subjects", subject, "versions":
                if self.refuses is not None:
                    return self.refuses
                return httpx.Response(200, json={"id": self.add(subject, json.loads(request.content)["schema"])})
            case "GET", "config", subject:
                level = self.compatibility.get(subject)
                return httpx.Response(200, json={"compatibilityLevel": level}) if level else missing
            case "PUT", "config", subject:
                self.compatibility[subject] = json.loads(request.content)["compatibility"]
                return httpx.Response(200, json={"compatibility": self.compatibility[subject]})
        raise AssertionError(request)


def settings(**more: str) -> SchemaRegistrySettings:
    environ = {f"HOOKLINE_SCHEMA_REGISTRY__{name.upper()}": value for name, value in more.items()}
    return Configuration.load(SchemaRegistrySettings, environ=environ)[SchemaRegistrySettings]


def switched(registry: FakeRegistry) -> Codec:
    return codec(settings(url="http://registry.test"), transport=httpx.MockTransport(registry))


def test_without_a_url_the_checked_in_numbers_are_used() -> None:
    value = codec(settings()).encode(CALL)

    assert value[:5] == b"\x00" + (1_000_004).to_bytes(4, "big")


def test_with_a_url_the_registry_gives_the_numbers() -> None:
    registry = FakeRegistry(first=1000)

    value = switched(registry).encode(CALL)

    number = int.from_bytes(value[1:5], "big")
    assert number in registry.ids.values()
    assert next(subject for (subject, _), given in registry.ids.items() if given == number) == "sms.calls.v1-value"


@pytest.mark.parametrize("maybe_inbound", [False, True])
def test_every_version_of_a_schema_has_the_registrys_number(maybe_inbound: bool) -> None:
    registry = FakeRegistry(first=1000)

    value = switched(registry).encode(message("sent", maybe_inbound=maybe_inbound))

    assert int.from_bytes(value[1:5], "big") in registry.ids.values()


def test_starting_again_registers_nothing_new() -> None:
    registry = FakeRegistry(first=1000)
    first = switched(registry).encode(CALL)

    assert switched(registry).encode(CALL) == first
    assert registry.next == 1000 + len(SchemaIds.checked_in().all())


def test_records_from_before_the_switch_are_still_read() -> None:
    before = Codec(SchemaIds.checked_in()).encode(CALL)

    assert switched(FakeRegistry(first=1000)).decode(before) == CALL


def of_version_0_1(event: Event) -> bytes:
    """The record of `event` as version 0.1 wrote it: with the former number of its schema."""
    value = Codec(SchemaIds.checked_in()).encode(event)
    formers = {row["id"]: row["former_id"] for row in id_rows() if "former_id" in row}
    return b"\x00" + formers[int.from_bytes(value[1:5], "big")].to_bytes(4, "big") + value[5:]


EVENTS = [CALL, message("sent"), message("sent", maybe_inbound=True), contact(name="Dana", tags=("a", "b"))]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.event_type)
@pytest.mark.parametrize("first", [None, 1, 2, 3, 4, 5, 6, 7, 8, 1000])
def test_records_of_every_former_number_are_read_whatever_the_registry_gave_that_number_to(
    event: Event, first: int | None
) -> None:
    # Given no registry, or one whose numbers overlap the former ones in another order
    after = Codec(SchemaIds.checked_in()) if first is None else switched(FakeRegistry(first))

    assert after.decode(of_version_0_1(event)) == event
    assert after.decode(after.encode(event)) == event


@given(value=st.binary(min_size=0, max_size=80), number=st.integers(1, 9))
def test_junk_under_an_ambiguous_number_is_undecodable(value: bytes, number: int) -> None:
    after = switched(FakeRegistry(first=3))

    with pytest.raises(Undecodable):
        after.decode(b"\x00" + number.to_bytes(4, "big") + value)


OTHERS = {"type": "record", "name": "Invoice", "fields": [{"name": "total", "type": "double"}]}


@pytest.mark.parametrize("row", id_rows(), ids=lambda row: row["file"])
def test_a_registry_where_a_checked_in_number_means_something_else_is_refused(row: dict[str, Any]) -> None:
    registry = FakeRegistry(first=1)
    registry.add("invoices-value", OTHERS, row["id"])

    with pytest.raises(ConfigurationError) as refused:
        switched(registry)

    assert str(row["id"]) in str(refused.value)
    assert row["subject"] in str(refused.value)
    assert registry.next == 1, "nothing is registered in a registry that is refused"


def test_another_teams_schema_under_a_former_number_is_in_nobodys_way() -> None:
    registry = FakeRegistry(first=1)
    registry.add("invoices-value", OTHERS)

    after = switched(registry)

    assert after.decode(after.encode(CALL)) == CALL


def test_our_own_schema_under_its_number_is_no_conflict() -> None:
    registry = FakeRegistry(first=1)
    entry = SchemaIds.checked_in().all()[0]
    registry.add(entry.subject, entry.schema, entry.id)

    assert switched(registry).decode(of_version_0_1(CALL)) == CALL


def test_bettering_the_documentation_registers_nothing_and_keeps_the_number() -> None:
    # Given a registry that has our schema with the words of an earlier release
    registry = FakeRegistry(first=50)
    earlier = read_schema("calls.1.avsc") | {"doc": "Said otherwise."}
    number = registry.add("sms.calls.v1-value", earlier)

    value = switched(registry).encode(CALL)

    assert int.from_bytes(value[1:5], "big") == number


def test_compatibility_is_set_on_every_subject_of_ours_and_on_no_other() -> None:
    registry = FakeRegistry(first=1)
    registry.add("invoices-value", OTHERS)

    switched(registry)
    before = len(registry.requests)
    switched(registry)

    assert registry.compatibility == dict.fromkeys(SchemaIds.checked_in().subjects(), "FULL_TRANSITIVE")
    assert not [request for request in registry.requests[before:] if request.method != "GET"], "nothing is set twice"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(409, json={"error_code": 409, "message": "Schema being registered is incompatible"}),
        httpx.Response(200, text="<html>a proxy's page</html>"),
        httpx.Response(200, json={"id": "seven"}),
    ],
    ids=["incompatible", "not JSON", "no number"],
)
def test_a_registry_that_refuses_is_named_with_the_setting_and_the_subject(answer: httpx.Response) -> None:
    with pytest.raises(ConfigurationError) as refused:
        switched(FakeRegistry(first=1, refuses=answer))

    message = str(refused.value)
    assert "HOOKLINE_SCHEMA_REGISTRY__URL" in message
    assert "sms.messages.v1-value" in message


def test_a_registry_that_is_not_there_is_an_httpx_error() -> None:
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(httpx.ConnectError):
        codec(settings(url="http://registry.test"), transport=httpx.MockTransport(unreachable))


def test_its_user_is_sent_and_its_password_is_shown_starred() -> None:
    registry = FakeRegistry(first=1)
    named = settings(url="http://registry.test", username="reader", password="s3cret")

    codec(named, transport=httpx.MockTransport(registry))

    assert registry.requests[0].headers["Authorization"] == "Basic cmVhZGVyOnMzY3JldA=="
    assert "s3cret" not in repr(named)


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="HOOKLINE_SCHEMA_REGISTRY__URL"):
        settings(url="registry:8081")
