"""Serves the sandbox: a thread a connection, kept alive, or dropped without an answer when asked.

werkzeug's own handler closes every connection after one answer, which costs a TCP connection and a thread a
request; this one reads each body to its end and so may keep the connection (HTTP/1.1).
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, cast

from werkzeug.serving import DechunkedInput, ThreadedWSGIServer, WSGIRequestHandler

from deploy.local.sandbox.gateway import MAX_BODY_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: Connections that may wait to be accepted.
BACKLOG = 1024
#: An idle connection is closed after this many seconds, as nginx does.
IDLE_S = 75.0
#: Status codes whose answers end with their headers.
_BODILESS = ("204", "304")

Headers = list[tuple[str, str]]

logger = logging.getLogger("hookline.sandbox")


class _Connection(WSGIRequestHandler):
    """One client's connection, in a thread of its own."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    wbufsize = 65536  # head and body leave in one segment
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request and keep the connection, unless either side wants it closed."""
        body = self._body()
        if body is None:
            self.close_connection = True
            return
        environ = self.make_environ()
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        started: dict[str, Any] = {}

        def start_response(status: str, headers: Headers, _: Any = None) -> Callable[[bytes], object]:
            started.update(status=status, headers=headers)
            return self.wfile.write

        try:
            chunks = self.server.app(environ, start_response)
            try:
                self._answer(started, chunks)
            finally:
                if hasattr(chunks, "close"):
                    chunks.close()
        except ConnectionError:
            # AnswerDropped, or a caller that did not wait for its answer: either way the connection is over.
            self.close_connection = True
        except Exception:
            # Flask answers its own bugs with 500; what comes here is a bug of the gateway or of this file.
            logger.exception("sandbox_bug")
            self.close_connection = True

    def _body(self) -> bytes | None:
        """The whole body, at most one byte more than the gateway accepts; None: it cannot be read."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            body = DechunkedInput(cast("IO[bytes]", self.rfile)).read(MAX_BODY_BYTES + 1) or b""
        else:
            length = self.headers.get("Content-Length", "0")
            if not length.isdecimal():
                return None
            count = min(int(length), MAX_BODY_BYTES + 1)
            body = self.rfile.read(count)
            if len(body) < count:
                return None
        if len(body) > MAX_BODY_BYTES:
            self.close_connection = True  # what is left of the body is not the next request
        return body

    def _answer(self, started: dict[str, Any], chunks: Iterable[bytes]) -> None:
        code, _, reason = started["status"].partition(" ")
        sized = any(name.lower() == "content-length" for name, _ in started["headers"])
        if not sized and code not in _BODILESS:
            self.close_connection = True
        self.send_response(int(code), reason)
        for name, value in started["headers"]:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        for chunk in chunks:  # none for HEAD: the app sees to that
            self.wfile.write(chunk)
            self.wfile.flush()
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: requests are in GET /_sandbox/requests, and people's numbers stay out of the logs."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Only what concerns whoever runs the sandbox."""
        logger.debug("sandbox_%s: %s", type, message % args if args else message)


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that stopping ends them too."""

    def __init__(self, listening: socket.socket, app: WSGIApplication) -> None:
        host, port = listening.getsockname()[:2]
        self._open: set[socket.socket] = set()
        super().__init__(host, port, app, handler=_Connection, fd=listening.fileno())

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """A connection is over."""
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Wake every thread that waits for its client."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # it ended by itself meanwhile
                connection.shutdown(socket.SHUT_RDWR)


class SandboxServer:
    """A served sandbox. Use `serve_forever` in a process of its own, or `with SandboxServer(app) as server`.

    `port` 0 takes a free one. Raises OSError where the address cannot be listened on.
    """

    def __init__(self, app: WSGIApplication, *, host: str = "127.0.0.1", port: int = 0) -> None:
        # Not werkzeug's own binding: it prints and exits when the port is taken.
        with socket.create_server((host, port), backlog=BACKLOG) as listening:
            self._server = _Server(listening, app)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._server.server_address[0]!s}:{self._server.port}"

    def serve_forever(self) -> None:
        """Serve until `stop` is called from another thread."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """End serving and every open connection."""
        self._server.shutdown()
        self._server.end_connections()

    def __enter__(self) -> SandboxServer:
        self._thread = threading.Thread(target=self.serve_forever, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join()
