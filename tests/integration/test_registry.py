"""An analyst's ordinary tools read our topics: Confluent's own client against `hookline registry`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

from schemas.codec import Codec
from schemas.events import Contact, Event
from schemas.ids import SchemaIds, read_schema

CONTACT = Contact(
    event_id=UUID("0191d0d0-0000-7000-8000-000000000001"),
    event_type="contact.created",
    provider="textus",
    account="acme",
    contact_phone="+13035550142",
    phone_valid=True,
    account_phone=None,
    occurred_at=datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC),
    time_valid=True,
    received_at=datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
    is_test=False,
    sanitised=False,
    payload='{"name": "Zoë"}',
    provider_contact_id="/contacts/Zy12",
    name="Zoë",
    tag=None,
    tags=("warm", "vip"),
    business_name=None,
    subuser_id=None,
)


@pytest.fixture(scope="module")
def registry() -> Iterator[SchemaRegistryClient]:
    """A client of `hookline registry`, running as an operator would run it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ops", "registry", "--json"],
        env=os.environ | {"HOOKLINE_REGISTRY__PORT": "0", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        url = json.loads(process.stdout.readline())["url"]
        with SchemaRegistryClient({"url": url}) as client:
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        ended = process.wait(10)
        process.stdout.close()
    assert ended == 0


def context(event: Event) -> SerializationContext:
    del event
    return SerializationContext("sms.contacts.v1", MessageField.VALUE)


def test_the_confluent_client_decodes_a_record_of_ours(registry: SchemaRegistryClient) -> None:
    # Given a record as ingest writes it
    value = Codec(SchemaIds.checked_in()).encode(CONTACT)

    # When somebody else's tool reads it, knowing nothing but the registry's address
    read = AvroDeserializer(registry)(value, context(CONTACT))

    # Then every field is there, times and ids as what they are
    assert read["name"] == "Zoë"
    assert read["tags"] == ["warm", "vip"]
    assert read["tag"] is None
    assert read["occurred_at"] == CONTACT.occurred_at
    assert UUID(str(read["event_id"])) == CONTACT.event_id


def test_a_record_of_the_confluent_client_is_one_of_ours(registry: SchemaRegistryClient) -> None:
    # Given a serializer that registers nothing, but asks which number the schema has
    fields = [field["name"] for field in read_schema("contacts.1.avsc")["fields"]]
    serializer = AvroSerializer(
        registry,
        json.dumps(read_schema("contacts.1.avsc")),
        to_dict=lambda event, _context: {
            name: list(value) if isinstance(value := getattr(event, name), tuple) else value for name in fields
        },
        conf={"auto.register.schemas": False},
    )

    value = serializer(CONTACT, context(CONTACT))

    assert Codec(SchemaIds.checked_in()).decode(value) == CONTACT


def test_the_client_finds_what_there_is_and_is_told_what_there_is_not(registry: SchemaRegistryClient) -> None:
    assert "sms.messages.v1-value" in registry.get_subjects()
    assert registry.get_latest_version("sms.messages.v1-value").schema_id == 1_000_007
    with pytest.raises(SchemaRegistryError) as unknown:
        registry.get_schema(4711)
    assert unknown.value.error_code == 40403


def test_it_stops_soon_when_asked(registry: SchemaRegistryClient) -> None:
    del registry
    process = subprocess.Popen(
        [sys.executable, "-m", "ops", "registry"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    process.send_signal(signal.SIGTERM)

    assert process.wait(5) == 0
    process.stdout.close()
