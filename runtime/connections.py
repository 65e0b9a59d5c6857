"""Where Kafka and PostgreSQL are: the settings that every process shares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from runtime.endpoints import endpoint_mistake
from runtime.settings import SHORTEST_SECRET, ConfigurationError, Dsn, SecretList, Section, StringList, listed
from runtime.tls_files import ReadableFile, holds_certificates, holds_our_certificate
from schemas.kafka_access import PRINCIPALS

#: The libraries that services can speak to Kafka with; the first is the usual one.
KafkaClient = Literal["kafka-python", "librdkafka"]
KAFKA_CLIENTS: tuple[KafkaClient, ...] = get_args(KafkaClient)


def _endpoints(value: Any) -> Any:
    """As `listed` has it, but that an IPv6 address in brackets begins no JSON list."""
    is_address = isinstance(value, str) and re.match(r"\s*\[[0-9A-Fa-f:]", value)
    return listed(f",{value}" if is_address else value)


def _checked(endpoints: tuple[str, ...]) -> tuple[str, ...]:
    if mistakes := [mistake for endpoint in endpoints if (mistake := endpoint_mistake(endpoint))]:
        raise PydanticCustomError("endpoint", "{mistakes}", {"mistakes": "; ".join(mistakes)})
    return endpoints


#: host:port of servers, comma-separated or a JSON list.
EndpointList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_endpoints), AfterValidator(_checked)]


class KafkaSettings(Section, name="kafka"):
    """How to reach Kafka. TLS and SASL settings are passed to the client as they stand."""

    bootstrap_servers: EndpointList = Field(
        description="host:port of one or more brokers, comma-separated", min_length=1
    )
    client: KafkaClient = Field(
        default="kafka-python",
        description="the client library of the services; librdkafka takes less CPU and needs hookline[librdkafka]",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="how to speak with the brokers"
    )
    ssl_cafile: ReadableFile | None = Field(default=None, description="PEM file of the authorities to trust")
    ssl_certfile: ReadableFile | None = Field(default=None, description="PEM file of our certificate, for mutual TLS")
    ssl_keyfile: ReadableFile | None = Field(default=None, description="PEM file of its key")
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
    retention_days: float = Field(default=30, gt=0, le=36_500, description="how long the event topics keep records")
    dead_letter_retention_days: float = Field(default=90, gt=0, le=36_500, description="how long dead letters stay")

    @model_validator(mode="after")
    def _complete(self) -> KafkaSettings:
        """Raises ValueError where settings do not go together. Those that the protocol does not use may be there."""
        if mistakes := [*self._sasl_mistakes(), *self._tls_mistakes()]:
            raise ValueError("; ".join(mistakes))
        return self

    def _sasl_mistakes(self) -> Iterator[str]:
        if not self.security_protocol.startswith("SASL_"):
            return
        password = self.sasl_password and self.sasl_password.get_secret_value()
        given = {"sasl_mechanism": self.sasl_mechanism, "sasl_username": self.sasl_username, "sasl_password": password}
        if lacking := [self.variable(field) for field, value in given.items() if not value]:
            yield f"{self.variable('security_protocol')} is {self.security_protocol}: set {', '.join(lacking)} too"

    def _tls_mistakes(self) -> Iterator[str]:
        if not self.security_protocol.endswith("SSL"):
            return
        if self.ssl_cafile is not None and not holds_certificates(self.ssl_cafile):
            yield f"{self.variable('ssl_cafile')}: {self.ssl_cafile} holds no certificate of an authority in PEM form"
        certificate, key = self.variable("ssl_certfile"), self.variable("ssl_keyfile")
        if self.ssl_certfile is None:
            if self.ssl_keyfile is not None:
                yield f"{key} is the key of a certificate: set {certificate} too"
            return
        password = None if self.ssl_password is None else self.ssl_password.get_secret_value()
        if not holds_our_certificate(self.ssl_certfile, self.ssl_keyfile, password):
            yield f"{certificate}, {key} and {self.variable('ssl_password')}: no certificate in PEM form and its key"


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
        default=20.0,
        ge=1.0,
        le=3_600,
        description="seconds that PostgreSQL has to answer one call; then it is tried anew",
    )


class OwnerSettings(Section, name="postgres"):
    """How migrations reach PostgreSQL: as the role that owns the tables."""

    owner_dsn: Dsn = Field(description="connection string of the owner's role, for `hookline db migrate`")
