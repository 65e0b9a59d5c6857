"""The README follows one webhook, function by function: a real one takes that way."""

from __future__ import annotations

import ast
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from ingest.app import create_app
from ingest.durable.publisher import DurablePublisher
from ingest.durable.spool.directory import ServiceDirectory
from ingest.durable.spool.store import Spool
from ingest.endpoint import WebhookEndpoint
from runtime.admin import Readiness
from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.contract.players import ADDRESS, NEW_SECRET, PLAYERS
from tests.twins.kafka import MemoryProducer

ROOT = Path(__file__).parents[3]


def way() -> list[tuple[str, str]]:
    """(file, function) of each step, in the README's order."""
    walk = (ROOT / "README.md").read_text("utf-8").split("## Follow one webhook")[1].split("\n## ")[0]
    steps = re.findall(r"^(\d+)\. ", walk, re.MULTILINE)
    assert steps == [str(number) for number in range(1, len(steps) + 1)]
    return re.findall(r"`([\w/]+\.py):([\w.]+)`", walk)


@pytest.mark.parametrize(("file", "function"), way())
def test_each_function_of_the_way_is_there(file: str, function: str) -> None:
    body: list[ast.stmt] = ast.parse((ROOT / file).read_text("utf-8")).body
    for name in function.split("."):
        [found] = [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name]
        body = found.body


def test_a_webhook_takes_the_way_through_ingest(tmp_path: Path) -> None:
    # Given ingest as it is served, with Kafka in memory
    directory = ServiceDirectory(tmp_path / "spool", reserve=0)
    directory.state.spooling = 0
    spool = Spool(tmp_path / "spool", limit=1024 * 1024)
    producer = MemoryProducer()
    publisher = DurablePublisher(producer, spool, Codec(SchemaIds.checked_in()), timeout=2.0)
    textlink = PLAYERS["textlink"]
    endpoint = WebhookEndpoint(
        [textlink.provider(NEW_SECRET)], publisher, lambda: datetime.now(UTC), public_url=ADDRESS
    )
    client = create_app(endpoint, lambda: Readiness(True)).test_client()
    posted = textlink.posted(textlink.message, NEW_SECRET)
    # When one webhook is taken, and each call of ours is noted
    called: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT):
            called.append((str(path.relative_to(ROOT)), frame.f_code.co_qualname))

    sys.setprofile(note)
    try:
        answer = client.post(posted.path, data=posted.body, headers=posted.headers)
    finally:
        sys.setprofile(None)
    spool.close()
    directory.close()
    # Then it was answered once it was on Kafka, and went through the functions that the README names, in that order
    assert (answer.status_code, len(producer.published)) == (200, 1)
    in_process = [step for step in way() if step[0].startswith(("ingest/", "schemas/"))]
    steps = [step for step in in_process if step != ("ingest/server.py", "serve")]
    assert len(steps) == 6
    places = [called.index(step) for step in steps]
    assert places == sorted(places)
