"""A TCP proxy that can cut, swallow and delay what passes, in a thread of its own."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

HOST = "127.0.0.1"
#: Bytes of one read.
CHUNK = 65_536


class Cut(Exception):
    """Send `first`, then break the connection in both directions."""

    def __init__(self, first: bytes = b"") -> None:
        super().__init__()
        self.first = first


class Tap(Protocol):
    """Sees one connection's bytes as they pass. May raise Cut."""

    def asked(self, data: bytes) -> bytes:
        """From the client; returns what goes on."""

    def answered(self, data: bytes) -> bytes:
        """From the server; returns what goes on."""


class Plain:
    """Lets everything pass."""

    def asked(self, data: bytes) -> bytes:
        return data

    def answered(self, data: bytes) -> bytes:
        return data


class Proxy:
    """Listens on a free port and passes everything on to `target`. Methods may be called from any thread."""

    def __init__(self, target: int, tap: Callable[[], Tap] = Plain, *, seed: int = 0) -> None:
        self.target = target
        self._tap = tap
        self._rng = random.Random(seed)
        self._delay = (0.0, 0.0)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._listener = socket.create_server((HOST, 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()
        self._call(self._serve())

    def swallow(self) -> None:
        """Nothing passes any more, and nobody is told: a black hole."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def flow(self) -> None:
        """What was swallowed passes now, and the rest."""
        self._loop.call_soon_threadsafe(self._flows.set)

    def delay(self, seconds: float, spread: float = 0.0) -> None:
        """Every answer comes `seconds` later, give or take `spread`."""
        self._delay = (seconds, spread)

    def cut(self) -> None:
        """Break every connection there is."""
        self._loop.call_soon_threadsafe(self._break)

    def close(self) -> None:
        """Stop listening and break everything."""
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _call(self, coroutine: object) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(5)  # type: ignore[arg-type]

    async def _serve(self) -> None:
        self._server = await asyncio.start_server(self._connection, sock=self._listener)

    async def _close(self) -> None:
        self._server.close()
        self._flows.set()
        self._break()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _break(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self._writers.add(writer)
        upstream = None
        try:
            with suppress(OSError):
                await self._flows.wait()
                there, upstream = await asyncio.open_connection(HOST, self.target)
                self._writers.add(upstream)
                tap = self._tap()
                both = self._pump(reader, upstream, tap.asked), self._pump(there, writer, tap.answered, late=True)
                pumps = [asyncio.create_task(pumping) for pumping in both]
                try:
                    await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for pump in pumps:
                        pump.cancel()
                    await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            for stream in (writer, upstream):
                if stream:
                    self._writers.discard(stream)
                    stream.transport.abort()
            self._tasks.discard(task)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        see: Callable[[bytes], bytes],
        *,
        late: bool = False,
    ) -> None:
        due = 0.0
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                at, data = await queue.get()
                await asyncio.sleep(max(0.0, at - self._loop.time()))
                await self._flows.wait()
                writer.write(data)
                await writer.drain()

        delivering = asyncio.create_task(deliver())
        try:
            while not delivering.done() and (data := await reader.read(CHUNK)):
                await self._flows.wait()
                seconds, spread = self._delay if late else (0.0, 0.0)
                due = max(due, self._loop.time() + max(0.0, seconds + spread * self._rng.uniform(-1, 1)))
                queue.put_nowait((due, see(data)))
        except Cut as cut:
            writer.write(cut.first)
            with suppress(OSError):
                await writer.drain()
        except OSError:
            pass  # one side is gone: the other is told by whoever waits for us
        finally:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)
