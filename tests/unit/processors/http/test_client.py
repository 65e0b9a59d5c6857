"""A call ends by its deadline and reaches only public addresses, whatever the other side does."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from typing import Any

import httpcore
import pytest

from processors.http.client import HttpClient
from processors.http.ssrf_guard import AddressRefused, CheckedBackend, is_public
from processors.outbox.errors import RateLimited, RetryLater
from processors.outbox.rate_limiter import PrepaidLimiter, RateLimiter, Unlimited
from tests.servers.odd import Script, answering, endless, silent, whole

TIMEOUT = 0.5


def client(url: str, limiter: RateLimiter | None = None, *, timeout: float = TIMEOUT) -> HttpClient:
    return HttpClient("it", url, limiter or Unlimited(), headers={}, timeout=timeout, busy=1.0)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(silent, id="nothing"),
        pytest.param(endless(b"H", every=0.1, first=b"HTTP/1.1 200 OK\r\n"), id="a header, byte by byte"),
        pytest.param(endless(b"x: y\r\n", every=0.1, first=b"HTTP/1.1 200 OK\r\n"), id="headers without end"),
        pytest.param(endless(b"HTTP/1.1 102 Processing\r\n\r\n", every=0.1), id="102 again and again"),
        pytest.param(endless(b"HTTP/1.1 102 Processing\r\n\r\n", every=0.0), id="102 as fast as can be"),
        pytest.param(
            endless(b"x", every=0.1, first=b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), id="a body, slowly"
        ),
        pytest.param(
            endless(b"1\r\nx\r\n", every=0.1, first=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            id="chunks without end",
        ),
    ],
)
def test_one_deadline_for_the_whole_call(script: Script) -> None:
    with answering(script) as url:
        calling = client(url)
        with pytest.raises(RetryLater, match="does not answer"):  # no script ends by itself
            calling.call("GET", "/")
        calling.close()


def test_a_kept_connection_has_a_new_deadline_for_each_call() -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    def twice(connection: socket.socket, _over: object) -> None:
        connection.sendall(body)
        connection.recv(65536)
        connection.sendall(body)

    with answering(twice, silent) as url:
        calling = client(url, timeout=2.0)
        assert calling.call("GET", "/") == {}
        time.sleep(2.1)
        assert calling.call("GET", "/") == {}
        calling.close()


def test_a_resolver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    release, answered = threading.Event(), threading.Event()

    def resolve(*_: object, **__: object) -> list[object]:
        release.wait()
        answered.set()
        return []

    monkeypatch.setattr("processors.http.ssrf_guard.socket.getaddrinfo", resolve)
    calling = client("https://crm.example.com", timeout=0.2)
    with pytest.raises(RetryLater, match="cannot be reached"):
        calling.call("GET", "/")
    assert not answered.is_set()
    release.set()
    calling.close()


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 200_000, b"\xff\xfe", b"9" * 5000, b'"\\ud800'])
def test_a_body_that_is_no_json_is_a_value_error(body: bytes) -> None:
    with answering(whole(body)) as url:
        calling = client(url, timeout=5.0)
        with pytest.raises(RetryLater, match="not JSON"):
            calling.call("GET", "/")
        calling.close()


@pytest.mark.parametrize(
    "headers",
    [
        ("X-RateLimit-Limit: " + "9" * 5000, "X-RateLimit-Remaining: 1", "X-RateLimit-Reset: 1"),
        ("X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 99", "X-RateLimit-Reset: 4000000000"),
        ("X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 99999999999999999"),
        ("X-RateLimit-Limit: 0", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 0"),
        ("X-RateLimit-Limit: \xb2", "X-RateLimit-Remaining: -1", "X-RateLimit-Reset: 1e999"),
        ("Retry-After: Fri, 31 Dec 9999 23:59:59 -2359",),
        ("Retry-After: " + "9" * 400,),
        ("Retry-After: \xff\xfe",),
    ],
)
def test_headers_that_tell_what_cannot_be_are_not_believed(headers: tuple[str, ...]) -> None:
    with answering(whole(b"{}", *headers, status="429 Too Many Requests")) as url:
        limiter = PrepaidLimiter()
        calling = client(url, limiter, timeout=5.0)
        with pytest.raises(RateLimited) as error:
            calling.call("GET", "/")
        assert 0 <= (error.value.retry_after or 0.0) <= 3600
        [reported] = limiter.taken()
        assert reported.seen is None
        calling.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.0.0.7", False),
        ("100.64.0.1", False),  # shared address space of carriers
        ("169.254.169.254", False),  # metadata of clouds
        ("224.0.0.1", False),  # multicast
        ("239.1.2.3", False),
        ("::ffff:10.0.0.7", False),  # IPv4-mapped
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::10.0.0.7", False),  # NAT64: a gateway takes it to the IPv4 address
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b:1::a9fe:a9fe", False),  # NAT64 with a prefix of the operator's
        ("2002:a00:7::", False),  # 6to4 of 10.0.0.7
        ("2001:0:0a00:0007::", False),  # Teredo
        ("::10.0.0.7", False),  # IPv4-compatible
        ("::", False),
        ("::1", False),
        ("fec0::1", False),  # site-local
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("ff0e::1", False),
        ("2a00:1450:4001::200e", True),
        ("::ffff:0:127.0.0.1", False),  # IPv4-translated
        ("3fff::1", False),  # documentation
        ("2001:db8::1", False),
        ("5f00::1", False),  # segment routing
        ("4000::1", False),  # nobody's
        ("e000::1", False),
        ("2606:4700::5efe:127.0.0.1", False),  # ISATAP: a router takes it to the IPv4 address
        ("2606:4700::200:5efe:10.0.0.7", False),
        ("2606:4700::5efe:8.8.8.8", True),
    ],
)
def test_only_public_addresses_are_called(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def test_an_address_that_was_resolved_to_a_private_one_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = [(socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("64:ff9b::a9fe:a9fe", 443, 0, 0))]
    monkeypatch.setattr("processors.http.ssrf_guard.socket.getaddrinfo", lambda *_, **__: found)
    calling = client("https://crm.example.com")
    with pytest.raises(AddressRefused, match="private"):
        calling.call("GET", "/")
    calling.close()


@pytest.mark.filterwarnings("error")
def test_a_host_that_can_be_no_name_is_no_address_and_is_not_waited_for() -> None:
    backend = CheckedBackend(allow_private=True)
    backend.deadline = time.monotonic() + 10
    with pytest.raises(httpcore.ConnectError):
        backend.connect_tcp("a..b", 443)
