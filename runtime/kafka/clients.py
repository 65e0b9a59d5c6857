"""Which client library the services speak to Kafka with: HOOKLINE_KAFKA__CLIENT.

Commands, and whatever asks Kafka beside the services' own records (ends, topics, ACLs), stay on kafka-python.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Protocol

from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Consumer, KafkaConsumer
from runtime.kafka.producer import KafkaProducer, Producer
from runtime.settings import ConfigurationError


class ConnectedProducer(Producer, Protocol):
    """A Producer that can be asked whether there is a Kafka."""

    def answers(self) -> bool:
        """Whether a broker does; waits 2 s at most."""


def producer_of(settings: KafkaSettings, client_id: str) -> ConnectedProducer:
    """A producer on the client that `settings` name. Raises ConfigurationError where that is not installed."""
    if settings.client == "kafka-python":
        return KafkaProducer(settings, client_id)
    _require_librdkafka(settings)
    from runtime.kafka.librdkafka.producer import LibrdkafkaProducer

    return LibrdkafkaProducer(settings, client_id)


def consumer_of(
    settings: KafkaSettings, client_id: str, group: str, *, max_records: int, session_timeout: float
) -> Consumer:
    """A consumer on the client that `settings` name. Raises ConfigurationError where that is not installed."""
    if settings.client == "kafka-python":
        return KafkaConsumer(settings, client_id, group, max_records=max_records, session_timeout=session_timeout)
    _require_librdkafka(settings)
    from runtime.kafka.librdkafka.consumer import LibrdkafkaConsumer

    return LibrdkafkaConsumer(settings, client_id, group, max_records=max_records, session_timeout=session_timeout)


def _require_librdkafka(settings: KafkaSettings) -> None:
    if find_spec("confluent_kafka") is None:
        variable = settings.variable("client")
        raise ConfigurationError(
            [f"{variable}=librdkafka needs a package that is not here: pip install 'hookline[librdkafka]'"]
        )
