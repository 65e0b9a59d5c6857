"""The switch to a real Schema Registry (Apicurio 3.3.3) that other teams use already: nobody reads wrong fields."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from ops.registry.app import registry_app
from runtime.admin import AdminServer
from runtime.schema_registry import SchemaRegistrySettings, schema_ids
from runtime.settings import Configuration
from schemas.codec import Codec
from schemas.ids import RegisteredSchema, SchemaIds, id_rows, read_schema
from tests.servers.apicurio import apicurio
from tests.twins.events import message

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

INVOICE = {
    "type": "record",
    "name": "Invoice",
    "fields": [{"name": name, "type": "string"} for name in ("customer", "currency")],
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another team has id 1 already."""
    with apicurio(tmp_path_factory.mktemp("apicurio")) as address:
        answer = httpx.post(
            f"{address}/subjects/invoices-value/versions", json={"schema": json.dumps(INVOICE)}, trust_env=False
        )
        assert answer.json() == {"id": 1}
        yield address


def settings(url: str) -> SchemaRegistrySettings:
    environ = {"HOOKLINE_SCHEMA_REGISTRY__URL": url}
    return Configuration.load(SchemaRegistrySettings, environ=environ)[SchemaRegistrySettings]


def test_processes_that_start_at_once_agree_and_the_subjects_are_protected(url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: schema_ids(settings(url)).all(), range(6)))

    assert all(answer == answers[0] for answer in answers)
    assert 1 not in {entry.id for entry in answers[0]}
    for subject in SchemaIds.checked_in().subjects():
        level = httpx.get(f"{url}/config/{subject}", trust_env=False).json()
        assert level == {"compatibilityLevel": "FULL_TRANSITIVE"}
    broken = read_schema("calls.1.avsc")
    broken["fields"] = [field for field in broken["fields"] if field["name"] != "event_type"]
    refused = httpx.post(
        f"{url}/subjects/sms.calls.v1-value/versions", json={"schema": json.dumps(broken)}, trust_env=False
    )
    assert refused.status_code == 409


@pytest.mark.parametrize("maybe_inbound", [False, True], ids=["first version", "second version"])
def test_records_of_before_and_after_the_switch_are_decoded_by_the_address_that_env_prints(
    url: str, maybe_inbound: bool
) -> None:
    event = message("sent", text="Is the job still open?", maybe_inbound=maybe_inbound)
    checked_in = SchemaIds.checked_in()
    former = SchemaIds(
        RegisteredSchema(row["former_id"], row["subject"], row["version"], read_schema(row["file"]))
        for row in id_rows()
        if "former_id" in row and row["subject"] == "sms.messages.v1-value"
    )
    now = schema_ids(settings(url))
    before, after = Codec(checked_in).encode(event), Codec(now).encode(event)
    of_version_0_1 = after[:1] + _number(former, maybe_inbound) + after[5:]

    # Our own processes read all three
    assert [Codec(now).decode(value) for value in (before, after, of_version_0_1)] == [event] * 3

    # The real registry knows what is written now; `hookline registry` knows what was written before too
    context = SerializationContext("sms.messages.v1", MessageField.VALUE)
    # Apicurio has left a request without an answer, and the client waits for ever: after a time-out it asks again.
    with SchemaRegistryClient({"url": url, "timeout": 20}) as client:
        assert AvroDeserializer(client)(after, context)["text"] == event.text
    with serving(url) as address, SchemaRegistryClient({"url": address}) as client:
        for value in (before, after):
            assert AvroDeserializer(client)(value, context)["text"] == event.text


def _number(former: SchemaIds, maybe_inbound: bool) -> bytes:
    return former.versions("sms.messages.v1-value")[maybe_inbound].id.to_bytes(4, "big")


class serving:  # noqa: N801 - used as a function is
    """`hookline registry`, with the real one's address in its settings."""

    def __init__(self, url: str) -> None:
        self._environ = os.environ | {"HOOKLINE_SCHEMA_REGISTRY__URL": url, "PYTHONUNBUFFERED": "1"}

    def __enter__(self) -> str:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ops", "registry", "--json"],
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        return str(json.loads(self._process.stdout.readline())["url"])

    def __exit__(self, *_: object) -> None:
        assert self._process.stdout is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(10) == 0
        self._process.stdout.close()


def test_a_process_refuses_a_registry_where_a_checked_in_number_is_another_teams() -> None:
    # Given a registry whose other team has a schema under our number. Apicurio gives no number that is asked for, so
    # our own plays it, whose answers to reading are the same.
    others = SchemaIds([RegisteredSchema(1_000_004, "invoices-value", 1, INVOICE)])
    with AdminServer(registry_app(others), "127.0.0.1", 0) as served:
        url = f"http://127.0.0.1:{served.port}"
        # When a process is started with it
        ended = subprocess.run(
            [sys.executable, "-m", "ops", "registry"],
            env=os.environ | {"HOOKLINE_SCHEMA_REGISTRY__URL": url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    # Then it does not start, and says why
    assert ended.returncode == 78
    assert "1000004" in ended.stderr
    assert "sms.calls.v1-value" in ended.stderr
