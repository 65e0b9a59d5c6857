"""The door of a service that is about to stop: nobody comes in, and who is in is asked to go.

A server that stops closes the connections that stand idle, and a request may be on its way on one: it gets no answer.
So before it stops, a worker hears no knocks any more, and closes each connection with an answer that says so (RFC 9112,
9.6). What is left then has stood idle for long.
"""

from __future__ import annotations

import ctypes
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.sharedctypes import RawValue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CLOSE = ("Connection", "close")
#: Linux's asm-generic/socket.h; Python's socket module does not name it.
_SO_ATTACH_FILTER = 26
#: A classic BPF program (linux/filter.h) over a TCP segment: its flags (byte 13); SYN among them? dropped : let in.
_NO_SYN = b"".join(
    struct.pack("=HBBI", *instruction)
    for instruction in ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))
)


class Door:
    """One for a service. Made in its main process, before any worker is."""

    def __init__(self, port: int) -> None:
        """`port`: the TCP port that the workers listen on."""
        self._port = port
        self._closing = RawValue(ctypes.c_bool, False)

    def close(self) -> None:
        """Have every worker do as this file says, from its next request on."""
        self._closing.value = True

    def around(self, app: WSGIApplication) -> WSGIApplication:
        """`app`, for a worker."""
        is_shut = False

        def through(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            nonlocal is_shut
            if not self._closing.value:
                return app(environ, start_response)
            if not is_shut:
                is_shut = True
                hear_no_knocks(self._port)
            return app(environ, _last(start_response))

        return through


def _last(start_response: StartResponse) -> StartResponse:
    """An answer after which the connection is closed."""

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [*headers, _CLOSE], *more)

    return start


def hear_no_knocks(port: int) -> None:
    """Have this process's listening sockets on TCP `port` take no new connection; those that there are live on.

    A listening socket that is closed resets who has come in and was not fetched yet, webhook and all. So ours stays
    open until Granian closes it, and the kernel drops whatever asks for a new connection (Linux): who asks is not
    answered, asks again after a second, and then there is nobody, or the next service.
    """
    if not sys.platform.startswith("linux"):
        return
    program = ctypes.create_string_buffer(_NO_SYN, len(_NO_SYN))
    filters = struct.pack("@HP", len(_NO_SYN) // 8, ctypes.addressof(program))
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # closed meanwhile
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                with socket.socket(fileno=os.dup(int(name))) as one:
                    if _listens(one, port):
                        one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filters)


def _listens(one: socket.socket, port: int) -> bool:
    if one.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    return bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)) and one.getsockname()[1] == port
