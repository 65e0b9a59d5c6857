"""`hookline quarantine`: webhooks that were answered 401, kept until somebody has mended the secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import click

from ops.commands.spool import ingest_settings, spool_directory, usable_spool
from ops.exits import CheckFailed
from ops.output import Output, command, table

if TYPE_CHECKING:
    from ingest.provider import Provider
    from ingest.publisher import Publisher
    from ingest.quarantine_store import KeptWebhook, QuarantineStore


@click.group()
def quarantine() -> None:
    """Webhooks answered 401 that looked like their provider's: see them, bring them back."""


@command("ls")
@click.option("--all", "everything", is_flag=True, help="Also those that were brought back already.")
def list_kept(out: Output, everything: bool) -> None:
    """What is kept, oldest first, and whether the secrets that are set now would let it in."""
    with _store() as store:
        providers = _providers()
        rows = [_row(webhook, _verdict(webhook, providers, store)) for webhook in store.kept(replayed=everything)]
    columns = ("id", "received_at", "provider", "kind", "reason", "event_id", "now")
    shown = [[row[column] for column in columns] for row in rows]
    out.result({"webhooks": rows}, lambda: table(columns, shown, numbers=("id",)))


@command()
@click.argument("number", type=int)
def show(out: Output, number: int) -> None:
    """One webhook whole, its secret taken out. It holds a contact's phone and text."""
    with _store() as store:
        webhook = store.one(number)
        if webhook is None:
            raise CheckFailed(f"the quarantine has no webhook {number}")
        verdict = _verdict(webhook, _providers(), store)
    body = webhook.body.decode("utf-8", "replace")
    data = {**_row(webhook, verdict), "headers": dict(webhook.headers), "body": body}
    out.result(data, lambda: table(("field", "value"), [(key, _text(value)) for key, value in data.items()]))


@command(changes=True)
@click.argument("numbers", type=int, nargs=-1)
@click.option("--force", is_flag=True, help="Bring back what does not verify now either: you vouch for it.")
def replay(out: Output, numbers: Sequence[int], force: bool) -> None:
    """Bring webhooks back, all that verify now or those of the given NUMBERS, as if they had been let in.

    Each keeps its time of receipt and gets the event id that it would have had. They go through the spool, so Kafka
    need not be up. Exit code 1 where one of the given NUMBERS was not brought back.
    """
    from ingest.spool_publisher import SpoolPublisher
    from ops.configuration import load
    from runtime.schema_registry import SchemaRegistrySettings, codec

    if force and not numbers:
        raise click.UsageError("--force needs the NUMBERS of the webhooks that you vouch for")
    settings = ingest_settings()
    results: list[dict[str, Any]] = []
    with _store() as store:
        providers = _providers()
        chosen = [one for one in store.kept() if not numbers or one.id in numbers]
        if out.dry_run:
            results = [_row(one, "would replay" if force else _verdict(one, providers, store)) for one in chosen]
        else:
            with usable_spool(settings) as (spool, _):
                publisher = SpoolPublisher(spool, codec(load(SchemaRegistrySettings)[SchemaRegistrySettings]))
                results = [_row(one, _replay(one, providers, store, publisher, force=force)) for one in chosen]
    columns = ("id", "received_at", "provider", "kind", "event_id", "now")
    shown = [[row[column] for column in columns] for row in results]
    data = {"dry_run": out.dry_run, "webhooks": results}
    out.result(data, lambda: table(columns, shown, numbers=("id",)))
    failed = [number for number in numbers if number not in {row["id"] for row in results if row["now"] in _GOOD}]
    if failed:
        raise CheckFailed(f"not brought back: {', '.join(map(str, failed))}")


for _member in (list_kept, show, replay):
    quarantine.add_command(_member)

#: What `now` says of a webhook that is fine.
_GOOD = ("replayed", "authentic", "would replay")


def _replay(
    webhook: KeptWebhook, providers: dict[str, Provider], store: QuarantineStore, publisher: Publisher, *, force: bool
) -> str:
    from ingest.provider import Unauthorized
    from ingest.quarantine import replay as bring_back

    provider = providers.get(webhook.provider)
    if provider is None:
        return "provider not enabled"
    try:
        bring_back(webhook, provider, publisher, store.digest, force=force)
    except Unauthorized as refusal:
        return str(refusal)
    store.mark_replayed(webhook.id)
    return "replayed"


def _verdict(webhook: KeptWebhook, providers: dict[str, Provider], store: QuarantineStore) -> str:
    """What the secrets that are set now say of `webhook`."""
    from ingest.provider import Unauthorized
    from ingest.quarantine import check_again

    if webhook.replayed_at is not None:
        return "replayed"
    provider = providers.get(webhook.provider)
    if provider is None:
        return "provider not enabled"
    try:
        check_again(webhook, provider, store.digest)
    except Unauthorized as refusal:
        return str(refusal)
    return "authentic"


@contextmanager
def _store() -> Iterator[QuarantineStore]:
    from ingest.quarantine_store import QuarantineStore

    settings = ingest_settings()
    directory = spool_directory(settings)
    most = max(1, settings.quarantine_max)
    with closing(QuarantineStore(directory, most=most, days=settings.quarantine_days)) as store:
        yield store


def _providers() -> dict[str, Provider]:
    """The enabled providers with the secrets that are set now. Raises ConfigurationError."""
    from ingest.provider import provider_types
    from ops.configuration import load

    known = provider_types()
    enabled = [known[name] for name in ingest_settings().providers if name in known]
    return {kind.name: kind(load(kind.settings_type)[kind.settings_type]) for kind in enabled}


def _row(webhook: KeptWebhook, now: str) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "received_at": webhook.received_at.isoformat(),
        "provider": webhook.provider,
        "kind": webhook.kind,
        "reason": webhook.reason,
        "event_id": str(webhook.event_id),
        "now": now,
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
