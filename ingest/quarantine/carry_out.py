"""Carries out the oldest open request about this node's quarantine: `python -m ingest.quarantine.carry_out`.

A program of its own, started by the node with its environment: reading webhooks takes nothing from a worker that
answers, and it ends with the worker. Killed at any place, it goes on at the next start: a group that was made durable
and not marked goes again, with the same event ids. Exit code 0: the request has come to an end, or there was none; 75:
try again in a while.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import psycopg

from ingest.durable.publisher import Publisher, Unavailable
from ingest.durable.record_numbers import RecordNumbers
from ingest.durable.spool.operate import is_running
from ingest.durable.spool.store import Spool
from ingest.durable.spool_publisher import SpoolPublisher
from ingest.quarantine.replaying import GOOD, GROUP, EnabledProviders, Replaying
from ingest.quarantine.requests import (
    MOST_ATTEMPTS,
    ReplayRequest,
    ReplayStopped,
    begin_request,
    end_request,
    oldest_request,
    postpone_request,
    tell_handled,
)
from ingest.quarantine.store import QuarantinedWebhook, QuarantineStore
from ingest.server import load
from ingest.settings import IngestSettings, SpoolReportSettings
from runtime import logs
from runtime.postgres import Connection, connect
from runtime.process import die_with_parent
from runtime.schema_registry import SchemaRegistrySettings, codec

log = logs.logger("ingest.quarantine.carry_out")

TRY_AGAIN = 75
MIB = 1024 * 1024
#: Seconds that PostgreSQL has for a statement.
CALL_TIMEOUT = 10.0
#: How much less than the workers it may have of a busy core.
_NICENESS = 10


def carry_out(
    connection: Connection, node: str, store: QuarantineStore, enabled: EnabledProviders, publisher: Publisher
) -> int:
    """Do it; the exit code. Raises psycopg.Error, sqlite3.Error."""
    request = oldest_request(connection, node)
    if request is None:
        return 0
    if request.attempts >= MOST_ATTEMPTS:
        end_request(connection, request, "failed", f"its process failed {MOST_ATTEMPTS} times: see ingest's log")
        return 0
    try:
        end_request(
            connection, request, "done", _replay(connection, request, store, Replaying(store, enabled, publisher))
        )
    except ReplayStopped as stopped:
        end_request(connection, request, "stopped", str(stopped))
    except Unavailable as passing:
        log.warning("quarantine_request_postponed", request=request.id, error_class=type(passing).__name__)
        postpone_request(connection, request, "the spool takes nothing: it is tried again")
        return TRY_AGAIN
    return 0


def _replay(connection: Connection, request: ReplayRequest, store: QuarantineStore, replaying: Replaying) -> str:
    """Bring back what verifies; what was kept, for people. Raises ReplayStopped, Unavailable."""

    def chosen() -> Iterator[QuarantinedWebhook]:
        return (webhook for webhook in store.waiting() if request.is_about(webhook))

    # Twice through the file rather than all of it in memory: the first time counts, for the progress.
    begin_request(connection, request, sum(1 for _ in chosen()))
    left, refusals, webhooks = request.most - request.handled, Counter[str](), chosen()
    while left > 0 and (group := list(islice(webhooks, min(GROUP, left)))):
        verdicts = Counter(verdict for _, verdict in replaying.replay_quarantined(group))
        replayed = sum(verdicts.pop(verdict, 0) for verdict in GOOD)
        refusals += verdicts
        left -= replayed
        tell_handled(connection, request, replayed, verdicts.total())
    return "; ".join(f"{count} kept: {verdict}" for verdict, count in refusals.most_common(3))


def main(arguments: Sequence[str]) -> int:
    """NODE PARENT, the process id of whoever started it."""
    node, parent = arguments
    die_with_parent(int(parent))
    os.nice(_NICENESS)
    configuration, providers = load()
    logs.configure("ingest", secrets=[secret for provider in providers for secret in provider.secrets])
    settings, dsn = configuration[IngestSettings], configuration[SpoolReportSettings].dsn
    if dsn is None or not is_running(settings.spool_dir):
        return TRY_AGAIN
    enabled = EnabledProviders({provider.name: provider for provider in providers}, settings.public_url)
    try:
        with (
            connect(dsn.get_secret_value(), process="ingest-requests", call_timeout=CALL_TIMEOUT) as connection,
            closing(_store(settings)) as store,
            closing(Spool(settings.spool_dir, limit=settings.spool_max_mb * MIB)) as spool,
        ):
            registered = codec(configuration[SchemaRegistrySettings])
            publisher = SpoolPublisher(spool, registered, RecordNumbers.on_disk(Path(settings.spool_dir)))
            return carry_out(connection, node, store, enabled, publisher)
    except (psycopg.OperationalError, sqlite3.OperationalError) as error:
        log.warning("quarantine_request_postponed", error_class=type(error).__name__)
        return TRY_AGAIN


def _store(settings: IngestSettings) -> QuarantineStore:
    limit = max(1, settings.quarantine_max_mb) * MIB
    return QuarantineStore(settings.spool_dir, limit=limit, days=settings.quarantine_days)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
