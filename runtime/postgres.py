"""Connections to PostgreSQL, with the settings that we rely on made explicit, and a deadline on every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import dict_row

T = TypeVar("T")

#: A connection whose rows are plain tuples.
Connection = psycopg.Connection[tuple[Any, ...]]


class CallTimedOut(psycopg.OperationalError):
    """Try again on a new connection: the server did not answer in time. Whether it did what it was asked is unknown."""


class DeadlineConnection(psycopg.Connection[tuple[Any, ...]]):
    """Ends a call that takes longer than `call_timeout` seconds, and the connection with it.

    A server that is frozen (SIGSTOP, a hung disk or machine) sends nothing, not even a reset: its own time-outs do
    not run, keepalives are answered by its kernel, and a Unix socket has none. So the client has to count. Every
    psycopg call that waits for the server, COPY and the end of a transaction included, waits in `wait`.
    """

    call_timeout: float | None = None  #: seconds; None: for as long as it takes
    after_call: Callable[[], None] | None = None  #: called in the caller's thread whenever the server has answered

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """See psycopg.Connection.wait. Raises CallTimedOut."""
        if timeout is not None or self.call_timeout is None:  # a limit of the caller's own
            result = super().wait(gen, interval, timeout)
        else:
            result = self._wait_at_most(gen, interval, self.call_timeout)
        if self.after_call is not None:
            self.after_call()
        return result

    def _wait_at_most(self, gen: PQGen[T], interval: float, limit: float) -> T:
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError as error:
            # psycopg's own name for it is private (`errors._WaitTimeout`); it is the one that leaves the connection
            # open with a call under way. What the server says itself has an SQLSTATE.
            under_way = self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE
            if error.sqlstate is not None or self.closed or not under_way:
                raise
            self.close()
            raise CallTimedOut(f"no answer within {limit:g} s") from None


def connect(
    dsn: str,
    *,
    process: str,
    connect_timeout: int = 5,
    call_timeout: float | None = None,
    after_call: Callable[[], None] | None = None,
) -> Connection:
    """A connection for `process`, outside any transaction block until one is opened.

    `call_timeout`: seconds that the server has to answer each call; then CallTimedOut is raised and the connection
    closed. None, for migrations and other work of operators: any time. TCP keepalives find a dead machine within
    about half a minute, and `application_name` says who is connected.
    Raises psycopg.OperationalError where there is no server.
    """
    connection = DeadlineConnection.connect(
        dsn,
        autocommit=True,
        connect_timeout=connect_timeout,
        application_name=f"hookline-{process}",
        keepalives=1,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        options="-c timezone=UTC",
    )
    connection.call_timeout, connection.after_call = call_timeout, after_call
    return connection


def is_password_refused(error: psycopg.Error) -> bool:
    """Whether a server that answers asked for a password and did not let us in, as opposed to no server answering.

    A failed connection has no SQLSTATE in libpq, and the server's message may be in any language.
    """
    return error.pgconn is not None and error.pgconn.used_password


def named_rows(connection: Connection, query: str, *values: object) -> list[dict[str, Any]]:
    """The rows of `query`, each by the names of its columns. Raises psycopg.Error."""
    return connection.cursor(row_factory=dict_row).execute(query, values).fetchall()
