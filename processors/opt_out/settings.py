"""Settings of the opt_out processor: HOOKLINE_OPT_OUT__..."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from processors.engine.settings import ProcessorSettings
from processors.opt_out.fold import Scope
from processors.opt_out.heads import HeadSigner, HeadVerifier, key_bytes
from processors.opt_out.pepper_settings import PepperHolder
from processors.opt_out.rules import LANGUAGES
from runtime.phone_settings import PhoneReader
from runtime.settings import SecretList, StringList, TimeZone


class OptOutSettings(PepperHolder, PhoneReader, ProcessorSettings, name="opt_out"):
    """The processor that keeps the opt-outs."""

    languages: StringList = Field(
        default=tuple(sorted(LANGUAGES)),
        description="languages whose keywords count, of de, en, es, fr, it, nl, pt; en always does",
    )

    scope: Scope = Field(
        default="organisation",
        description="what an opt-in re-opens: all of the organisation, or only what was closed at its own account",
    )
    deadline_business_days: int = Field(
        default=10, ge=0, le=10, description="US business days to honour an opt-out; 47 CFR 64.1200(a)(10): 10 at most"
    )
    hold_business_days: int = Field(
        default=1, ge=0, le=10, description="US business days until a hold that nobody decided becomes an opt-out"
    )
    time_zone: TimeZone = Field(default="America/New_York", description="whose calendar business days are counted by")
    near_deadline_hours: float = Field(
        default=48.0, gt=0, le=8_760, description="hours before a deadline that are an alarm"
    )
    calls_at_once: int = Field(default=16, ge=1, le=64, description="calls to a target at the same time")
    accounts_hours: float = Field(
        default=24.0, gt=0, le=8_760, description="hours between two readings of a target's accounts"
    )
    reconcile_hours: float = Field(
        default=24.0, ge=0, le=8_760, description="hours between two comparisons with each target; 0: only by hand"
    )

    head_keys: SecretList = Field(
        default=(),
        description="Ed25519 keys, each 32 bytes in Base64: the first signs the ledger's heads, all verify; "
        "empty: no head is published",
    )
    head_public_keys: StringList = Field(
        default=(), description="public keys, in Base64, that heads are verified with beside those of head_keys"
    )
    heads_file: Path | None = Field(
        default=None, description="file that each signed head is added to, beside the logs; unset: only Kafka has them"
    )

    @field_validator("head_keys")
    @classmethod
    def _private_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            key_bytes(key.get_secret_value())
        return keys

    @field_validator("head_public_keys")
    @classmethod
    def _public_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        HeadVerifier(keys)
        return keys

    def all_head_public_keys(self) -> tuple[str, ...]:
        """What a head may be signed with, the key that signs first."""
        own = (HeadSigner(key.get_secret_value()).public_key for key in self.head_keys)
        return tuple(dict.fromkeys((*own, *self.head_public_keys)))

    @field_validator("languages")
    @classmethod
    def _known(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(languages) - LANGUAGES)
        if unknown:
            raise ValueError(f"no opt-out language: {', '.join(unknown)}; there are {', '.join(sorted(LANGUAGES))}")
        return languages
