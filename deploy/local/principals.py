"""The embedded Kafka's principals: one for each process, with a password that is kept in the home."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.local.home import Home
from deploy.local.kafka import BROKER
from runtime.connections import KafkaAccessSettings, KafkaSettings
from schemas.kafka_access import PRINCIPALS, principal_of

#: The service that sets passwords and ACLs, as the brokers' own principal.
ACCESS = "kafka-access"
#: Whose principal commands have, and what `hookline env` prints.
OPERATOR = "operator"
#: Whose principal analysts have.
ANALYST = "analyst"

#: How all of them but the brokers' authenticate.
MECHANISM = "SCRAM-SHA-512"

#: Services that run a command of the operator's.
_RUN_BY_OPERATOR = (OPERATOR, "topics")
_PASSWORDS = KafkaAccessSettings.variable("principal_passwords")
_SASL = [
    KafkaSettings.variable(field) for field in ("security_protocol", "sasl_mechanism", "sasl_username", "sasl_password")
]


class Principals:
    """Makes the passwords that the home lacks."""

    def __init__(self, home: Home) -> None:
        self.broker_password = _secret_of(home, BROKER)
        self.passwords = {principal: _secret_of(home, principal) for principal in PRINCIPALS}

    def environment_of(self, service: str, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` with the credentials of one service, and nobody else's."""
        left = {f"{name}_FILE" for name in (*_SASL, _PASSWORDS)} | {*_SASL, _PASSWORDS}
        found = {name: value for name, value in environ.items() if name not in left}
        principal = principal_of(OPERATOR if service in _RUN_BY_OPERATOR else service)
        if service == ACCESS:
            found |= _credentials("PLAIN", BROKER, self.broker_password)
            found[_PASSWORDS] = ",".join(f"{name}:{password}" for name, password in self.passwords.items())
        elif principal in self.passwords:
            found |= _credentials(MECHANISM, principal, self.passwords[principal])
        return found


def _credentials(mechanism: str, principal: str, password: str) -> dict[str, str]:
    return dict(zip(_SASL, ("SASL_PLAINTEXT", mechanism, principal, password), strict=True))


def _secret_of(home: Home, principal: str) -> str:
    return home.secret(f"kafka {principal}")
