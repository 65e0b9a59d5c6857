"""What `hookline dlq` does for the source `crm:TARGET`: the deliveries that a CRM did not take."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ops.database import database
from ops.exits import CheckFailed
from ops.output import Output, as_json, stacked, table

if TYPE_CHECKING:
    from rich.console import RenderableType

PREFIX = "crm:"
#: Letters that a table shows at most.
SHOWN = 50
#: Options that only make sense for records on a topic.
_OF_LETTERS = ("partition", "offset", "disposition", "force", "writer")


def sources() -> list[str]:
    """Every CRM as `hookline dlq` calls it."""
    from processors.crm_sync.port import target_types

    return [PREFIX + name for name in target_types()]


def target_of(source: str | None, options: dict[str, Any] | None = None) -> str | None:
    """The CRM that `source` names; None: it names a processor. Raises click's for `options` that do not fit."""
    from processors.crm_sync.port import target_types

    given = {name for name, value in (options or {}).items() if value not in (None, False)}
    if source is None or not source.startswith(PREFIX):
        if "event" in given:
            raise click.UsageError("--event goes with crm:TARGET; a letter is named by --partition and --offset")
        return None
    if source.removeprefix(PREFIX).partition(":")[0] not in target_types():  # crm:textus:ACCOUNT is a place of its own
        raise click.BadParameter(f"{source}: no such CRM; there are {', '.join(sources())}")
    if wrong := [f"--{name}" for name in _OF_LETTERS if name in given]:
        raise click.UsageError(f"{', '.join(wrong)}: of letters on a topic; {source} goes by --event and --error-class")
    return source.removeprefix(PREFIX)


def count(out: Output, target: str | None) -> list[dict[str, Any]]:
    """Rows for `dlq ls`; where all are asked for, PostgreSQL may be away."""
    import psycopg

    from ops.dead_letters.deliveries import counted
    from ops.exits import failure

    try:
        with database("crm") as connection:
            return counted(connection, target)
    except psycopg.OperationalError as error:
        if target:
            raise
        out.note(f"dead deliveries of CRMs are not known: {failure(error).message}")
        return []


def show(out: Output, target: str, options: dict[str, Any]) -> None:
    """`dlq show`."""
    from ops.dead_letters.deliveries import decoded, described
    from processors.crm_sync.report import newest_dead

    with database("crm") as connection:
        found = newest_dead(connection, target, options["limit"], event=options["event"])
        if options["event"] and not found:
            raise CheckFailed(f"{PREFIX}{target} has no dead delivery of the event {options['event']}")
        rows = []
        for delivery in found[::-1]:  # the newest last, as of letters
            row = described(delivery)
            if options["decode"]:
                row["event"] = decoded(connection, delivery.event_id, reveal=options["reveal"])
            rows.append(row)
    columns = ("last_attempt_at", "event_type", "event_id", "attempts", "failures", "reason")
    drawn = table(columns, [[row[column] for column in columns] for row in rows], numbers=("attempts", "failures"))
    events = [f"{row['event_id']} {as_json(row['event'])}" for row in rows if "event" in row]
    data = {"processor": PREFIX + target, "letters": rows}
    out.result(data, lambda: stacked(drawn, *events) if rows else "no dead deliveries")


def redrive(out: Output, target: str, options: dict[str, Any]) -> None:
    """`dlq redrive`."""
    from ops.dead_letters.deliveries import described, failed_again, send_back
    from processors.crm_sync.report import oldest_dead

    failed = 0
    with database("crm") as connection:
        limit, reason, event = options["limit"], options["error_class"], options["event"]
        found = oldest_dead(connection, target, limit, reason=reason, event=event)
        rows = [described(delivery) | {"verdict": "would go"} for delivery in found]
        if rows and not out.dry_run:
            if not options["yes"]:
                ask(out, _drawn(rows), f"Have {len(rows)} tried again at {target}?")
            first = found[: options["canary"] or len(found)]
            rest = found[len(first) :]
            with out.progress("sending back", len(rows)) as done:
                sent = send_back(connection, target, first, rate=options["rate"], done=done)
                if rest:
                    failed = failed_again(connection, target, sent, timeout=options["canary_timeout"])
                if rest and not failed:
                    sent |= send_back(connection, target, rest, rate=options["rate"], done=done)
            held_back = {delivery.event_id for delivery in rest} if failed else set()
            for row in rows:
                why = "the canary failed" if row["event_id"] in held_back else "somebody else has sent it back"
                row["verdict"] = "sent back" if row["event_id"] in sent else f"kept: {why}"
    data = {"processor": PREFIX + target, "dry_run": out.dry_run, "letters": rows}
    data["counts"] = Counter(row["verdict"] for row in rows)
    out.result(data, lambda: _drawn(rows) if rows else "no dead deliveries to send back")
    if failed:
        raise CheckFailed(
            f"{failed} of the canary's deliveries are dead again, and the others were not sent. "
            f"Mend the cause, then redrive again; `hookline dlq show {PREFIX}{target}` tells more"
        )


def ask(out: Output, shown: RenderableType, question: str) -> None:
    """Have a person at a terminal say yes. Raises click's."""
    if out.as_json or not sys.stdin.isatty():
        raise click.UsageError("say --yes to send them, or --dry-run to see what would go")
    out.show(shown)
    click.confirm(question, abort=True, err=True)


def _drawn(rows: Sequence[dict[str, Any]]) -> RenderableType:
    columns = ("event_id", "event_type", "reason", "attempts", "verdict")
    drawn = table(columns, [[row[column] for column in columns] for row in rows[:SHOWN]], numbers=("attempts",))
    more = [f"and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []
    return stacked(
        drawn, *more, *(f"{count} x {what}" for what, count in Counter(row["verdict"] for row in rows).items())
    )
