"""Sends cases over raw sockets and hears what comes back."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from tests.fuzz.case import CLOSED, Case

#: Seconds that any answer may take.
TIME_LIMIT = 30.0

_LAST_INFORMATIONAL = 199


class Reply(NamedTuple):
    """What came back."""

    status: int  #: CLOSED: nothing but the end of the connection
    event_id: str | None = None
    durability: str | None = None


class NoAnswer(Exception):
    """Look at the server: it neither answered nor closed the connection in time."""


class Client:
    """One connection at a time, kept for as long as the cases and the server let it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, case: Case) -> Reply:
        """The answer to `case`. Raises NoAnswer."""
        try:
            async with asyncio.timeout(TIME_LIMIT):
                kept = self._streams is not None and case.reusable
                reply = await self._ask(case)
                if reply.status == CLOSED and kept:  # the server may end an idle connection just then
                    reply = await self._ask(case)
                return reply
        except TimeoutError:
            await self.close()
            raise NoAnswer(f"{TIME_LIMIT:g} s") from None

    async def close(self) -> None:
        """End the connection, if there is one."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
            try:
                await streams[1].wait_closed()
            except OSError:
                return

    async def _ask(self, case: Case) -> Reply:
        if not case.reusable:
            await self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        reader, writer = self._streams
        ends = True
        try:
            await self._send(writer, case)
            reply, ends = await _reply(reader, case.method)
        except (OSError, EOFError):  # IncompleteReadError is an EOFError
            return Reply(CLOSED)
        finally:
            if ends or not case.reusable:
                await self.close()
        return reply

    async def _send(self, writer: asyncio.StreamWriter, case: Case) -> None:
        """What a server refuses early it need not read: its answer may be there all the same."""
        writer.write(case.wire)
        try:
            await writer.drain()
            if case.half_closed:
                writer.write_eof()
        except OSError:
            return


async def _reply(reader: asyncio.StreamReader, method: bytes) -> tuple[Reply, bool]:
    """The final answer, and whether the connection ends with it. Raises EOFError, OSError."""
    status = 0
    while status <= _LAST_INFORMATIONAL:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        status = int(first.split(" ", 2)[1])
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines if line)}
    if method != b"HEAD" and status not in (204, 304):
        if "content-length" in headers:
            await reader.readexactly(int(headers["content-length"]))
        else:
            await reader.read()
            headers["connection"] = "close"
    ends = headers.get("connection", "").lower() == "close"
    return Reply(status, headers.get("x-event-id"), headers.get("x-durability")), ends
