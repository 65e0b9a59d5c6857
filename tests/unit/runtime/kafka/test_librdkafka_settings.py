"""The settings of librdkafka's clients: what the runner's promises rest on, and what keeps a secret out of the log."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer
from kafka.errors import KafkaConfigurationError
from pydantic import SecretStr

from runtime.connections import KafkaSettings
from runtime.kafka.consumer import consumer_settings as settings_of_kafka_python
from runtime.kafka.librdkafka.connection import client_settings
from runtime.kafka.librdkafka.consumer import LibrdkafkaConsumer, consumer_settings

PLAIN = KafkaSettings(bootstrap_servers=("a:1", "b:2"))
SECURED = KafkaSettings.model_construct(  # unchecked: these files do not exist
    bootstrap_servers=("a:1",),
    security_protocol="SASL_SSL",
    ssl_cafile="ca.pem",
    ssl_certfile="own.pem",
    ssl_keyfile="own.key",
    ssl_password=SecretStr("of-the-key"),
    ssl_check_hostname=False,
    sasl_mechanism="SCRAM-SHA-512",
    sasl_username="me",
    sasl_password=SecretStr("of-mine"),
)


def test_every_setting_that_we_rely_on_is_explicit_and_known_to_the_client() -> None:
    made = consumer_settings(PLAIN, "me", "group", session_timeout=15.0)
    assert made["bootstrap.servers"] == "a:1,b:2"
    assert (made["group.id"], made["client.id"]) == ("group", "me")
    # PostgreSQL decides what is read next, never Kafka and never the client
    assert (made["enable.auto.commit"], made["auto.offset.reset"]) == (False, "error")
    assert made["allow.auto.create.topics"] is False
    # partition n of every topic goes to the same member, in one group with members on kafka-python
    assert (made["group.protocol"], made["partition.assignment.strategy"]) == ("classic", "range")
    assert made["heartbeat.interval.ms"] * 3 <= made["session.timeout.ms"] < made["max.poll.interval.ms"]
    assert made["fetch.wait.max.ms"] < made["socket.timeout.ms"]
    assert made["receive.message.max.bytes"] >= made["fetch.max.bytes"] + 512
    Consumer(made).close()  # an unknown name or a wrong value would raise


def test_both_clients_have_the_same_limits() -> None:
    librdkafka = consumer_settings(PLAIN, "me", "group", session_timeout=15.0)
    kafka_python = settings_of_kafka_python(PLAIN, "me", "group", max_records=1, session_timeout=15.0)
    same = {
        "session.timeout.ms": "session_timeout_ms",
        "heartbeat.interval.ms": "heartbeat_interval_ms",
        "max.poll.interval.ms": "max_poll_interval_ms",
        "fetch.min.bytes": "fetch_min_bytes",
        "fetch.wait.max.ms": "fetch_max_wait_ms",
        "fetch.max.bytes": "fetch_max_bytes",
        "max.partition.fetch.bytes": "max_partition_fetch_bytes",
        "isolation.level": "isolation_level",
        "topic.metadata.refresh.interval.ms": "metadata_max_age_ms",
        "socket.timeout.ms": "request_timeout_ms",
        "reconnect.backoff.ms": "reconnect_backoff_ms",
        "reconnect.backoff.max.ms": "reconnect_backoff_max_ms",
    }
    assert {name: librdkafka[name] for name in same} == {name: kafka_python[old] for name, old in same.items()}


def test_credentials_and_certificates_are_passed_on() -> None:
    made = client_settings(SECURED, "me")
    assert {name: value for name, value in made.items() if name.startswith(("ssl.", "sasl.", "security."))} == {
        "security.protocol": "sasl_ssl",
        "ssl.endpoint.identification.algorithm": "none",
        "ssl.ca.location": "ca.pem",
        "ssl.certificate.location": "own.pem",
        "ssl.key.location": "own.key",
        "ssl.key.password": "of-the-key",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "me",
        "sasl.password": "of-mine",
    }
    assert client_settings(PLAIN, "me")["ssl.endpoint.identification.algorithm"] == "https"
    assert "sasl.password" not in client_settings(PLAIN, "me")


def test_a_missing_certificates_setting_is_named_and_no_secret_is(tmp_path: Path) -> None:
    settings = SECURED.model_copy(update={"ssl_cafile": str(tmp_path / "none.pem")})
    with pytest.raises(KafkaConfigurationError) as raised:
        LibrdkafkaConsumer(settings, "me", "group")
    assert "ssl.ca.location" in str(raised.value)
    assert "of-mine" not in str(raised.value)
    assert "of-the-key" not in str(raised.value)


def test_what_librdkafka_has_to_say_goes_to_the_log_and_not_to_stderr(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    nobody = KafkaSettings(bootstrap_servers=("127.0.0.1:1",), sasl_password=SecretStr("of-mine"))
    with caplog.at_level(logging.INFO):
        client: Any = Consumer(consumer_settings(nobody, "me", "group", session_timeout=15.0))
        client.subscribe(["topic"])
        for _ in range(20):
            client.poll(0.1)
        client.close()
    assert any(record.name == "confluent_kafka" for record in caplog.records)
    assert capfd.readouterr() == ("", "")
    assert "of-mine" not in caplog.text
