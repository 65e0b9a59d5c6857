"""A stack whose topics hold what nobody of ours wrote: it goes on, it says so, and it comes up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.e2e.conftest import Stack, eventually
from tests.e2e.test_stack import post_textlink, rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TOPICS = [f"sms.{name}.v1" for name in ("messages", "contacts", "opt-outs", "calls", "unrecognized", "opt-out-state")]
TOPICS += [f"redrive.{name}" for name in ("persist", "opt-out", "crm-sync")]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path / "home")
    try:
        made.hookline("up", "--detach")
        yield made
    finally:
        made.run("down")


def write_junk(stack: Stack) -> None:
    """More of it, in a row, than it takes to halt a processor; in every codec, with and without a value."""
    names = {
        "security.protocol": "HOOKLINE_KAFKA__SECURITY_PROTOCOL",
        "sasl.mechanism": "HOOKLINE_KAFKA__SASL_MECHANISM",
        "sasl.username": "HOOKLINE_KAFKA__SASL_USERNAME",
        "sasl.password": "HOOKLINE_KAFKA__SASL_PASSWORD",
    }
    shared = {"bootstrap.servers": stack.env["HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"]}
    shared |= {option: stack.env[name] for option, name in names.items() if stack.env.get(name)}
    if protocol := shared.get("security.protocol"):  # librdkafka compares by the locale: not the same I in Turkish
        shared["security.protocol"] = protocol.lower()
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        producer = Producer(shared | {"compression.codec": codec})
        for topic in TOPICS:
            for number in range(30):
                # A compacted topic takes no record without a key.
                producer.produce(topic, key=b"k", value=None if number % 2 else b"junk" * 100)
        assert producer.flush(60) == 0


def test_it_goes_on_and_comes_up_again(stack: Stack) -> None:
    post_textlink(stack, "before the junk")
    write_junk(stack)
    look = "SELECT FROM events WHERE event_id = %s"
    first = post_textlink(stack, "behind the junk")
    eventually(lambda: rows(stack, look, first), "the row of an event behind the junk")
    halted = "SELECT consumer_group FROM consumer_outcomes WHERE halted_at IS NOT NULL"
    write_junk(stack)
    # When it is stopped and started with all of that on its topics, some of it not read yet, it serves
    stack.hookline("down")
    stack.hookline("up", "--detach")
    write_junk(stack)
    again = post_textlink(stack, "after a restart")
    eventually(lambda: rows(stack, look, again), "the row of an event after a restart")
    assert rows(stack, halted) == []
    # Then what was set aside is told, with who wrote it
    letters = json.loads(stack.hookline("dlq", "show", "persist", "--json"))["letters"]
    assert {letter["writer"] for letter in letters} == {"unknown"}
    # And is discarded in one go
    discard = ("dlq", "discard", "persist", "--writer", "unknown", "--reason", "a test's junk", "--yes", "--json")
    discarded = eventually(lambda: len(json.loads(stack.hookline(*discard))["letters"]), "letters to discard")
    assert discarded > 100
