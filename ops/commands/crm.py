"""`hookline crm`: whether the CRMs can be reached, and how they are doing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ops.database import database
from ops.exits import CheckFailed
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processors.crm_sync.destinations import Destination
    from processors.crm_sync.port import CrmTarget, Finding
    from processors.crm_sync.settings import CrmSettings


@click.group()
def crm() -> None:
    """CRMs: what they are brought in line with, and how that goes."""


@command()
def check(out: Output) -> None:
    """Ask every CRM of HOOKLINE_CRM__TARGETS whether it can be called as it is set; changes nothing.

    Exit code 1 where something has to be mended, which is told.
    """
    rows = [
        {"target": name, "about": finding.about, "ok": finding.ok, "told": finding.sentence}
        for name, findings in _checked()
        for finding in findings
    ]
    columns = ("target", "about", "ok", "told")
    drawn = [[row[column] for column in columns] for row in rows]
    out.result({"findings": rows}, lambda: table(columns, drawn) if rows else "HOOKLINE_CRM__TARGETS names none")
    if wrong := [row for row in rows if not row["ok"]]:
        raise CheckFailed("; ".join(f"{row['target']}: {row['told']}" for row in wrong))


@command("status")
@click.option("--dead", "shown", type=click.IntRange(0), default=20, show_default=True, help="Dead ones shown at most.")
def crm_status(out: Output, shown: int) -> None:
    """Show what waits for each CRM, whether it is paused and until when, and what failed for good.

    Exit code 1 where anything is dead.
    """
    from processors.crm_sync.report import newest_dead, standings

    with database("crm") as connection:
        found = standings(connection)
        lost = newest_dead(connection, None, shown)
    columns = ("target", "pending", "doubtful", "dead", "done", "oldest", "paused_until", "reason", "served_at")
    drawn = table(columns, [[getattr(target, column) for column in columns] for target in found], numbers=columns[1:5])
    names = ("target", "event_id", "event_type", "attempts", "reason", "last_attempt_at")
    corpses = table(names, [[getattr(delivery, name) for name in names] for delivery in lost], title="dead")
    data = {"targets": [asdict(target) for target in found], "dead": [asdict(delivery) for delivery in lost]}
    out.result(data, lambda: stacked(drawn, corpses) if lost else drawn)
    if places := [target.target for target in found if target.dead]:
        ways = "; ".join(f"hookline dlq redrive crm:{target}" for target in places)
        count = sum(target.dead for target in found)
        raise CheckFailed(f"{count} deliveries are dead: mend the cause, then {ways}")


def _checked() -> Iterator[tuple[str, Sequence[Finding]]]:
    from ops.configuration import load
    from processors.crm_sync.destinations import places_of
    from processors.crm_sync.port import Finding, target_types
    from processors.outbox.rate_limiter import Unlimited

    known = target_types()
    for name in settings().targets:
        if name not in known:
            sentence = f"there is no such CRM; HOOKLINE_CRM__TARGETS may name {', '.join(known)}"
            yield name, [Finding("name", ok=False, sentence=sentence)]
    for place in places_of((name for name in settings().targets if name in known), load):
        target = place.target(Unlimited())
        try:
            yield place.name, [*target.check(), *_note_mode(target)]
        finally:
            target.close()


def _note_mode(target: CrmTarget[Any]) -> Sequence[Finding]:
    from processors.crm_sync.notes import note_policy_of
    from processors.crm_sync.port import Finding
    from runtime.settings import ConfigurationError

    try:
        note_policy_of(target, settings())
    except ConfigurationError as error:
        return [Finding("note mode", ok=False, sentence=str(error))]
    return []


def settings() -> CrmSettings:
    """What goes to which CRM. Raises ConfigurationError."""
    from ops.configuration import load
    from processors.crm_sync.settings import CrmSettings

    return load(CrmSettings)[CrmSettings]


def place_named(name: str) -> Destination[Any]:
    """The place of HOOKLINE_CRM__TARGETS with this name. Raises click.BadParameter, ConfigurationError."""
    from ops.configuration import load
    from processors.crm_sync.destinations import places_of
    from processors.crm_sync.port import target_types

    if name.partition(":")[0] not in (known := target_types()):
        raise click.BadParameter(f"{name}: no such CRM; there are {', '.join(known)}")
    on = {place.name: place for place in places_of(settings().targets, load)}
    if name not in on:
        there = f"names {', '.join(on)}" if on else "is empty"
        sentence = f"{name}: nobody works its deliveries off, HOOKLINE_CRM__TARGETS {there}. Add it there"
        raise click.BadParameter(f"{sentence}, for crm-sync and for this command")
    return on[name]


for member in (check, crm_status):
    crm.add_command(member)
