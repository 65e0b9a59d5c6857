"""Settings of TextUs's API: HOOKLINE_TEXTUS__..."""

from __future__ import annotations

from pydantic import Field, SecretStr

from processors.outbox.budget import Budget
from runtime.settings import Section, StringList


class TextUsApiSettings(Section, name="textus"):
    """TextUs's API, where opt-outs are made true and texts are fetched (apidocs.next.textus.com, seen 2026-11)."""

    api_url: str = Field(default="https://next.textus.com", pattern=r"^https?://", description="address of the API")
    api_token: SecretStr | None = Field(default=None, description="bearer token of the API; unset: it is not called")
    organisation: str | None = Field(
        default=None, description="account at the top of the organisation; unset: every account that the token sees"
    )
    accounts: StringList = Field(
        default=(), description="accounts that opt-outs are made true at, in place of what the API lists"
    )
    rate_limit: int = Field(default=1000, ge=1, description="requests in one window at most; the API's own, if lower")
    rate_window: float = Field(
        default=300.0, gt=0, le=2_678_400, description="seconds of a window, where the API does not tell"
    )
    rate_reserve: int = Field(default=50, ge=0, description="requests of each window that only opt-outs may use")
    timeout: float = Field(default=10.0, gt=0, le=25.0, description="seconds for a call, its whole answer included")

    @property
    def has_token(self) -> bool:
        """Whether the API can be called."""
        return self.api_token is not None and bool(self.api_token.get_secret_value())


def textus_budget(settings: TextUsApiSettings) -> Budget:
    """The one of all that talk to TextUs."""
    return Budget("textus", limit=settings.rate_limit, window=settings.rate_window, reserve=settings.rate_reserve)
