"""`hookline crm backfill`: what a CRM missed, or was not there for."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from ops.commands.crm import crm, place_named, settings
from ops.commands.opt_out_operator import user
from ops.database import database, postgres_dsn
from ops.output import Output, command

if TYPE_CHECKING:
    from processors.crm_sync.backfill import Extent, Stretch
    from runtime.postgres import Connection


class TimeArgument(click.ParamType[datetime]):
    """A date or a time in ISO 8601; UTC where it names no offset."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value}: no ISO date or time, such as 2026-11-02 or 2026-11-02T14:30:00+01:00", param, ctx)
        return at if at.tzinfo else at.replace(tzinfo=UTC)


@command(changes=True)
@click.option("--target", required=True, help="The CRM, one of HOOKLINE_CRM__TARGETS; textus:ACCOUNT for an account.")
@click.option("--from", "since", type=TimeArgument(), help="Events received from then on; default: all.")
@click.option("--to", "until", type=TimeArgument(), help="Events received before then; default: all.")
def backfill(out: Output, target: str, since: datetime | None, until: datetime | None) -> None:
    """Order deliveries at TARGET for events that PostgreSQL holds: messages, calls, contacts and opt-outs.

    Whatever has a delivery there already is passed over, so it may be stopped at any moment and run again. `hookline
    process crm-sync` makes the calls; `hookline crm status` and the console show how far it is.
    """
    from processors.crm_sync.backfill import Stretch, extent

    rate = _rate(target)
    with database("crm") as connection:
        crm = settings()
        stretch = Stretch(target, since, until, crm.note_time_zone if crm.note_mode == "daily" else None)
        found = extent(connection, stretch)
        seconds = found.seconds(rate=rate, at_once=crm.calls_at_once)
        data: dict[str, Any] = {"target": target, "from": since, "to": until, "dry_run": out.dry_run}
        data |= {"estimate": asdict(found) | {"calls": found.calls, "seconds": round(seconds, 1)}}
        said = _said(found, seconds, rate)
        if out.dry_run:
            out.result(data, lambda: said)
            return
        out.note(said)
        ordered, unreadable, refused = _order(out, connection, stretch, found)
    data |= {"ordered": ordered, "unreadable": unreadable, "refused": refused}
    out.result(data, lambda: _done(data))


def _order(out: Output, reader: Connection, stretch: Stretch, found: Extent) -> tuple[int, int, int]:
    from ops.configuration import load
    from ops.stored_events import event_again
    from processors.crm_sync.backfill import missing_events, order, phones_with_states
    from processors.crm_sync.backfill_progress import advance, begin_progress, end_progress
    from processors.crm_sync.text_queue import are_fetched
    from processors.engine.database import Database
    from processors.textus_api.settings import TextUsApiSettings
    from runtime.postgres import connect

    dsn = postgres_dsn()
    texts = settings() if are_fetched(settings(), load(TextUsApiSettings)[TextUsApiSettings]) else None
    ordered = unreadable = refused = 0
    expected = found.events + found.states
    with closing(Database(lambda: connect(dsn, process="crm"))) as writer:
        with writer.transaction() as connection:
            backfill = begin_progress(connection, stretch, expected, user())
        with reader.transaction(), out.progress("ordering deliveries", expected) as done:
            for rows in missing_events(reader, stretch):
                events = [event for row in rows if (event := event_again(row)) is not None]
                unread = len(rows) - len(events)
                with writer.transaction() as connection:
                    made, bad = order(connection, stretch.target, events, texts=texts)
                    advance(connection, backfill, gone_through=len(rows), ordered=made, left_out=unread + bad)
                ordered, unreadable, refused = ordered + made, unreadable + unread, refused + bad
                done(len(rows))
            for phones in phones_with_states(reader, stretch):
                with writer.transaction() as connection:
                    made, bad = order(connection, stretch.target, [], phones)
                    advance(connection, backfill, gone_through=len(phones), ordered=made, left_out=bad)
                ordered, refused = ordered + made, refused + bad
                done(len(phones))
        with writer.transaction() as connection:
            end_progress(connection, backfill)
    return ordered, unreadable, refused


def _rate(target: str) -> float | None:
    place = place_named(target)
    budget = place.kind.budget(place.settings)
    return None if budget is None else budget.rate


def _said(found: Extent, seconds: float, rate: float | None) -> str:
    """What is going to happen, for people."""
    if not found.events and not found.states:
        return "every event received then has its delivery already"
    pace = f"at {rate:.3g} calls/s, its limit" if rate else "no limit is set: a guess"
    return (
        f"{found.events:,} events of {found.contacts:,} contacts, {found.new_contacts:,} of them not known there, and"
        f" {found.states:,} opt-out states: about {found.calls:,} calls, {_duration(seconds)} ({pace});"
        f" {found.waiting:,} deliveries wait there already"
    )


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return "less than a minute"
    return f"{minutes:.0f} minutes" if minutes < 100 else f"{minutes / 60:.1f} hours"


def _done(data: dict[str, Any]) -> str:
    lines = [f"{data['ordered']:,} deliveries ordered; `hookline crm status` shows how far {data['target']} is"]
    if data["unreadable"]:
        lines.append(f"{data['unreadable']:,} events are of no provider that there is any more, and left out")
    if data["refused"]:
        lines.append(f"{data['refused']:,} events do not fit in PostgreSQL's tables, and are left out")
    return "\n".join(lines)


crm.add_command(backfill)
