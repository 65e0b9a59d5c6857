"""`hookline quarantine`: webhooks that were answered 400 or 401, kept until somebody has mended the reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

import click

from ops.commands.spool import MIB, ingest_settings, spool_directory, usable_spool
from ops.exits import CheckFailed, TryLater
from ops.output import PAGE, Output, command, table

if TYPE_CHECKING:
    from ingest.durable.publisher import Publisher
    from ingest.quarantine.replaying import EnabledProviders, Replaying
    from ingest.quarantine.store import QuarantinedWebhook, QuarantineStore


@click.group()
def quarantine() -> None:
    """Webhooks answered 400 or 401: see them, bring them back."""


@command("ls")
@click.option("--all", "everything", is_flag=True, help="Also those that were brought back already.")
@click.option("--after", type=int, default=0, metavar="ID", help="Only those with a greater number.")
@click.option("--limit", type=click.IntRange(min=1), help=f"The most that are listed; {PAGE} unless --json is given.")
def list_quarantined(out: Output, everything: bool, after: int, limit: int | None) -> None:
    """What is kept, oldest first, and whether it would be let in now."""
    limit = limit or (None if out.as_json else PAGE)
    with _store() as store:
        enabled = _enabled()
        webhooks = store.waiting(replayed=everything, after=after)
        rows = (_row(webhook, _verdict(webhook, enabled, store)) for webhook in islice(webhooks, limit))
        last: list[int] = []
        total = store.count(replayed=everything)

        def shown() -> Iterator[dict[str, Any]]:
            with out.progress("webhooks", min(total, limit or total)) as advance:
                for row in rows:
                    last[:] = [row["id"]]
                    advance(1)
                    yield row

        columns = ("id", "received_at", "provider", "kind", "reason", "event_id", "now")
        out.rows("webhooks", shown(), columns, numbers=("id",), rest=lambda: {"total": total})
        if last and limit and next(webhooks, None) is not None:
            out.note(f"{total} are kept; for the next: --after {last[0]}")


@command()
@click.argument("number", type=int)
def show(out: Output, number: int) -> None:
    """One webhook whole, its secret taken out. It holds a contact's phone and text."""
    with _store() as store:
        webhook = store.by_number(number)
        if webhook is None:
            raise CheckFailed(f"the quarantine has no webhook {number}")
        verdict = _verdict(webhook, _enabled(), store)
    body = webhook.body.decode("utf-8", "replace")
    data = {**_row(webhook, verdict), "headers": dict(webhook.headers), "body": body}
    out.result(data, lambda: table(("field", "value"), [(key, _text(value)) for key, value in data.items()]))


@command(changes=True)
@click.argument("numbers", type=int, nargs=-1)
@click.option("--force", is_flag=True, help="Bring back what does not verify now either: you vouch for it.")
@click.option(
    "--body",
    "body_file",
    type=click.File("rb"),
    help="What the one webhook NUMBER means, as JSON (- for standard input): where nobody could read its own body.",
)
def replay(out: Output, numbers: Sequence[int], force: bool, body_file: IO[bytes] | None) -> None:
    """Bring webhooks back, all that verify now or those of the given NUMBERS, as if they had been let in.

    Each keeps its time of receipt and gets the event id that it would have had. Where ingest runs on this node they go
    through its spool, so Kafka need not be up; where it does not they go straight to Kafka. Exit code 1 where one of
    the given NUMBERS was not brought back, 75 where the spool, or Kafka, does not take them: they are kept.

    What could not be read needs a version that can, or --body: take it from `show`, mend it, and hand it over. The
    signature or secret that it came with still has to be right.
    """
    from ingest.quarantine.replaying import GOOD, GROUP, Replaying

    if force and not numbers:
        raise click.UsageError("--force needs the NUMBERS of the webhooks that you vouch for")
    if body_file and len(numbers) != 1:
        raise click.UsageError("--body needs the one NUMBER whose body it is")
    body = body_file.read() if body_file else None
    counts: Counter[str] = Counter()
    replayed: set[int] = set()
    with _store() as store, nullcontext() if out.dry_run else _publisher() as publisher:
        replaying = Replaying(store, _enabled(), publisher, force=force, body=body)
        chosen = _chosen(store, numbers)

        def shown() -> Iterator[dict[str, Any]]:
            with out.progress("webhooks", len(numbers) or store.count()) as advance:
                while group := list(islice(chosen, GROUP)):
                    for webhook, verdict in _replayed(replaying, group):
                        counts[verdict] += 1
                        if numbers and verdict in GOOD:
                            replayed.add(webhook.id)
                        yield _row(webhook, verdict)
                    advance(len(group))

        columns = ("id", "received_at", "provider", "kind", "event_id", "now")
        rest: Callable[[], dict[str, Any]] = lambda: {"dry_run": out.dry_run, "counts": dict(counts)}  # noqa: E731
        out.rows("webhooks", shown(), columns, numbers=("id",), rest=rest)
    if not out.as_json:
        out.note(", ".join(f"{verdict}: {count}" for verdict, count in sorted(counts.items())) or "nothing is kept")
    if failed := [number for number in numbers if number not in replayed]:
        raise CheckFailed(f"not brought back: {', '.join(map(str, failed))}")


def _replayed(replaying: Replaying, group: Sequence[QuarantinedWebhook]) -> list[tuple[QuarantinedWebhook, str]]:
    """Each of `group` with what became of it. Raises TryLater."""
    from ingest.durable.publisher import Unavailable

    try:
        return replaying.replay_quarantined(group)
    except Unavailable as failure:
        raise TryLater(
            f"not taken ({failure}); the rest stays in the quarantine: see hookline spool status, and Kafka"
        ) from failure


for _member in (list_quarantined, show, replay):
    quarantine.add_command(_member)


def _verdict(webhook: QuarantinedWebhook, enabled: EnabledProviders, store: QuarantineStore) -> str:
    from ingest.quarantine.replaying import checked

    return checked(webhook, enabled, store)[0]


def _chosen(store: QuarantineStore, numbers: Sequence[int]) -> Iterator[QuarantinedWebhook]:
    """Those with `numbers` that were not brought back yet, or all of these."""
    if not numbers:
        return store.waiting()
    found = (store.by_number(number) for number in numbers)
    return (webhook for webhook in found if webhook is not None and webhook.replayed_at is None)


@contextmanager
def _publisher() -> Iterator[Publisher]:
    """What makes events durable: the spool of the service on this node, or Kafka where none runs. Raises TryLater."""
    from ingest.durable.kafka_publisher import KafkaPublisher
    from ingest.durable.record_numbers import RecordNumbers
    from ingest.durable.spool_publisher import SpoolPublisher
    from ops.configuration import load
    from runtime.connections import KafkaSettings
    from runtime.kafka.producer import KafkaProducer
    from runtime.schema_registry import SchemaRegistrySettings, codec

    settings = ingest_settings()
    with usable_spool(settings) as (spool, running):
        registered = codec(load(SchemaRegistrySettings)[SchemaRegistrySettings])
        if running:
            yield SpoolPublisher(spool, registered, RecordNumbers.on_disk(settings.spool_dir))
            return
        kafka = load(KafkaSettings)[KafkaSettings]
        with closing(KafkaProducer(kafka, "hookline-quarantine-replay")) as producer:
            if not producer.answers():
                raise TryLater(
                    "ingest does not run here, and Kafka does not answer: start ingest on this node, or bring Kafka"
                    " back; the webhooks stay in the quarantine"
                )
            yield KafkaPublisher(producer, registered, RecordNumbers.on_disk(settings.spool_dir))


@contextmanager
def _store() -> Iterator[QuarantineStore]:
    from ingest.quarantine.store import QuarantineStore

    settings = ingest_settings()
    limit = max(1, settings.quarantine_max_mb) * MIB
    with closing(QuarantineStore(spool_directory(settings), limit=limit, days=settings.quarantine_days)) as store:
        yield store


def _enabled() -> EnabledProviders:
    """The enabled providers with the secrets that are set now. Raises ConfigurationError."""
    from ingest.provider import provider_types
    from ingest.quarantine.replaying import EnabledProviders
    from ops.configuration import load

    known, settings = provider_types(), ingest_settings()
    kinds = [known[name] for name in settings.providers if name in known]
    providers = {kind.name: kind(load(kind.settings_type)[kind.settings_type]) for kind in kinds}
    return EnabledProviders(providers, settings.public_url)


def _row(webhook: QuarantinedWebhook, now: str) -> dict[str, Any]:
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
