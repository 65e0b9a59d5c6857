"""The fault rig's own look at what is committed, against a real Kafka and a real PostgreSQL."""

from __future__ import annotations

from functools import partial
from typing import Any

from runtime.connections import KafkaSettings
from runtime.kafka.ends import KafkaEnds
from runtime.kafka.producer import KafkaProducer
from tests.faults import evidence, ledger
from tests.faults.committed import CommitWatch, stored_offsets

GROUP, TOPIC = "hookline-persist", "sms.messages.v1"
TOPICS = (*evidence.EVENTS, "redrive.persist")


def test_it_sees_what_persist_has_committed(kafka_settings: KafkaSettings, postgres: Any) -> None:
    # Given offsets at the ends of all logs
    before = evidence.ends(kafka_settings, TOPICS)
    ledger.move(kafka_settings, postgres.superuser_dsn, before, GROUP, TOPICS)
    stored = partial(stored_offsets, postgres.superuser_dsn)
    watch = CommitWatch(["persist"], stored, KafkaEnds(kafka_settings, "test-ends"), lambda _: True)
    watch._settled_at = 0.0  # the test does not wait until Kafka has answered for a while
    try:
        assert watch.look() == []
        # Then the second look knows that what was there at the first is committed
        [found] = watch.look()
        assert (found.ends, found.stored) == (sum(before.values()), sum(before.values()))
        # And what comes later is not
        producer = KafkaProducer(kafka_settings, "test")
        try:
            producer.publish(TOPIC, b"key", b"value", [])
        finally:
            producer.close()
        watch.look()
        [later] = watch.look()
        assert (later.ends, later.stored, later.database) == (found.ends + 1, found.stored, found.database)
        assert later.until <= later.asked_at
        assert watch.looks == 4
    finally:
        watch.close()
