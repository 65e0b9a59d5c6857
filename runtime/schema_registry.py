"""Which numbers stand for our schemas on the wire: the checked-in ones, or those of a real Schema Registry."""

from __future__ import annotations

import json
from typing import Any

import httpx
from pydantic import Field, SecretStr

from runtime import logs
from runtime.settings import ConfigurationError, Section
from schemas.codec import Codec
from schemas.compatibility import COMPATIBILITY
from schemas.ids import RegisteredSchema, Schema, SchemaIds, fingerprint

log = logs.logger("runtime.schema_registry")

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_HEADERS = {"Content-Type": CONTENT_TYPE, "Accept": CONTENT_TYPE}
TIMEOUT_S = 5.0


class SchemaRegistrySettings(Section, name="schema_registry"):
    """A Schema Registry in place of the checked-in schema ids; our own goes on serving both."""

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

    Raises httpx.TransportError where the registry cannot be reached, and ConfigurationError where it refuses, or where
    a number of ours means something else there: tools would decode our records as another team's.
    """
    checked_in = SchemaIds.checked_in()
    if settings.url is None:
        return checked_in
    user = None
    if settings.username is not None:
        user = (settings.username, settings.password.get_secret_value() if settings.password else "")
    with httpx.Client(base_url=settings.url, auth=user, timeout=TIMEOUT_S, transport=transport) as client:
        registry = _Registry(client)
        registry.check_numbers(checked_in)
        registered = [number for subject in checked_in.subjects() for number in registry.numbers(checked_in, subject)]
    _warn_of_former_numbers(checked_in, registered)
    return checked_in.switched(registered)


class _Registry:
    """What is asked of a Schema Registry. Its answers are checked: a proxy's page is no number."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def check_numbers(self, checked_in: SchemaIds) -> None:
        """Raises ConfigurationError where a checked-in number is another schema's there."""
        mistakes = []
        for entry in checked_in.all():
            answer = self._client.get(f"/schemas/ids/{entry.id}", headers=_HEADERS)
            if answer.status_code == httpx.codes.NOT_FOUND:
                continue
            there = _schema(_body(answer, self._refused(f"says of the id {entry.id}", answer)))
            if there is None or fingerprint(there) != fingerprint(entry.schema):
                mistakes.append(
                    f"{SchemaRegistrySettings.variable('url')}: {self._client.base_url} has another schema under the id"
                    f" {entry.id}, which records of {entry.subject} carry: they would be decoded into wrong fields"
                    " there; take another registry"
                )
        if mistakes:
            raise ConfigurationError(mistakes)

    def numbers(self, checked_in: SchemaIds, subject: str) -> list[RegisteredSchema]:
        """Every version of `subject` under the number it has there, registered where it is not there yet.

        A version whose documentation alone has changed since is there already, and keeps its number.
        """
        there = self._versions(subject)
        registered = []
        for entry in checked_in.versions(subject):
            number = there.get(fingerprint(entry.schema))
            if number is None:
                number = self._register(entry)
            registered.append(RegisteredSchema(number, entry.subject, entry.version, entry.schema))
        self._set_compatibility(subject)
        return registered

    def _versions(self, subject: str) -> dict[str, int]:
        """The number of every schema that `subject` has there, by its fingerprint."""
        answer = self._client.get(f"/subjects/{subject}/versions", headers=_HEADERS)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return {}
        versions = _body(answer, self._refused(f"does not tell the versions of {subject}", answer))
        if not isinstance(versions, list):
            raise self._refused(f"does not tell the versions of {subject}", answer)
        numbers: dict[str, int] = {}
        for version in versions:
            answer = self._client.get(f"/subjects/{subject}/versions/{version}", headers=_HEADERS)
            refused = self._refused(f"does not tell version {version} of {subject}", answer)
            schema = _schema(_body(answer, refused))
            if schema is not None:
                numbers.setdefault(fingerprint(schema), _number(answer, refused))
        return numbers

    def _register(self, entry: RegisteredSchema) -> int:
        answer = self._client.post(
            f"/subjects/{entry.subject}/versions",
            content=json.dumps({"schema": json.dumps(entry.schema), "schemaType": "AVRO"}),
            headers=_HEADERS,
        )
        return _number(answer, self._refused(f"does not take {entry.subject}", answer))

    def _set_compatibility(self, subject: str) -> None:
        """Nobody is to register what our readers, or those of our records, could not live with."""
        if self._is_compatible(subject):
            return
        answer = self._client.put(
            f"/config/{subject}", content=json.dumps({"compatibility": COMPATIBILITY}), headers=_HEADERS
        )
        # Apicurio 3.3.3 answers 409 where another process of ours sets it at the same moment.
        if not answer.is_success and not self._is_compatible(subject):
            raise self._refused(f"does not set the compatibility of {subject} to {COMPATIBILITY}", answer)

    def _is_compatible(self, subject: str) -> bool:
        answer = self._client.get(f"/config/{subject}", headers=_HEADERS)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        set_to = _body(answer, self._refused(f"does not tell the compatibility of {subject}", answer))
        return isinstance(set_to, dict) and set_to.get("compatibilityLevel") == COMPATIBILITY

    def _refused(self, what: str, answer: httpx.Response) -> ConfigurationError:
        says = f"{answer.status_code} {' '.join(answer.text.split())[:300]}"
        return ConfigurationError([f"{SchemaRegistrySettings.variable('url')}: {self._client.base_url} {what}: {says}"])


def _warn_of_former_numbers(checked_in: SchemaIds, registered: list[RegisteredSchema]) -> None:
    """Our own processes tell such records apart; other tools read them right only after their retention is over."""
    given = {entry.id: entry.subject for entry in registered}
    for entry in checked_in.readable():
        if given.get(entry.id, entry.subject) != entry.subject:
            log.warning("former_id_taken", id=entry.id, carried_by=entry.subject, registered_for=given[entry.id])


def _body(answer: httpx.Response, refused: ConfigurationError) -> Any:
    if not answer.is_success:
        raise refused
    try:
        return answer.json()
    except ValueError:
        raise refused from None


def _schema(body: Any) -> Schema | None:
    """The Avro schema in an answer; None: another kind of schema, or none that can be read."""
    try:
        schema = json.loads(body["schema"])
    except (KeyError, TypeError, ValueError):
        return None
    return schema if isinstance(schema, dict) else None


def _number(answer: httpx.Response, refused: ConfigurationError) -> int:
    body = _body(answer, refused)
    number = body.get("id") if isinstance(body, dict) else None
    if not isinstance(number, int):
        raise refused
    return number
