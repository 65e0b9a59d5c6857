"""The small CRM: what it keeps, what it refuses, and that it merges nothing."""

from __future__ import annotations

import pytest

from deploy.local.sandbox.rate_limit import Limit


@pytest.fixture
def contact(crm):
    """A contact that is there."""
    return crm("POST", "/crm/contacts", {"phone": "+13035551234", "name": "Dana", "tags": ["warm"]}).json


@pytest.fixture
def note(crm, contact):
    """A note that is there."""
    body = {"text": "Hi", "external_id": "e1", "occurred_at": "2026-01-02T03:04:05Z"}
    return crm("POST", f"/crm/contacts/{contact['id']}/notes", body).json


def test_a_contact_is_created_read_and_found_by_its_phone(crm, contact):
    assert contact | {"id": "", "created_at": "", "updated_at": ""} == {
        "id": "",
        "name": "Dana",
        "phone": "+13035551234",
        "tags": ["warm"],
        "opted_out": False,
        "created_at": "",
        "updated_at": "",
    }
    assert crm("GET", f"/crm/contacts/{contact['id']}").json == contact
    assert crm("GET", "/crm/contacts?phone=%2B13035551234").json == [contact]
    assert crm("GET", "/crm/contacts?phone=%2B13035550000").json == []
    assert crm("GET", "/crm/contacts").json == [contact]


def test_creating_answers_201_and_where_it_is(crm):
    answer = crm("POST", "/crm/contacts", {"phone": "+1"})
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/crm/contacts/{answer.json['id']}")


def test_it_merges_nothing(crm, contact, note):
    crm("POST", "/crm/contacts", {"phone": "+13035551234"})
    crm("POST", f"/crm/contacts/{contact['id']}/notes", {"text": "Hi", "external_id": "e1"})
    assert len(crm("GET", "/crm/contacts?phone=%2B13035551234").json) == 2
    assert [
        written_note["external_id"] for written_note in crm("GET", f"/crm/contacts/{contact['id']}/notes").json
    ] == ["e1", "e1"]


def test_a_change_touches_only_what_it_names(crm, contact, clock):
    clock.now += 1
    changed = crm("PATCH", f"/crm/contacts/{contact['id']}", {"opted_out": True})
    assert changed.status_code == 200
    differs = {name for name in contact if contact[name] != changed.json[name]}
    assert differs == {"opted_out", "updated_at"}


def test_tags_are_replaced_and_can_be_emptied(crm, contact):
    assert crm("PATCH", f"/crm/contacts/{contact['id']}", {"tags": []}).json["tags"] == []


def test_a_changed_phone_is_found_under_the_new_one_only(crm, contact):
    crm("PATCH", f"/crm/contacts/{contact['id']}", {"phone": "+13035550000"})
    assert crm("GET", "/crm/contacts?phone=%2B13035551234").json == []
    assert [found["id"] for found in crm("GET", "/crm/contacts?phone=%2B13035550000").json] == [contact["id"]]


def test_a_note_is_listed_and_changed(crm, contact, note):
    path = f"/crm/contacts/{contact['id']}/notes"
    assert crm("GET", path).json == [note]
    changed = crm("PATCH", f"{path}/{note['id']}", {"text": "Hi (failed)"})
    assert (changed.status_code, changed.json["text"], changed.json["external_id"]) == (200, "Hi (failed)", "e1")
    assert crm("GET", path).json == [changed.json]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/crm/contacts/none"),
        ("PATCH", "/crm/contacts/none"),
        ("GET", "/crm/contacts/none/notes"),
        ("POST", "/crm/contacts/none/notes"),
        ("PATCH", "/crm/contacts/none/notes/none"),
        ("PATCH", "/crm/contacts/{id}/notes/none"),
        ("GET", "/crm/nowhere"),
        ("GET", "/crm"),
    ],
)
def test_what_is_not_there_is_404(crm, contact, method, path):
    body = None if method == "GET" else {"text": "Hi"} if "notes" in path else {"name": "Dana"}
    assert crm(method, path.format(id=contact["id"]), body).status_code == 404


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_other_methods_are_405(crm, contact, method):
    assert crm(method, f"/crm/contacts/{contact['id']}", {}).status_code == 405


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["phone"]),
        ({"phone": ""}, ["phone"]),
        ({"phone": 13035551234}, ["phone"]),
        ({"phone": "+1", "tags": "warm"}, ["tags"]),
        ({"phone": "+1", "opted_out": "yes"}, ["opted_out"]),
        ({"phone": "+1", "email": "a@b.c"}, ["email"]),
        ({"phone": "+1", "name": 1, "tags": [None]}, ["name", "tags[0]"]),
    ],
)
def test_a_wrong_field_of_a_contact_is_422_and_named(crm, fields, body, named):
    answer = crm("POST", "/crm/contacts", body)
    assert (answer.status_code, fields(answer)) == (422, named)
    assert crm("GET", "/crm/contacts").json == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["text"]),
        ({"text": ""}, ["text"]),
        ({"text": "Hi", "occurred_at": "yesterday"}, ["occurred_at"]),
        ({"text": "Hi", "occurred_at": "2026-01-02T03:04:05"}, ["occurred_at"]),  # no zone
        ({"text": "Hi", "external_id": 7}, ["external_id"]),
        ({"text": "Hi", "direction": "in"}, ["direction"]),
    ],
)
def test_a_wrong_field_of_a_note_is_422_and_named(crm, contact, fields, body, named):
    answer = crm("POST", f"/crm/contacts/{contact['id']}/notes", body)
    assert (answer.status_code, fields(answer)) == (422, named)
    assert crm("GET", f"/crm/contacts/{contact['id']}/notes").json == []


def test_a_null_where_none_may_be_is_422(crm, contact, fields):
    answer = crm("PATCH", f"/crm/contacts/{contact['id']}", {"tags": None, "phone": None})
    assert (answer.status_code, sorted(fields(answer))) == (422, ["phone", "tags"])


def test_a_bare_plus_in_a_query_is_refused(crm, fields):
    answer = crm("GET", "/crm/contacts?phone=+13035551234")
    assert (answer.status_code, fields(answer)) == (422, ["phone"])


def test_content_type_and_accept_are_json(textus):
    call = textus.call
    assert call("/crm/contacts", method="POST", data='{"phone": "+1"}').status_code == 415
    assert call("/crm/contacts", headers={"Accept": "text/html"}).status_code == 406
    assert call("/crm/contacts", headers={"Accept": "application/*"}).status_code == 200


def test_a_token_is_asked_for_where_one_is_set(make_caller):
    call = make_caller(crm_token="crm-secret").call
    assert call("/crm/contacts").status_code == 401
    assert call("/crm/nowhere", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert call("/crm/contacts", headers={"Authorization": "Bearer crm-secret"}).status_code == 200


def test_a_limit_can_be_set_for_the_crm_too(make_caller, clock):
    call = make_caller(crm_limit=Limit(requests=1, window_s=10)).call
    assert call("/crm/contacts").status_code == 200
    refused = call("/crm/contacts")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    clock.now += 10
    assert call("/crm/contacts").status_code == 200


def test_without_a_limit_there_are_no_limit_headers(crm):
    assert "X-RateLimit-Limit" not in crm("GET", "/crm/contacts").headers
