"""The switch to a real Schema Registry: its numbers on the wire, and the old ones still readable."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from runtime.schema_registry import SchemaRegistrySettings, codec
from runtime.settings import Configuration, ConfigurationError
from schemas.codec import Codec
from schemas.events import Call
from schemas.ids import SchemaIds
from tests.twins.events import message

CALL = Call(
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
    """Registers what it is given, as Confluent's does: the same schema under the same number, always."""

    def __init__(self, first: int, *, refuses: httpx.Response | None = None) -> None:
        self.next = first
        self.refuses = refuses
        self.ids: dict[tuple[str, str], int] = {}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.refuses is not None:
            return self.refuses
        assert request.method == "POST"
        assert request.headers["Content-Type"] == "application/vnd.schemaregistry.v1+json"
        subject = request.url.path.removeprefix("/subjects/").removesuffix("/versions")
        schema = json.loads(request.content)["schema"]
        json.loads(schema)  # a schema is JSON within JSON
        if (subject, schema) not in self.ids:
            self.ids[subject, schema] = self.next
            self.next += 1
        return httpx.Response(200, json={"id": self.ids[subject, schema]})


def settings(**more: str) -> SchemaRegistrySettings:
    environ = {f"HOOKLINE_SCHEMA_REGISTRY__{name.upper()}": value for name, value in more.items()}
    return Configuration.load(SchemaRegistrySettings, environ=environ)[SchemaRegistrySettings]


def switched(registry: FakeRegistry) -> Codec:
    return codec(settings(url="http://registry.test"), transport=httpx.MockTransport(registry))


def test_without_a_url_the_checked_in_numbers_are_used() -> None:
    value = codec(settings()).encode(CALL)

    assert value[:5] == b"\x00" + (4).to_bytes(4, "big")


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


def test_a_number_that_the_registry_gave_to_another_schema_means_the_registrys() -> None:
    # Given a registry whose numbers overlap ours in another order: it gives 4 to the first schema
    after = switched(FakeRegistry(first=4))

    assert after.decode(after.encode(CALL)) == CALL


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
