"""How many requests a death may leave without an answer."""

from __future__ import annotations

from collections.abc import Iterable

import psutil


def open_connections(port: int, processes: Iterable[psutil.Process]) -> int:
    """Connections to `port` that these have open."""
    count = 0
    for process in processes:
        there = process.net_connections("tcp")
        count += sum(
            connection.laddr.port == port and connection.status == psutil.CONN_ESTABLISHED for connection in there
        )
    return count
