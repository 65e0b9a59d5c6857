"""A new connection may lead to a PostgreSQL that went back to a copy: that is found before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from processors.engine.progress import Progress
from runtime.postgres import Connection


def looked_through(connection: Connection, progress: Progress) -> Connection:
    """`connection`, once a restore that it shows is written down. Raises psycopg.OperationalError.

    A database whose tables or rights are not there (yet) is one that is not there: it is being restored.
    """

    @contextmanager
    def transaction() -> Iterator[Connection]:
        with connection.transaction():
            yield connection

    try:
        progress.look_for_restore(transaction)
    except (errors.UndefinedTable, errors.InsufficientPrivilege) as error:
        connection.close()
        raise psycopg.OperationalError(f"is PostgreSQL being restored? {type(error).__name__}") from None
    except psycopg.Error:
        connection.close()
        raise
    return connection
