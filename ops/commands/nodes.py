"""`hookline nodes`: the nodes of ingest as PostgreSQL knows them, and what their spools hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ops.database import database
from ops.exits import CheckFailed
from ops.output import Output, command, table

if TYPE_CHECKING:
    pass

_COLUMNS = ("node", "state", "spooled", "oldest", "heard_at", "reason")
_LIST = """
SELECT node, CASE WHEN retired_at IS NOT NULL THEN 'retired' WHEN stopped_at IS NOT NULL THEN 'stopped'
    WHEN heard_at < clock_timestamp() - %s * interval '1 second' THEN 'silent'
    WHEN spooled > 0 THEN 'spooling' ELSE 'ok' END, spooled, oldest, heard_at, retired_reason
FROM ingest_nodes ORDER BY node
"""


@click.group(invoke_without_command=True)
@click.pass_context
def nodes(context: click.Context) -> None:
    """The nodes of ingest, and what their spools hold: the gate is unsure while one spools or is silent."""
    if context.invoked_subcommand is None:
        context.invoke(ls, as_json=False)


@command()
def ls(out: Output) -> None:
    """Every node: ok, spooling, silent (not heard of in time), stopped with an empty spool, or retired."""
    from ops.configuration import load
    from ops.gate.settings import GateSettings

    with database("nodes") as connection:
        rows = connection.execute(_LIST, (load(GateSettings)[GateSettings].fresh_seconds,)).fetchall()
    found = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    out.result(found, lambda: table(_COLUMNS, rows, numbers=("spooled",)))


@command(changes=True)
@click.argument("node")
@click.option("--reason", required=True, help="Why it does not come back; kept with the node.")
def retire(out: Output, node: str, reason: str) -> None:
    """End the claim of NODE, which is gone for good: the gate waits for it no more.

    Events that its spool still holds are NOT in the ledger: rescue the spool's directory first (start ingest on it, or
    `hookline spool drain`), or say in --reason why they do not matter. A node that reports again is known again.
    """
    with database("nodes") as connection, connection.transaction(force_rollback=out.dry_run):
        row = connection.execute(
            "UPDATE ingest_nodes SET retired_at = clock_timestamp(), retired_reason = %s"
            " WHERE node = %s AND retired_at IS NULL RETURNING spooled",
            (reason, node),
        ).fetchone()
    if row is None:
        raise CheckFailed(f"no node {node} is known that is not retired: hookline nodes")
    body = {"node": node, "dry_run": out.dry_run, "spooled": row[0], "reason": reason}
    would = "would be" if out.dry_run else "is"
    out.result(body, lambda: f"{node} {would} retired; its spool held {row[0]} events when it was last heard of")


for _member in (ls, retire):
    nodes.add_command(_member)
