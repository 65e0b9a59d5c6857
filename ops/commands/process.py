"""`hookline process NAME`: one processor, in the foreground; and pausing one that runs."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from ops.commands.moments import MOMENT
from ops.commands.opt_out_operator import user
from ops.database import database
from ops.exits import CheckFailed
from ops.output import Output, command
from ops.processors import processor_names


@click.group()
def process() -> None:
    """Run a processor; pause one, and have it go on."""


def _service(name: str) -> click.Command:
    def run() -> None:
        from processors.engine.service import serve

        serve(name)

    about = (
        f"Run the processor {name} until Ctrl-C or SIGTERM: poll, decode, handle, commit.\n\n"
        "Exits 70, with nothing of the batch committed, when a handler fails as none should: start it again."
    )
    settings = {"help_option_names": ["-h", "--help"]}
    return click.Command(name, callback=run, help=about, context_settings=settings)


_name = click.argument("name", type=click.Choice(processor_names()))
_by = click.option("--by", "operator", metavar="NAME", help="Who decides; default: the system's user.")


@command(changes=True)
@_name
@click.option("--reason", required=True, help="Why; without names and numbers.")
@click.option("--until", type=MOMENT, help="When it goes on by itself; without: when somebody resumes it.")
@_by
def pause(out: Output, name: str, reason: str, until: datetime | None, operator: str | None) -> None:
    """Have every process of the processor NAME handle nothing more until it is resumed.

    They stay up, keep their partitions and their place, and say who has paused them and why (`hookline status`). It
    takes some seconds. What waits in PostgreSQL already, calls to CRMs and providers, goes on. While opt-out is paused
    the gate is unsure of every number.
    """
    from processors.engine.pauses import pause as write
    from processors.engine.pauses import pause_reason
    from schemas.topics import consumer_group

    if until is not None and until <= datetime.now(UTC):
        raise click.BadParameter(f"--until {until.isoformat()} is over")
    group = consumer_group(name)
    with database("process") as connection, connection.transaction(force_rollback=out.dry_run):
        write(connection, group, by=operator or user(), reason=reason, until=until)
        pause_text = pause_reason(connection, group)
    data = {"processor": name, "dry_run": out.dry_run, "paused": pause_text, "until": until}
    out.result(data, lambda: f"{name} {'would be' if out.dry_run else 'is'} {pause_text}")


@command(changes=True)
@_name
@_by
def resume(out: Output, name: str, operator: str | None) -> None:
    """Have the processor NAME go on where it was paused. One that halted by itself: `hookline dlq resume`."""
    from processors.engine.pauses import pause_reason
    from processors.engine.pauses import resume as write
    from schemas.topics import consumer_group

    group = consumer_group(name)
    with database("process") as connection, connection.transaction(force_rollback=out.dry_run):
        pause_text = pause_reason(connection, group)
        resumed = write(connection, group, by=operator or user())
    data = {"processor": name, "dry_run": out.dry_run, "was_paused": resumed, "pause": pause_text}
    out.result(
        data, lambda: f"{name} {'would go' if out.dry_run else 'goes'} on; it was {pause_text}" if resumed else ""
    )
    if not resumed:
        raise CheckFailed(f"{name} is not paused; a halt is lifted by `hookline dlq resume {name}`")


for _member in (*map(_service, processor_names()), pause, resume):
    process.add_command(_member)
