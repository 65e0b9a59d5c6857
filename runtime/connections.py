"""Where Kafka and PostgreSQL are: the settings that every process shares."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from runtime.settings import SHORTEST_SECRET, ConfigurationError, Dsn, SecretList, Section, StringList
from schemas.kafka_access import PRINCIPALS


class KafkaSettings(Section, name="kafka"):
    """How to reach Kafka. TLS and SASL settings are passed to the client as they stand."""

    bootstrap_servers: StringList = Field(description="host:port of one or more brokers, comma-separated", min_length=1)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="how to speak with the brokers"
    )
    ssl_cafile: str | None = Field(default=None, description="PEM file of the authorities to trust")
    ssl_certfile: str | None = Field(default=None, description="PEM file of our certificate, for mutual TLS")
    ssl_keyfile: str | None = Field(default=None, description="PEM file of its key")
    ssl_password: SecretStr | None = Field(default=None, description="password of that key")
    ssl_check_hostname: bool = Field(default=True, description="whether a broker's certificate must name its host")
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        default=None, description="how to authenticate"
    )
    sasl_username: str | None = Field(default=None, description="as whom")
    sasl_password: SecretStr | None = Field(default=None, description="with which password")
    replication_factor: int | None = Field(
        default=None, ge=1, description="replicas of every topic; unset: 3 where there are 3 brokers, else 1"
    )
    retention_days: float = Field(default=30, gt=0, description="how long the event topics keep records")
    dead_letter_retention_days: float = Field(default=90, gt=0, description="how long dead letters stay")


class KafkaAccessSettings(Section, name="kafka"):
    """What `hookline kafka apply` gives the processes' principals."""

    principal_passwords: SecretList = Field(
        default=(), description="for `hookline kafka apply`: principal:password, such as hookline-ingest:...; several"
    )

    other_principals: StringList = Field(
        default=(),
        description="principals of other applications that may write to Hookline's topics or alter the cluster: "
        "`hookline kafka acls --actual` does not warn of them",
    )

    def passwords(self) -> dict[str, str]:
        """By principal. Raises ConfigurationError where a principal is none of Hookline's, or has no password."""
        pairs = (item.get_secret_value().partition(":") for item in self.principal_passwords)
        found = {name.strip(): password.strip() for name, _, password in pairs}
        variable = self.variable("principal_passwords")
        if unknown := sorted(found.keys() - set(PRINCIPALS)):  # it may be a password, so it is not shown
            raise ConfigurationError(
                [f"{variable}: {len(unknown)} of its items do not begin with a principal: {', '.join(PRINCIPALS)}"]
            )
        if empty := [name for name, password in found.items() if len(password) < SHORTEST_SECRET]:
            raise ConfigurationError([f"{variable}: give {', '.join(empty)} a longer password behind the colon"])
        return found


class PostgresSettings(Section, name="postgres"):
    """How a process reaches PostgreSQL: each as a role of its own, such as `hookline_opt_out`, which owns nothing."""

    dsn: Dsn = Field(description="connection string of the process's role; of commands: of `hookline_operator`")
    call_timeout: float = Field(
        default=20.0, ge=1.0, description="seconds that PostgreSQL has to answer one call; then it is tried anew"
    )


class OwnerSettings(Section, name="postgres"):
    """How migrations reach PostgreSQL: as the role that owns the tables."""

    owner_dsn: Dsn = Field(description="connection string of the owner's role, for `hookline db migrate`")
