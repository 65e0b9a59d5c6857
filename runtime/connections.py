"""Where Kafka and PostgreSQL are: the settings that every process shares."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from runtime.settings import Dsn, Section, StringList


class KafkaSettings(Section, name="kafka"):
    """How to reach Kafka. TLS and SASL settings are passed to the client as they stand."""

    bootstrap_servers: StringList = Field(description="host:port of one or more brokers, comma-separated", min_length=1)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_password: SecretStr | None = None
    ssl_check_hostname: bool = True
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    replication_factor: int | None = Field(
        default=None, ge=1, description="replicas of every topic; unset: 3 where there are 3 brokers, else 1"
    )
    retention_days: float = Field(default=30, gt=0, description="how long the event topics keep records")
    dead_letter_retention_days: float = Field(default=90, gt=0, description="how long dead letters stay")


class PostgresSettings(Section, name="postgres"):
    """How the processes reach PostgreSQL: as the role `hookline_app`, which owns nothing."""

    dsn: Dsn = Field(description="connection string of the application's role")


class OwnerSettings(Section, name="postgres"):
    """How migrations reach PostgreSQL: as the role that owns the tables."""

    owner_dsn: Dsn = Field(description="connection string of the owner's role, for `hookline db migrate`")
