"""Connection draining: a server that is about to stop takes no new connection and ends those that it has.

A server that stops closes its listening sockets, and the kernel then resets every connection that has been made and
not yet accepted, request and all; and it closes idle connections, on which a request may be on its way. So before it
stops, each worker rejects new connections, goes on accepting those already made, and closes each connection with its
next response (RFC 9112, 9.6). What is left then has been idle for the whole of the drain.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runtime import logs
from runtime.sockets import is_listening, minimum_ttl, set_minimum_ttl, tcp_sockets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logs.logger("runtime.draining")

_CLOSE = ("Connection", "close")
#: The largest time to live there is. Systems send with 64 or 128, and each router takes one off; only a neighbour that
#: sends with 255 gets through, and is served.
_LARGEST_TTL = 255
#: Seconds between two looks at this process's sockets, the last for as long as it lives.
_PAUSES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.25)


class ConnectionDrain:
    """One for a server: made in its main process before any worker starts, begun there, carried out in each worker."""

    def __init__(self, port: int) -> None:
        """`port`: the TCP port that the workers listen on."""
        self._port = port
        #: Nothing is ever sent: that the only writing end is closed is the message, which no worker can miss, however
        #: late it was started, and for which nobody waits, whichever worker was killed.
        self._reading, self._writing = multiprocessing.Pipe(duplex=False)

    def begin(self) -> None:
        """In the main process: have every worker drain from now on."""
        self._writing.close()

    def drained(self, app: WSGIApplication) -> WSGIApplication:
        """In a worker: `app`, whose responses close their connections once the drain has begun."""
        self._writing.close()  # ours, inherited; the main process's is what counts
        draining = threading.Event()
        threading.Thread(target=self._drain, args=(draining,), name="drain", daemon=True).start()
        is_draining = draining.is_set

        def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            return app(environ, _closing(start_response) if is_draining() else start_response)

        return respond

    def _drain(self, draining: threading.Event) -> None:
        with suppress(EOFError, OSError):
            self._reading.recv_bytes()
        draining.set()
        pauses = iter(_PAUSES)
        pause = 0.0
        while True:
            try:
                reject_new_connections(self._port)
            except OSError as error:  # not a Linux kernel, whatever it says of itself
                log.error("new_connections_not_rejected", error=error.strerror)
                return
            pause = next(pauses, pause)
            time.sleep(pause)


def _closing(start_response: StartResponse) -> StartResponse:
    """A response after which the connection is closed."""

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [*headers, _CLOSE], *more)

    return start


def reject_new_connections(port: int) -> None:
    """Have this process's listening sockets on TCP `port` take no new connection; those that are made live on (Linux).

    A minimum for the time to live (IP_MINTTL, RFC 5082) that no packet reaches: the kernel drops the SYN that asks for
    a connection, and completes the handshakes that have begun. It needs no privilege; the socket filter that one would
    think of first needs CAP_NET_ADMIN on new kernels. Whoever was dropped has sent nothing yet; its kernel asks again
    after a second, and finds nobody or the next server.

    A connection whose handshake was under way inherits the minimum, so it is taken off again: call this a few times.
    What such a connection has sent meanwhile is sent again by the client's kernel, after 0.2 s at first.
    Raises OSError where the kernel does not know the option.
    """
    for found in tcp_sockets(port):
        lowest = _LARGEST_TTL if is_listening(found) else 0
        if minimum_ttl(found) != lowest:
            set_minimum_ttl(found, lowest)
