"""docs/asyncapi.json is valid AsyncAPI, and names every topic whose records are ours."""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from ops.processors import processor_names, topics_of_hookline
from processors.opt_out.heads import HeadSigner
from schemas.topics import OPT_OUT_HEADS, PROGRESS, Topic, dead_letter_topic, redrive_topic
from tests.reference import DOCS, asyncapi
from tests.twins.progress_world import ProgressWorld, SimulatedNode

VALIDATOR = Draft7Validator(json.loads((Path(asyncapi.__file__).parent / "asyncapi-3.0.0.json").read_text("utf-8")))


def test_the_page_is_valid() -> None:
    document = json.loads((DOCS / "asyncapi.json").read_text("utf-8"))

    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    letters = {kind(name) for name in processor_names() for kind in (dead_letter_topic, redrive_topic)}
    assert document["channels"].keys() == {topic.name for topic in topics_of_hookline() if topic not in letters}


def test_records_in_json_are_as_it_says(tmp_path: Path) -> None:
    world = ProgressWorld(0)
    node = SimulatedNode(world, tmp_path)
    node.start()
    for _ in range(100):
        world.seconds += 1.0
        node.report()
        world.look()
    node.kill()
    head = json.loads(HeadSigner(base64.b64encode(bytes(32)).decode()).sign(7, "0" * 64, datetime.now(UTC)).line())
    channels = asyncapi.document()["channels"]
    records: tuple[tuple[Topic, Any], ...] = ((PROGRESS, world.published[-1]), (OPT_OUT_HEADS, head))
    for topic, record in records:
        [message] = channels[topic.name]["messages"].values()
        assert message["payload"]["required"] == list(record)
        assert [error.message for error in Draft7Validator(message["payload"]).iter_errors(record)] == []


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
