"""Settings of the gate: HOOKLINE_GATE__..."""

from __future__ import annotations

from pydantic import Field

from processors.opt_out.pepper_settings import PepperHolder
from runtime.phone_settings import PhoneReader
from runtime.settings import Host, SecretList


class GateSettings(PepperHolder, PhoneReader, name="gate"):
    """The service that senders ask before they text a number."""

    host: Host = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8082, ge=0, le=65535, description="port; 0: a free one")
    admin_host: Host = Field(default="127.0.0.1", description="address of /metrics and /version")
    admin_port: int = Field(default=0, ge=0, le=65535, description="port of /metrics and /version; 0: a free one")
    tokens: SecretList = Field(default=(), description="bearer tokens that are let in; several are valid at once")
    threads: int = Field(default=8, ge=1, le=64, description="requests handled at once, each with a connection")
    timeout: float = Field(
        default=1.0, gt=0, le=60, description="seconds to wait for PostgreSQL; then the answer is `out`"
    )
    fresh_seconds: float = Field(
        default=5.0,
        ge=2.0,
        le=3_600,
        description="seconds after which a stop has to be in the ledger, or every answer is `out`",
    )
