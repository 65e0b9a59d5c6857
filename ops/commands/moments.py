"""Times on a command line: ISO 8601, UTC unless they say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime

import click


class MomentParameter(click.ParamType[datetime]):
    """A time such as 2026-11-02, 2026-11-02T12:30 or 2026-11-02T12:30:00+01:00."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time in UTC. Raises click.BadParameter."""
        try:
            found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time: write it as 2026-11-02 or 2026-11-02T12:30:00Z", param, ctx)


MOMENT = MomentParameter()
