"""The registry's answers, path by path: shapes, codes and content type of Confluent's REST API."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from ops.registry.app import CONTENT_TYPE, registry_app
from schemas.ids import RegisteredSchema, Schema, SchemaIds, read_schema

IDS = SchemaIds.checked_in()


@pytest.fixture
def client() -> FlaskClient:
    return registry_app(IDS).test_client()


def test_subjects_are_those_of_the_event_topics(client: FlaskClient) -> None:
    answer = client.get("/subjects")

    assert answer.status_code == 200
    assert answer.content_type == CONTENT_TYPE
    assert "sms.messages.v1-value" in answer.json
    assert client.get("/subjects?subjectPrefix=sms.calls.v").json == ["sms.calls.v1-value"]


def test_versions_of_a_subject(client: FlaskClient) -> None:
    assert client.get("/subjects/sms.messages.v1-value/versions").json == [1, 2]


@pytest.mark.parametrize("version", ["1", "latest", "-1"])
def test_one_version(client: FlaskClient, version: str) -> None:
    answer = client.get(f"/subjects/sms.calls.v1-value/versions/{version}").json

    assert (answer["subject"], answer["version"], answer["id"]) == ("sms.calls.v1-value", 1, 1_000_004)
    assert json.loads(answer["schema"]) == read_schema("calls.1.avsc")


def test_latest_is_the_newest() -> None:
    first = IDS.by_id(1_000_004)
    second = RegisteredSchema(9, first.subject, 2, first.schema)
    client = registry_app(SchemaIds([first, second])).test_client()

    assert client.get(f"/subjects/{first.subject}/versions/latest").json["id"] == 9
    assert client.get(f"/subjects/{first.subject}/versions").json == [1, 2]


def test_the_bare_schema_is_the_file(client: FlaskClient) -> None:
    assert client.get("/subjects/sms.calls.v1-value/versions/1/schema").json == read_schema("calls.1.avsc")
    assert client.get("/schemas/ids/1000004/schema").json == read_schema("calls.1.avsc")


@pytest.mark.parametrize("number", [1_000_001, 1], ids=["as it is now", "as version 0.1 had it"])
def test_by_number(client: FlaskClient, number: int) -> None:
    assert json.loads(client.get(f"/schemas/ids/{number}").json["schema"]) == read_schema("messages.1.avsc")
    assert client.get(f"/schemas/ids/{number}/subjects").json == ["sms.messages.v1-value"]
    assert client.get(f"/schemas/ids/{number}/versions").json == [{"subject": "sms.messages.v1-value", "version": 1}]


def test_with_a_registry_its_numbers_are_served_beside_the_checked_in_ones() -> None:
    ids = IDS.switched(RegisteredSchema(5 + entry.id - 1_000_000, *_rest(entry)) for entry in IDS.all())
    client = registry_app(ids).test_client()

    assert client.get("/subjects/sms.calls.v1-value/versions/1").json["id"] == 9
    for number in (9, 1_000_004, 4):
        assert client.get(f"/schemas/ids/{number}/schema").json == read_schema("calls.1.avsc")


def _rest(entry: RegisteredSchema) -> tuple[str, int, Schema]:
    return entry.subject, entry.version, entry.schema


def test_everything_at_once(client: FlaskClient) -> None:
    assert [entry["id"] for entry in client.get("/schemas").json] == [entry.id for entry in IDS.all()]


def test_what_it_is_and_how_it_is_set(client: FlaskClient) -> None:
    assert client.get("/").json == {}
    assert client.get("/schemas/types").json == ["AVRO"]
    assert client.get("/config").json == {"compatibilityLevel": "FULL_TRANSITIVE"}
    assert client.get("/config/sms.calls.v1-value").json == {"compatibilityLevel": "FULL_TRANSITIVE"}
    assert client.get("/mode").json == {"mode": "READONLY"}
    assert client.get("/mode/sms.calls.v1-value").json == {"mode": "READONLY"}


def test_a_schema_is_looked_up_by_its_text_whatever_its_docs(client: FlaskClient) -> None:
    schema = read_schema("calls.1.avsc")
    schema["doc"] = "Said otherwise."

    found = client.post("/subjects/sms.calls.v1-value", json={"schema": json.dumps(schema)})
    missing = client.post("/subjects/sms.messages.v1-value", json={"schema": json.dumps(schema)})

    assert (found.status_code, found.json["id"]) == (200, 1_000_004)
    assert (missing.status_code, missing.json["error_code"]) == (404, 40403)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subjects/nobody-value/versions", 404, 40401),  # no such subject
        ("/subjects/nobody-value/versions/1", 404, 40401),
        ("/subjects/nobody-value/versions/latest", 404, 40401),
        ("/config/nobody-value", 404, 40401),
        ("/subjects/sms.calls.v1-value/versions/7", 404, 40402),  # no such version
        ("/subjects/sms.calls.v1-value/versions/0", 422, 42202),  # versions begin at 1
        ("/subjects/sms.calls.v1-value/versions/newest", 422, 42202),
        ("/subjects/sms.calls.v1-value/versions/2147483648", 422, 42202),
        ("/subjects/sms.calls.v1-value/versions/\u0661", 422, 42202),  # a digit, but not ASCII's
        ("/schemas/ids/77", 404, 40403),  # no such schema
        ("/schemas/ids/one", 404, 40403),
        ("/nowhere", 404, 404),
    ],
)
def test_what_is_not_there(client: FlaskClient, path: str, status: int, code: int) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json["error_code"]) == (status, code)
    assert answer.json["message"]
    assert answer.content_type == CONTENT_TYPE


@pytest.mark.parametrize("body", [b"", b"[]", b'{"schema": 3}', b'{"schema": "{"}', b'{"schema": "\\"string\\""}'])
def test_a_lookup_of_nonsense_is_no_server_error(client: FlaskClient, body: bytes) -> None:
    assert client.post("/subjects/sms.calls.v1-value", data=body).status_code in (404, 422)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/subjects/sms.calls.v1-value/versions"),
        ("DELETE", "/subjects/sms.calls.v1-value"),
        ("DELETE", "/subjects/sms.calls.v1-value/versions/1"),
        ("PUT", "/config"),
        ("PUT", "/mode"),
    ],
)
def test_writing_is_refused_with_a_sentence(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method, json={"schema": "{}"})

    assert (answer.status_code, answer.json["error_code"]) == (405, 405)
    assert "read-only" in answer.json["message"]
    assert "GET" in answer.headers["Allow"] or "POST" in answer.headers["Allow"]


def without(name: str) -> str:
    schema = read_schema("messages.2.avsc")
    fields = [field for field in schema["fields"] if field["name"] != name]
    return json.dumps({"schema": json.dumps({**schema, "fields": fields})})


@pytest.mark.parametrize("path", ["/versions/latest", "/versions/2", "/versions/1", "/versions", "/versions/-1"])
def test_what_may_be_the_next_version_is_told(client: FlaskClient, path: str) -> None:
    url = f"/compatibility/subjects/sms.messages.v1-value{path}"

    assert client.post(url, data=without("portal")).json == {"is_compatible": True}
    assert client.post(url, data=without("direction")).json == {"is_compatible": False}
    assert client.post(f"{url}?verbose=true", data=without("portal")).json == {"is_compatible": True, "messages": []}
    [message, *_] = client.post(f"{url}?verbose=true", data=without("direction")).json["messages"]
    assert message.startswith("direction: ")
    assert "version " in message


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("nothing-value/versions/latest", "{}", 404, 40401),
        ("sms.messages.v1-value/versions/9", "{}", 404, 40402),
        ("sms.messages.v1-value/versions/x", "{}", 422, 42202),
        ("sms.messages.v1-value/versions/1", "", 422, 42201),
        ("sms.messages.v1-value/versions/1", '{"schema": "no"}', 422, 42201),
        ("sms.messages.v1-value/versions/1", '{"schema": {}}', 422, 42201),
        ("sms.messages.v1-value/versions/1", json.dumps({"schema": '{"type": "record", "name": "x"}'}), 422, 42201),
        ("sms.messages.v1-value/versions/1", json.dumps({"schema": "[" * 100_000}), 422, 42201),
    ],
)
def test_a_question_about_compatibility_that_makes_no_sense(
    client: FlaskClient, path: str, body: str, status: int, code: int
) -> None:
    answer = client.post(f"/compatibility/subjects/{path}", data=body)

    assert (answer.status_code, answer.json["error_code"]) == (status, code)
