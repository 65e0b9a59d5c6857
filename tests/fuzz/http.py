"""Cases whose HTTP itself is odd or broken: methods, paths, headers, lengths that lie, plain noise."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.fuzz.case import ANYTHING_BUT_5XX, CLOSED, NOT_FOUND, OK, WRONG_METHOD, Case, request
from tests.fuzz.providers import OBJECTS_ONLY, PATHS, SAMPLES, Signed, authentic

CONTENT_TYPES = (
    "application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
    "application/json; charset=utf-16", "application/xml", "é/ü", "x" * 3_000, "application/json, text/html", "*/*",
)  # fmt: skip


def _signed(chance: random.Random) -> Signed:
    path, fields = chance.choice(SAMPLES[chance.choice(list(SAMPLES))])
    return authentic(chance, fields, path)


def odd_headers(chance: random.Random) -> Case:
    """An authentic webhook with headers that change nothing."""
    path, headers, body = _signed(chance)
    more = {
        "Content-Type": chance.choice(CONTENT_TYPES),
        "User-Agent": chance.choice(("", "é" * 50, "curl/8", "x" * 8_000)),
        "X-Forwarded-For": "127.0.0.1, " * chance.randrange(50) + "::1",
        "Content-Encoding": chance.choice(("identity", "gzip", "br")),  # ours are never compressed: not looked at
        "Accept": chance.choice(("*/*", "text/html", "")),
        "Cookie": "a=b; " * chance.randrange(20),
    }
    more |= {f"X-Odd-{number}": "y" * chance.randrange(40) for number in range(chance.randrange(60))}
    chosen = dict(chance.sample(list(more.items()), k=chance.randrange(len(more) + 1)))
    return Case("odd_headers", request(path, body, headers | chosen), frozenset([OK]))


def chunked(chance: random.Random) -> Case:
    """An authentic webhook in chunks of any size."""
    path, headers, body = _signed(chance)
    cuts = sorted(chance.sample(range(len(body)), k=min(len(body), chance.randrange(1, 12))))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    return Case("chunked", request(path, headers=headers, chunks=pieces), frozenset([OK]))


def other_method(chance: random.Random) -> Case:
    """Webhooks are posted."""
    method = chance.choice(("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "post", "FOO", "M-SEARCH"))
    path, headers, body = _signed(chance)
    return Case("other_method", request(path, body, headers, method=method), frozenset([WRONG_METHOD]))


def other_path(chance: random.Random) -> Case:
    """Under /webhooks, but no webhook of ours."""
    path = chance.choice(
        (
            "/webhooks/", "/webhooks/nobody", "/webhooks/textlink/unknown", "/webhooks/textus/received", "/webhooks//",
            "/webhooks/textlink//received", "/webhooks/TextLink", "/webhooks/textlink/received/x", "/webhooks/%00",
            "/webhooks/textlink/%ff", "/webhooks/" + "x" * 5_000, "/webhooks/textus%2fx", "/webhooks/../readyz",
            "/webhooks/;", "/webhooks/textlink.received", "/webhooks/%F0%9F%98%80",
        )
    )  # fmt: skip
    return Case("other_path", request(path, _signed(chance).body), frozenset([NOT_FOUND]))


def outside(chance: random.Random) -> Case:
    """What Flask answers: anything but a failure."""
    path = chance.choice(
        (
            "/", "/readyz", "/healthz", "/metrics", "/webhooks", "/webhook", "/static/../../etc/passwd", "/%", "/%zz",
            "/?a=%ff", "/" + "a/" * 500, "/readyz?" + "x" * 3_000, "/favicon.ico", "//", "/\u00e9", "/%C3%28",
        )
    )  # fmt: skip
    method = chance.choice(("GET", "POST", "HEAD", "OPTIONS", "DELETE"))
    return Case("outside", request(path, b"{}", method=method), ANYTHING_BUT_5XX - {CLOSED})


def query(chance: random.Random) -> Case:
    """A query string plays no part where it is not signed."""
    path, fields = chance.choice(SAMPLES[chance.choice(OBJECTS_ONLY)])
    path, headers, body = authentic(chance, fields, path)
    requested = chance.choice(("?", "?a=b", "?secret=x", "?%00", "?" + "&" * 500, "?é"))
    return Case("query", request(path + requested, body, headers), frozenset([OK]))


def lying_length(chance: random.Random) -> Case:
    """A Content-Length that promises more, less, or is no number."""
    path, _, body = _signed(chance)
    length = chance.choice(
        (
            str(len(body) + 1 + chance.randrange(500)), str(chance.randrange(len(body))), "-1", "9" * 30, "abc", "",
            "1, 2", "0x10", "+5", " 5 5", str(2**63), f"{len(body)}, {len(body)}",
        )
    )  # fmt: skip
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()
    return Case("lying_length", head + body, ANYTHING_BUT_5XX, reusable=False, half_closed=True)


def broken_chunks(chance: random.Random) -> Case:
    """Chunks without an end, of a false size, with both ways to tell the length."""
    path = chance.choice(PATHS["textlink"])
    coding = chance.choice(("chunked", "chunked, chunked", "gzip", "identity", "gzip, chunked", "x"))
    both = chance.choice(("", "Content-Length: 5\r\n", "Content-Length: 0\r\n"))
    body = chance.choice(
        (
            b"5\r\nhello", b"5\r\nhello\r\n", b"zz\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"\r\n\r\n",
            b"ffffffffffffffffff\r\n", b"5;ext=1\r\nhello\r\n0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n", b"5\nhello\n0\n\n",
        )
    )  # fmt: skip
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{both}Transfer-Encoding: {coding}\r\n\r\n".encode()
    return Case("broken_chunks", head + body, ANYTHING_BUT_5XX, reusable=False, half_closed=True)


def broken_head(chance: random.Random) -> Case:
    """Request lines and headers that are none."""
    lines = chance.choice(
        (
            b"POST /webhooks/textlink HTTP/1.1", b"POST /webhooks/textlink HTTP/1.0\r\nHost: x\r\nContent-Length: 0",
            b"POST /webhooks/textlink HTTP/0.9", b"POST /webhooks/textlink HTTP/3.0\r\nHost: x", b"POST", b"POST  / ",
            b"POST /webhooks/\xff\xfe HTTP/1.1\r\nHost: x", b"POST /webhooks/a b HTTP/1.1\r\nHost: x", b" ", b"\x00",
            b"GET http://elsewhere/webhooks/textus HTTP/1.1\r\nHost: x", b"OPTIONS * HTTP/1.1\r\nHost: x",
            b"CONNECT example.org:443 HTTP/1.1\r\nHost: x", b"PRI * HTTP/2.0\r\n\r\nSM", b"POST \xe2\x82\xac HTTP/1.1",
            b"POST / HTTP/1.1\r\nHost: x\r\n: empty", b"POST / HTTP/1.1\r\nHost: x\r\nno colon",
            b"POST / HTTP/1.1\r\nHost: x\r\nA: b\r\n c: folded", b"POST / HTTP/1.1\r\nHost: x\r\nA\x00: b",
            b"POST /webhooks/textus HTTP/1.1\r\nHost: x\r\nX-TextUs-Signature: \xff\xfe\x80\r\nContent-Length: 0",
            b"POST /webhooks/textus HTTP/1.1\r\nHost: \xff\r\nContent-Length: 0",
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13",
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA",
            b"POST /webhooks/textus HTTP/1.1\r\nHost: x\r\nExpect: nonsense\r\nContent-Length: 0",
            b"POST / HTTP/1.1\r\nHost: x" + b"\r\nX: y" * 300, b"POST / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 600_000,
            b"POST /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x",
        )
    )  # fmt: skip
    return Case("broken_head", lines + b"\r\n\r\n", ANYTHING_BUT_5XX, reusable=False, half_closed=True)


def noise(chance: random.Random) -> Case:
    """Bytes, or a webhook with some of them changed."""
    path, headers, body = _signed(chance)
    wire = bytearray(request(path, body, headers) if chance.random() < 0.7 else chance.randbytes(400))
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(min(len(wire), 200))
        wire[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return Case("noise", bytes(wire), ANYTHING_BUT_5XX, reusable=False, half_closed=True)


#: Generator -> its share.
HTTP: dict[Callable[[random.Random], Case], int] = {
    odd_headers: 4,
    chunked: 3,
    other_method: 3,
    other_path: 3,
    outside: 2,
    query: 2,
    lying_length: 1,
    broken_chunks: 1,
    broken_head: 1,
    noise: 2,
}
