"""The dbt project says the same as the code, without dbt: its words, its values, and figures without personal data."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from typing import Any

import pytest
import yaml

from ops.send.history_truth import STATES
from schemas.events import EventType
from schemas.personal_columns import PERSONAL
from schemas.privileges import ANALYTICS, PRIVILEGES, READER
from tests.e2e.conftest import ROOT

PROJECT = ROOT / "deploy" / "analytics" / "dbt"
#: Ours: made from events, and none of their own in PostgreSQL.
DERIVED = {EventType.OPT_OUT_STATE, EventType.MESSAGE_STATE}


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((PROJECT / name).read_text("utf-8"))
    return content


SOURCES = {table["name"]: table for table in read("models/analytics/sources.yml")["sources"][0]["tables"]}
MODELS = {model["name"]: model for model in read("models/figures.yml")["models"]}


def accepted(table: str, column: str) -> set[str]:
    """The values that the test of a column accepts."""
    [described] = [described for described in SOURCES[table]["columns"] if described["name"] == column]
    [values] = [
        test["accepted_values"]["arguments"]["values"] for test in described["data_tests"] if "accepted_values" in test
    ]
    return set(values)


def test_sources_are_views_that_the_reader_sees() -> None:
    assert SOURCES
    assert {f"{ANALYTICS}.{name}" for name in SOURCES} <= set(PRIVILEGES[READER])


def test_accepted_values_are_all_that_there_are() -> None:
    assert accepted("events", "event_type") == {kind.value for kind in EventType if kind not in DERIVED}
    assert accepted("messages", "state") == set(STATES.values())


@pytest.mark.parametrize("model", MODELS)
def test_every_figure_has_its_definition_and_a_word_for_every_column(model: str) -> None:
    assert (PROJECT / "models" / f"{model}.sql").is_file()
    assert MODELS[model]["description"]
    assert all(column["description"] for column in MODELS[model]["columns"])


def test_every_model_is_described() -> None:
    assert {file.stem for file in (PROJECT / "models").glob("*.sql")} == set(MODELS)


def test_no_figure_has_personal_data() -> None:
    personal = set(chain.from_iterable(PERSONAL.values()))
    allowed = {
        ("sim_failures", "phone"),  # our own number of a SIM
        *(("tag_funnel", name) for name in ("tag", "previous_tag")),  # what it counts; each run makes it anew
    }
    found = {(model, column["name"]) for model in MODELS for column in MODELS[model]["columns"]}
    assert {column for column in found if column[1] in personal} - allowed == set()


def test_the_tools_are_pinned_with_hashes_and_fit_each_other() -> None:
    text = (PROJECT.parent / "requirements.lock").read_text("utf-8")
    pinned = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert pinned
    assert all("--hash=sha256:" in requirement for requirement in pinned)
    assert "://" not in text
    versions = dict(re.findall(r"^([\w-]+)==(\S+)", text, re.MULTILINE))
    # DuckDB's extensions are of one version of it, and that of `hookline sql`
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["analysis"]
    assert f"duckdb=={versions['duckdb']}" in ours
    assert versions["duckdb"] == versions["duckdb-extension-postgres"]
    # and Spark's packages of one version of it
    packages = re.findall(r"<version>([\d.]+)</version>", (PROJECT.parent / "pom.xml").read_text("utf-8"))[1:]
    assert set(packages) == {versions["pyspark"]}
