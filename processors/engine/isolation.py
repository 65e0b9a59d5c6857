"""Finding the one record that a batch fails on, by halving, so that the rest can land."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg

from processors.engine.processor import Rejected
from processors.engine.retry import is_passing, is_too_large
from runtime.logs import Redactor
from runtime.postgres import Connection

T = TypeVar("T")
S = TypeVar("S")

#: What an error quotes is data, unless it is the schema's own name: data stays out of logs and headers.
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_redactor = Redactor()


def land(
    deliveries: Sequence[T],
    handle: Callable[[Sequence[T], Connection], object],
    connection: Connection,
    blame: Callable[[T, Exception], S],
) -> list[S]:
    """Have `handle` take all of `deliveries` but those that fail alone, which go to `blame`: what that makes of them.

    What failed together is rolled back to a savepoint and tried in two halves. Raises whatever passes by itself.
    """
    if not deliveries:
        return []
    try:
        with connection.transaction():
            handle(deliveries, connection)
    except Exception as error:
        if is_passing(error) or connection.closed:
            raise
        if len(deliveries) == 1:
            return [blame(deliveries[0], error)]
        middle = len(deliveries) // 2
        first = land(deliveries[:middle], handle, connection, blame)
        return first + land(deliveries[middle:], handle, connection, blame)
    return []


def is_rejection(error: BaseException) -> bool:
    """Whether the record is at fault: it says so, its data will not go into PostgreSQL (SQLSTATE 22, 23, 54), or what
    is reckoned from its times and numbers goes beyond what there is."""
    return is_too_large(error) or isinstance(
        error, Rejected | psycopg.DataError | psycopg.IntegrityError | UnicodeError | ArithmeticError
    )


def described(error: BaseException) -> str:
    """What `error` says, on one line, without what it quotes but the names of tables, columns and constraints."""
    text, names = str(error), set[str | None]()
    if isinstance(error, psycopg.Error):
        text = error.diag.message_primary or text
        names = {error.diag.table_name, error.diag.column_name, error.diag.constraint_name}
    text = _QUOTED.sub(lambda quoted: quoted[0] if quoted[0][1:-1] in names else "…", " ".join(text.split()))
    return _redactor.text(text)[:300]
