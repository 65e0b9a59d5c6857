"""Settings of crm_sync: HOOKLINE_CRM_SYNC__... for the process, HOOKLINE_CRM__... for what goes where."""

from __future__ import annotations

from string import Formatter
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from processors.engine.settings import ProcessorSettings
from runtime.settings import Section, StringList, TimeZone

#: What a note's template may name.
NOTE_FIELDS = frozenset({"text", "what", "direction", "state", "provider", "account", "phone", "time", "event_id"})


class CrmSyncSettings(ProcessorSettings, name="crm_sync"):
    """The processor that keeps the CRMs in step."""


class CrmSettings(Section, name="crm"):
    """What goes to which CRM, and how."""

    targets: StringList = Field(default=(), description="CRMs to keep in step, by name; none: nothing leaves")
    note: str = Field(
        default="{what}: {text}\n[{provider}, {time}, {event_id}]",
        description="a note's text; may name " + ", ".join(sorted(NOTE_FIELDS)),
    )
    note_mode: str = Field(
        default="each",
        pattern="^(each|daily)$",
        description="each: a note for every message; daily: one a contact and day, with a line for every message",
    )
    note_line: str = Field(
        default="{time} {what}: {text}", description="such a line; may name the same, but no event_id; time: HH:MM"
    )
    note_time_zone: TimeZone = Field(default="UTC", description="the days' time zone, such as America/Denver")
    calls_at_once: int = Field(default=32, ge=1, le=128, description="calls to one CRM at the same time")
    max_failures: int = Field(
        default=10, ge=1, description="tries of one delivery that may fail while its CRM serves others; then it is dead"
    )
    retry_longest: float = Field(
        default=60.0, gt=0, le=86_400, description="seconds between two tries of one delivery at most"
    )
    breaker_failures: int = Field(default=5, ge=1, description="failures in a row that pause a CRM")
    breaker_longest: float = Field(
        default=60.0, gt=0, le=86_400, description="seconds between two probes of a paused CRM at most"
    )
    give_up_hours: float = Field(
        default=72.0, gt=0, le=8_760, description="hours after its first try that a delivery is dead"
    )
    look_after: float = Field(
        default=30.0,
        ge=0,
        le=86_400,
        description="seconds after which no CRM performs a call any more that was given up: so long nothing else is"
        " said about its contact there; then the CRM is asked whether it went through",
    )
    after_unknown: str = Field(
        default="at-least-once",
        pattern="^at-(least|most)-once$",
        description="after an unknown outcome at a CRM that cannot be asked: at-least-once or at-most-once",
    )
    fetch_text: Literal["missing", "always", "never"] = Field(
        default="missing", description="which texts of TextUs's messages are asked of its API: those that webhooks lack"
    )
    fetch_patience: float = Field(
        default=10.0,
        ge=0,
        le=86_400,
        description="seconds that a note waits for such a text; then it goes without, to be changed",
    )

    @field_validator("note", "note_line")
    @classmethod
    def _names_what_there_is(cls, template: str, info: ValidationInfo) -> str:
        there = NOTE_FIELDS if info.field_name == "note" else NOTE_FIELDS - {"event_id"}
        named = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
        if unknown := sorted(named - there):
            raise ValueError(f"a note has no {', '.join(unknown)}; there are {', '.join(sorted(there))}")
        if "text" not in named:
            raise ValueError("the note leaves out {text}")
        return template
