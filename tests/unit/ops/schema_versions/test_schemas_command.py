"""`hookline schemas`: what is checked in is fine; a field that a team reads, or a mark, cannot go unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from ops.schema_versions import addition
from ops.schema_versions.check import problems
from ops.schema_versions.contracts import TeamContract, contracts
from schemas.ids import RegisteredSchema, Schema, SchemaIds, fingerprint, read_schema

IDS = SchemaIds.checked_in()
SIMS = TeamContract("sim-reports", "", {"sms.messages.v1": ("event_id", "sim_card_id")})


def changed(change: Callable[[Schema], object]) -> Schema:
    schema = deepcopy(read_schema("messages.2.avsc"))
    change(schema)
    return schema


def without(name: str) -> Schema:
    return changed(lambda schema: schema.update(fields=[field for field in schema["fields"] if field["name"] != name]))


def with_field(**field: Any) -> Schema:
    return changed(lambda schema: schema["fields"].append(field))


NEW_FIELD = {"name": "segments", "type": "int", "default": 1, "doc": "How many parts it was sent in."}


def third(schema: Schema) -> SchemaIds:
    return SchemaIds([*IDS.all(), RegisteredSchema(1_000_999, "sms.messages.v1-value", 3, schema)])


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["schemas", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_what_is_checked_in_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    code, data = answer(capsys, "check")

    assert (code, data["ok"], data["problems"]) == (0, True, [])
    assert data["versions"] == len(IDS.all())
    assert "sim-reports" in data["contracts"]


def test_the_end_of_a_field_that_a_team_reads_is_named_though_avro_allows_it() -> None:
    [found] = problems(third(without("sim_card_id")), [SIMS])

    assert (found.subject, found.version, found.field) == ("sms.messages.v1-value", 3, "sim_card_id")
    assert found.team == "sim-reports"
    assert "up to version 2" in found.reason
    assert problems(third(without("sim_card_id")), []) == [], "Avro itself has nothing against it"


def test_every_field_of_every_checked_in_contract_is_held() -> None:
    for contract in contracts():
        for topic, fields in contract.uses.items():
            for name in fields:
                newest = IDS.versions(f"{topic}-value")[-1]
                fewer = [field for field in newest.schema["fields"] if field["name"] != name]
                gone = RegisteredSchema(
                    9_999_999, newest.subject, newest.version + 1, {**newest.schema, "fields": fewer}
                )
                found = problems(SchemaIds([*IDS.all(), gone]), [contract])
                assert (contract.team, name) in {(problem.team, problem.field) for problem in found}


@pytest.mark.parametrize(
    ("schema", "field", "reason"),
    [
        (without("direction"), "direction", "keep it"),
        (with_field(name="note", type=["null", "string"], default=None, doc="New."), "note", "x-pii"),
        (with_field(**NEW_FIELD | {"x-pii": "face"}), "segments", "phone, name, text, payload"),
        (with_field(**NEW_FIELD | {"doc": ""}), "segments", "what it means"),
        (with_field(name="segments", type="int", doc="New."), "segments", "give it"),
    ],
)
def test_a_version_that_may_not_be_is_named_by_its_field(schema: Schema, field: str, reason: str) -> None:
    found = problems(third(schema), [])

    assert {problem.field for problem in found} == {field}
    assert any(reason in problem.reason for problem in found)


def test_a_published_version_that_was_changed_is_named() -> None:
    [found] = problems(IDS, [], {1_000_004: fingerprint(read_schema("contacts.1.avsc"))})

    assert (found.subject, found.version) == ("sms.calls.v1-value", 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("uses: [", "not YAML"),
        ("about: nothing", "uses"),
        ("uses: {sms.messages.v1: sim_card_id}", "list of fields"),
        ("uses: {sms.messages.v1: []}", "list of fields"),
        ("uses: {sms.messages.v1: [text]}\nuse: {}", "its keys"),
    ],
)
def test_a_contract_that_cannot_be_read_is_a_usage_error(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "team.yaml").write_text(text)

    code, data = answer(capsys, "check", "--contracts", str(tmp_path))

    assert code == 2
    assert message in data["error"]
    assert "team.yaml" in data["error"]


def test_a_contract_on_a_topic_or_field_that_never_was_fails_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "team.yaml").write_text("uses: {sms.mesages.v1: [text], sms.calls.v1: [length]}")

    code = main(["schemas", "check", "--contracts", str(tmp_path), "--json"])

    found = json.loads(capsys.readouterr().out)["problems"]
    assert code == 1
    assert [(problem["subject"], problem["field"]) for problem in found] == [
        ("sms.mesages.v1-value", "the record"),
        ("sms.calls.v1-value", "length"),
    ]


def test_diff_shows_what_two_versions_have_not_in_common(capsys: pytest.CaptureFixture[str]) -> None:
    code, data = answer(capsys, "diff", "sms.messages.v1")

    assert (code, data["from"], data["to"], data["problems"]) == (0, 1, 2, [])
    [change] = data["changes"]
    assert change == {"field": "maybe_inbound", "change": "added", "old": None, "new": "boolean, default false"}


def test_diff_of_a_proposal_fails_where_it_may_not_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proposal = tmp_path / "proposal.avsc"
    proposal.write_text(json.dumps(without("direction")))

    code, data = answer(capsys, "diff", "sms.messages.v1", "--file", str(proposal), "--from", "1")

    assert code == 1
    assert [problem["field"] for problem in data["problems"]] == ["direction"]
    assert {change["field"] for change in data["changes"]} == {"direction", "maybe_inbound"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("diff", "sms.calls.v1"),
        ("diff", "nothing"),
        ("diff", "sms.messages.v1", "--to", "7"),
        ("diff", "sms.messages.v1", "--to", "0"),
    ],
)
def test_what_is_not_there_is_a_usage_error(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemas", *arguments]) == 2
    assert capsys.readouterr().err


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of `schemas/`."""
    (tmp_path / "avro").mkdir()
    monkeypatch.setattr(addition, "files", lambda _: tmp_path)
    return tmp_path


def test_new_adds_a_file_and_a_row(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proposal = tmp_path / "proposal.avsc"
    proposal.write_text(json.dumps(with_field(**NEW_FIELD)))

    code, planned = answer(capsys, "new", "sms.messages.v1", str(proposal), "--dry-run")
    assert (code, planned["version"], planned["written"]) == (0, 3, [])
    assert not (room / "ids.json").exists()

    code, data = answer(capsys, "new", "sms.messages.v1", str(proposal))

    row = json.loads((room / "ids.json").read_text())[-1]
    written = (room / "avro" / "messages.3.avsc").read_text()
    assert code == 0
    assert row["version"] == data["version"] == 3
    assert row["id"] == data["id"] == max(entry.id for entry in IDS.all()) + 1
    assert row["sha256"] == fingerprint(json.loads(written))
    assert json.loads(written) == with_field(**NEW_FIELD)


@pytest.mark.parametrize("name", ["sim_card_id", "direction"], ids=["a contract", "Avro"])
def test_new_is_refused_for_what_check_would_find(
    room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    proposal = tmp_path / "proposal.avsc"
    proposal.write_text(json.dumps(without(name)))

    code, data = answer(capsys, "new", "sms.messages.v1", str(proposal))

    assert code == 1
    assert name in {problem["field"] for problem in data["problems"]}
    assert not list((room / "avro").iterdir())


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"type": "record"}', '{"type": "record", "name": "M", "fields": [{}]}']
)
def test_a_file_without_a_schema_is_a_usage_error(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proposal = tmp_path / "proposal.avsc"
    proposal.write_text(text)

    code, data = answer(capsys, "new", "sms.messages.v1", str(proposal))

    assert code == 2
    assert "proposal.avsc" in data["error"]
