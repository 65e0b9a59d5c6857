"""A plain HTTP/1.1 connection that tells apart what a client library would smooth over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


class Unanswered(Exception):
    """Count it as refused: bytes were sent and no answer came. The argument: what came instead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]  #: names in lower case
    body: bytes


class Connection:
    """Kept alive from one request to the next, as providers do."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is somebody at the other end, as far as we know."""
        return self._streams is not None

    async def open(self) -> bool:
        """Whether there is a connection now; False: nobody listens. Nothing has been sent then."""
        if self._streams and (self._streams[0].at_eof() or self._streams[0].exception()):
            await self.close()  # the server said goodbye before we began: no request is lost by it
        if self._streams is None:
            try:
                self._streams = await asyncio.open_connection(self._host, self._port)
            except OSError:
                return False
        return True

    async def post(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send and wait for the answer. Raises Unanswered."""
        assert self._streams
        reader, writer = self._streams
        lines = [f"POST {path} HTTP/1.1", f"Host: {self._host}:{self._port}", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/json", *(f"{name}: {value}" for name, value in headers.items())]
        try:
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            answer = await read_answer(reader)
        except asyncio.IncompleteReadError as error:
            raise Unanswered("cut short" if error.partial else "closed") from None
        except (OSError, ValueError) as error:
            raise Unanswered(type(error).__name__) from None
        if answer.headers.get("connection", "").lower() == "close":
            await self.close()
        return answer

    async def close(self) -> None:
        """Let go of it."""
        streams, self._streams = self._streams, None
        if streams:
            streams[1].close()


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """One answer. Raises IncompleteReadError, OSError, ValueError."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(head[0].split()[1]), headers, body)
