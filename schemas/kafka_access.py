"""Which Kafka principal may do what: one principal a process, each with what its requests need and no more.

`hookline kafka apply` gives a cluster's principals the ACLs that are here and takes away those that are not.
`hookline kafka acls` prints the same list for clusters whose ACLs are kept by other means.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from schemas.topics import (
    ANALYTICS_TOPICS,
    CALLS,
    CONTACTS,
    EVENT_TOPICS,
    MESSAGE_STATE,
    MESSAGES,
    OPT_OUT_HEADS,
    OPT_OUT_STATE,
    OPT_OUTS,
    PROGRESS,
    SCHEMA_TOPICS,
    UNRECOGNIZED,
    Topic,
    consumer_group,
    dead_letter_topic,
    redrive_topic,
)


class ResourceKind(StrEnum):
    """What an ACL is about, by Kafka's names."""

    TOPIC = "Topic"
    GROUP = "Group"
    CLUSTER = "Cluster"
    TRANSACTIONAL_ID = "TransactionalId"


class KafkaAcl(NamedTuple):
    """One permission: `principal` may do `operation` on the resource, from any host."""

    principal: str  #: without Kafka's prefix "User:"
    kind: ResourceKind
    name: str  #: of the resource; "*": every one of its kind
    operation: str  #: by Kafka's names, such as "DescribeConfigs"


#: The name of the only cluster resource (org.apache.kafka.common.resource.Resource.CLUSTER_NAME).
_CLUSTER = "kafka-cluster"
_ANY = "*"

#: What each processor reads, beside its redrive topic.
PROCESSOR_READS: Mapping[str, tuple[Topic, ...]] = MappingProxyType(
    {
        "persist": EVENT_TOPICS,
        "opt-out": (MESSAGES, OPT_OUTS, UNRECOGNIZED),
        "crm-sync": (MESSAGES, CONTACTS, CALLS, OPT_OUT_STATE),
        "analytics": EVENT_TOPICS,
    }
)
#: What a processor alone writes, beside its dead letters.
PROCESSOR_WRITES: Mapping[str, tuple[Topic, ...]] = MappingProxyType(
    {"opt-out": (OPT_OUT_STATE, OPT_OUT_HEADS), "persist": (MESSAGE_STATE, PROGRESS), "analytics": ANALYTICS_TOPICS}
)

#: After a resource's name: every one whose name begins so.
PREFIXED = " (and whatever begins so)"
#: The groups in which analysts read.
ANALYST_GROUPS = "analysis-"

#: Operators read and write every topic (dlq, spool drain, quarantine replay), and make and alter them.
_OPERATOR: Mapping[ResourceKind, tuple[str, ...]] = MappingProxyType(
    {
        ResourceKind.TOPIC: (
            "Read",
            "Write",
            "Describe",
            "Create",
            "Alter",
            "Delete",
            "DescribeConfigs",
            "AlterConfigs",
        ),
        ResourceKind.GROUP: ("Read", "Describe", "Delete"),
        ResourceKind.TRANSACTIONAL_ID: ("Write", "Describe"),
    }
)


def principal_of(process: str) -> str:
    """The principal of a process, by its name on the command line, such as `opt-out`; `operator` is for commands."""
    return f"hookline-{process}"


def _acls() -> tuple[KafkaAcl, ...]:
    ingest, operator = principal_of("ingest"), principal_of("operator")
    acls = [KafkaAcl(ingest, ResourceKind.TOPIC, topic.name, "Write") for topic in EVENT_TOPICS]
    for process, topics in PROCESSOR_READS.items():
        principal = principal_of(process)
        # Its dead letters it reads, and sends back to itself, when an operator of the console asks for that.
        returning = redrive_topic(process), dead_letter_topic(process)
        reads = (*topics, *returning)
        writes = (*PROCESSOR_WRITES.get(process, ()), *returning)
        acls += [KafkaAcl(principal, ResourceKind.TOPIC, topic.name, "Read") for topic in reads]
        acls += [KafkaAcl(principal, ResourceKind.TOPIC, topic.name, "Write") for topic in writes]
        if process == "opt-out":  # which heads are published already: it reads them once, at its start
            acls.append(KafkaAcl(principal, ResourceKind.TOPIC, OPT_OUT_HEADS.name, "Read"))
        acls.append(KafkaAcl(principal, ResourceKind.GROUP, consumer_group(process), "Read"))
    analyst = principal_of("analyst")
    acls += [KafkaAcl(analyst, ResourceKind.TOPIC, topic.name, "Read") for topic in (*SCHEMA_TOPICS, PROGRESS)]
    acls.append(KafkaAcl(analyst, ResourceKind.GROUP, ANALYST_GROUPS + PREFIXED, "Read"))
    for kind, operations in _OPERATOR.items():
        acls += [KafkaAcl(operator, kind, _ANY, operation) for operation in operations]
    acls.append(KafkaAcl(operator, ResourceKind.CLUSTER, _CLUSTER, "Describe"))
    return tuple(acls)


#: Every ACL of Hookline's principals. Read and Write imply Describe.
ACLS: tuple[KafkaAcl, ...] = _acls()
PRINCIPALS: tuple[str, ...] = tuple(dict.fromkeys(acl.principal for acl in ACLS))
