"""The sandbox's settings: HOOKLINE_SANDBOX__..., and the token that TextUs's client and the sandbox share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from deploy.local.sandbox.app import Options
from deploy.local.sandbox.control_access import ControlAccess
from deploy.local.sandbox.rate_limit import Limit
from runtime.settings import Section

Seconds = Annotated[float, Field(gt=0, le=2_678_400)]


class SandboxSettings(Section, name="sandbox"):
    """Where the sandbox listens and how it behaves; the defaults are TextUs's documented limits."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(0, ge=0, le=65535, description="port; 0 for a free one, printed at start")
    rate_limit: int = Field(1000, ge=0, description="TextUs requests per window and token; 0 for no limit")
    rate_window_s: Seconds = Field(300.0, description="length of the window in the sandbox's seconds")
    clock_scale: Seconds = Field(1.0, description="seconds of the sandbox's clock in one real second")
    page_size: int = Field(25, ge=1, description="members on one page of a TextUs collection")
    crm_token: SecretStr = Field(SecretStr(""), description="bearer token of the CRM; empty for none")
    crm_rate_limit: int = Field(0, ge=0, description="CRM requests per window and caller; 0 for no limit")
    crm_rate_window_s: Seconds = Field(10.0, description="length of the CRM's window in seconds")
    control_token: SecretStr = Field(
        SecretStr(""),
        description="bearer token that lets other users and machines use /_sandbox, which is otherwise open to the"
        " user who runs the sandbox and to root alone (outside Linux: to this machine)",
    )
    log_limit: int = Field(100_000, ge=1, description="requests kept for GET /_sandbox/requests")


class SandboxTextusSettings(Section, name="textus"):
    """The part of the TextUs settings that the sandbox plays the other side of."""

    api_token: SecretStr = Field(SecretStr(""), description="the token that is accepted; empty for any")


def options(sandbox: SandboxSettings, textus: SandboxTextusSettings) -> Options:
    """What `create_app` takes, from the settings."""
    return Options(
        textus_token=textus.api_token.get_secret_value() or None,
        crm_token=sandbox.crm_token.get_secret_value() or None,
        textus_limit=Limit(sandbox.rate_limit, sandbox.rate_window_s, sandbox.clock_scale),
        crm_limit=Limit(sandbox.crm_rate_limit, sandbox.crm_rate_window_s, sandbox.clock_scale),
        page_size=sandbox.page_size,
        log_limit=sandbox.log_limit,
        control_access=ControlAccess(sandbox.control_token.get_secret_value() or None),
    )
