"""`hookline db`: the database's tables."""

from __future__ import annotations

import click

from ops.exits import TryLater
from ops.output import Output, command, table


@click.group()
def db() -> None:
    """The database: bring its tables and its roles up to date."""


@command(changes=True)
@click.option("--wait", type=float, default=30, show_default=True, help="Seconds to wait for an answer.")
def migrate(out: Output, wait: float) -> None:
    """Apply the migrations that the database lacks, as its owner.

    Creates the processes' roles where they are missing, and gives each role the privileges that it needs and no
    others. Two at once are safe.
    """
    from ops.configuration import load, optional
    from ops.migrations import migrate as apply
    from ops.migrations import plan, wait_for_database
    from ops.privileges import password_of
    from runtime.connections import OwnerSettings, PostgresSettings

    owner_dsn = load(OwnerSettings)[OwnerSettings].owner_dsn.get_secret_value()
    process = optional(PostgresSettings)
    with wait_for_database(owner_dsn, seconds=wait, waiting=lambda why: out.note(f"waiting: {why}")) as held:
        if out.dry_run:
            before = plan(held)
        else:
            before = apply(
                owner_dsn,
                held,
                process_dsn=None if process is None else process.dsn.get_secret_value(),
                started=lambda migration: None if out.as_json else out.note(f"applying {migration}"),
            )
    done = "pending" if out.dry_run else "applied now"
    rows = [*((name, "applied") for name in before.applied), *((name, done) for name in before.pending)]
    rows += [(name, "unknown: the database is newer than this release") for name in before.unknown]
    data = {
        "dry_run": out.dry_run,
        "applied": list(before.applied if out.dry_run else before.applied + before.pending),
        "applied_now": [] if out.dry_run else list(before.pending),
        "pending": list(before.pending) if out.dry_run else [],
        "unknown": list(before.unknown),
        "created_roles": [] if out.dry_run else list(before.missing_roles),
        "missing_roles": list(before.missing_roles) if out.dry_run else [],
        "grants": [privilege._asdict() for privilege in before.granting],
        "revokes": [privilege._asdict() for privilege in before.revoking],
    }
    for role in () if out.dry_run else before.missing_roles:
        if process is None or role not in password_of(process.dsn.get_secret_value()):
            out.note(f"{role} has no password yet; in psql run: \\password {role}")
    out.result(data, lambda: table(("migration", "state"), rows))


@command(changes=True)
def drop_app_role(out: Output) -> None:
    """Drop hookline_app, the role that all processes had up to version 0.1, once none runs as it any more."""
    from ops.configuration import load
    from ops.privileges import connected_as_former_role, drop_former_role, roles_there
    from runtime.connections import OwnerSettings
    from runtime.postgres import connect
    from schemas.privileges import FORMER_ROLE

    with connect(load(OwnerSettings)[OwnerSettings].owner_dsn.get_secret_value(), process="migrate") as connection:
        found = bool(roles_there(connection, [FORMER_ROLE]))
        if connected := connected_as_former_role(connection):
            raise TryLater(f"still connected as {FORMER_ROLE}: {', '.join(connected)}; start them as their own roles")
        if found and not out.dry_run:
            drop_former_role(connection)
    data = {"dry_run": out.dry_run, "role": FORMER_ROLE, "dropped": found and not out.dry_run}
    out.result(data, lambda: "dropped" if data["dropped"] else "it is there" if found else "it is not there")


db.add_command(migrate)
db.add_command(drop_app_role)
