"""Rows of `quarantine_requests`: what operators want brought back from this node's quarantine, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import psycopg.rows

from ingest.quarantine.store import QuarantinedWebhook
from runtime.postgres import Connection

#: Starts of a request's process that may end without a reason before nobody tries again.
MOST_ATTEMPTS = 10

_OLDEST = """
SELECT id, provider, refusal, most, attempts, handled FROM quarantine_requests
WHERE node = %s AND state IN ('waiting', 'running') ORDER BY id LIMIT 1
"""
_BEGIN = """
UPDATE quarantine_requests SET state = 'running', attempts = attempts + 1, expected = handled + %s, kept = 0,
    detail = 'bringing back', changed_at = clock_timestamp()
WHERE id = %s RETURNING stopped_by
"""
_HANDLED = """
UPDATE quarantine_requests SET handled = handled + %s, kept = kept + %s, changed_at = clock_timestamp() WHERE id = %s
RETURNING stopped_by
"""
_POSTPONE = "UPDATE quarantine_requests SET detail = %s, attempts = 0, changed_at = clock_timestamp() WHERE id = %s"
_END = "UPDATE quarantine_requests SET state = %s, detail = %s, changed_at = clock_timestamp() WHERE id = %s"


class ReplayStopped(Exception):
    """End the request: an operator has asked for it. What was brought back stays so."""


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """One row, as its process needs it."""

    id: int
    provider: str | None
    refusal: str | None  #: why the webhooks were refused
    most: int  #: webhooks that are brought back at most
    attempts: int  #: starts before this one that came to no end
    handled: int  #: webhooks that those have brought back

    def is_about(self, webhook: QuarantinedWebhook) -> bool:
        """Whether `webhook` is one that it asks for."""
        return self.provider in (None, webhook.provider) and self.refusal in (None, webhook.reason)


def oldest_request(connection: Connection, node: str) -> ReplayRequest | None:
    """The one that is to be carried out next; None: nothing waits. Raises psycopg.Error."""
    with connection.cursor(row_factory=psycopg.rows.class_row(ReplayRequest)) as cursor:
        return cursor.execute(_OLDEST, (node,)).fetchone()


def begin_request(connection: Connection, request: ReplayRequest, found: int) -> None:
    """Its process has started, and finds so many webhooks. Raises ReplayStopped."""
    _expect_wanted(connection.execute(_BEGIN, (found, request.id)).fetchall())


def tell_handled(connection: Connection, request: ReplayRequest, replayed: int, refused: int) -> None:
    """So many more were brought back, and so many stay. Raises ReplayStopped."""
    _expect_wanted(connection.execute(_HANDLED, (replayed, refused, request.id)).fetchall())


def postpone_request(connection: Connection, request: ReplayRequest, detail: str) -> None:
    """Nothing takes them now: its process is started again, as often as it takes."""
    connection.execute(_POSTPONE, (detail, request.id))


def end_request(
    connection: Connection, request: ReplayRequest, state: Literal["done", "stopped", "failed"], detail: str
) -> None:
    """Nobody starts it again."""
    connection.execute(_END, (state, detail, request.id))


def _expect_wanted(rows: list[tuple[str | None]]) -> None:
    [(stopped_by,)] = rows
    if stopped_by is not None:
        raise ReplayStopped(f"stopped by {stopped_by}")
