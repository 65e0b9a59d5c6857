"""deploy/kubernetes-strimzi: the topics of schemas/topics.py and the principals of schemas/kafka_access.py as Strimzi's
resources.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from ops.processors import topics_of_hookline
from runtime.connections import KafkaSettings
from runtime.kafka.topics import REPLICAS, topic_configs
from schemas.kafka_access import ACLS, PREFIXED, PRINCIPALS, KafkaAcl, ResourceKind
from schemas.topics import PARTITIONS

NOTE = "# Made by `make docs` from {}: change it there.\n"
#: Of the Kafka in kafka.yaml; Strimzi's operators look after what carries its label, in its own namespace.
METADATA = {"namespace": "kafka", "labels": {"strimzi.io/cluster": "hookline"}}
API = "kafka.strimzi.io/v1"


def topics() -> str:
    """Every topic, as `hookline topics apply` makes it on three brokers with the settings' defaults."""
    settings = KafkaSettings(bootstrap_servers="hookline-kafka-bootstrap.kafka.svc:9092")
    return _documents(
        "schemas/topics.py",
        (
            {
                "apiVersion": API,
                "kind": "KafkaTopic",
                "metadata": {"name": topic.name, **METADATA},
                "spec": {
                    "partitions": PARTITIONS,
                    "replicas": REPLICAS,
                    "config": {
                        name: int(value) if value.lstrip("-").isdecimal() else value
                        for name, value in topic_configs(topic, settings, REPLICAS).items()
                    },
                },
            }
            for topic in topics_of_hookline()
        ),
    )


def users() -> str:
    """Every principal with the ACLs that `hookline kafka acls` lists; its password is in the Secret hookline-kafka."""
    return _documents("schemas/kafka_access.py", map(_user, PRINCIPALS))


def _user(principal: str) -> dict[str, Any]:
    secret = {"name": "hookline-kafka", "key": f"kafka_{principal.removeprefix('hookline-')}_password"}
    return {
        "apiVersion": API,
        "kind": "KafkaUser",
        "metadata": {"name": principal, **METADATA},
        "spec": {
            "authentication": {"type": "scram-sha-512", "password": {"valueFrom": {"secretKeyRef": secret}}},
            "authorization": {
                "type": "simple",
                "acls": list(_rules(acl for acl in ACLS if acl.principal == principal)),
            },
        },
    }


def _rules(acls: Iterable[KafkaAcl]) -> Iterable[dict[str, Any]]:
    operations: dict[tuple[ResourceKind, str], list[str]] = {}
    for acl in acls:
        operations.setdefault((acl.kind, acl.name), []).append(acl.operation)
    for (kind, name), allowed in operations.items():
        yield {"resource": _resource(kind, name), "operations": sorted(allowed), "host": "*"}


def _resource(kind: ResourceKind, name: str) -> dict[str, str]:
    if kind is ResourceKind.CLUSTER:  # there is one, and Strimzi does not name it
        return {"type": "cluster"}
    pattern = "prefix" if name.endswith(PREFIXED) else "literal"
    return {
        "type": kind[0].lower() + kind[1:],
        "name": name.removesuffix(PREFIXED),
        "patternType": pattern,
    }


def _documents(source: str, items: Iterable[dict[str, Any]]) -> str:
    return NOTE.format(source) + yaml.safe_dump_all(items, sort_keys=False, width=120)
