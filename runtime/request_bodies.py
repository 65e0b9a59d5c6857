"""Slow and stalled request bodies: threads to wait for them that nobody else needs, and a deadline.

A thread that reads a body waits for as long as the client likes (granian 2.8: `WSGIBody.read` blocks until the next
bytes, and takes no time-out). So as many stalled bodies as there are threads, and nobody is answered any more. A proxy
that buffers requests keeps them away in production; this is for whoever reaches the port directly.

So Granian may have many more threads than requests are handled at once: a thread that waits for a body gives its slot
to another. What is expensive to read, large, compressed or of many parts, is handled in a few slots of its own: anybody
may send it, and what waits for its turn must not keep small requests waiting. Such a slot rests when its request was
refused, the longer the more of the processor it took, so that strangers who send nothing else get a bounded share of
it. Any other request that was refused and took as much of the processor as those do is one of them, too: it waits for
such a slot, which rests, before it is answered.

And a body that is not there in time is
ended. Nothing tells on which connection a request came, only its client's address, so the connections to end are found
by what the kernel knows about them (Linux).
"""

from __future__ import annotations

import io
import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from runtime import logs, metrics
from runtime.sockets import is_listening, tcp_sockets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logs.logger("runtime.request_bodies")

#: Seconds in which a body has to be there, from when it is first asked for.
DEADLINE = 10.0
#: The same while more than half of the threads that a worker may have wait for bodies. Longer than ingest takes to
#: answer when Kafka is away (2.5 s): no connection is taken for a stalled one whose request is being handled.
DEADLINE_UNDER_PRESSURE = 3.5
#: Seconds between two looks at the bodies that are being read.
_INTERVAL = 0.25
#: Seconds by which a response to the request before may leave after a body is first asked for (pipelining).
_SLACK = 0.1
#: linux/tcp.h, struct tcp_info, as far as tcpi_last_data_recv; the two are milliseconds ago.
_TCP_INFO = struct.Struct("=8B13I")
_LAST_SENT, _LAST_RECEIVED = 17, 19


#: Bytes from which on a body is large, and one of so many slots that may be had by requests with an expensive body.
LARGE, LARGE_SHARE = 32 * 1024, 8
#: Commas and ampersands from which on a body has many parts: values of JSON, fields of a form. Providers send less than
#: 100; small bodies of the most that are read take 1 to 2 ms of the processor, of 250 a third of one (measured).
MANY_PARTS = 250
#: Requests of that kind which a worker refuses in a second at most, and their share of its processor.
REFUSALS, REFUSALS_SHARE = 200, 0.2
#: Seconds of the processor from which on any request is as expensive: genuine webhooks take a tenth (measured).
COSTLY = 0.0005
#: What an application sets in the environ of a request that it refuses.
REFUSED = "hookline.refused"

#: Threads that a worker may have: those that handle requests, and those that wait for bodies. Granian makes them when
#: they are needed; 1,000 that wait take about 60 MB.
READERS = 1024


class BodyReads:
    """The bodies that threads of a worker wait for, and the slots of requests that are handled."""

    def __init__(self, slots: int, clock: Callable[[], float]) -> None:
        """`slots`: requests that are handled at once."""
        self.clock = clock
        #: The bodies, and since when each is waited for.
        self.since: dict[BoundedBody, float] = {}
        self.slots = Slots(slots)
        self._large_count = max(2, slots // LARGE_SHARE)
        self.large_slots = Slots(self._large_count)

    def rest_after(self, worked: float) -> float:
        """Seconds for which an expensive slot rests before its request, which took `worked` seconds, is refused."""
        return self._large_count * max(1 / REFUSALS, worked / REFUSALS_SHARE)


class Slots:
    """A semaphore at a tenth of threading.Semaphore's cost."""

    __slots__ = ("give", "take")

    def __init__(self, count: int) -> None:
        free: SimpleQueue[None] = SimpleQueue()
        for _ in range(count):
            free.put(None)
        self.take, self.give = free.get, partial(free.put, None)


class BoundedBody:
    """`wsgi.input` of one request: it ends with an exception where the client does not send what it announced."""

    __slots__ = (
        "_announced",
        "_is_packed",
        "_raw",
        "_reads",
        "_received",
        "address",
        "is_stalled",
        "may_be_cut",
        "slots",
    )

    def __init__(self, environ: WSGIEnvironment, reads: BodyReads) -> None:
        self._raw = environ["wsgi.input"]
        self._announced = int(environ.get("CONTENT_LENGTH") or 0)
        self._is_packed = "HTTP_CONTENT_ENCODING" in environ
        self._reads = reads
        self._received = 0
        self.slots = reads.slots  #: those of which its request has one while it is handled
        self.address: str = environ["REMOTE_ADDR"]
        self.is_stalled = False  #: set before its connection is ended
        self.may_be_cut = False  #: set before connections of its address are ended, because its own may be among them

    def read(self, size: int | None = None) -> bytes:
        """Up to `size` bytes, or all. Raises RequestTimeout (408) and ClientDisconnected (400)."""
        if size is not None and size < 0:
            size = None
        data = self._wait_for(self._raw.read, size)
        self._received += len(data)
        is_all = size is None or len(data) < size
        if is_all and self._received < self._announced:
            raise ClientDisconnected
        if (
            is_all and self.may_be_cut and not self._announced
        ):  # in chunks: the end of one that is cut looks like its own
            raise RequestTimeout
        return data

    def readline(self, _size: int | None = None) -> bytes:
        """Up to and with the next newline, or all. Raises RequestTimeout."""
        return self._wait_for(self._raw.readline, None)

    def readlines(self, _hint: int | None = None) -> list[bytes]:
        """All lines. Raises as `read` does."""
        return io.BytesIO(self.read()).readlines()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def judge_cost(self, worked: float) -> bool:
        """Whether its request, which took `worked` seconds of the processor, is expensive.

        One that is gets such a slot in place of its own.
        """
        large_slots = self._reads.large_slots
        if self.slots is large_slots:
            return True
        if worked < COSTLY:
            return False
        self.slots.give()
        self.slots = large_slots
        self.slots.take()
        return True

    def _wait_for(self, read: Callable[[int | None], bytes], size: int | None) -> bytes:
        reads = self._reads
        reads.since[self] = reads.clock()
        self.slots.give()
        try:
            data = read(size)
            if self._is_packed or self._received + len(data) >= LARGE or _has_many_parts(data):
                self.slots = reads.large_slots
        finally:
            del reads.since[self]
            self.slots.take()
        if self.is_stalled:
            raise RequestTimeout
        return data


class BodyDeadlines:
    """One for a server: in each worker it watches the bodies that threads wait for, and ends those that stall."""

    def __init__(
        self,
        port: int,
        slots: int,
        *,
        readers: int = READERS,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[float], None] = time.sleep,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        """`port`: what the workers listen on; `slots`: requests that one handles at once; `readers`: its threads.

        `worked`: seconds of the processor that the calling thread has had.
        """
        self._port = port
        self._slots = slots
        self._readers = readers
        self._clock = clock
        self._rest = rest
        self._worked = worked

    def bounded(self, app: WSGIApplication) -> WSGIApplication:
        """In a worker: `app`, whose requests' bodies have a deadline; starts the watch."""
        reads = BodyReads(self._slots, self._clock)
        threading.Thread(target=self._watch, args=(reads,), name="body-deadlines", daemon=True).start()
        take_slot, worked = reads.slots.take, self._worked

        def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ["wsgi.input"] = body = BoundedBody(environ, reads)
            take_slot()
            begun = worked()
            try:
                return app(environ, start_response)
            finally:
                if REFUSED in environ and body.judge_cost(cost := worked() - begun):
                    self._rest(reads.rest_after(cost))
                body.slots.give()

        return respond

    def end_stalled(self, reads: BodyReads) -> int:
        """End the connections of bodies that are past their deadline; how many bodies."""
        waiting = list(reads.since.items())  # one step of the interpreter's: threads come and go
        is_pressed = len(waiting) > self._readers // 2
        latest = self._clock() - (DEADLINE_UNDER_PRESSURE if is_pressed else DEADLINE)
        stalled: dict[str, list[float]] = defaultdict(list)
        for body, since in waiting:
            if since < latest:
                body.is_stalled = True
                stalled[body.address].append(since)
        if stalled:
            for body, _ in waiting:
                body.may_be_cut = body.may_be_cut or body.address in stalled
            self._end(stalled)
        return sum(map(len, stalled.values()))

    def _end(self, stalled: dict[str, list[float]]) -> None:
        """End enough connections of each address that all of its stalled bodies are among them.

        One whose body was asked for shortly after may be among them too, `_SLACK` before its own deadline.
        """
        now = self._clock()
        idle: dict[str, list[socket.socket]] = defaultdict(list)
        ended: dict[str, int] = defaultdict(int)
        try:
            for connection in tcp_sockets(self._port):
                address = _peer(connection)
                if address not in stalled:
                    continue
                sent, received = _last_moves(connection)
                if sent < now - max(stalled[address]) - _SLACK:
                    continue  # it was answered after the youngest of these bodies was asked for
                if received < sent:
                    ended[address] += 1
                    _end_reading(connection)
                else:  # idle; or the start of a body came in one piece with the request before
                    idle[address].append(connection.dup())
            for address, bodies in stalled.items():
                if ended[address] < len(bodies):
                    for connection in idle[address]:
                        _end_reading(connection)
        finally:
            for connections in idle.values():
                for connection in connections:
                    connection.close()

    def _watch(self, reads: BodyReads) -> None:
        while True:
            time.sleep(_INTERVAL)
            try:
                count = self.end_stalled(reads)
            except Exception as error:  # noqa: BLE001 - without this thread, slow bodies would hold all of a worker's
                log.error("request_bodies_not_ended", error_class=type(error).__name__)
                continue
            if count:
                metrics.STALLED_BODIES.inc(count)
                log.warning("request_bodies_stalled", count=count)


def _has_many_parts(data: bytes) -> bool:
    return data.count(b",") + data.count(b"&") >= MANY_PARTS


def _peer(connection: socket.socket) -> str:
    """The address of the other end; empty where there is none."""
    if is_listening(connection):
        return ""
    with suppress(OSError):
        return str(connection.getpeername()[0]).partition("%")[0]
    return ""


def _last_moves(connection: socket.socket) -> tuple[float, float]:
    """Seconds since data was last sent and since it was last received, each since the connection was made at most."""
    moves = _TCP_INFO.unpack(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size))
    return moves[_LAST_SENT] / 1000, moves[_LAST_RECEIVED] / 1000


def _end_reading(connection: socket.socket) -> None:
    """What reads from it is told that there is no more."""
    with suppress(OSError):  # the client has gone
        connection.shutdown(socket.SHUT_RD)
