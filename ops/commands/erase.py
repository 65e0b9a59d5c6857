"""`hookline erase PHONE`: a person's data goes, and the number stays out."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import click

from ops.commands.dlq_source import kafka_settings, names_of
from ops.commands.opt_out_operator import opt_out_settings, user
from ops.exits import CheckFailed, TryLater
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.erasure.crm_notes import NoteErasure, RemoteNote
    from ops.erasure.person import ErasedPerson
    from ops.erasure.run import Eraser, Erasure
    from processors.crm_sync.destinations import Destination
    from processors.opt_out.settings import OptOutSettings
    from processors.outbox.rate_limiter import RateLimiter


@command(changes=True)
@click.argument("phone")
@click.option("--reason", default="not given", help="Why; kept, so without names and numbers.")
@click.option(
    "--asked-by", default="not given", help="Who asked for it, such as a ticket; kept, so without the number."
)
@click.option("--by", "operator", metavar="NAME", help="Who does it; default: the system's user.")
@click.option("--force", is_flag=True, help="Calls about its opt-out that failed for good were made by hand.")
def erase(out: Output, phone: str, reason: str, asked_by: str, operator: str | None, force: bool) -> None:
    """Erase the person of PHONE from tables, evidence, this node's quarantine and notes at CRMs.

    The ledger and its proof stay, with a keyed digest in the place of the number, and so does the opt-out: the gate
    goes on answering out. What is still due about the number comes first: exit code 1, or 75 where it passes by itself.
    What topics and dead letters hold, and until when, is told and kept with the erasure.

    Exit code 1 where a CRM, Kafka or another node's quarantine could not be reached: the next run finishes it. Run it
    on every node of ingest.
    """
    from ops.configuration import load
    from ops.database import postgres_dsn
    from ops.erasure.person import find_person
    from ops.erasure.run import ErasureRequest, Refused
    from ops.erasure.settings import EraseSettings
    from runtime.phone_lookup import number_query
    from runtime.postgres import connect
    from runtime.settings import ConfigurationError

    settings, own = opt_out_settings(), load(EraseSettings)[EraseSettings]
    if not own.phone_peppers:
        fix = "the keys of HOOKLINE_OPT_OUT__PHONE_PEPPERS, which HOOKLINE_GATE__PHONE_PEPPERS needs first"
        raise ConfigurationError([f"{own.variable('phone_peppers')} is missing: {fix}"])
    number = number_query(phone, settings.default_region)
    dsn = own.dsn.get_secret_value() if own.dsn else postgres_dsn()
    with connect(dsn, process="erase") as connection:
        person = find_person(connection, number, own.peppers(), settings.default_region)
        for text in (reason, asked_by, operator or ""):
            if person.is_named_in(text):
                raise click.UsageError("the number is not to be in --reason, --asked-by or --by: these are kept")
        request = ErasureRequest(operator or user(), asked_by, reason, force)
        try:
            done = _eraser(dsn, settings).erase(connection, person, request, dry_run=out.dry_run)
        except Refused as refusal:
            later = all(item.passes for item in refusal.due)
            raise (TryLater if later else CheckFailed)(f"not erased: {refusal}") from None
    data = {"phone": person.record, "dry_run": out.dry_run, "kept_as": _shapes(person.phones)}
    data |= {"may_also_be": list(person.doubtful)} | done.as_dict()
    out.result(data, lambda: _drawn(done, person, dry_run=out.dry_run))
    if not out.dry_run and not done.is_finished:
        raise CheckFailed(f"not finished, and the next run goes on: {'; '.join(done.why)}")


def _shapes(phones: Sequence[str]) -> list[str]:
    """How the number was written in the tables, without its digits."""
    return [re.sub(r"\d", "0", phone) for phone in phones]


def _eraser(dsn: str, settings: OptOutSettings) -> Eraser:
    """Everything that a run reaches, as the settings say."""
    from ops.commands.spool import ingest_settings
    from ops.configuration import load
    from ops.erasure import nodes, still_held
    from ops.erasure.crm_notes import erase_notes
    from ops.erasure.run import Eraser

    kafka = kafka_settings()

    def notes_erased(notes: Sequence[RemoteNote], contacts: Mapping[str, list[str]]) -> NoteErasure:
        from processors.crm_sync.destinations import places_of
        from processors.crm_sync.settings import CrmSettings
        from runtime.postgres import connect

        def limiter(place: Destination[Any]) -> RateLimiter:
            return place.limiter(lambda: connect(dsn, process="erase"), threading.Event().wait)

        places = places_of(load(CrmSettings)[CrmSettings].targets, load)
        return erase_notes(notes, contacts, {place.name: place for place in places}, limiter)

    return Eraser(
        scope=settings.scope,
        kafka=kafka,
        letters=lambda person: still_held.in_dead_letters(person, kafka, names_of(None)),
        forget_states=lambda phones: still_held.forget_states(phones, kafka),
        erase_notes=notes_erased,
        erase_here=lambda person, dry_run: nodes.erase_here(person, ingest_settings(), dry_run=dry_run),
    )


def _drawn(done: Erasure, person: ErasedPerson, *, dry_run: bool) -> Any:
    word = "would erase" if dry_run else "erased"
    rows = table(("table", word), sorted(done.rows.items()), numbers=(word,))
    parts = [rows if done.rows else "PostgreSQL has nothing about it"]
    if done.still_held:
        held = [(item["where"], item["records"], item["until"] or "", item["note"]) for item in done.still_held]
        parts.append(table(("still held by", "records", "until", "how long"), held, numbers=("records",)))
    by_hand = [*done.notes.by_hand]
    by_hand += [
        f"{item['table']}.{item['column']}: the number is in {item['rows']} rows" for item in done.named_by_operators
    ]
    by_hand += [f"{phone} may be the same number: erase it by itself if it is" for phone in person.doubtful]
    parts += [f"by hand: {line}" for line in by_hand]
    parts += [f"node {node}: {'not reached' if count is None else count}" for node, count in done.nodes.items()]
    return stacked(*parts)
