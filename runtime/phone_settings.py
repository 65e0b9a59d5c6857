"""The one region that every process reads phones by: HOOKLINE_PHONES__DEFAULT_REGION."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from runtime.settings import PREFIX, Section

#: What the setting says for no region at all.
NO_REGION = "none"


def _region(given: Any) -> Any:
    """A region that phonenumbers knows; None for `none`."""
    from phonenumbers import SUPPORTED_REGIONS  # 60 ms, for those who read phones

    if given is None or given == NO_REGION:
        return None
    if given not in SUPPORTED_REGIONS:
        raise PydanticCustomError("region", "is no region: write two capitals, such as US or GB, or none")
    return given


Region = Annotated[str | None, BeforeValidator(_region)]


class PhoneReader(Section):
    """A base of the sections of those who read phones. Whatever the section, the variable is the same one."""

    #: The setting was one for each of these until 0014 of docs/decisions.
    _FORMER: ClassVar = ("GATE", "TEXTLINK", "TEXTUS")

    default_region: Region = Field(
        default="US",
        description="ISO 3166 region of phone numbers without a country code, everywhere; none: they are no full "
        "numbers, kept as they came and never texted",
    )

    @classmethod
    def variable(cls, field: str) -> str:
        """The environment variable of `field`: of the region, the one that all share."""
        return f"{PREFIX}PHONES__DEFAULT_REGION" if field == "default_region" else super().variable(field)

    @classmethod
    def former_variables(cls) -> Mapping[str, str]:
        """The variables that were the region's, one for each reader of phones."""
        return {f"{PREFIX}{section}__DEFAULT_REGION": "default_region" for section in cls._FORMER}


class PhoneSettings(PhoneReader, name="phones"):
    """Phone numbers, for all processes: they have to agree, or a stop is not found."""
