"""Freezing a server or a process as SIGSTOP does: it answers nothing, and refuses nothing."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from psycopg.conninfo import conninfo_to_dict


@contextmanager
def frozen(process: psutil.Process) -> Iterator[None]:
    """`process` and its children stand still while the block runs; those that it starts later do not exist."""
    stopped = [process, *process.children(recursive=True)]
    for member in stopped:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for member in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(signal.SIGCONT)


def listening(port: int) -> psutil.Process:
    """The process of this machine that listens on `port`."""
    pids = [
        socket.pid
        for socket in psutil.net_connections("tcp")
        if socket.status == psutil.CONN_LISTEN and socket.laddr.port == port and socket.pid
    ]
    return psutil.Process(min(pids))


def server_of(dsn: str) -> psutil.Process:
    """The embedded PostgreSQL behind `dsn`."""
    return listening(int(str(conninfo_to_dict(dsn)["port"])))
