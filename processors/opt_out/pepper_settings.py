"""The keys of phones' digests, for those who make them and those who look an erased number up by them."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from processors.opt_out.phone_digests import PhonePeppers
from runtime.settings import SecretList, Section

#: Characters that a pepper has at least: phones are few, so the key alone keeps its digests from being guessed.
LEAST_PEPPER = 24


class PepperHolder(Section):
    """A base of the sections of those who have the keys."""

    phone_peppers: SecretList = Field(
        default=(),
        description="keys of phones' digests, in the ledger's chain and of erased numbers: the first makes new ones, "
        "all are tried; 24 characters or more each; one that a number was erased under is never taken away; empty: the "
        "ledger hashes the phones themselves, and nothing can be erased",
    )

    @field_validator("phone_peppers")
    @classmethod
    def _long_peppers(cls, peppers: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(pepper.get_secret_value()) < LEAST_PEPPER for pepper in peppers):
            raise ValueError("a pepper has 24 characters or more; `openssl rand -hex 24` makes one")
        return peppers

    def peppers(self) -> PhonePeppers:
        """The keys of the phones' digests."""
        return PhonePeppers([pepper.get_secret_value() for pepper in self.phone_peppers])
