"""The units run real commands with real settings, each as hardened as the others."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from ops.configuration import all_sections, unknown_variables
from ops.processors import processor_names
from runtime.self_check import INTERVAL, TIME_LIMIT, TIMEOUT

FOLDER = Path(__file__).resolve().parents[3] / "deploy" / "systemd"
UNITS = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.service"))}
#: What systemd adds to one instance of a unit, by the instance's full name.
DROP_INS = {path.parent.name.removesuffix(".d"): path.read_text("utf-8") for path in FOLDER.glob("*.service.d/*.conf")}
PROGRAM = "/opt/hookline/bin/hookline "


@pytest.mark.parametrize("name", UNITS)
def test_the_commands_exist(name: str, check_command: Callable[[Sequence[str]], None]) -> None:
    commands = _values(name, "ExecStart")
    assert commands
    for command in commands:
        assert command.startswith(PROGRAM)
        for instance in processor_names() if "%i" in command else [""]:
            check_command(command.removeprefix(PROGRAM).replace("%i", instance).split())


def test_every_process_has_its_unit_and_the_page_starts_it(served: set[str]) -> None:
    units = {command.removeprefix(PROGRAM): name for name in UNITS for command in _values(name, "ExecStart")}
    page = (FOLDER.parents[1] / "docs" / "deploy.md").read_text("utf-8")
    for command in served:
        own = command in units
        verb, _, instance = command.partition(" ")
        name = units[command] if own else units[f"{verb} %i"].replace("@", f"@{instance}")
        assert f" {name.removesuffix('.service').removesuffix('@')}" in page, name


def test_processes_of_one_machine_share_no_port() -> None:
    environment = _shared()
    taken = [value for variable, value in environment.items() if variable.endswith("PORT")]
    for unit in UNITS:
        for line in _values(unit, "Environment"):
            variable, _, value = line.partition("=")
            if variable.endswith("PORT"):
                taken += [value.replace("%i", instance) for instance in "12"]
    assert len(taken) == len(set(taken))
    # What has no port here would take its usual one, or one that Prometheus cannot know.
    named = set(environment) | {line.partition("=")[0] for unit in UNITS for line in _values(unit, "Environment")}
    needed = {
        section.variable(field)
        for section in all_sections()
        if "admin_port" in section.model_fields
        for field in ("port", "admin_port")
        if field in section.model_fields
    }
    assert needed <= named


@pytest.mark.parametrize("name", [*UNITS, *DROP_INS])
def test_every_variable_is_a_setting_and_every_secret_a_credential(name: str) -> None:
    environment = dict(line.split("=", 1) for line in _values(name, "Environment"))
    assert list(unknown_variables(all_sections(), environment)) == []
    credentials = _credentials(name)
    folder = environment.get("HOOKLINE_SECRETS_PREFIX", "").removesuffix("_")  # systemd joins folder and file by it
    assert {f"%d/{credential}" for credential in credentials} - {folder} == {
        value for variable, value in environment.items() if variable.endswith("_FILE")
    }


def test_each_service_gets_its_own_secrets_and_no_others() -> None:
    """The same as in the compose file, where each service names what it mounts."""
    compose = yaml.safe_load((FOLDER.parent / "compose.yaml").read_text("utf-8"))["services"]
    for service, description in compose.items():
        # topics is part of hookline-migrate here, and Kafka, with its principals, is the reader's own.
        if not description["image"].startswith("hookline:") or service in ("topics", "kafka-access"):
            continue
        name = service.partition("-")[0] if service.startswith("ingest-") else service
        if name in processor_names():
            shared = {credential.replace("%i", name) for credential in _credentials("hookline-process@.service")}
            credentials = shared | _credentials(f"hookline-process@{name}.service")
        else:
            credentials = _credentials(f"hookline-{name}{'@' if name == 'ingest' else ''}.service")
        secrets = set(description.get("secrets", []))
        if "HOOKLINE_SECRETS_PREFIX" in description.get("environment", {}):
            secrets.add("providers")
        if name == "migrate":
            secrets |= set(compose["topics"]["secrets"])
        assert credentials == secrets, service


def test_what_is_added_to_a_unit_is_added_to_one_that_runs() -> None:
    assert DROP_INS.keys() <= {f"hookline-process@{name}.service" for name in processor_names()}


def test_the_shared_settings_are_settings_and_no_secrets() -> None:
    environment = _shared()
    assert list(unknown_variables(all_sections(), environment)) == []
    assert not [variable for variable in environment if re.search("SECRET|PASSWORD|TOKEN|DSN", variable)]


def test_the_console_and_the_notifier_ask_every_process(check_admin_urls: Callable[[Mapping[str, str]], None]) -> None:
    check_admin_urls(_shared())


def test_every_unit_is_hardened_alike() -> None:
    hardening = {name: text[text.index("DynamicUser=yes") :].split("\n\n")[0].strip() for name, text in UNITS.items()}
    assert len(set(hardening.values())) == 1
    first = next(iter(hardening.values())).splitlines()
    assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="} <= set(first)


@pytest.mark.parametrize("name", UNITS)
def test_no_memory_with_secrets_goes_to_the_disk(name: str) -> None:
    assert _values(name, "LimitCORE") == ["0"]


@pytest.mark.parametrize("name", [name for name, text in UNITS.items() if "Type=oneshot" not in text])
def test_a_mistake_in_the_configuration_is_not_tried_for_ever(name: str) -> None:
    assert _values(name, "Restart") == ["always"]
    assert _values(name, "RestartPreventExitStatus") == ["78"]


@pytest.mark.parametrize("name", [name for name, text in UNITS.items() if "Type=oneshot" not in text])
def test_each_service_tells_systemd_how_it_is(name: str) -> None:
    assert _values(name, "Type") == ["notify"]
    assert _values(name, "NotifyAccess") == ["main"]
    (seconds,) = _values(name, "WatchdogSec")
    # What answers on a port gives up by itself first, in order: runtime/self_check.py.
    own = TIME_LIMIT + INTERVAL + TIMEOUT if name in ("hookline-ingest@.service", "hookline-gate.service") else 30
    assert own < int(seconds) <= 90


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for name, text in UNITS.items():
        # The program is not installed here, and a template is looked at as one instance of it.
        (tmp_path / name.replace("@", "@1")).write_text(text.replace(PROGRAM, "/bin/true "), "utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.glob("*.service")))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    complaints = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "hookline" in line]
    assert complaints == []


def _shared() -> dict[str, str]:
    lines = (FOLDER / "hookline.env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _values(name: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNITS.get(name, DROP_INS.get(name, "")), re.MULTILINE)


def _credentials(name: str) -> set[str]:
    return {line.partition(":")[0] for line in _values(name, "LoadCredential")}
