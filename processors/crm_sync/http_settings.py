"""What any CRM that is called over HTTP is set with."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from processors.http.ssrf_guard import mistake_in
from processors.outbox.budget import Budget
from runtime.settings import Section, StringList


class CrmHttpSettings(Section):
    """Where the CRM is, how long it may take, and how often it may be called."""

    url: str = Field(default="", description="address of the CRM")
    token: SecretStr | None = Field(default=None, description="what proves that we may call it")
    hosts: StringList = Field(default=(), description="hosts that may be called; none: only that of the address")
    allow_private: bool = Field(default=False, description="whether its address may be one of a private network")
    timeout: float = Field(default=10.0, gt=0, le=25.0, description="seconds to wait for an answer")
    rate_limit: int = Field(default=0, ge=0, description="requests in one window at most; 0: no limit is known")
    rate_window: float = Field(
        default=60.0, gt=0, le=2_678_400, description="seconds of a window, where the CRM does not tell"
    )

    @model_validator(mode="after")
    def _may_be_called(self) -> Self:
        if self.url and (mistake := mistake_in(self.url, self.hosts)):
            raise ValueError(f"{self.variable('url')}: {mistake}")
        return self

    def budget(self, name: str) -> Budget | None:
        """What its requests are paid from; None: no limit is known."""
        if not self.rate_limit:
            return None
        return Budget(name, limit=self.rate_limit, window=self.rate_window, reserve=0)
