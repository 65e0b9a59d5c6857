"""Where each process can be asked how it is: from the settings, and from what a local stack tells."""

from __future__ import annotations

from ingest.settings import IngestSettings
from ops.configuration import environment, load
from ops.registry.settings import RegistrySettings
from ops.status.gather import Place
from processors.processor import processor_types
from runtime.addresses import local_url


def places() -> list[Place]:
    """Every process that belongs to Hookline, and its address where a setting tells it."""
    kinds = processor_types()
    sections = {kind.settings_type for kind in kinds.values()}
    configuration = load(IngestSettings, RegistrySettings, *sections)
    told = environment()
    ingest, registry = configuration[IngestSettings], configuration[RegistrySettings]
    stack = "INGEST_URL" in told  # a local stack serves: what it cannot reach does not serve
    found = [
        Place("ingest", told.get("INGEST_URL") or _url(ingest.host, ingest.port), stack),
        Place("registry", _url(registry.admin_host, registry.admin_port), stack),
    ]
    if gate := told.get("GATE_URL"):
        found.append(Place("gate", gate))
    if sandbox := told.get("SANDBOX_URL"):
        found.append(Place("sandbox", sandbox))
    for kind in kinds.values():
        settings = configuration[kind.settings_type]
        found.append(Place(kind.name, _url(settings.admin_host, settings.admin_port), stack))
    return found


def _url(host: str, port: int) -> str | None:
    """None: the port is a free one that only the process itself knows."""
    return local_url(host, port) if port else None
