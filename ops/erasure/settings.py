"""Settings of `hookline erase`: HOOKLINE_ERASE__..."""

from __future__ import annotations

from pydantic import Field

from processors.opt_out.pepper_settings import PepperHolder
from runtime.settings import Dsn


class EraseSettings(PepperHolder, name="erase"):
    """Erasing a person's data, with the rights and the keys that no other command has."""

    dsn: Dsn | None = Field(
        default=None, description="connection string of `hookline_erase`; unset: HOOKLINE_POSTGRES__DSN"
    )
