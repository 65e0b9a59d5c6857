"""The manifests run real commands with real settings, as nobody, and keep what an ingest has answered for."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.settings import IngestSettings
from ops.admin_urls import admin_urls_by_name
from ops.configuration import all_sections, unknown_variables

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
OBJECTS: list[dict[str, Any]] = [
    item for name in KUSTOMIZATION["resources"] for item in yaml.safe_load_all((FOLDER / name).read_text("utf-8"))
]
#: Applied by hand, when an ingest is taken away for good.
APART = yaml.safe_load((FOLDER / "spool-drain.yaml").read_text("utf-8"))
WORKLOADS = {item["metadata"]["name"]: item for item in [*OBJECTS, APART] if "template" in item.get("spec", {})}
POLICIES = {item["metadata"]["name"]: item["spec"] for item in OBJECTS if item["kind"] == "NetworkPolicy"}
SHARED = dict(line.split("=", 1) for line in KUSTOMIZATION["configMapGenerator"][0]["literals"])
ADMIN_PORTS = [item for item in OBJECTS if item["kind"] == "Service" and item["metadata"]["name"].endswith("-admin")]
SECRETS = set(yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))["secrets"])


def test_every_manifest_is_listed() -> None:
    assert {path.name for path in FOLDER.glob("*.yaml")} == {
        *KUSTOMIZATION["resources"],
        "kustomization.yaml",
        "spool-drain.yaml",
    }


def test_the_image_is_this_release() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert KUSTOMIZATION["images"] == [{"name": "hookline", "newTag": version}]
    assert _pod("hookline-spool-drain")["containers"][0]["image"] == f"hookline:{version}"


def test_every_process_has_its_workload(served: set[str]) -> None:
    services = [name for name in WORKLOADS if WORKLOADS[name]["kind"] != "Job"]
    assert {" ".join(_container(name)["args"]) for name in services} == served


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_command_exists(name: str, check_command: Callable[[Sequence[str]], None]) -> None:
    check_command(_container(name)["args"])


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_variable_is_a_setting(name: str) -> None:
    assert list(unknown_variables(all_sections(), SHARED | _environment(name))) == []


@pytest.mark.parametrize("name", WORKLOADS)
def test_secrets_are_files_of_the_secret(name: str) -> None:
    files = {value for variable, value in _environment(name).items() if variable.endswith("_FILE")}
    folder = _environment(name).get("HOOKLINE_SECRETS_PREFIX", "").removesuffix("/")
    mounts = {mount["mountPath"]: mount["name"] for mount in _container(name)["volumeMounts"]}
    whole = {
        volume["name"]: volume["secret"]["secretName"]
        for volume in _pod(name)["volumes"]
        if "items" not in volume.get("secret", "items")
    }
    assert whole == ({mounts[folder]: "hookline-providers"} if folder else {})
    mounted = _mounted(name)
    assert files == {f"/run/secrets/{path}" for path in mounted}
    assert mounted <= SECRETS  # the names that deploy/secrets.sh makes


@pytest.mark.parametrize("name", WORKLOADS)
def test_pods_are_nobody_and_bounded(name: str) -> None:
    pod, container = _pod(name), _container(name)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"USER {pod['securityContext']['runAsUser']}:" in (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"].keys() == {"requests", "limits"}
    assert {mount["name"] for mount in container["volumeMounts"]} >= {volume["name"] for volume in pod["volumes"]}


@pytest.mark.parametrize("name", [name for name in WORKLOADS if WORKLOADS[name]["kind"] != "Job"])
def test_services_are_probed_where_they_listen(name: str) -> None:
    container = _container(name)
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
    listening = {value for variable, value in _environment(name).items() if variable.endswith("PORT")}
    assert set(ports.values()) == listening
    paths = [container[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert paths == ["/healthz", "/healthz", "/readyz"]
    assert {container[kind]["httpGet"]["port"] for kind in ("startupProbe", "readinessProbe")} <= ports.keys()


def test_the_spool_outlives_its_pod_and_has_the_room_that_it_may_take() -> None:
    ingest = WORKLOADS["hookline-ingest"]
    claim = ingest["spec"]["volumeClaimTemplates"][0]
    mounts = {mount["name"]: mount["mountPath"] for mount in _container("hookline-ingest")["volumeMounts"]}
    environment = _environment("hookline-ingest")
    assert mounts[claim["metadata"]["name"]] == environment["HOOKLINE_INGEST__SPOOL_DIR"]
    storage = claim["spec"]["resources"]["requests"]["storage"]
    defaults = IngestSettings()
    assert int(storage.removesuffix("Gi")) * 1024 > defaults.spool_max_mb + defaults.spool_reserve_mb
    # It leaves the load balancer first, and is killed well after that.
    leaves = float(environment["HOOKLINE_INGEST__LEAVE_SECONDS"])
    assert ingest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= leaves + 30


def test_services_lead_to_pods() -> None:
    labels = [workload["spec"]["template"]["metadata"]["labels"] for workload in WORKLOADS.values()]
    services = [item for item in OBJECTS if item["kind"] == "Service" and item not in ADMIN_PORTS]
    for item in services:
        assert item["spec"]["selector"] in labels
    # And whoever listens for others is led to.
    requested = {name for name in WORKLOADS if "http" in {port["name"] for port in _container(name).get("ports", [])}}
    assert {item["metadata"]["name"] for item in services} == requested


def test_the_notifier_and_the_console_ask_each_process_that_has_a_name() -> None:
    urls: dict[str, dict[str, str]] = {}
    for name in ("notifier", "console"):
        given = _environment(f"hookline-{name}")[f"HOOKLINE_{name.upper()}__ADMIN_URLS"]
        urls[name] = admin_urls_by_name(given.split(","))
    # One of its kind, or a pod of a StatefulSet: a name that leads to one process
    alone = {
        name.removeprefix("hookline-"): {"app.kubernetes.io/name": name}
        for name, item in WORKLOADS.items()
        if item["spec"].get("replicas") == 1
    }
    alone |= {
        f"ingest-{number}": {"statefulset.kubernetes.io/pod-name": f"hookline-ingest-{number}"}
        for number in range(WORKLOADS["hookline-ingest"]["spec"]["replicas"])
    }
    assert urls["notifier"].keys() == alone.keys() - {"notifier"}
    assert urls["console"].keys() == alone.keys() - {"notifier", "console"}
    # And each leads there, also where the process is not ready: its reason is urls there
    for name, url in urls["notifier"].items():
        (service,) = [item for item in ADMIN_PORTS if item["metadata"]["name"] == f"hookline-{name}-admin"]
        assert url == f"http://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
        assert service["spec"]["selector"] == alone[name]
        assert service["spec"]["publishNotReadyAddresses"] is True
    assert len(ADMIN_PORTS) == len(urls["notifier"])
    # And the network lets them
    (rule,) = POLICIES["to-admin-ports"]["egress"]
    assert rule == {"to": [{"podSelector": {}}], "ports": [{"port": 9000}]}
    (rule,) = POLICIES["metrics"]["ingress"]
    assert POLICIES["to-admin-ports"]["podSelector"] in [peer.get("podSelector") for peer in rule["from"]]


def test_two_notifiers_never_run_at_once() -> None:
    assert WORKLOADS["hookline-notifier"]["spec"]["strategy"] == {"type": "Recreate"}


def test_the_notifier_may_send_mail_and_to_nothing_private() -> None:
    (mail,), (https,) = POLICIES["to-mail"]["egress"], POLICIES["to-the-internet"]["egress"]
    assert [port["port"] for port in mail["ports"]] == [465, 587]
    assert mail["to"] == https["to"]


def test_every_secret_that_a_pod_mounts_is_made_as_the_page_says() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    assert "hookline-providers --namespace=hookline --from-file=secrets/providers" in page
    for path in {path for name in WORKLOADS for path in _mounted(name)}:
        assert f"--from-file={path}=secrets/{path}" in page


def test_nothing_may_talk_until_it_is_named() -> None:
    denied = POLICIES["deny-all"]
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, policy in POLICIES.items():
        rules = [*policy.get("ingress", []), *policy.get("egress", [])]
        assert all(rule.get("ports") and (rule.get("from") or rule.get("to")) for rule in rules), name
        assert bool(rules) is (name != "deny-all")


@pytest.mark.parametrize(
    ("policy", "needs"),
    [
        ("to-postgres", lambda name: any(secret.endswith("_dsn") for secret in _mounted(name))),
        ("to-the-internet", lambda name: bool({"textus_api_token", "notifier_targets"} & _mounted(name))),
        ("to-admin-ports", lambda name: any("ADMIN_URLS" in variable for variable in _environment(name))),
        ("to-mail", lambda name: "notifier_targets" in _mounted(name)),
        ("webhooks", lambda name: name == "hookline-ingest"),
        ("senders", lambda name: name == "hookline-gate"),
        ("operators", lambda name: name == "hookline-console"),
        ("tools", lambda name: name == "hookline-registry"),
        (
            "to-kafka",
            lambda name: _container(name)["args"][0] in ("process", "ingest", "topics", "spool"),
        ),
    ],
)
def test_each_pod_may_talk_to_what_it_needs_and_to_nothing_else(policy: str, needs: Callable[[str], bool]) -> None:
    assert {name for name in WORKLOADS if _selected(POLICIES[policy]["podSelector"], name)} == set(
        filter(needs, WORKLOADS)
    )


def test_policies_open_the_ports_that_pods_listen_on() -> None:
    for policy in ("webhooks", "senders", "operators", "tools"):
        (opened,) = [port["port"] for rule in POLICIES[policy]["ingress"] for port in rule["ports"]]
        for name in WORKLOADS:
            if _selected(POLICIES[policy]["podSelector"], name):
                assert opened in {port["containerPort"] for port in _container(name)["ports"] if port["name"] == "http"}
    (kafka,) = {port["port"] for rule in POLICIES["to-kafka"]["egress"] for port in rule["ports"]}
    assert SHARED["HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"].endswith(f".kafka.svc:{kafka}")


def test_what_calls_the_internet_reaches_nothing_private() -> None:
    blocks = [to["ipBlock"] for rule in POLICIES["to-the-internet"]["egress"] for to in rule["to"]]
    closed = [ip_network(network) for block in blocks for network in block["except"]]
    for address in ("10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "fd00::1", "fe80::1"):
        assert any(ip_address(address) in network for network in closed), address
    for block in blocks:
        assert all(ip_network(network).subnet_of(ip_network(block["cidr"])) for network in block["except"])  # type: ignore[arg-type]


def test_the_drain_takes_the_volume_of_an_ingest() -> None:
    (claim,) = [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in _pod("hookline-spool-drain")["volumes"]
        if volume["name"] == "spool"
    ]
    ingest = WORKLOADS["hookline-ingest"]
    assert claim.startswith(f"{ingest['spec']['volumeClaimTemplates'][0]['metadata']['name']}-hookline-ingest-")
    assert (
        _environment("hookline-spool-drain")["HOOKLINE_INGEST__SPOOL_DIR"]
        == _environment("hookline-ingest")["HOOKLINE_INGEST__SPOOL_DIR"]
    )


def _selected(selector: dict[str, Any], name: str) -> bool:
    label = WORKLOADS[name]["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"]
    listed = [value for expression in selector.get("matchExpressions", []) for value in expression["values"]]
    return label in (listed or selector["matchLabels"].values())


def _mounted(name: str) -> set[str]:
    return {item["path"] for volume in _pod(name)["volumes"] for item in volume.get("secret", {}).get("items", [])}


def _pod(name: str) -> dict[str, Any]:
    pod: dict[str, Any] = WORKLOADS[name]["spec"]["template"]["spec"]
    return pod


def _container(name: str) -> dict[str, Any]:
    (container,) = _pod(name)["containers"]
    if name == APART["metadata"]["name"]:
        return dict(container)
    assert container["image"] == "hookline"
    assert container["envFrom"] == [{"configMapRef": {"name": KUSTOMIZATION["configMapGenerator"][0]["name"]}}]
    return dict(container)


def _environment(name: str) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in _container(name).get("env", [])}
