"""What every `hookline opt-outs` command that decides begins with: who decides, and where."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ops.database import database
from ops.exits import CheckFailed
from ops.output import Output

if TYPE_CHECKING:
    from processors.opt_out.desk import Desk
    from runtime.postgres import Connection

by = click.option("--by", "operator", metavar="NAME", help="Who decides; default: the system's user.")


def desk_of(connection: Connection, operator: str | None) -> Desk:
    """The desk of whoever decides: `operator`, or the system's user. For this connection."""
    from processors.opt_out.desk import Desk
    from processors.opt_out.ledger import Ledger, database_clock

    return Desk(Ledger(opt_out_settings(), database_clock(connection)), operator or user())


def decide(out: Output, operator: str | None, act: Any) -> None:
    """Have `act(desk, connection)` write its row, unless it is a dry run, and show it."""
    from processors.opt_out.desk import NothingToDecide

    try:
        with database("opt-outs") as connection, connection.transaction(force_rollback=out.dry_run):
            entry = act(desk_of(connection, operator), connection)
            state = _state(connection, entry.phone) if entry is not None else None
    except NothingToDecide as error:
        raise CheckFailed(str(error)) from None
    if out.dry_run:
        out.note("dry run: nothing was written")
    data = {"dry_run": out.dry_run, "row": None if entry is None else asdict(entry), "state": state}
    line = "" if entry is None else f"{entry.phone}: {entry.action}, row {entry.position}; now {state}"
    out.result(data, lambda: line or "answered")


def _state(connection: Connection, phone: str) -> str | None:
    row = connection.execute("SELECT state FROM opt_outs WHERE phone = %s", (phone,)).fetchone()
    return None if row is None else str(row[0])


def user() -> str:
    """The system's user: who decides where nobody is named."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def opt_out_settings() -> Any:
    from ops.configuration import load
    from processors.opt_out.settings import OptOutSettings

    return load(OptOutSettings)[OptOutSettings]
