"""The declaration of Kafka's ACLs says what the processors do, and what no one else may."""

from __future__ import annotations

import pytest

from ops.processors import processor_names
from processors.engine.processor import processor_types
from schemas.kafka_access import ACLS, PRINCIPALS, PROCESSOR_READS, ResourceKind, principal_of
from schemas.topics import (
    ANALYTICS_TOPICS,
    EVENT_TOPICS,
    MESSAGE_STATE,
    OPT_OUT_HEADS,
    OPT_OUT_STATE,
    PROGRESS,
    dead_letter_topic,
)


def writers(topic: str) -> set[str]:
    operator = principal_of("operator")
    return {acl.principal for acl in ACLS if acl.name == topic and acl.operation == "Write"} - {operator}


@pytest.mark.parametrize("name", processor_names())
def test_a_processor_may_read_what_it_subscribes_to(name: str) -> None:
    assert set(PROCESSOR_READS[name]) == set(processor_types()[name].topics)


def test_every_topic_has_one_writer() -> None:
    assert all(writers(topic.name) == {"hookline-ingest"} for topic in EVENT_TOPICS)
    assert writers(OPT_OUT_STATE.name) == writers(OPT_OUT_HEADS.name) == {"hookline-opt-out"}
    assert writers(MESSAGE_STATE.name) == writers(PROGRESS.name) == {"hookline-persist"}
    assert all(writers(topic.name) == {"hookline-analytics"} for topic in ANALYTICS_TOPICS)
    assert writers(OPT_OUT_HEADS.name) & {"hookline-analyst"} == set()
    for name in processor_names():
        assert writers(dead_letter_topic(name).name) == {principal_of(name)}


def test_only_the_operator_has_anything_on_every_resource() -> None:
    assert {acl.principal for acl in ACLS if acl.name == "*" or acl.kind is ResourceKind.CLUSTER} == {
        "hookline-operator"
    }
    assert set(PRINCIPALS) == {principal_of(name) for name in ("analyst", "ingest", "operator", *processor_names())}
