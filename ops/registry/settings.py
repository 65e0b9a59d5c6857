"""Settings of the registry service."""

from __future__ import annotations

from pydantic import Field

from runtime.settings import Host, Section


class RegistrySettings(Section, name="registry"):
    """The read-only Schema Registry over the checked-in schemas."""

    host: Host = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=0, ge=0, le=65535, description="port of the registry; 0: a free one, told at start")
    admin_host: Host = Field(default="127.0.0.1", description="address of the admin port")
    admin_port: int = Field(default=0, ge=0, le=65535, description="port of /metrics and /version; 0: a free one")
