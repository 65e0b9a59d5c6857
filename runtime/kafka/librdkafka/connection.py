"""The settings that librdkafka's producer, consumer and admin client share, every one of them explicit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from kafka.errors import KafkaConfigurationError

from runtime import logs
from runtime.connections import KafkaSettings
from runtime.kafka.connection import RECONNECT_BACKOFF_MAX_MS, RECONNECT_BACKOFF_MS, plain_secret

log = logs.logger("runtime.kafka.librdkafka.connection")

_client_log = logging.getLogger("confluent_kafka")

#: Seconds that a request may take before its connection is closed.
REQUEST_TIMEOUT = 15.0


class ClientLog:
    """What librdkafka would write to stderr: it names hosts, topics and groups, never a password.

    A client hands it over when it is polled. In an outage it repeats itself twice a second.
    """

    def __init__(self) -> None:
        self._throttle = logs.Throttle("confluent_kafka")

    def log(self, level: int, _format: str, facility: str, _client: str, text: str) -> None:
        """As confluent_kafka calls a logger; of each facility a line once in a while."""
        line = _client_log.makeRecord(_client_log.name, level, "", 0, f"{facility} %s", (text,), None)
        if _client_log.isEnabledFor(level) and self._throttle.filter(line):
            _client_log.handle(line)


def client_settings(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """The configuration of any client of ours, without what it alone needs."""
    found: dict[str, Any] = {
        "bootstrap.servers": ",".join(settings.bootstrap_servers),
        "client.id": client_id,
        "reconnect.backoff.ms": RECONNECT_BACKOFF_MS,
        "reconnect.backoff.max.ms": RECONNECT_BACKOFF_MAX_MS,
        "socket.timeout.ms": int(REQUEST_TIMEOUT * 1000),
        "socket.connection.setup.timeout.ms": 10_000,
        "socket.keepalive.enable": True,
        "log.connection.close": False,  # brokers close idle connections
        "enable.metrics.push": False,  # the client's own, sent to brokers; ours are in runtime/metrics.py
        "logger": ClientLog(),
        "error_cb": note_error,
        # As librdkafka spells it: it compares by the rules of the locale, and in Turkish an "I" is no "i".
        "security.protocol": settings.security_protocol.lower(),
        "ssl.endpoint.identification.algorithm": "https" if settings.ssl_check_hostname else "none",
        "ssl.ca.location": settings.ssl_cafile,
        "ssl.certificate.location": settings.ssl_certfile,
        "ssl.key.location": settings.ssl_keyfile,
        "ssl.key.password": plain_secret(settings.ssl_password),
        "sasl.mechanism": settings.sasl_mechanism,
        "sasl.username": settings.sasl_username,
        "sasl.password": plain_secret(settings.sasl_password),
    }
    return {name: value for name, value in found.items() if value is not None}


def created(kind: Callable[[dict[str, Any]], Any], made: dict[str, Any]) -> Any:
    """A client of this kind. Raises KafkaConfigurationError, as kafka-python does, and not librdkafka's own."""
    try:
        return kind(made)
    except KafkaException as error:
        raise KafkaConfigurationError(error.args[0].str()) from None


def note_error(error: KafkaError) -> None:
    """Log what went wrong with a connection: librdkafka goes on by itself."""
    log.info("client_error", error=error.name())
