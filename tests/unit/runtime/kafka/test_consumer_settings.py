"""The client settings that the runner's promises rest on."""

from __future__ import annotations

from kafka import KafkaConsumer as Client

from runtime.connections import KafkaSettings
from runtime.kafka.consumer import consumer_settings


def test_every_setting_that_we_rely_on_is_explicit_and_known_to_the_client() -> None:
    made = consumer_settings(
        KafkaSettings(bootstrap_servers=("a:1", "b:2")), "me", "group", max_records=500, session_timeout=15.0
    )
    assert made.keys() <= Client.DEFAULT_CONFIG.keys()
    assert made["bootstrap_servers"] == ["a:1", "b:2"]
    assert (made["group_id"], made["client_id"], made["max_poll_records"]) == ("group", "me", 500)
    # PostgreSQL decides what is read next, never Kafka and never the client
    assert (made["enable_auto_commit"], made["auto_offset_reset"]) == (False, "none")
    # one that raises would loop at its offset
    assert made["key_deserializer"] is made["value_deserializer"] is None
    assert made["api_version"] is not None  # else the constructor blocks while Kafka is away
    assert made["allow_auto_create_topics"] is False
    assert made["heartbeat_interval_ms"] * 3 <= made["session_timeout_ms"] < made["max_poll_interval_ms"]
    assert made["fetch_max_wait_ms"] < made["request_timeout_ms"] < Client.DEFAULT_CONFIG["connections_max_idle_ms"]
