"""PostgreSQL as commands reach it: by the application's role, where the settings or a running local stack say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.postgres import Connection


def postgres_dsn() -> str:
    """Where it is. Raises ConfigurationError."""
    from ops.configuration import load
    from runtime.connections import PostgresSettings

    return load(PostgresSettings)[PostgresSettings].dsn.get_secret_value()


@contextmanager
def database(command: str) -> Iterator[Connection]:
    """A connection for `command`, as which PostgreSQL lists it. Raises ConfigurationError, psycopg.Error."""
    from runtime.postgres import connect

    with connect(postgres_dsn(), process=command) as connection:
        yield connection
