"""The settings that librdkafka's producer and consumer share: those of runtime/kafka/connection.py in its names."""

from __future__ import annotations

import logging
from typing import Any

from runtime.connections import KafkaSettings
from runtime.kafka.connection import RECONNECT_BACKOFF_MAX_MS, RECONNECT_BACKOFF_MS

#: The logger that librdkafka's own lines go to.
LIBRARY = "librdkafka"


def client_settings(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """What any client of librdkafka's is made with. What is not set is left out: it takes no null."""
    given = {
        "ssl.ca.location": settings.ssl_cafile,
        "ssl.certificate.location": settings.ssl_certfile,
        "ssl.key.location": settings.ssl_keyfile,
        "ssl.key.password": settings.ssl_password and settings.ssl_password.get_secret_value(),
        "sasl.mechanism": settings.sasl_mechanism,
        "sasl.username": settings.sasl_username,
        "sasl.password": settings.sasl_password and settings.sasl_password.get_secret_value(),
    }
    return {
        "bootstrap.servers": ",".join(settings.bootstrap_servers),
        "client.id": client_id,
        "security.protocol": settings.security_protocol,
        "ssl.endpoint.identification.algorithm": "https" if settings.ssl_check_hostname else "none",
        "reconnect.backoff.ms": RECONNECT_BACKOFF_MS,
        "reconnect.backoff.max.ms": RECONNECT_BACKOFF_MAX_MS,
        "allow.auto.create.topics": False,
        "logger": logging.getLogger(LIBRARY),
        **{name: value for name, value in given.items() if value is not None},
    }
