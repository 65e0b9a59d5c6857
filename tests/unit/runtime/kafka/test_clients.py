"""HOOKLINE_KAFKA__CLIENT chooses the library; one that is not installed is named with what installs it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from runtime.connections import KafkaSettings
from runtime.kafka import clients
from runtime.kafka.consumer import KafkaConsumer
from runtime.kafka.librdkafka.consumer import LibrdkafkaConsumer
from runtime.kafka.librdkafka.producer import LibrdkafkaProducer
from runtime.kafka.producer import KafkaProducer
from runtime.settings import Configuration, ConfigurationError


def settings(client: str) -> KafkaSettings:
    environ = {"HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1", "HOOKLINE_KAFKA__CLIENT": client}
    return Configuration.load(KafkaSettings, environ=environ)[KafkaSettings]


def consumer_on(client: str) -> Any:
    return clients.consumer_of(settings(client), "c", "g", max_records=10, session_timeout=6.0)


@pytest.mark.parametrize(
    ("client", "producer", "consumer"),
    [("kafka-python", KafkaProducer, KafkaConsumer), ("librdkafka", LibrdkafkaProducer, LibrdkafkaConsumer)],
)
def test_the_setting_chooses(client: str, producer: type, consumer: type) -> None:
    with closing(clients.producer_of(settings(client), "c")) as made:
        assert type(made) is producer
    member = consumer_on(client)
    assert type(member) is consumer
    member.close(1.0)


@pytest.mark.parametrize(
    "make", [lambda: clients.producer_of(settings("librdkafka"), "c"), lambda: consumer_on("librdkafka")]
)
def test_a_library_that_is_not_installed_is_named(make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"HOOKLINE_KAFKA__CLIENT.*pip install 'hookline\[librdkafka\]'"):
        make()


def test_another_client_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="HOOKLINE_KAFKA__CLIENT"):
        settings("aiokafka")
