"""The overlay with Strimzi, the Prometheus operator and KEDA has the topics, permissions and limits of the code."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.processors import processor_names, topics_of_hookline
from schemas.kafka_access import ACLS, PREFIXED, PRINCIPALS, KafkaAcl, ResourceKind
from schemas.topics import PARTITIONS, consumer_group

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy" / "kubernetes-strimzi"
BASE = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
OBJECTS: list[dict[str, Any]] = [
    item
    for name in KUSTOMIZATION["resources"]
    if name.endswith(".yaml")
    for item in yaml.safe_load_all((FOLDER / name).read_text("utf-8"))
]
POD_NAMES = {
    item["metadata"]["name"]: [port["name"] for port in item["spec"]["template"]["spec"]["containers"][0]["ports"]]
    for name in yaml.safe_load((BASE / "kustomization.yaml").read_text("utf-8"))["resources"]
    for item in yaml.safe_load_all((BASE / name).read_text("utf-8"))
    if item["kind"] in ("Deployment", "StatefulSet")
}
#: Bound by the limits of a CRM and of TextUs, which more processes would only reach sooner.
BOUND_BY_OTHERS = {"hookline-crm-sync", "hookline-opt-out"}
#: By Strimzi's names (KafkaUser, AclRule).
KINDS = {
    "topic": ResourceKind.TOPIC,
    "group": ResourceKind.GROUP,
    "cluster": ResourceKind.CLUSTER,
    "transactionalId": ResourceKind.TRANSACTIONAL_ID,
}


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item for item in OBJECTS if item["kind"] == kind}


def test_every_manifest_is_listed_once() -> None:
    listed = KUSTOMIZATION["resources"]
    assert sorted(listed) == [
        "../kubernetes",
        *sorted(p.name for p in FOLDER.glob("*.yaml") if p.name != "kustomization.yaml"),
    ]
    places = [(item["kind"], item["metadata"]["name"]) for item in OBJECTS]
    assert len(places) == len(set(places))


def test_every_topic_is_there_with_its_partitions() -> None:
    topics = of_kind("KafkaTopic")
    assert topics.keys() == {topic.name for topic in topics_of_hookline()}
    assert {topic["spec"]["partitions"] for topic in topics.values()} == {PARTITIONS}
    assert topics["sms.opt-out-state.v1"]["spec"]["config"]["cleanup.policy"] == "compact"


def test_each_user_may_do_what_its_principal_may_and_no_more() -> None:
    users = of_kind("KafkaUser")
    assert users.keys() == set(PRINCIPALS)
    granted = []
    for principal, user in users.items():
        for rule in user["spec"]["authorization"]["acls"]:
            kind = KINDS[rule["resource"]["type"]]
            name = rule["resource"].get("name", "kafka-cluster")
            name += PREFIXED if rule["resource"].get("patternType") == "prefix" else ""
            granted += [KafkaAcl(principal, kind, name, operation) for operation in rule["operations"]]
            assert rule["host"] == "*"
            assert rule.get("type", "allow") == "allow"
    assert sorted(granted) == sorted(ACLS)


def test_users_log_in_as_the_base_says_to_the_listener_that_it_reaches() -> None:
    (kafka,) = of_kind("Kafka").values()
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    base = yaml.safe_load((BASE / "kustomization.yaml").read_text("utf-8"))["configMapGenerator"][0]["literals"]
    mechanism = dict(line.split("=", 1) for line in base)["HOOKLINE_KAFKA__SASL_MECHANISM"]
    methods = {user["spec"]["authentication"]["type"] for user in of_kind("KafkaUser").values()}
    assert methods == {listener["authentication"]["type"]} == {mechanism.lower()}
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    for user in of_kind("KafkaUser").values():
        secret = user["spec"]["authentication"]["password"]["valueFrom"]["secretKeyRef"]
        assert f"--from-file={secret['key']}=secrets/{secret['key']}" in page.partition(f"generic {secret['name']} ")[2]
    # Whoever scales reaches the same broker.
    servers = {item["spec"]["triggers"][0]["metadata"]["bootstrapServers"] for item in of_kind("ScaledObject").values()}
    cluster = kafka["metadata"]
    assert servers == {f"{cluster['name']}-kafka-bootstrap.{cluster['namespace']}.svc:{listener['port']}"}
    assert f'value: "{servers.pop()}"' in KUSTOMIZATION["patches"][0]["patch"]


def test_what_others_limit_is_never_scaled() -> None:
    scaled = {item["spec"]["scaleTargetRef"]["name"] for item in of_kind("ScaledObject").values()}
    assert scaled == {"hookline-persist", "hookline-analytics"}
    assert not scaled & BOUND_BY_OTHERS
    assert {f"hookline-{name}" for name in processor_names()} == scaled | BOUND_BY_OTHERS  # a new one is decided on


@pytest.mark.parametrize("name", of_kind("ScaledObject"))
def test_scaling_goes_by_the_groups_own_lag_up_to_a_process_a_partition(name: str) -> None:
    spec = of_kind("ScaledObject")[name]["spec"]
    (trigger,) = spec["triggers"]
    assert trigger["type"] == "kafka"
    assert trigger["metadata"]["consumerGroup"] == consumer_group(name.removeprefix("hookline-"))
    assert trigger["metadata"]["offsetResetPolicy"] == "earliest"
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (1, PARTITIONS)
    login = of_kind("TriggerAuthentication")[trigger["authenticationRef"]["name"]]["spec"]
    assert login["secretTargetRef"][0]["key"] == f"kafka_{name.removeprefix('hookline-')}_password"


def test_every_process_is_scraped_under_the_name_that_alerts_ask_for() -> None:
    (monitor,) = of_kind("PodMonitor").values()
    (expression,) = monitor["spec"]["selector"]["matchExpressions"]
    assert set(expression["values"]) == POD_NAMES.keys()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert all(endpoint["port"] in ports for ports in POD_NAMES.values())
    assert monitor["spec"]["jobLabel"] == expression["key"]
    scrapes = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    assert {job["job_name"] for job in scrapes} == POD_NAMES.keys()


def test_every_workload_has_a_disruption_budget_that_lets_a_node_be_emptied() -> None:
    base = {name for name in ("hookline-ingest", "hookline-gate") if name in POD_NAMES}  # in the base, of two
    budgets = of_kind("PodDisruptionBudget")
    assert budgets.keys() | base == POD_NAMES.keys()
    for name, budget in budgets.items():
        assert budget["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}
        assert budget["spec"]["maxUnavailable"] == 1


@pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="kubectl, whose kustomize builds overlays, is not installed"
)
def test_the_overlay_builds_with_its_patches() -> None:
    done = subprocess.run(
        ["kubectl", "kustomize", str(FOLDER)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    without = {
        item["metadata"]["name"] for item in built if item["kind"] == "Deployment" and "replicas" not in item["spec"]
    }
    assert without == {"hookline-persist", "hookline-analytics"}
    (shared,) = [item["data"] for item in built if item["kind"] == "ConfigMap"]
    assert shared["HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"] == "hookline-kafka-bootstrap.kafka.svc:9092"
    namespaces = {item["kind"]: item["metadata"].get("namespace") for item in built}
    assert namespaces["KafkaTopic"] == namespaces["KafkaUser"] == namespaces["Kafka"] == "kafka"
    assert namespaces["ScaledObject"] == namespaces["Deployment"] == "hookline"
