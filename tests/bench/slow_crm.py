"""`python -m tests.bench.slow_crm PORT`: a CRM that knows everybody and takes 50 ms for everything, and no more work.

It answers whatever it is asked with a new id.
"""

from __future__ import annotations

import asyncio
import re
import sys

#: Seconds for each answer.
ANSWERS_AFTER = 0.05
_BODY = b'{"id": "n1"}'
_ANSWER = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(_BODY),
    _BODY,
)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class _Connection(asyncio.Protocol):
    """One client, who waits for each answer."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._received += data
        head, ended, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if ended and len(body) >= (int(length[1]) if length else 0):
            self._received = b""
            asyncio.get_running_loop().call_later(ANSWERS_AFTER, self._answer)

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_ANSWER)


async def serve(port: int) -> None:
    """Until the process ends."""
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port, backlog=256)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
