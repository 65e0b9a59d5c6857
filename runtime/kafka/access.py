"""Brings a cluster's ACLs and SCRAM passwords to what schemas/kafka_access.py says, as a principal that may."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaTimeoutError

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.internals.admin_client import AdminClient
from schemas.foreign_acls import everybodys, harmful
from schemas.kafka_access import ACLS, PREFIXED, PRINCIPALS, KafkaAcl, ResourceKind

_TIMEOUT_MS = 10_000
_USER = "User:"

#: Kafka's names to the client's: "DescribeConfigs" is DESCRIBE_CONFIGS.
_KINDS = {
    ResourceKind.TOPIC: ResourceType.TOPIC,
    ResourceKind.GROUP: ResourceType.GROUP,
    ResourceKind.CLUSTER: ResourceType.CLUSTER,
    ResourceKind.TRANSACTIONAL_ID: ResourceType.TRANSACTIONAL_ID,
}
_OPERATIONS = {"".join(word.title() for word in op.name.split("_")): op for op in ACLOperation}
_KIND_NAMES = {number: kind for kind, number in _KINDS.items()}
_OPERATION_NAMES = {operation: name for name, operation in _OPERATIONS.items()}


class AccessRefused(Exception):
    """Connect as a principal that may alter the cluster: Kafka refused to change ACLs or passwords."""

    exit_code = 78  # configuration (sysexits.h)


class AccessAdmin:
    """Kafka's admin client, narrowed to ACLs and passwords. Use it in a `with` block.

    Raises kafka.errors.KafkaTimeoutError where no broker answers within 10 s, SecurityDisabledError where the
    cluster has no authorizer.
    """

    def __init__(self, settings: KafkaSettings, client_id: str) -> None:
        self._client = AdminClient(
            **client_settings(settings, client_id), bootstrap_timeout_ms=_TIMEOUT_MS, request_timeout_ms=_TIMEOUT_MS
        )

    def __enter__(self) -> AccessAdmin:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def actual(self) -> set[KafkaAcl]:
        """The ACLs of Hookline's principals as the broker has them, and everybody's (`User:*`) on what is Hookline's.

        One that Hookline would never make (a denial, a prefix, a single host) says so in its operation or name.
        """
        found = self._all()
        return {acl for acl in found if acl.principal in PRINCIPALS} | everybodys(found)

    def harmful(self, known: Collection[str]) -> set[KafkaAcl]:
        """ACLs of others that let them write, alter or delete what is Hookline's, and that `apply` leaves.

        `known`: principals of others of which that is meant.
        """
        return harmful(self._all(), known)

    def _all(self) -> set[KafkaAcl]:
        every = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        found, _ = self._client.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, every))
        return set(map(_read, found))

    def changes(self) -> tuple[set[KafkaAcl], set[KafkaAcl]]:
        """Which ACLs have to be added and which taken away. Changes nothing."""
        actual = self.actual()
        return set(ACLS) - actual, actual - set(ACLS)

    def apply(self) -> tuple[set[KafkaAcl], set[KafkaAcl]]:
        """Make the ACLs what they are to be; which were added and taken away. Raises AccessRefused."""
        adding, removing = self.changes()
        if removing:
            # By principal, kind and name: that reaches denials, prefixes and hosts too. What is to stay is added anew.
            places = {(acl.principal, acl.kind, _name(acl)) for acl in removing}
            self._check(error for _, _, error in self._client.delete_acls([_place(*place) for place in places]))
            adding = self.changes()[0]
        if adding:
            answer = self._client.create_acls([_written(acl) for acl in sorted(adding)])
            self._check(answer["failed"])
        self._wait_until_in_effect()
        return adding, removing

    def set_passwords(self, passwords: Mapping[str, str], mechanism: str) -> None:
        """Give each principal its password for `mechanism`; the other mechanism's stays. Raises AccessRefused.

        A connection that is open stays open: Kafka asks for a password when one is made.
        """
        self._alter([UserScramCredentialUpsertion(name, mechanism, text) for name, text in passwords.items()])

    def drop_passwords(self, principals: Iterable[str], mechanism: str) -> None:
        """Take away the passwords for `mechanism` of those of `principals` that have one. Raises AccessRefused."""
        there = self.mechanisms()
        names = [name for name in principals if mechanism in there.get(name, ())]
        if names:
            self._alter([UserScramCredentialDeletion(name, mechanism) for name in names])

    def mechanisms(self) -> dict[str, set[str]]:
        """By principal of Hookline's, the SCRAM mechanisms that it has a password for."""
        found = self._client.describe_user_scram_credentials()
        return {
            name: {info["mechanism"].name.replace("_", "-") for info in held["credential_infos"]}
            for name, held in found.items()
            if name in PRINCIPALS
        }

    def _alter(self, alterations: list[Any]) -> None:
        answers = self._client.alter_user_scram_credentials(alterations) if alterations else {}
        if refused := sorted(f"{name}: {message}" for name, message in answers.items() if message is not None):
            raise AccessRefused(f"Kafka refused to change passwords: {'; '.join(refused)}")

    def _wait_until_in_effect(self) -> None:
        """A controller has accepted ACLs before the broker goes by them."""
        deadline = time.monotonic() + _TIMEOUT_MS / 1000
        while any(self.changes()):
            if time.monotonic() > deadline:
                raise KafkaTimeoutError(f"ACLs not in effect after {_TIMEOUT_MS} ms")
            time.sleep(0.05)

    @staticmethod
    def _check(errors: Iterable[Any]) -> None:
        if refused := sorted({error.__name__ for error in errors if error.errno != 0}):
            raise AccessRefused(f"Kafka refused to change ACLs: {', '.join(refused)}")


def kafka_acls_options(acl: KafkaAcl) -> list[str]:
    """The options of Kafka's own tool kafka-acls.sh that add `acl`."""
    kind = {ResourceKind.TRANSACTIONAL_ID: "transactional-id"}.get(acl.kind, acl.kind.lower())
    resource = [f"--{kind}"] if acl.kind is ResourceKind.CLUSTER else [f"--{kind}", _name(acl)]
    if acl.name.endswith(PREFIXED):
        resource += ["--resource-pattern-type", "prefixed"]
    return ["--add", "--allow-principal", f"{_USER}{acl.principal}", "--operation", acl.operation, *resource]


def _written(acl: KafkaAcl) -> ACL:
    pattern = ResourcePattern(_KINDS[acl.kind], _name(acl), _pattern_type(acl))
    return ACL(f"{_USER}{acl.principal}", "*", _OPERATIONS[acl.operation], ACLPermissionType.ALLOW, pattern)


def _pattern_type(acl: KafkaAcl) -> ACLResourcePatternType:
    return ACLResourcePatternType.PREFIXED if acl.name.endswith(PREFIXED) else ACLResourcePatternType.LITERAL


def _read(acl: ACL) -> KafkaAcl:
    pattern = acl.resource_pattern
    name = pattern.resource_name
    if pattern.pattern_type is not ACLResourcePatternType.LITERAL:
        name += PREFIXED
    operation = _OPERATION_NAMES[acl.operation]
    if acl.permission_type is not ACLPermissionType.ALLOW:
        operation = f"not {operation}"
    if acl.host != "*":
        operation += f" from {acl.host}"
    kind = _KIND_NAMES.get(pattern.resource_type, pattern.resource_type.name)
    return KafkaAcl(acl.principal.removeprefix(_USER), kind, name, operation)


def _name(acl: KafkaAcl) -> str:
    return acl.name.removesuffix(PREFIXED)


def _place(principal: str, kind: ResourceKind, name: str) -> ACLFilter:
    number = _KINDS.get(kind) or ResourceType[kind]
    pattern = ResourcePatternFilter(number, name, ACLResourcePatternType.ANY)
    return ACLFilter(f"{_USER}{principal}", None, ACLOperation.ANY, ACLPermissionType.ANY, pattern)
