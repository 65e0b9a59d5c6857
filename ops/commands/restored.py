"""`hookline restored`: tell Hookline that PostgreSQL was restored from a copy."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from ops.commands.moments import MOMENT
from ops.commands.opt_out_operator import by, user
from ops.database import database
from ops.output import Output, command

if TYPE_CHECKING:
    from ops.restored import AfterRestore


@command(changes=True)
@click.option("--since", type=MOMENT, required=True, help="When the copy was taken that PostgreSQL was restored from.")
@click.option(
    "--accept-ledger",
    is_flag=True,
    help="Accept that published rows of the opt-out ledger are lost or differ: the gate relies on the ledger as it is,"
    " and heads go on from there. Only after opt-out has caught up and you have entered again what people decided.",
)
@by
def restored(out: Output, since: datetime, accept_ledger: bool, operator: str | None) -> None:
    """After a restore of PostgreSQL: look calls up before they are made, and publish states again.

    Run it before the processors are started. Each CRM delivery and each opt-out at a provider that waits, and each that
    is made anew for an event that was received from SINCE until now, is looked up at its target before it is made.
    """
    from ops.restored import after_restore

    if since > datetime.now(UTC):
        raise click.UsageError(
            f"--since {since.isoformat()} is yet to come: say when the copy was taken, in UTC or with an offset"
        )
    with database("restored") as connection, connection.transaction(force_rollback=out.dry_run):
        done = after_restore(connection, since, operator or user(), accept_ledger=accept_ledger)
    out.result({"dry_run": out.dry_run, "since": since, **asdict(done)}, lambda: _drawn(done, dry_run=out.dry_run))


def _drawn(done: AfterRestore, *, dry_run: bool) -> str:
    lines = [f"{table}: {count} to be looked up before they are made" for table, count in done.unknown.items()]
    lines.append(f"published again: the states of {done.states} phones and {done.messages} messages")
    if done.accepted_position is not None:
        lines.append(f"accepted: the ledger differs from what was published up to row {done.accepted_position}")
    return "\n".join(["dry run, nothing was changed; this is what would be:", *lines] if dry_run else lines)
