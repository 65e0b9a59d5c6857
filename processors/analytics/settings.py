"""Settings of the analytics processor: HOOKLINE_ANALYTICS__..."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from processors.analytics.keys import Keys
from processors.engine.settings import ProcessorSettings
from runtime.settings import ConfigurationError, StringList

#: Characters that a secret has at least: fewer could be guessed.
SHORTEST = 32


class AnalyticsSettings(ProcessorSettings, name="analytics"):
    """The processor that publishes the events without personal data."""

    secret: SecretStr | None = Field(
        default=None,
        description="what every id and phone is hashed with, 32 characters or more (openssl rand -hex 32); another one "
        "makes other keys from its first event on, which no longer join with those before; the processor needs it",
    )
    readable_tags: StringList = Field(
        default=(), description="tags that are published as they are written; any other becomes a keyed hash"
    )

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < SHORTEST:
            raise ValueError(f"too short: {SHORTEST} characters are needed, made by `openssl rand -hex 32`")
        return secret

    def keys(self) -> Keys:
        """What hashes with the secret. Raises ConfigurationError where there is none."""
        if self.secret is None:
            made = "32 characters or more, made by `openssl rand -hex 32`"
            raise ConfigurationError([f"{self.variable('secret')} is missing: {made}"])
        return Keys(self.secret.get_secret_value())
