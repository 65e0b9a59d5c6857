"""Connections to PostgreSQL, with the settings that we rely on made explicit."""

from __future__ import annotations

from typing import Any

import psycopg

#: A connection whose rows are plain tuples.
Connection = psycopg.Connection[tuple[Any, ...]]


def connect(dsn: str, *, process: str, connect_timeout: int = 5) -> Connection:
    """A connection for `process`, outside any transaction block until one is opened.

    TCP keepalives find a dead server within about half a minute, and `application_name` says who is connected.
    Raises psycopg.OperationalError where there is no server.
    """
    return psycopg.connect(
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
