"""docs/asyncapi.json is valid AsyncAPI, and names every topic whose records are ours."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from schemas.topics import SCHEMA_TOPICS
from tests.reference import DOCS, asyncapi

VALIDATOR = Draft7Validator(json.loads((Path(asyncapi.__file__).parent / "asyncapi-3.0.0.json").read_text("utf-8")))


def test_the_page_is_valid() -> None:
    document = json.loads((DOCS / "asyncapi.json").read_text("utf-8"))

    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert document["channels"].keys() == {topic.name for topic in SCHEMA_TOPICS}


@pytest.mark.parametrize("part", ["asyncapi", "info", "channels"])
def test_a_document_that_is_not_valid_would_be_seen(part: str) -> None:
    document = deepcopy(asyncapi.document())
    document[part] = "nonsense"

    assert list(VALIDATOR.iter_errors(document))


def test_a_payload_that_is_no_avro_would_be_seen() -> None:
    document = deepcopy(asyncapi.document())
    [message] = document["channels"]["sms.calls.v1"]["messages"].values()
    message["payload"]["schema"]["fields"] = "none"

    assert list(VALIDATOR.iter_errors(document))
