"""Rows of `dead_letter_requests`: what operators asked for in the console, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import psycopg.rows

from processors.dead_letters.box import Box, Memory
from processors.dead_letters.letter import Letter
from processors.dead_letters.redrive import LetterFilter
from runtime.postgres import Connection

#: Starts of a request's process that may end without a reason before nobody tries again.
MOST_ATTEMPTS = 10

_OLDEST = """
SELECT id, processor, action, disposition, error_class, writer, most, canary, requested_by, reason, attempts, handled
FROM dead_letter_requests WHERE processor = %s AND state IN ('waiting', 'running') ORDER BY id LIMIT 1
"""
_BEGIN = """
UPDATE dead_letter_requests SET state = 'running', attempts = attempts + 1, changed_at = clock_timestamp()
WHERE id = %s RETURNING stopped_by
"""
_ABOUT = """
UPDATE dead_letter_requests SET expected = handled + %s, kept = %s, detail = %s, changed_at = clock_timestamp()
WHERE id = %s
"""
_HANDLED = """
UPDATE dead_letter_requests SET handled = handled + %s, changed_at = clock_timestamp() WHERE id = %s
RETURNING stopped_by
"""
_SAY = "UPDATE dead_letter_requests SET detail = %s, changed_at = clock_timestamp() WHERE id = %s"
_POSTPONE = "UPDATE dead_letter_requests SET detail = %s, attempts = 0, changed_at = clock_timestamp() WHERE id = %s"
_END = """
UPDATE dead_letter_requests SET state = %s, detail = %s, kept = kept + %s, changed_at = clock_timestamp() WHERE id = %s
"""

RequestEnd = Literal["done", "canary failed", "stopped", "failed"]


class RequestStopped(Exception):
    """End the request: an operator has asked for it. What was sent before stays sent."""


@dataclass(frozen=True, slots=True)
class LetterRequest:
    """One row, as its process needs it."""

    id: int
    processor: str
    action: Literal["redrive", "discard"]
    disposition: str | None
    error_class: str | None
    writer: str | None  #: "ours" or "unknown"
    most: int  #: letters at most
    canary: int | None
    requested_by: str
    reason: str
    attempts: int  #: starts before this one that came to no end
    handled: int  #: by those

    @property
    def letter_filter(self) -> LetterFilter:
        """The letters that are left to do."""
        return LetterFilter(self.disposition, self.error_class, self.most - self.handled, writer=self.writer)


def oldest_request(connection: Connection, processor: str) -> LetterRequest | None:
    """The one that is to be carried out next; None: nothing waits. Raises psycopg.Error."""
    with connection.cursor(row_factory=psycopg.rows.class_row(LetterRequest)) as cursor:
        return cursor.execute(_OLDEST, (processor,)).fetchone()


def begin_request(connection: Connection, request: LetterRequest) -> None:
    """Its process has started. Raises RequestStopped."""
    [(stopped_by,)] = connection.execute(_BEGIN, (request.id,)).fetchall()
    _expect_wanted(stopped_by)


def tell_expected(connection: Connection, request: LetterRequest, going: int, staying: int, detail: str) -> None:
    """So many letters are to go, and so many stay where they are."""
    connection.execute(_ABOUT, (going, staying, detail, request.id))


def tell_detail(connection: Connection, request: LetterRequest, detail: str) -> None:
    """What its process does now."""
    connection.execute(_SAY, (detail, request.id))


def postpone_request(connection: Connection, request: LetterRequest, detail: str) -> None:
    """A server is away: its process is started again, as often as it takes."""
    connection.execute(_POSTPONE, (detail, request.id))


def end_request(
    connection: Connection, request: LetterRequest, state: RequestEnd, detail: str, *, refused: int = 0
) -> None:
    """Nobody starts it again."""
    connection.execute(_END, (state, detail, refused, request.id))


class RequestMemory(Memory):
    """Remembers letters and counts them for a request, in one transaction, so that no start counts one twice."""

    def __init__(self, connection: Connection, request: LetterRequest) -> None:
        super().__init__(connection)
        self._request = request

    def remember(self, box: Box, letters: Sequence[Letter]) -> None:
        """See Memory. Raises RequestStopped once they are remembered."""
        with self._connection.transaction():
            super().remember(box, letters)
            stopped_by = self._count(letters)
        _expect_wanted(stopped_by)

    def discard(self, box: Box, letters: Sequence[Letter], reason: str, operator: str) -> None:
        """See Memory. Raises RequestStopped once they are remembered."""
        with self._connection.transaction():
            super().discard(box, letters, reason, operator)
            stopped_by = self._count(letters)
        _expect_wanted(stopped_by)

    def _count(self, letters: Sequence[Letter]) -> str | None:
        [(stopped_by,)] = self._connection.execute(_HANDLED, (len(letters), self._request.id)).fetchall()
        return None if stopped_by is None else str(stopped_by)


def _expect_wanted(stopped_by: str | None) -> None:
    if stopped_by is not None:
        raise RequestStopped(f"stopped by {stopped_by}")
