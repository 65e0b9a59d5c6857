"""The tests' servers in containers start, serve and go: keeps that way from rotting where embedded ones are used."""

from __future__ import annotations

import docker
import psycopg
import pytest

from runtime.connections import KafkaSettings
from runtime.kafka.topics import TopicAdmin
from tests.servers import containers


@pytest.fixture(autouse=True)
def _containers_can_run() -> None:
    if reason := containers.docker_available():
        pytest.skip(f"no server was started in a container: {reason}")


def test_kafka_serves_from_a_container_and_goes() -> None:
    servers, stop = containers.start_kafka()
    try:
        with TopicAdmin(KafkaSettings(bootstrap_servers=(servers,)), "hookline-tests") as admin:
            assert admin.describe(["sms.messages.v1"]) == {}  # nothing is made by being asked for
    finally:
        stop()
    assert not _running(containers.KAFKA_IMAGE, servers)


def test_postgresql_serves_from_a_container_and_goes() -> None:
    dsn, stop = containers.start_postgres()
    try:
        with psycopg.connect(dsn) as connection:
            major = containers.POSTGRES_IMAGE.rpartition(":")[2]
            assert str(connection.info.server_version // 10_000) == major
            assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (
                True,
            )
    finally:
        stop()
    assert not _running(containers.POSTGRES_IMAGE, dsn)


def _running(image: str, address: str) -> list[str]:
    """The containers of `image` that still publish the port that `address` names."""
    port = address.rpartition(":")[2].partition("/")[0]
    client = docker.from_env()
    try:
        return [
            container.name
            for container in client.containers.list(filters={"ancestor": image})
            if port in str(container.ports)
        ]
    finally:
        client.close()
