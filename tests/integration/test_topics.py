"""`hookline topics` on a real Kafka: creates, alters, tells, and does nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

import ops.processors
from ops.__main__ import main
from runtime.connections import KafkaSettings
from runtime.kafka.topics import MAX_LETTER_BYTES, MAX_RECORD_BYTES, TopicAdmin, TopicsRefused
from schemas.events import PhoneCall
from schemas.topics import PARTITIONS, Retention, Topic


@pytest.fixture
def client(kafka: str) -> Iterator[Any]:
    """The library's own admin client, to look at what ours did."""
    found = KafkaAdminClient(bootstrap_servers=kafka)
    yield found
    found.close()


@pytest.fixture
def topics(client: Any, monkeypatch: pytest.MonkeyPatch, kafka: str) -> Iterator[list[Topic]]:
    """Two topics of this test's own in place of Hookline's, for the command to manage."""
    name = f"t{uuid4().hex[:8]}"
    own = [
        Topic(f"{name}.events", "events", record=PhoneCall),
        Topic(f"{name}.letters", "letters", Retention.DEAD_LETTERS),
    ]
    monkeypatch.setattr(ops.processors, "topics_of_hookline", lambda: own)
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", kafka)
    yield own
    there = set(client.list_topics()) & {topic.name for topic in own}
    if there:
        client.delete_topics(sorted(there))


def configs(client: Any, topic: Topic) -> dict[str, str]:
    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name)
    found = client.describe_configs([resource], config_filter="all")["topic"][topic.name]
    return {name: entry["value"] for name, entry in found.items()}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_dry_run_creates_nothing(topics: list[Topic], client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, reported = run(capsys, "topics", "apply", "--dry-run")

    assert (code, [row["change"] for row in reported["topics"]]) == (0, ["would be created"] * 2)
    assert not {topic.name for topic in topics} & set(client.list_topics())
    code, reported = run(capsys, "topics", "ls")
    assert code == 1
    assert [row["exists"] for row in reported["topics"]] == [False, False]


def test_missing_topics_are_created_with_everything_set(
    topics: list[Topic], client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    code, reported = run(capsys, "topics", "apply")

    assert (code, [row["change"] for row in reported["topics"]]) == (0, ["created"] * 2)
    for described in client.describe_topics([topic.name for topic in topics]):
        assert len(described["partitions"]) == PARTITIONS
        assert all(partition["leader_id"] >= 0 for partition in described["partitions"])
    events, letters = (configs(client, topic) for topic in topics)
    assert events["retention.ms"] == str(30 * 86_400_000)
    assert letters["retention.ms"] == str(90 * 86_400_000)
    assert events["max.message.bytes"] == str(MAX_RECORD_BYTES)
    assert letters["max.message.bytes"] == str(MAX_LETTER_BYTES)
    assert events["min.insync.replicas"] == "1"  # one broker


def test_a_second_time_there_is_nothing_to_do(topics: list[Topic], capsys: pytest.CaptureFixture[str]) -> None:
    del topics
    run(capsys, "topics", "apply")

    code, reported = run(capsys, "topics", "apply")

    assert (code, {row["change"] for row in reported["topics"]}) == (0, {"as it ought to be"})
    assert run(capsys, "topics", "ls")[0] == 0


def test_a_setting_that_changes_is_applied_and_nothing_else(
    topics: list[Topic], client: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given topics, and a setting of somebody else's on one
    run(capsys, "topics", "apply")
    resource = ConfigResource(ConfigResourceType.TOPIC, topics[0].name, {"segment.ms": "3600000"})
    client.alter_configs([resource])

    # When retention changes
    monkeypatch.setenv("HOOKLINE_KAFKA__RETENTION_DAYS", "7")
    code, reported = run(capsys, "topics", "apply")

    # Then that is altered, told with old and new, and the rest stays
    assert code == 0
    assert [row["change"] for row in reported["topics"]] == ["altered", "as it ought to be"]
    assert reported["topics"][0]["details"] == "retention.ms: 2592000000 -> 604800000"
    after = configs(client, topics[0])
    assert (after["retention.ms"], after["segment.ms"]) == ("604800000", "3600000")


def test_another_number_of_partitions_is_told_and_left_alone(
    topics: list[Topic], client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    client.create_topics({topics[0].name: {"num_partitions": 3, "replication_factor": 1}})
    client.wait_for_topics([topics[0].name], timeout_ms=120_000)

    code, reported = run(capsys, "topics", "apply")

    assert code == 1
    assert "3 partitions instead of 12" in reported["topics"][0]["details"]
    [described] = client.describe_topics([topics[0].name])
    assert len(described["partitions"]) == 3


def test_two_at_once_are_fine(topics: list[Topic], kafka_settings: KafkaSettings) -> None:
    # Given two who both saw that the topics are missing
    with TopicAdmin(kafka_settings, "one") as first, TopicAdmin(kafka_settings, "two") as two:
        plans = first.plan(topics), two.plan(topics)
        assert all(change.create for plan in plans for change in plan)

        first.apply(plans[0])
        two.apply(plans[1])

        assert all(change.nothing for change in two.plan(topics))


def test_a_topic_made_anew_has_another_id(topics: list[Topic], client: Any, kafka_settings: KafkaSettings) -> None:
    name = topics[0].name
    with TopicAdmin(kafka_settings, "ids") as admin:
        admin.apply(admin.plan(topics))
        before = admin.topic_ids([name, "no-such-topic"])
        client.delete_topics([name])
        while admin.topic_ids([name]):  # deletion is not at once; the test's own time-out bounds this
            pass
        admin.apply(admin.plan(topics))

        after = admin.topic_ids([name])

    assert before.keys() == after.keys() == {name}
    assert before[name] != after[name]


def test_what_kafka_refuses_is_told_by_topic(kafka: str) -> None:
    settings = KafkaSettings(bootstrap_servers=(kafka,), replication_factor=5)
    topic = Topic(f"t{uuid4().hex[:8]}", "more replicas than brokers", record=PhoneCall)

    with TopicAdmin(settings, "refused") as admin, pytest.raises(TopicsRefused, match=topic.name):
        admin.apply(admin.plan([topic]))


NOBODY = """
import threading
from runtime.connections import KafkaSettings
from runtime.kafka.topics import TopicAdmin
try:
    TopicAdmin(KafkaSettings(bootstrap_servers=("127.0.0.1:9",)), "nobody", timeout_s=0.5)
except Exception as error:
    print(type(error).__name__, threading.active_count())
"""


def test_nobody_there_is_told_within_the_deadline_and_no_thread_is_left() -> None:
    # In a process of its own: kafka-python leaves the sockets of refused connections to the garbage collector
    ran = subprocess.run([sys.executable, "-c", NOBODY], capture_output=True, text=True, check=True, timeout=30)

    assert ran.stdout == "KafkaTimeoutError 1\n"
