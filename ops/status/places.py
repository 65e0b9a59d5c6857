"""Where each process can be asked how it is: from the settings, and from what a local stack tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.settings import IngestSettings
from ops.configuration import environment, load
from ops.registry.settings import RegistrySettings
from ops.status.process_answers import ProcessAddress
from processors.engine.processor import processor_types
from runtime.addresses import local_url
from runtime.settings import PREFIX, Section, home


def places() -> list[ProcessAddress]:
    """Every process that belongs to Hookline, and its address where a setting tells it."""
    kinds = processor_types()
    sections = {kind.settings_type for kind in kinds.values()}
    configuration = load(IngestSettings, RegistrySettings, *sections)
    variables = environment()
    ingest, registry = configuration[IngestSettings], configuration[RegistrySettings]
    stack = "INGEST_URL" in variables  # a local stack serves: what it cannot reach does not serve
    found = [
        ProcessAddress(
            "ingest",
            variables.get("INGEST_URL") or _url(ingest.host, ingest.port),
            _url(ingest.admin_host, ingest.admin_port),
            stack,
            _variables(IngestSettings, "host", "port"),
        ),
        ProcessAddress(
            "registry", _url(registry.admin_host, registry.admin_port), None, stack, _variables(RegistrySettings)
        ),
    ]
    if gate := variables.get("GATE_URL"):
        found.append(ProcessAddress("gate", gate, None, variables=f"{PREFIX}GATE__HOST and {PREFIX}GATE__PORT"))
    if sandbox := variables.get("SANDBOX_URL"):
        found.append(ProcessAddress("sandbox", sandbox, None))
    for kind in kinds.values():
        settings = configuration[kind.settings_type]
        url = _url(settings.admin_host, settings.admin_port)
        found.append(ProcessAddress(kind.name, url, url, stack, _variables(kind.settings_type)))
    return found


def stack_services() -> list[Mapping[str, Any]]:
    """The services of the local stack that serves in HOOKLINE_HOME, as `stack.json` has them; none where none does."""
    from deploy.local.home import Home, HomeUnusable

    where = home()
    try:
        return list(Home(where).state().get("services") or ()) if (where / "stack.json").exists() else []
    except (HomeUnusable, PermissionError):  # the settings were read without it
        return []


def _variables(section: type[Section], *fields: str) -> str:
    return " and ".join(section.variable(field) for field in fields or ("admin_host", "admin_port"))


def _url(host: str, port: int) -> str | None:
    """None: the port is a free one that only the process itself knows."""
    return local_url(host, port) if port else None
