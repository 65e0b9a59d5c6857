from __future__ import annotations

import io
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from runtime.request_bodies import (
    COSTLY,
    DEADLINE,
    DEADLINE_UNDER_PRESSURE,
    LARGE,
    LARGE_SHARE,
    MANY_PARTS,
    REFUSALS,
    REFUSALS_SHARE,
    REFUSED,
    BodyDeadlines,
    BodyReads,
    BoundedBody,
)


def body_of(sent: bytes, announced: int | None, slots: int = 1) -> BoundedBody:
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(sent), "REMOTE_ADDR": "127.0.0.1"}
    if announced is not None:
        environ["CONTENT_LENGTH"] = str(announced)
    reads = BodyReads(slots, time.monotonic)
    reads.slots.take()
    return BoundedBody(environ, reads)


@given(st.binary(max_size=100), st.none() | st.integers(-1, 40))
def test_a_whole_body_is_read_as_it_came(sent: bytes, size: int | None) -> None:
    for announced in (None, len(sent)):
        assert body_of(sent, announced).read() == sent
        assert list(body_of(sent, announced)) == list(io.BytesIO(sent))
        assert body_of(sent, announced).readlines() == io.BytesIO(sent).readlines()
        if size != 0:
            body, pieces = body_of(sent, announced), b""
            while piece := body.read(size):
                pieces += piece
            assert pieces == sent


@given(st.binary(max_size=100), st.integers(1, 1000), st.none() | st.integers(101, 2000))
def test_a_body_that_is_cut_short_is_an_error(sent: bytes, missing: int, size: int | None) -> None:
    with pytest.raises(ClientDisconnected):
        body_of(sent, len(sent) + missing).read(size)


def test_a_thread_that_waits_for_a_body_gives_its_slot_away() -> None:
    # Given a server that handles one request at once, and a request whose body does not come
    comes, waits = threading.Event(), threading.Event()

    class Stalling:
        def read(self, _size: int | None) -> bytes:
            waits.set()
            assert comes.wait(20)
            return b"late"

    def app(environ: dict[str, Any], start_response: object) -> list[bytes]:
        body = environ["wsgi.input"].read()
        return [body]

    served = BodyDeadlines(1, 1).bounded(app)
    late: list[bytes] = []
    environ = {"wsgi.input": Stalling(), "REMOTE_ADDR": "127.0.0.1"}
    thread = threading.Thread(target=lambda: late.extend(served(environ, lambda *_: lambda _: None)))
    thread.start()
    assert waits.wait(20)
    # Then another is handled meanwhile
    prompt = {"wsgi.input": io.BytesIO(b"prompt"), "REMOTE_ADDR": "127.0.0.1"}
    assert list(served(prompt, lambda *_: lambda _: None)) == [b"prompt"]
    comes.set()
    thread.join(20)
    assert late == [b"late"]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="stalled bodies are found on Linux")
@pytest.mark.parametrize(
    ("waiting", "deadline"),
    [pytest.param(4, DEADLINE, id="quiet"), pytest.param(5, DEADLINE_UNDER_PRESSURE, id="more than half wait")],
)
def test_bodies_past_their_deadline_are_ended(listener: socket.socket, waiting: int, deadline: float) -> None:
    # Given bodies that are waited for, of clients who have sent half of them (the sockets' own clock is the kernel's)
    now = [time.monotonic()]
    deadlines = BodyDeadlines(listener.getsockname()[1], 8, readers=8, clock=lambda: now[0])
    reads = BodyReads(8, lambda: now[0])
    clients, servers, bodies = [], [], []
    for _ in range(waiting):
        clients.append(socket.create_connection(listener.getsockname()))
        servers.append(listener.accept()[0])
        clients[-1].sendall(b"half")
        assert servers[-1].recv(10) == b"half"
        bodies.append(BoundedBody({"wsgi.input": io.BytesIO(), "REMOTE_ADDR": "127.0.0.1"}, reads))
        reads.since[bodies[-1]] = now[0]
    try:
        # Until the deadline nothing happens
        now[0] += deadline - 0.01
        assert deadlines.end_stalled(reads) == 0
        # Then each is ended
        since = time.monotonic() - 0.01
        for body in bodies:
            reads.since[body] = since - deadline
        now[0] = since + 0.02
        assert deadlines.end_stalled(reads) == waiting
        assert all(body.is_stalled for body in bodies)
        reads.slots.take()
        with pytest.raises(RequestTimeout):
            bodies[0].read()
    finally:
        for connection in (*clients, *servers):
            connection.close()


def test_a_body_in_chunks_that_may_have_been_cut_is_none() -> None:
    # Given a stalled body, and others that are waited for since a moment ago
    now = 100.0
    reads = BodyReads(4, lambda: now)

    def waiting(address: str, since: float, announced: int | None = None) -> BoundedBody:
        environ: dict[str, Any] = {"wsgi.input": io.BytesIO(b"{}"), "REMOTE_ADDR": address}
        body = BoundedBody(environ if announced is None else environ | {"CONTENT_LENGTH": str(announced)}, reads)
        reads.since[body] = since
        return body

    waiting("192.0.2.7", now - DEADLINE - 1)
    in_chunks, whole, elsewhere = (
        waiting("192.0.2.7", now - 1),
        waiting("192.0.2.7", now - 1, announced=2),
        waiting("192.0.2.8", now - 1),
    )
    # When connections of its address are ended
    assert BodyDeadlines(1, 4, clock=lambda: now).end_stalled(reads) == 1
    # Then the end of a body in chunks of that address says nothing; a length does, and so does another address
    for _ in range(3):
        reads.slots.take()
    with pytest.raises(RequestTimeout):
        in_chunks.read()
    assert whole.read() == b"{}"
    assert elsewhere.read() == b"{}"


@pytest.mark.parametrize(
    ("sent", "coding", "is_refused", "rests"),
    [
        pytest.param(b"x" * LARGE, {}, True, True, id="large"),
        pytest.param(b"packed", {"HTTP_CONTENT_ENCODING": "gzip"}, True, True, id="compressed"),
        pytest.param(b"[" + b"0," * MANY_PARTS + b"0]", {}, True, True, id="of many values"),
        pytest.param(b"&a=1" * MANY_PARTS, {}, True, True, id="of many fields"),
        pytest.param(b"small", {}, True, False, id="small"),
        pytest.param(b"&a=1" * 100 + b"," * 100, {}, True, False, id="of as many parts as providers send"),
        pytest.param(b"x" * LARGE, {}, False, False, id="large, and wanted"),
    ],
)
def test_slots_of_expensive_bodies_rest_when_these_were_refused(
    sent: bytes, coding: dict[str, str], is_refused: bool, rests: bool
) -> None:
    def app(environ: dict[str, Any], start_response: object) -> list[bytes]:
        environ["wsgi.input"].read()
        if is_refused:
            environ[REFUSED] = True
        return []

    # Given a server with four slots for expensive bodies
    rested: list[float] = []
    served = BodyDeadlines(1, 4 * LARGE_SHARE, rest=rested.append, worked=lambda: 0.0).bounded(app)
    # When it has answered a body of that kind
    environ = {"wsgi.input": io.BytesIO(sent), "REMOTE_ADDR": "127.0.0.1"} | coding
    served(environ, lambda *_: lambda _: None)  # type: ignore[arg-type]
    # Then all four together refuse no more than so many a second
    assert rested == ([4 / REFUSALS] if rests else [])


def test_a_small_request_that_was_refused_and_cost_much_is_an_expensive_one() -> None:
    """By what it took of the processor: its length and its parts need not tell."""
    costs, worked, rested, answered = iter([COSTLY, COSTLY, COSTLY / 2]), [0.0], list[float](), list[int]()
    resting, release = threading.Semaphore(0), threading.Event()

    def app(environ: dict[str, Any], start_response: object) -> list[bytes]:
        environ["wsgi.input"].read()
        worked[0] += next(costs)
        environ[REFUSED] = True
        return []

    def rest(seconds: float) -> None:
        rested.append(seconds)
        resting.release()
        assert release.wait(20)

    served = BodyDeadlines(1, 2, rest=rest, worked=lambda: worked[0]).bounded(app)

    def ask() -> None:
        environ = {"wsgi.input": io.BytesIO(b"small"), "REMOTE_ADDR": "127.0.0.1"}
        served(environ, lambda *_: lambda _: None)  # type: ignore[arg-type]
        answered.append(1)

    # Given a server that handles two requests at once, and as many that were expensive and rest
    expensive = [threading.Thread(target=ask) for _ in range(2)]
    for thread in expensive:
        thread.start()
        assert resting.acquire(timeout=20)
    # Then a cheap one is answered meanwhile, and they after it
    ask()
    assert (len(answered), rested) == (1, [2 / REFUSALS] * 2)
    release.set()
    for thread in expensive:
        thread.join(20)
    assert len(answered) == 3


def test_strangers_get_a_share_of_the_processor_however_much_each_request_takes() -> None:
    # Given a server with four slots for expensive bodies
    reads = BodyReads(4 * LARGE_SHARE, time.monotonic)
    for cost in (0.0, 0.0001, 0.001, 0.01, 1.0):
        # When all four do nothing but refuse such a request and rest
        refused_a_second = 4 / (cost + reads.rest_after(cost))
        # Then they take no more than their share, and are no more than so many
        assert refused_a_second * cost <= REFUSALS_SHARE
        assert refused_a_second <= REFUSALS


@pytest.mark.parametrize("packed", [pytest.param(False, id="large"), pytest.param(True, id="compressed")])
def test_expensive_bodies_leave_slots_to_small_ones(packed: bool) -> None:
    # Given a server that handles eight requests at once, and more with bodies that anybody may make expensive
    handled, release = threading.Semaphore(0), threading.Event()

    def app(environ: dict[str, Any], start_response: object) -> list[bytes]:
        body = environ["wsgi.input"].read()
        if body != b"small":
            handled.release()
            assert release.wait(20)
        return [body]

    served = BodyDeadlines(1, 8).bounded(app)

    def answer(sent: bytes, coding: dict[str, str]) -> list[bytes]:
        environ = {"wsgi.input": io.BytesIO(sent), "REMOTE_ADDR": "127.0.0.1"} | coding
        return list(served(environ, lambda *_: lambda _: None))  # type: ignore[arg-type]

    sent, coding = (b"packed", {"HTTP_CONTENT_ENCODING": "gzip"}) if packed else (b"x" * LARGE, {})
    threads = [threading.Thread(target=answer, args=(sent, coding)) for _ in range(20)]
    for thread in threads:
        thread.start()
    # When two of them are handled, the others wait for their turn
    assert handled.acquire(timeout=20)
    assert handled.acquire(timeout=20)
    assert not handled.acquire(timeout=0.05)
    # Then small ones are answered as if they were not there
    assert [answer(b"small", {}) for _ in range(10)] == [[b"small"]] * 10
    release.set()
    for thread in threads:
        thread.join(20)
    # And every slot is back
    assert all(handled.acquire(timeout=20) for _ in range(18))
    assert answer(sent, coding) == [sent]


def test_a_disk_of_descriptors_that_fails_does_not_end_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a process that has no descriptor left when stalled bodies are looked for
    looked = threading.Semaphore(0)
    deadlines = BodyDeadlines(1, 4)

    def fail(_: BodyReads) -> int:
        looked.release()
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(deadlines, "end_stalled", fail)
    monkeypatch.setattr("runtime.request_bodies._INTERVAL", 0.01)
    deadlines.bounded(lambda *_: [])
    # Then it looks again
    assert looked.acquire(timeout=10)
    assert looked.acquire(timeout=10)
