"""`hookline notify`: try the targets of alarms, and list the alarms that are on."""

from __future__ import annotations

import click

from ops.exits import CheckFailed
from ops.output import Output, command, table

_COLUMNS = ("severity", "rule", "since", "over_at", "summary", "cause", "command", "runbook", "sent")
_SHOWN = ("severity", "rule", "since", "over_at", "summary", "command")


@click.group()
def notify() -> None:
    """Alarms that are sent to people: try the targets, and list what is on."""


@command("test", changes=True)
def try_targets(out: Output) -> None:
    """Send a test message to each of HOOKLINE_NOTIFIER__TARGETS, and say which took it."""
    from ops.configuration import load
    from ops.notifier.delivery import send_by_apprise
    from ops.notifier.messages import example
    from ops.notifier.server import targets_of
    from ops.notifier.settings import NotifierSettings

    settings = load(NotifierSettings)[NotifierSettings]
    targets = targets_of(settings)
    if not targets:
        raise CheckFailed(
            f"{NotifierSettings.variable('targets')} names no target, such as mailto://USER:PASSWORD@HOST"
        )
    taken: dict[str, bool | None] = {}
    for target in targets:
        taken[target.name] = None if out.dry_run else send_by_apprise(target.url, example(), settings.send_seconds)
    said = {True: "delivered", False: "NOT delivered", None: "would be tried"}
    body = [{"target": name, "delivered": is_taken} for name, is_taken in taken.items()]
    out.result(body, lambda: "\n".join(f"{name}: {said[is_taken]}" for name, is_taken in taken.items()))
    if False in taken.values():
        raise CheckFailed("not every target took the test: its address, its token, or the way there is wrong")


@command()
@click.option("--over", "with_over", is_flag=True, help="Those that were over in the last day, too.")
def ls(out: Output, with_over: bool) -> None:
    """The alarms that are on: what, since when, the likely cause, and the command to run."""
    from ops.database import database
    from ops.notifier.alarm_store import read_from_postgres

    with database("notify") as connection:
        records = read_from_postgres(connection)
    found = [record.as_json() for record in records if with_over or record.over_at is None]
    rows = [{column: item[column] for column in _COLUMNS} for item in found]
    out.result(rows, lambda: table(_SHOWN, [[row[column] for column in _SHOWN] for row in rows]))


for _member in (try_targets, ls):
    notify.add_command(_member)
