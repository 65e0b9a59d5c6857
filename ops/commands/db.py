"""`hookline db`: the database's tables."""

from __future__ import annotations

import click

from ops.output import Output, command, table


@click.group()
def db() -> None:
    """The database: bring its tables up to date."""


@command(changes=True)
@click.option("--wait", type=float, default=30, show_default=True, help="Seconds to wait for an answer.")
def migrate(out: Output, wait: float) -> None:
    """Apply the migrations that the database lacks, as its owner.

    Creates the application's role, hookline_app, where it is missing. Two at once are safe.
    """
    from ops.configuration import load, optional
    from ops.migrations import migrate as apply
    from ops.migrations import plan, wait_for_database
    from runtime.connections import OwnerSettings, PostgresSettings

    owner_dsn = load(OwnerSettings)[OwnerSettings].owner_dsn.get_secret_value()
    application = optional(PostgresSettings)
    with wait_for_database(owner_dsn, seconds=wait, waiting=lambda why: out.note(f"waiting: {why}")) as held:
        if out.dry_run:
            before = plan(held)
        else:
            before = apply(
                owner_dsn,
                held,
                application_dsn=None if application is None else application.dsn.get_secret_value(),
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
        "created_role": before.creates_role and not out.dry_run,
    }
    out.result(data, lambda: table(("migration", "state"), rows))


db.add_command(migrate)
