"""Which ACLs of others are named, and which are taken away."""

from __future__ import annotations

import pytest

from schemas.foreign_acls import everybodys, harmful
from schemas.kafka_access import ACLS, PREFIXED, KafkaAcl, ResourceKind

TOPIC, GROUP, CLUSTER = ResourceKind.TOPIC, ResourceKind.GROUP, ResourceKind.CLUSTER


@pytest.mark.parametrize(
    ("acl", "is_removed", "is_named"),
    [
        (KafkaAcl("*", TOPIC, "sms.opt-outs.v1", "Write"), True, False),
        (KafkaAcl("*", TOPIC, "sms.opt-outs.v1", "Write from 10.0.0.1"), True, False),
        (KafkaAcl("*", TOPIC, "dlq.opt-out", "Read"), True, False),
        (KafkaAcl("*", TOPIC, f"sms.{PREFIXED}", "Read"), True, False),
        (KafkaAcl("*", TOPIC, f"sms.opt-{PREFIXED}", "not Write"), True, False),
        (KafkaAcl("*", GROUP, "hookline-opt-out", "Read"), True, False),
        # Another application's too
        (KafkaAcl("*", TOPIC, "*", "Write"), False, True),
        (KafkaAcl("*", TOPIC, "*", "Read"), False, True),
        (KafkaAcl("*", TOPIC, "*", "Describe"), False, False),
        (KafkaAcl("*", TOPIC, f"dlq.{PREFIXED}", "Write"), False, True),
        (KafkaAcl("*", TOPIC, f"s{PREFIXED}", "not Write"), False, True),
        (KafkaAcl("*", GROUP, "*", "Read"), False, True),
        (KafkaAcl("*", CLUSTER, "kafka-cluster", "Alter"), False, True),
        (KafkaAcl("*", TOPIC, "orders", "Write"), False, False),
        (KafkaAcl("*", TOPIC, f"smsgate{PREFIXED}", "All"), False, False),
        # Somebody with a name
        (KafkaAcl("stranger", TOPIC, "sms.opt-outs.v1", "Write"), False, True),
        (KafkaAcl("stranger", TOPIC, "*", "All from 10.0.0.1"), False, True),
        (KafkaAcl("stranger", GROUP, f"hookline-{PREFIXED}", "Delete"), False, True),
        (KafkaAcl("Group:everyone", TOPIC, "sms.opt-outs.v1", "Write"), False, True),
        (KafkaAcl("stranger", TOPIC, "sms.opt-outs.v1", "not Write"), False, False),
        (KafkaAcl("analyst", TOPIC, f"sms.{PREFIXED}", "Read"), False, False),
        (KafkaAcl("analyst", GROUP, f"analysis-{PREFIXED}", "Read"), False, False),
        (KafkaAcl("broker", CLUSTER, "kafka-cluster", "ClusterAction"), False, False),
        (KafkaAcl("mirror", TOPIC, "sms.opt-outs.v1", "Write"), False, False),
    ],
)
def test_who_reaches_what_is_ours(acl: KafkaAcl, *, is_removed: bool, is_named: bool) -> None:
    assert (everybodys([acl]) == {acl}) is is_removed
    assert (harmful([acl], known=("mirror",)) == {acl}) is is_named


def test_what_hookline_itself_needs_is_neither() -> None:
    assert (everybodys(ACLS), harmful(ACLS)) == (set(), set())
