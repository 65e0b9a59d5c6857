"""The compose file and the image cannot drift from the code: commands, settings, versions and limits are read."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.downloads import read_lock
from ingest.endpoint import MAX_BODY
from ingest.settings import IngestSettings
from ops.configuration import all_sections, unknown_variables
from runtime.granian_server import IDLE_LIMIT
from schemas.privileges import ROLES
from tests.servers import containers

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
NGINX = (DEPLOY / "nginx" / "nginx.conf").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("hookline:")}
JOBS = {name for name, service in OURS.items() if service["restart"] == "on-failure"}


@pytest.mark.parametrize("name", OURS)
def test_the_command_exists(name: str, check_command: Callable[[Sequence[str]], None]) -> None:
    check_command(OURS[name]["command"])


def test_every_process_has_its_service(served: set[str]) -> None:
    assert {" ".join(OURS[name]["command"]) for name in OURS.keys() - JOBS} == served


def test_the_console_and_the_notifier_ask_every_process(check_admin_urls: Callable[[Mapping[str, str]], None]) -> None:
    check_admin_urls({**OURS["console"]["environment"], **OURS["notifier"]["environment"]})


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    assert list(unknown_variables(all_sections(), OURS[name].get("environment", {}))) == []


@pytest.mark.parametrize("name", OURS)
def test_secrets_come_from_files_that_the_service_mounts(name: str) -> None:
    environment = OURS[name].get("environment", {})
    paths = {value.removeprefix("/run/secrets/") for key, value in environment.items() if key.endswith("_FILE")}
    if "HOOKLINE_SECRETS_PREFIX" in environment:  # a folder of them
        folder = environment["HOOKLINE_SECRETS_PREFIX"].removesuffix("/")
        assert f"./secrets/providers:{folder}:ro" in OURS[name]["volumes"]
    assert paths == set(OURS[name].get("secrets", []))
    for word in ("SECRET", "PASSWORD", "TOKEN", "DSN"):
        assert not [key for key in environment if word in key and not key.endswith(("_FILE", "_PREFIX"))]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_and_waited_for_is_declared(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    for volume in service.get("volumes", []):
        source = volume.partition(":")[0]
        made = source.startswith("./secrets/")  # by deploy/secrets.sh
        assert (made or (DEPLOY / source).exists()) if source.startswith("./") else source in COMPOSE["volumes"]
    for needed, how in service.get("depends_on", {}).items():
        assert how["condition"] == ("service_completed_successfully" if needed in JOBS else "service_healthy")
        assert needed in JOBS or "healthcheck" in SERVICES[needed]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert "no-new-privileges:true" in service["security_opt"]
    if name not in JOBS:
        assert service["restart"] == "unless-stopped"
        assert isinstance(service["healthcheck"]["test"], str)


@pytest.mark.parametrize("name", SERVICES)
def test_every_log_is_bounded(name: str) -> None:
    assert SERVICES[name]["logging"]["driver"] == "json-file"
    assert SERVICES[name]["logging"]["options"].keys() == {"max-size", "max-file"}


@pytest.mark.parametrize("name", OURS)
def test_every_service_reads_the_shared_settings(name: str) -> None:
    """One region of phones for ingest, opt-out and gate, or a number that is out is asked about under another name."""
    assert OURS[name]["env_file"] == ["./secrets/hookline.env"]
    assert "HOOKLINE_PHONES__DEFAULT_REGION" not in OURS[name].get("environment", {})


def test_every_engine_makes_the_same_substitutions() -> None:
    """podman-compose 1.0.3 leaves `${NAME:-}` as it stands: a default has to say something."""
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    assert "$" in text
    assert not re.sub(r"\$\{[A-Z_]+:-[^}]+\}", "", text).count("$")


@pytest.mark.parametrize("name", SERVICES)
def test_networks_are_names(name: str) -> None:
    """Nothing more can be said of them to podman-compose 1.0.3, such as an address."""
    assert isinstance(SERVICES[name]["networks"], list)


def test_only_what_calls_out_has_a_way_out() -> None:
    closed = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
    leaving = {name for name, service in SERVICES.items() if not set(service["networks"]) <= closed}
    assert leaving == {"nginx", "opt-out", "crm-sync", "notifier", "gate", "prometheus", "grafana"}  # ports


@pytest.mark.parametrize("name", OURS)
def test_our_services_can_write_nothing_but_their_volumes(name: str) -> None:
    assert OURS[name]["read_only"] is True
    assert OURS[name]["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", sorted(OURS.keys() - JOBS))
def test_the_health_check_asks_where_requests_come_or_the_admin_port(name: str) -> None:
    setting = (
        f"HOOKLINE_{name.partition('-')[0].upper()}__PORT" if name.startswith(("ingest", "gate")) else "__ADMIN_PORT"
    )
    ports = [value for key, value in OURS[name]["environment"].items() if key.endswith(setting)]
    assert [f"http://127.0.0.1:{port}/healthz" in OURS[name]["healthcheck"]["test"] for port in ports] == [True]


def test_only_nginx_is_published_and_to_this_machine_what_shows_metrics() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"nginx", "prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for name in ("prometheus", "grafana") for port in published[name])
    assert SERVICES["prometheus"]["profiles"] == SERVICES["grafana"]["profiles"] == ["observe"]


def test_grafana_finds_its_source_and_the_dashboard() -> None:
    folder = DEPLOY / "grafana" / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text("utf-8"))["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert set(SERVICES["grafana"]["networks"]) & set(SERVICES["prometheus"]["networks"])
    (provider,) = yaml.safe_load((folder / "dashboards" / "hookline.yaml").read_text("utf-8"))["providers"]
    mounts = [volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"]]
    assert ["./grafana/provisioning", "/etc/grafana/provisioning"] in mounts
    assert ["./grafana/hookline.json", f"{provider['options']['path']}/hookline.json"] in mounts


def test_images_are_pinned() -> None:
    tags = {name: service["image"].rpartition(":")[2] for name, service in SERVICES.items()}
    assert all(re.match(r"v?\d", tag) for tag in tags.values()), tags
    assert {tags[name] for name in OURS} == {PROJECT["version"]}
    assert f"ARG VERSION={PROJECT['version']}\n" in DOCKERFILE
    assert re.search(r"^ARG PYTHON_IMAGE=python:\d+\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)


def test_one_kafka_everywhere() -> None:
    """Containers, tests in containers and the embedded broker are the same release."""
    embedded = next(jar.version for jar in read_lock() if jar.artifact == "kafka_2.13")
    assert SERVICES["kafka"]["image"] == containers.KAFKA_IMAGE == f"apache/kafka:{embedded}"


def test_one_postgresql_everywhere() -> None:
    assert SERVICES["postgres"]["image"] == containers.POSTGRES_IMAGE


def test_the_image_runs_hookline_as_nobody() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert json.loads(re.findall(r"^ENTRYPOINT (.*)$", final, re.MULTILINE)[-1]) == ["hookline"]
    user = re.findall(r"^USER (\d+):(\d+)$", final, re.MULTILINE)[-1]
    assert all(int(number) >= 10_000 for number in user)


def test_the_image_holds_every_room() -> None:
    copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE))
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"} | {"deploy"}
    assert copied == rooms
    allowed = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()}
    assert rooms <= allowed


@pytest.mark.parametrize("name", ["requirements.lock", "build.lock"])
def test_locks_have_hashes_and_no_address(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    pinned = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert pinned
    assert all("--hash=sha256:" in requirement for requirement in pinned)
    assert "://" not in text
    assert f"--require-hashes --only-binary :all: -r {name}" in DOCKERFILE


def test_the_image_has_the_tested_versions_of_what_hookline_needs() -> None:
    tested, shipped = _pins(ROOT / "requirements.lock"), _pins(DEPLOY / "requirements.lock")
    assert shipped.items() <= tested.items()
    needed = {_normal(re.split(r"[\[><=~! ]", line)[0]) for line in PROJECT["dependencies"]}
    assert needed <= shipped.keys()
    unwanted = {_normal(re.split(r"[\[><=~! ]", line)[0]) for line in PROJECT["optional-dependencies"]["local"]}
    assert not unwanted & shipped.keys()


def test_nginx_leaves_ingest_its_own_answers() -> None:
    assert _size(_directive("client_max_body_size")) == MAX_BODY
    assert _directive("client_body_buffer_size") == _directive("client_max_body_size")
    assert _directive("proxy_request_buffering") == "on"
    assert float(_directive("proxy_read_timeout").rstrip("s")) > IngestSettings().publish_timeout
    # nginx has to close a kept connection before ingest does, or the next webhook meets a closed one.
    upstream = NGINX[NGINX.index("upstream ingest") : NGINX.index("server {")]
    assert float(_directive("keepalive_timeout", upstream).rstrip("s")) < IDLE_LIMIT
    behind = {
        f"{name}:{service['environment']['HOOKLINE_INGEST__PORT']}"
        for name, service in OURS.items()
        if service["command"] == ["ingest"]
    }
    listed = (DEPLOY / "nginx" / "ingests").read_text("utf-8").splitlines()
    assert {line for line in listed if not line.startswith("#")} == behind
    written = re.search(r"^current=(\S+)$", (DEPLOY / "nginx" / "upstream.sh").read_text("utf-8"), re.MULTILINE)
    assert written
    assert _directive("include", upstream) == written[1]
    assert _directive("proxy_http_version") == "1.1"
    assert "http2" not in NGINX
    assert len({SERVICES[address.partition(":")[0]]["volumes"][0] for address in behind}) == len(behind)
    assert SERVICES["nginx"]["ports"][0].endswith(f":{_directive('listen').split()[0]}")


def test_nginx_bounds_each_address_and_delays_before_it_refuses() -> None:
    zones = dict(re.findall(r"^\s*limit_(req|conn)_zone\s+\$binary_remote_addr zone=(\w+):", NGINX, re.MULTILINE))
    bounds = {"req": _directive("limit_req"), "conn": _directive("limit_conn")}
    assert bounds == {"req": f"zone={zones['req']} burst=2000", "conn": f"{zones['conn']} 512"}  # no `nodelay`
    assert (_directive("limit_req_status"), _directive("limit_conn_status")) == ("429", "429")
    # Where a location has a page for one error it has none for the others, so they stand together.
    assert re.findall(r"^ {8}error_page ([\d ]+)", NGINX, re.MULTILINE) == ["413 ", "429 ", "502 504 "]
    assert NGINX.count("error_page ") == 3
    for page in ("deploy.md", "hardening.md"):
        text = (ROOT / "docs" / page).read_text("utf-8")
        assert all(figure in text for figure in ("1,000", "2,000", "512"))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="deploy/secrets.sh needs openssl")
def test_secrets_are_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    _make_secrets(folder)
    settings = {Path(path).name for service in OURS.values() for path in service.get("env_file", [])}
    assert {path.name for path in folder.iterdir()} == {*COMPOSE["secrets"], *settings, ".gitignore", "providers"}
    made = {path.name for path in (folder / "providers").iterdir()}
    assert made == {"textlink_secrets", "textus_signing_secrets"}
    assert made <= {f"{section.section}_{field}" for section in all_sections() for field in section.model_fields}
    # Nothing is set, and what is shown can be set.
    lines = (folder / "hookline.env").read_text("utf-8").splitlines()
    assert all(line.startswith("#") for line in lines)
    shown = [line[1:].split("=")[0] for line in lines if line.startswith("#HOOKLINE_")]
    assert shown
    assert list(unknown_variables(all_sections(), dict.fromkeys(shown, ""))) == []
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    _make_secrets(folder)

    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert len({before[name] for name in ("owner_password", "gate_password", "textlink_secrets")}) == 3
    for role in ROLES:
        process = role.removeprefix("hookline_").replace("_", "-")
        assert before[f"{process}_password"].strip() in before[f"{process}_dsn"]
        assert f"//{role}:".encode() in before[f"{process}_dsn"]
    script = (DEPLOY / "postgres" / "roles.sh").read_text("utf-8")
    assert {role.removeprefix("hookline_").replace("_", "-") for role in ROLES} == set(
        re.search(r"for name in owner ([a-z -]+); do", script)[1].split()  # type: ignore[index]
    )


def _make_secrets(folder: Path) -> None:
    subprocess.run(["sh", DEPLOY / "secrets.sh", folder], check=True, capture_output=True)


def _directive(name: str, text: str = NGINX) -> str:
    found = re.search(rf"^\s*{name}\s+([^;]+);", text, re.MULTILINE)
    assert found, name
    return found[1]


def _size(text: str) -> int:
    return int(text[:-1]) * {"k": 1024, "m": 1024 * 1024}[text[-1]]


def _pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", lock.read_text("utf-8"), re.MULTILINE))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
