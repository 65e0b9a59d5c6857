"""Which numbers stand for our schemas on the wire: the checked-in ones, or those of a real Schema Registry."""

from __future__ import annotations

import json

import httpx
from pydantic import Field, SecretStr

from runtime.settings import ConfigurationError, Section
from schemas.codec import Codec
from schemas.ids import RegisteredSchema, SchemaIds

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
TIMEOUT_S = 5.0


class SchemaRegistrySettings(Section, name="schema_registry"):
    """A Schema Registry in place of the checked-in schema ids."""

    url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="a Schema Registry to register the schemas in and take their ids from; unset: the checked-in ids",
    )
    username: str | None = Field(default=None, description="its user, where it asks for one (HTTP basic)")
    password: SecretStr | None = Field(default=None, description="that user's password")


def codec(settings: SchemaRegistrySettings, *, transport: httpx.BaseTransport | None = None) -> Codec:
    """The codec that `settings` ask for. See `schema_ids`."""
    return Codec(schema_ids(settings, transport=transport))


def schema_ids(settings: SchemaRegistrySettings, *, transport: httpx.BaseTransport | None = None) -> SchemaIds:
    """The schemas' numbers that `settings` ask for. `transport` stands in for the network in tests.

    Raises httpx.TransportError where the registry cannot be reached, and ConfigurationError where it refuses.
    """
    checked_in = SchemaIds.checked_in()
    if settings.url is None:
        return checked_in
    user = None
    if settings.username is not None:
        user = (settings.username, settings.password.get_secret_value() if settings.password else "")
    with httpx.Client(base_url=settings.url, auth=user, timeout=TIMEOUT_S, transport=transport) as client:
        registered = [_register(client, entry) for entry in checked_in.all()]
    taken = {entry.id for entry in registered}
    # Records from before the switch carry the checked-in numbers. Where the registry gave such a number to another
    # of our schemas, the newer meaning is the one that counts.
    return SchemaIds([*(entry for entry in checked_in.all() if entry.id not in taken), *registered])


def _register(client: httpx.Client, entry: RegisteredSchema) -> RegisteredSchema:
    """`entry` under the number that the registry gives it; the same one however often it is asked."""
    answer = client.post(
        f"/subjects/{entry.subject}/versions",
        content=json.dumps({"schema": json.dumps(entry.schema), "schemaType": "AVRO"}),
        headers={"Content-Type": CONTENT_TYPE, "Accept": CONTENT_TYPE},
    )
    number = _number(answer)
    if number is None:
        says = f"{answer.status_code} {' '.join(answer.text.split())[:300]}"
        raise ConfigurationError(
            [f"{SchemaRegistrySettings.variable('url')}: {client.base_url} does not take {entry.subject}: {says}"]
        )
    return RegisteredSchema(number, entry.subject, entry.version, entry.schema)


def _number(answer: httpx.Response) -> int | None:
    if not answer.is_success:
        return None
    try:
        body = answer.json()
    except ValueError:
        return None
    number = body.get("id") if isinstance(body, dict) else None
    return number if isinstance(number, int) else None
