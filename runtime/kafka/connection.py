"""The client settings that producer, consumer and admin client share, every one of them explicit."""

from __future__ import annotations

from typing import Any

from runtime.connections import KafkaSettings
from runtime.kafka.internals.direct_socket import PROXY_URL
from runtime.kafka.socket_selector import SocketSelector

#: The protocol that we speak. Given, it spares the constructors an eager and blocking look at the broker, which
#: would make a process wait for Kafka before it can answer anything (kafka-python 3.0.12, `KafkaProducer.__init__`).
API_VERSION = (4, 0)

#: The client's default of 30 s would leave a process deaf for that long after a broker has come back.
RECONNECT_BACKOFF_MS = 50
RECONNECT_BACKOFF_MAX_MS = 1_000


def client_settings(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Keyword arguments for any kafka-python client of ours."""
    return {
        "bootstrap_servers": list(settings.bootstrap_servers),
        "client_id": client_id,
        "api_version": API_VERSION,
        "proxy_url": PROXY_URL,
        "selector": SocketSelector,
        "reconnect_backoff_ms": RECONNECT_BACKOFF_MS,
        "reconnect_backoff_max_ms": RECONNECT_BACKOFF_MAX_MS,
        "security_protocol": settings.security_protocol,
        "ssl_check_hostname": settings.ssl_check_hostname,
        "ssl_cafile": settings.ssl_cafile,
        "ssl_certfile": settings.ssl_certfile,
        "ssl_keyfile": settings.ssl_keyfile,
        "ssl_password": plain_secret(settings.ssl_password),
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": plain_secret(settings.sasl_password),
    }


def plain_secret(value: Any) -> str | None:
    """The text of a secret setting, as a client takes it; None where it is not set."""
    return None if value is None else str(value.get_secret_value())
