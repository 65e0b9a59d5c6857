"""Settings of the console: HOOKLINE_CONSOLE__..."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from ops.admin_urls import AdminUrls, admin_urls_by_name
from runtime.phone_settings import PhoneReader
from runtime.settings import Host


class ConsoleSettings(PhoneReader, name="console"):
    """The web console, for operators and those who only look."""

    host: Host = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8081, ge=0, le=65535, description="port; 0: a free one")
    admin_host: Host = Field(default="127.0.0.1", description="address of /metrics and /version")
    admin_port: int = Field(default=0, ge=0, le=65535, description="port of /metrics and /version; 0: a free one")
    users_file: Path | None = Field(
        default=None, description="file of who may log in, written by `hookline console add-user NAME`"
    )
    https: bool = Field(
        default=False, description="whether browsers reach it over HTTPS: its cookies are then sent over HTTPS alone"
    )
    idle_minutes: float = Field(
        default=30.0,
        gt=0,
        le=525_600,
        description="minutes in which nobody does anything that end a session; a page's own refresh counts for nothing",
    )
    session_hours: float = Field(default=12.0, gt=0, le=8_760, description="hours that end a session, used or not")
    reveal_minutes: float = Field(
        default=5.0,
        gt=0,
        le=1_440,
        description="minutes that personal data stays shown on a page after it was revealed",
    )
    connections: int = Field(default=3, ge=1, le=20, description="connections to PostgreSQL at most")
    statement_seconds: float = Field(
        default=3.0, gt=0, le=3_600, description="seconds that PostgreSQL may work for one statement of the console"
    )
    admin_urls: AdminUrls = Field(
        default=(),
        description="NAME=URL of the admin port of each process, comma-separated: asked whether the process is ready "
        "and for its settings; empty: its heartbeat in PostgreSQL tells",
    )

    @property
    def admin_ports(self) -> dict[str, str]:
        """The URL of each process's admin port, by the process's name."""
        return admin_urls_by_name(self.admin_urls)
