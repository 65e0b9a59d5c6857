"""`hookline trace`: what happened to this text."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from ops.commands.opt_out_operator import user
from ops.database import database
from ops.exits import CheckFailed
from ops.output import Output, as_json, command, stacked, table

if TYPE_CHECKING:
    from ops.trace.trace import Trace


@command()
@click.argument("subject", metavar="EVENT_ID|PHONE|MESSAGE_ID")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="The newest so many events.")
@click.option("--reveal", is_flag=True, help="Show numbers, names and texts: that you looked is recorded.")
@click.option("--reason", help="With --reveal: why, for the record; without names and numbers.")
@click.option("--by", "operator", metavar="NAME", help="With --reveal: who looks; default: the system's user.")
def trace(out: Output, subject: str, limit: int, reveal: bool, reason: str | None, operator: str | None) -> None:
    """Show every step of an event, of a message's events, or of a phone's newest.

    From the webhook to Kafka, PostgreSQL, the opt-out ledger, the providers and the CRMs. A message is named by the
    provider's id, the sender's (custom_id) or Hookline's key. The quarantine is looked into where this machine holds
    it. Exit code 1 where nothing is known.
    """
    from ingest.settings import IngestSettings
    from ops.configuration import load
    from ops.trace.masking import Masking
    from ops.trace.trace import Revealing
    from ops.trace.trace import trace as traced
    from runtime.phone_settings import PhoneSettings

    if (reason or operator) and not reveal:
        raise click.UsageError("--reason and --by go with --reveal")
    settings = load(PhoneSettings, IngestSettings)
    revealing = Revealing(operator or user(), "hookline trace", reason) if reveal else None
    with database("trace") as connection:
        found = traced(
            connection,
            subject,
            region=settings[PhoneSettings].default_region,
            revealing=revealing,
            limit=limit,
            spool_dir=settings[IngestSettings].spool_dir,
        )
    if found is None:
        out.result({"subject": Masking(reveal=reveal).phone(subject), "events": [], "more": False}, lambda: "nothing")
        raise CheckFailed(
            "no event, message or phone like that is known. An event is known once persist has stored it: "
            "`hookline status` shows its lag; webhooks that were refused: `hookline quarantine ls` on the node"
        )
    out.result(found.as_dict(), lambda: _drawn(found))


def _drawn(found: Trace) -> Any:
    parts: list[Any] = []
    for event in found.events:
        rows = [(_shown(hop.at), hop.hop, _told(hop.detail)) for hop in event.hops]
        parts.append(table(("at", "step", "detail"), rows, title=f"{event.event_id}  {event.event_type or ''}"))
    note = ["older events are left out: --limit shows more"] if found.more else []
    return stacked(*parts, *note)


def _shown(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="milliseconds")


def _told(detail: dict[str, Any]) -> str:
    return "  ".join(f"{name}={_plain(value)}" for name, value in detail.items())


def _plain(value: Any) -> str:
    return as_json(value) if isinstance(value, dict | list) else str(value)
