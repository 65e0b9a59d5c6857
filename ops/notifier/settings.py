"""Settings of the notifier: HOOKLINE_NOTIFIER__..."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from ops.admin_urls import AdminUrls, admin_urls_by_name
from runtime.settings import Host, SecretList, Section, StringList, TimeZone


class NotifierSettings(Section, name="notifier"):
    """The process that tells people when something is wrong."""

    targets: SecretList = Field(
        default=(),
        description="where alarms go: URLs as apprise has them (mailto://, slack://, json://), comma-separated or a "
        "JSON list; each is a secret",
    )
    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="URL that is called every minute while the notifier works; whatever is behind it tells people "
        "when the calls end",
    )
    admin_host: Host = Field(default="127.0.0.1", description="address of /metrics and /version")
    admin_port: int = Field(default=0, ge=0, le=65535, description="port of /metrics and /version; 0: a free one")
    admin_urls: AdminUrls = Field(
        default=(),
        description="NAME=URL of the admin port of each process, comma-separated: asked for /readyz and /metrics",
    )
    state_dir: Path | None = Field(
        default=None,
        description="folder that remembers what was sent where PostgreSQL cannot; not set: `notifier` in HOOKLINE_HOME",
    )
    every_seconds: float = Field(default=3.0, ge=1.0, le=10.0, description="seconds between two looks at everything")
    send_seconds: float = Field(
        default=20.0, gt=0, le=120, description="seconds that a target has to take a message; then it is tried again"
    )
    give_up_hours: float = Field(
        default=24.0,
        gt=0,
        le=8_760,
        description="hours after which a target that takes nothing is not sent an old alarm",
    )
    time_zone: TimeZone = Field(default="America/New_York", description="time zone whose holidays count")
    holidays: str = Field(
        default="US", pattern="^([A-Z]{2})?$", description="country whose public holidays are quiet days; empty: none"
    )
    certificates: StringList = Field(
        default=(), description="HOST:PORT of TLS certificates whose end is watched, comma-separated"
    )
    token_ends: StringList = Field(
        default=(), description="NAME=YYYY-MM-DD of tokens that end, comma-separated: told 14 days before"
    )

    @field_validator("heartbeat_url")
    @classmethod
    def _http(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and given.get_secret_value():
            parts = urlsplit(given.get_secret_value())
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("is no http:// or https:// URL")
        return given

    @field_validator("certificates")
    @classmethod
    def _endpoints(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for item in given:
            host, _, port = item.rpartition(":")
            if not host or not port.isdecimal():
                raise ValueError(f"{item!r} is not HOST:PORT")
        return given

    @field_validator("token_ends")
    @classmethod
    def _dates(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for item in given:
            name, _, day = item.partition("=")
            try:
                date.fromisoformat(day)
            except ValueError:
                raise ValueError(f"{item!r} is not NAME=YYYY-MM-DD") from None
            if not name.strip():
                raise ValueError(f"{item!r} names no token")
        return given

    @property
    def admin_ports(self) -> dict[str, str]:
        """The URL of each process's admin port, by the process's name."""
        return admin_urls_by_name(self.admin_urls)
