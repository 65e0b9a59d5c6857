"""Kafka and PostgreSQL in containers, where a Docker API answers: the same images as deploy/compose.yaml.

Works with Docker and with podman's Docker API (DOCKER_HOST=unix:///run/podman/podman.sock); a machine that has no
image of Ryuk, testcontainers' cleaner, sets TESTCONTAINERS_RYUK_DISABLED=true. docs/deploy.md has the commands.
"""

from __future__ import annotations

import gc
import secrets
import warnings
from collections.abc import Callable

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.wait_strategies import ExecWaitStrategy

from deploy.local.ports import free_ports

#: The images of deploy/compose.yaml; a test holds the two together.
KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"

#: Seconds until a server must serve.
TIME_LIMIT = 90

#: Succeeds inside the container once the broker accepts connections, which it does last; as in compose.yaml.
LISTENING = "exec 3<>/dev/tcp/127.0.0.1/9092"

Stop = Callable[[], None]


def docker_available() -> str | None:
    """None where both servers can be started in containers, else the reason why not, as a sentence.

    An image that is not there yet is pulled now.
    """
    client = _client()
    if isinstance(client, str):
        return client
    try:
        client.ping()
        ryuk = () if testcontainers_config.ryuk_disabled else (testcontainers_config.ryuk_image,)
        for image in (KAFKA_IMAGE, POSTGRES_IMAGE, *ryuk):
            if missing := _missing(client, image):
                return missing
    except DockerException as error:
        return f"the Docker API fails: {error}"
    finally:
        client.close()
    return None


def start_kafka() -> tuple[str, Stop]:
    """A Kafka broker of one node: its bootstrap servers, and what ends it and removes its data."""
    container = DockerContainer(KAFKA_IMAGE)
    try:
        # A broker tells its clients where it is, so the port has to be known before it starts.
        host, port = container.get_container_host_ip(), *free_ports(1)
        container.with_bind_ports(9092, port)
        for name, value in _kafka_settings(f"{host}:{port}").items():
            container.with_env(name, value)
        container.waiting_for(ExecWaitStrategy(["bash", "-c", LISTENING]).with_startup_timeout(TIME_LIMIT))
        container.start()
    except BaseException:
        container.stop()
        raise
    return f"{host}:{port}", container.stop


def start_postgres() -> tuple[str, Stop]:
    """A PostgreSQL server: the DSN of its superuser, and what ends it and removes its data."""
    container = PostgresContainer(
        POSTGRES_IMAGE, username="postgres", password=secrets.token_hex(16), dbname="postgres", driver=None
    )
    try:
        container.start()
        return container.get_connection_url(), container.stop
    except BaseException:
        container.stop()
        raise


def _client() -> docker.DockerClient | str:
    """The Docker API's client, or why there is none."""
    with warnings.catch_warnings():
        # Where nobody listens the SDK leaves its socket to the garbage collector, which would complain.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return DockerClient().client
        except DockerException as error:
            reason = f"no Docker API answers: {error}"
        gc.collect()
    return reason


def _kafka_settings(advertised: str) -> dict[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{advertised}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LOG_DIRS": "/var/lib/kafka/data/log",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_HEAP_OPTS": "-Xms256m -Xmx256m",
    }


def _missing(client: docker.DockerClient, image: str) -> str | None:
    """Why `image` cannot be had, or None; pulls it where it is not there."""
    try:
        client.images.get(image)
    except ImageNotFound:
        try:
            client.images.pull(image)
        except APIError as error:
            return f"the image {image} is neither here nor can it be pulled: {error.explanation}"
    return None
