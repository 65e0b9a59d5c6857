"""Settings of `hookline retention`: HOOKLINE_RETENTION__..."""

from __future__ import annotations

from pydantic import Field

from runtime.settings import Dsn, Section


class RetentionSettings(Section, name="retention"):
    """How long PostgreSQL keeps history; a setting without a value keeps it for ever."""

    dsn: Dsn | None = Field(
        default=None, description="connection string of `hookline_retention`; unset: HOOKLINE_POSTGRES__DSN"
    )
    events_days: float | None = Field(
        default=None, gt=0, le=36_500, description="days that `events` keeps an event; longer than the topics keep it"
    )
    deliveries_days: float | None = Field(
        default=90,
        gt=0,
        le=36_500,
        description="days that a finished CRM delivery is kept; failed ones stay until redriven",
    )
    dead_letters_days: float | None = Field(
        default=180, gt=0, le=36_500, description="days that the index of dead letters keeps a letter"
    )
    evidence_days: float | None = Field(
        default=1827,
        ge=1462,
        le=36_500,
        description="days that the text and name behind an opt-out are kept; four years at least",
    )
    counts_days: float | None = Field(
        default=400,
        gt=0,
        le=36_500,
        description="days that ingest's counts are kept; longer than the topics keep records",
    )
    step_rows: int = Field(default=1000, ge=10, le=50_000, description="rows that are deleted in one transaction")
    share: float = Field(
        default=0.25, gt=0, le=1, description="share of the time spent deleting; the rest is left to everybody else"
    )
