"""The quarantines of ingest's nodes: a file on each node's disk, which nobody but that node can reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote_plus

from ingest.content_coding import BadBody, BodyTooLarge, texts, unpacked
from ingest.node.name import node_name
from ingest.quarantine.store import FILE, QuarantinedWebhook, QuarantineStore
from ingest.settings import IngestSettings
from ops.erasure.person import ErasedPerson
from runtime.postgres import Connection

_NODES = "SELECT node FROM ingest_nodes WHERE retired_at IS NULL ORDER BY node"


def known_nodes(connection: Connection) -> list[str]:
    """Every node that has ever reported, but those that an operator has said to be gone."""
    return [node for (node,) in connection.execute(_NODES)]


def erase_here(person: ErasedPerson, settings: IngestSettings, *, dry_run: bool) -> tuple[str, int] | None:
    """This node's name, and how many webhooks about `person` its quarantine had; None: this machine is no node."""
    directory: Path = settings.spool_dir
    if not (directory / "node").exists():
        return None
    if not (directory / FILE).exists():
        return node_name(directory), 0
    limit = max(1, settings.quarantine_max_mb) * 1024 * 1024
    with closing(QuarantineStore(directory, limit=limit, days=settings.quarantine_days)) as store:
        return node_name(directory), store.erase(lambda webhook: _is_about(webhook, person), dry_run=dry_run)


def _is_about(webhook: QuarantinedWebhook, person: ErasedPerson) -> bool:
    return any(person.is_named_in(text) for text in (webhook.target, *_bodies(webhook)))


def _bodies(webhook: QuarantinedWebhook) -> Iterator[str]:
    """What its body may say."""
    lower = {name.lower(): value for name, value in webhook.headers.items()}
    try:
        body = unpacked(lower.get("content-encoding", ""), webhook.body)
    except (BadBody, BodyTooLarge):
        body = webhook.body
    yield body.decode("latin-1")
    for text in texts({"Content-Type": lower.get("content-type", "")}, body):
        yield text
        yield unquote_plus(text)  # of a form
