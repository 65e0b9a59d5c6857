"""Settings of ingest and of its providers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from runtime.phone_settings import PhoneReader
from runtime.settings import Dsn, Host, Section, StringList, home


def _public_url(given: str) -> str:
    """An address without what follows the path, and without the slash at its end."""
    url = given.strip().rstrip("/")
    if not url:
        return url
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, brackets that do not match
        is_address = False
    if not is_address or parts.query or parts.fragment or parts.username is not None:
        raise PydanticCustomError(
            "public_url", "is no address: write https://, the host and, where there is one, the path before /webhooks"
        )
    return url


PublicUrl = Annotated[str, AfterValidator(_public_url)]


class IngestSettings(Section, name="ingest"):
    """The service that takes webhooks."""

    host: Host = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=0, le=65535, description="port of the webhooks; 0: a free one")
    admin_host: Host = Field(default="127.0.0.1", description="address of /metrics and /version")
    admin_port: int = Field(default=0, ge=0, le=65535, description="port of /metrics and /version; 0: a free one")
    workers: int = Field(default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, description="worker processes")
    threads: int = Field(default=128, ge=1, description="requests that one worker handles at once")
    providers: StringList = Field(default=("textlink", "textus"), description="providers to take webhooks from")
    public_url: PublicUrl = Field(
        default="",
        description="the address that providers call, such as https://sms.example.com: what a signature over the URL "
        "is checked against, whatever a request's headers say",
    )
    publish_timeout: float = Field(default=2.0, gt=0, le=2.5, description="seconds to wait for Kafka's answer")
    spool_dir: Path = Field(
        default_factory=lambda: home() / "spool", description="directory of this node's durable local state"
    )
    spool_max_mb: int = Field(default=1024, ge=1, description="MiB that the spool may take; then events get 503")
    spool_reserve_mb: int = Field(default=16, ge=0, description="MiB of disk kept back to drain on a full one")
    leave_seconds: float = Field(
        default=0.0, ge=0, le=300, description="seconds of /readyz 503 after SIGTERM, for load balancers to turn away"
    )
    receipt_ahead_seconds: float = Field(
        default=3600.0,
        ge=0,
        le=86_400,
        description="seconds that earlier receipts may be ahead of the system's clock, or PostgreSQL's, and still hold "
        "later ones back",
    )
    quarantine_max_mb: int = Field(
        default=1024,
        ge=0,
        description="MiB that webhooks answered 400 or 401 may take beside the spool, at most half of the free disk; "
        "0: none is kept",
    )
    quarantine_days: float = Field(default=7.0, gt=0, le=3_650, description="days that they are kept")


class SpoolReportSettings(Section, name="postgres"):
    """Where ingest tells the gate what its spool holds. Webhooks do not depend on it."""

    dsn: Dsn | None = Field(
        default=None,
        description="connection string of the application's role; unset: the gate does not know of this node's spool",
    )


class ProviderSettings(PhoneReader):
    """What every provider has; each provider's own file adds its secrets."""

    auth: Literal["required", "open"] = Field(
        default="required", description="open: take webhooks without any secret, for a closed network only"
    )
    account: str = Field(description="the account where a webhook names none", min_length=1)
