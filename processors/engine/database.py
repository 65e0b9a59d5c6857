"""One connection to PostgreSQL, made anew when it breaks, and the transaction that holds a batch's effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus

from runtime import logs
from runtime.postgres import Connection

log = logs.logger("processors.engine.database")

#: Seconds that a transaction may stand still. A process that is frozen in one holds its locks, and with them the
#: partition's next owner: after this long they are taken back. Longer than the wait for a dead letter's
#: acknowledgement.
IDLE_LIMIT = 30.0

#: Seconds to wait for a lock: shorter than a call to PostgreSQL may take in all, so that it is PostgreSQL who says
#: that there is a lock, and the client's deadline stays what it is for, a server that says nothing.
LOCK_LIMIT = 15.0

#: Frozen between two statements, PostgreSQL ends the session itself. Frozen within a COPY it does not: it reads from
#: the client then, and looks at none of its time-outs (PostgreSQL 17, `ProcessClientReadInterrupt`). So whoever has
#: waited for a lock in vain ends what has been read from for as long.
_END_FROZEN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE usename = current_user AND application_name = current_setting('application_name')
    AND state = 'active' AND wait_event = 'ClientRead'
    AND query_start < clock_timestamp() - %s * interval '1 second'
"""

#: Settings of every session.
SESSION = {
    # Statements are planned once, and may have been when a table was empty: none of ours wants a whole table
    # where there is an index.
    "enable_seqscan": "off",
}


class Database:
    """Used by one thread."""

    def __init__(
        self, connect: Callable[[], Connection], *, idle_limit: float = IDLE_LIMIT, lock_limit: float = LOCK_LIMIT
    ) -> None:
        self._connect = connect
        self._idle_limit = idle_limit
        self._lock_limit = min(lock_limit, idle_limit)
        self._session = SESSION | {
            "idle_in_transaction_session_timeout": f"{int(idle_limit * 1000)}ms",
            "lock_timeout": f"{int(self._lock_limit * 1000)}ms",
        }
        self._connection: Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing. Raises psycopg.OperationalError where there is no server, or it goes meanwhile.

        Then it is not known whether a commit that had begun went through: whoever tries again must be able to tell.
        """
        connection = self._connected()
        try:
            with connection.transaction():
                yield connection
        except psycopg.errors.LockNotAvailable:
            ended = connection.execute(_END_FROZEN, (self._idle_limit,)).rowcount
            log.warning("lock_not_available", seconds=self._lock_limit, frozen_sessions_ended=ended)
            raise
        except BaseException:
            if connection.closed or connection.info.transaction_status is not TransactionStatus.IDLE:
                self.close()
            raise

    def close(self) -> None:
        """Close the connection, if there is one; the next transaction opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = None
            connection = self._connect()
            try:
                for name, value in self._session.items():
                    connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            except psycopg.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection
