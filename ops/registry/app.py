"""The REST paths of Confluent's Schema Registry that reading takes, answered from the checked-in schemas.

docs.confluent.io, "Schema Registry API Reference", seen 2026-11: paths, shapes, error codes and content type.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ops.schema_versions.addition import NotASchema, parsed
from schemas.compatibility import COMPATIBILITY, incompatibilities
from schemas.ids import RegisteredSchema, Schema, SchemaIds, UnknownSchema, fingerprint

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"


class RegistryError(Exception):
    """Answer with this status and error code."""

    def __init__(self, status: int, error_code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code


# Longer than 50 lines: all routes of the app in one place, sharing what the factory was given.
def registry_app(ids: SchemaIds) -> Flask:
    """The Flask app that serves `ids`."""
    app = Flask("registry")
    app.url_map.strict_slashes = False

    @app.get("/")
    def root() -> Response:
        return _answer({})

    @app.get("/subjects")
    def subjects() -> Response:
        prefix = request.args.get("subjectPrefix", "").removeprefix(":*:")
        return _answer([name for name in ids.subjects() if name.startswith(prefix)])

    @app.get("/subjects/<subject>/versions")
    def versions(subject: str) -> Response:
        return _answer([entry.version for entry in _versions(ids, subject)])

    @app.get("/subjects/<subject>/versions/<version>")
    def version(subject: str, version: str) -> Response:
        return _answer(_described(_version(ids, subject, version)))

    @app.get("/subjects/<subject>/versions/<version>/schema")
    def version_schema(subject: str, version: str) -> Response:
        return _answer(_version(ids, subject, version).schema)

    @app.get("/subjects/<subject>/versions/<version>/referencedby")
    def referenced_by(subject: str, version: str) -> Response:
        _version(ids, subject, version)
        return _answer([])

    @app.post("/subjects/<subject>")
    def lookup(subject: str) -> Response:
        return _answer(_described(_lookup(ids, subject)))

    @app.post("/compatibility/subjects/<subject>/versions/<version>")
    def compatible_with_one(subject: str, version: str) -> Response:
        return _answer(_compatibility([_version(ids, subject, version)]))

    @app.post("/compatibility/subjects/<subject>/versions")
    def compatible_with_all(subject: str) -> Response:
        return _answer(_compatibility(_versions(ids, subject)))

    @app.get("/schemas")
    def schemas() -> Response:
        prefix = request.args.get("subjectPrefix", "").removeprefix(":*:")
        return _answer([_described(entry) for entry in ids.all() if entry.subject.startswith(prefix)])

    @app.get("/schemas/types")
    def types() -> Response:
        return _answer(["AVRO"])

    @app.get("/schemas/ids/<number>")
    def by_id(number: str) -> Response:
        return _answer({"schema": _text(_by_id(ids, number).schema)})

    @app.get("/schemas/ids/<number>/schema")
    def by_id_schema(number: str) -> Response:
        return _answer(_by_id(ids, number).schema)

    @app.get("/schemas/ids/<number>/subjects")
    def by_id_subjects(number: str) -> Response:
        return _answer([_by_id(ids, number).subject])

    @app.get("/schemas/ids/<number>/versions")
    def by_id_versions(number: str) -> Response:
        entry = _by_id(ids, number)
        return _answer([{"subject": entry.subject, "version": entry.version}])

    @app.get("/config")
    def config() -> Response:
        return _answer({"compatibilityLevel": COMPATIBILITY})

    @app.get("/config/<subject>")
    def subject_config(subject: str) -> Response:
        _versions(ids, subject)
        return _answer({"compatibilityLevel": COMPATIBILITY})

    @app.get("/mode")
    def mode() -> Response:
        return _answer({"mode": "READONLY"})

    @app.get("/mode/<subject>")
    def subject_mode(subject: str) -> Response:
        _versions(ids, subject)
        return _answer({"mode": "READONLY"})

    @app.errorhandler(RegistryError)
    def refused(error: RegistryError) -> Response:
        return _answer({"error_code": error.error_code, "message": str(error)}, error.status)

    @app.errorhandler(HTTPException)
    def other(error: HTTPException) -> Response:
        code = error.code or 500
        message = f"HTTP {code} {error.name}"
        if isinstance(error, MethodNotAllowed):
            message += ": this registry is read-only; a schema is added in Hookline's schemas/avro and ids.json"
        answer = _answer({"error_code": code, "message": message}, code)
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer

    return app


def _answer(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type=CONTENT_TYPE)


def _text(schema: Schema) -> str:
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


def _described(entry: RegisteredSchema) -> dict[str, Any]:
    return {"subject": entry.subject, "version": entry.version, "id": entry.id, "schema": _text(entry.schema)}


def _versions(ids: SchemaIds, subject: str) -> list[RegisteredSchema]:
    try:
        return ids.versions(subject)
    except UnknownSchema:
        raise RegistryError(404, 40401, f"Subject '{subject}' not found.") from None


def _version(ids: SchemaIds, subject: str, version: str) -> RegisteredSchema:
    if version in ("latest", "-1"):
        return _versions(ids, subject)[-1]
    if not (version.isascii() and version.isdigit() and 0 < int(version) < 2**31):
        allowed = 'Allowed values are between [1, 2^31-1] and the string "latest"'
        raise RegistryError(422, 42202, f"The specified version '{version}' is not a valid version id. {allowed}")
    for entry in _versions(ids, subject):
        if entry.version == int(version):
            return entry
    raise RegistryError(404, 40402, f"Version {version} not found.")


def _by_id(ids: SchemaIds, number: str) -> RegisteredSchema:
    try:
        return ids.by_id(int(number) if number.isascii() and number.isdigit() else -1)
    except UnknownSchema:
        raise RegistryError(404, 40403, f"Schema {number} not found") from None


def _lookup(ids: SchemaIds, subject: str) -> RegisteredSchema:
    """Which version of `subject` the schema in the request's body is; annotations do not count."""
    versions = _versions(ids, subject)
    fingerprint_of_body = fingerprint(_schema_of_body())
    for entry in versions:
        if fingerprint(entry.schema) == fingerprint_of_body:
            return entry
    raise RegistryError(404, 40403, "Schema not found")


def _compatibility(versions: Sequence[RegisteredSchema]) -> dict[str, Any]:
    """Whether the schema in the request's body can live beside each of `versions`; with ?verbose=true why it cannot."""
    schema = _schema_of_body()
    problems = [(entry, problem) for entry in versions for problem in incompatibilities(entry.schema, schema)]
    answer: dict[str, Any] = {"is_compatible": not problems}
    if request.args.get("verbose", "").lower() == "true":
        answer["messages"] = [f"{problem} (version {entry.version})" for entry, problem in problems]
    return answer


def _schema_of_body() -> Schema:
    body = request.get_json(force=True, silent=True)
    text = body.get("schema") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise RegistryError(422, 42201, 'Invalid schema: the body is to be {"schema": "..."}')
    try:
        return parsed(text)
    except NotASchema as error:
        raise RegistryError(422, 42201, f"Invalid schema: {error}") from None
