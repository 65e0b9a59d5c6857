"""`hookline complete`: whether everything up to a time is there to be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ops.commands.moments import MOMENT
from ops.database import database
from ops.exits import CheckFailed
from ops.output import Output, command

if TYPE_CHECKING:
    from runtime.postgres import Connection

#: The first record that covers a time: it claims least, of those that do. One of a time still to come was written
#: while PostgreSQL's clock was ahead, and claims nothing.
_COVERING = (
    "SELECT is_stored, parked, set_aside FROM analytics.progress WHERE at >= %s AND at <= %s ORDER BY at LIMIT 1"
)
_NEWEST = "SELECT clock_timestamp(), max(at) FILTER (WHERE at <= clock_timestamp()) FROM analytics.progress"
_NODES = "SELECT node, spooled, heard_at FROM analytics.nodes WHERE {} ORDER BY node"
_WAITED_FOR = _NODES.format("retired_at IS NULL AND (stopped_at IS NULL OR spooled > 0)")
_GIVEN_UP = _NODES.format("retired_at IS NOT NULL AND spooled > 0")
#: A node reports twice a second; one that has reported nothing for so long is silent.
_SILENT = timedelta(seconds=10)


@command()
@click.option("--at", "moment", type=MOMENT, required=True, help="The end of what you ask for: 2026-11-28T15:00 (UTC).")
def complete(out: Output, *, moment: datetime) -> None:
    """Tell whether all that was answered 200 before a time is on the topics, and in PostgreSQL: exit 0, else 1.

    It goes by when an event was answered, not by when it happened: what a replay from quarantine writes later belongs
    to a later time. Events that persist has set aside as dead letters are noted, and are in no table. Analysts may run
    it, with what `hookline env --analyst` prints.
    """
    with database("complete") as connection:
        [(now, newest)] = connection.execute(_NEWEST).fetchall()
        covering = connection.execute(_COVERING, (moment, now)).fetchone()
        missing = [
            {"reason": reason, "message": message} for reason, message in _missing(connection, moment, now, covering)
        ]
        notes = [
            f"the node {node} was retired with {spooled} events in its spool: they are not waited for"
            for node, spooled, _ in connection.execute(_GIVEN_UP)
        ]
    set_aside = covering[2] if covering is not None else 0
    if set_aside:
        notes.append(
            f"{set_aside} events are dead letters of persist, and in no table: `hookline dlq ls persist` (what was"
            " discarded stays one)"
        )
    result = {
        "ok": not missing,
        "at": moment,
        "complete_until": newest,
        "set_aside": set_aside,
        "missing": missing,
        "notes": notes,
    }
    first = "complete" if not missing else f"not complete up to {moment.isoformat()}"
    lines = [*(entry["message"] for entry in missing), *notes]
    if newest is not None:
        lines.append(f"the topics are complete up to {newest.isoformat()}")
    out.result(result, lambda: "\n".join([first, *lines]))
    if missing:
        raise CheckFailed(f"not complete up to {moment.isoformat()}")


def _missing(
    connection: Connection, moment: datetime, now: datetime, covering: tuple[Any, ...] | None
) -> Iterator[tuple[str, str]]:
    """Each reason why not everything before `moment` is there: a code, and a sentence. `covering`: see _COVERING."""
    if moment > now:
        yield "not_yet", f"{moment.isoformat()} is still to come"
        return
    if covering is not None:
        is_stored, parked, _ = covering
        if not is_stored:
            yield "not_stored", "all is on the topics, and persist has not stored all of it yet: `hookline status`"
        if parked:
            yield "parked", f"opt-out has parked {parked} records, and nobody has decided: `hookline opt-outs review`"
        return
    waits_for_nodes = False
    for node, spooled, heard_at in connection.execute(_WAITED_FOR):
        if spooled:
            waits_for_nodes = True
            yield "spooled", f"the node {node} holds {spooled} events in its spool"
        elif now - heard_at > _SILENT:
            waits_for_nodes = True
            fix = f"start it, or `hookline nodes retire {node} --reason TEXT`"
            yield "silent", f"the node {node} was last heard of at {heard_at.isoformat()}: {fix}"
    if not waits_for_nodes:
        yield "no_record", "no record covers that time yet: one comes a minute while persist, Kafka and a node run"
