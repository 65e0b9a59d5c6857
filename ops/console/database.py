"""The console's few connections to PostgreSQL: it waits for one, rather than open more beside the processors'."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from runtime.postgres import Connection, connect

#: Seconds that a page waits for a connection that others use, and a statement for a lock.
WAIT, LOCK_WAIT = 2.0, 1.0


class ConsoleBusy(Exception):
    """Try again: every connection of the console is in use."""


class ConsoleDatabase:
    """Used by any number of threads."""

    def __init__(self, open_connection: Callable[[], Connection], connections: int) -> None:
        self._open = open_connection
        self._free = threading.Semaphore(connections)
        self._lock = threading.Lock()
        self._idle: list[Connection] = []

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that can only read. Raises ConsoleBusy, psycopg.Error."""
        if not self._free.acquire(timeout=WAIT):
            raise ConsoleBusy
        try:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            connection = connection or self._open()
            try:
                yield connection
            except psycopg.OperationalError:
                # The server has gone or was started again: the idle ones know nothing of it.
                self._close_idle()
                raise
            finally:
                self._keep(connection)
        finally:
            self._free.release()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write. Raises ConsoleBusy, psycopg.Error."""
        with self.reading() as connection, connection.transaction():
            connection.execute("SET TRANSACTION READ WRITE")
            yield connection

    def _keep(self, connection: Connection) -> None:
        if not connection.closed and connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            with self._lock:
                self._idle.append(connection)
        else:
            connection.close()

    def _close_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def connect_for_console(dsn: str, statement_seconds: float) -> Connection:
    """A connection that reads, and that PostgreSQL itself stops where a statement takes long. Raises psycopg.Error."""
    connection = connect(dsn, process="console", connect_timeout=2, call_timeout=statement_seconds + 2)
    try:
        connection.execute(f"SET statement_timeout = {statement_seconds * 1000:.0f}")
        connection.execute(f"SET lock_timeout = {LOCK_WAIT * 1000:.0f}")
        connection.execute("SET default_transaction_read_only = on")
        connection.execute("SET max_parallel_workers_per_gather = 0")  # the processors need the cores
        # `events` has a block range index alone by time: where nothing is found there, a scan would read all of it.
        connection.execute("SET enable_seqscan = off")
    except psycopg.Error:
        connection.close()
        raise
    return connection
