"""Settings of the opt_out processor: HOOKLINE_OPT_OUT__..."""

from __future__ import annotations

from pydantic import Field, field_validator

from processors.opt_out.rules import LANGUAGES
from processors.settings import ProcessorSettings
from runtime.settings import StringList


class OptOutSettings(ProcessorSettings, name="opt_out"):
    """The processor that keeps the opt-outs."""

    languages: StringList = Field(
        default=tuple(sorted(LANGUAGES)),
        description="languages whose keywords count, of de, en, es, fr, it, nl, pt; en always does",
    )

    @field_validator("languages")
    @classmethod
    def _known(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(languages) - LANGUAGES)
        if unknown:
            raise ValueError(f"no opt-out language: {', '.join(unknown)}; there are {', '.join(sorted(LANGUAGES))}")
        return languages
