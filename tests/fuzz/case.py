"""One fuzzed request: its bytes, and what may come back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

#: Stands among expected statuses for a connection that the server closes without any answer.
CLOSED = 0

OK, BAD, UNAUTHORIZED, NOT_FOUND, WRONG_METHOD, TOO_LARGE = 200, 400, 401, 404, 405, 413

#: For what is no well-formed HTTP: refused or hung up on, in whatever way the server's own parser has.
ANYTHING_BUT_5XX = frozenset([CLOSED, *range(200, 500)])


@dataclass(frozen=True)
class Case:
    """Made by one generator from its own chance: the same for the same seed and number."""

    name: str  #: of the generator
    wire: bytes  #: everything that is sent
    expected: frozenset[int]  #: statuses, and CLOSED where hanging up is an answer too
    reusable: bool = True  #: well-formed HTTP: the connection goes on afterwards
    half_closed: bool = False  #: the client ends its side after `wire`, because more was promised

    @cached_property
    def method(self) -> bytes:
        """As it stands in the request line; b"HEAD" has answers without a body."""
        return self.wire.partition(b" ")[0]


def request(
    path: str | bytes,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    chunks: list[bytes] | None = None,
) -> bytes:
    """A well-formed HTTP/1.1 request; with `chunks` the body is sent as those."""
    target = path.encode() if isinstance(path, str) else path
    lines = [b"%b %b HTTP/1.1" % (method.encode(), target), b"Host: 127.0.0.1"]
    lines += [f"{name}: {value}".encode() for name, value in (headers or {}).items()]
    if chunks is None:
        lines.append(b"Content-Length: %d" % len(body))
    else:
        lines.append(b"Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk) + b"0\r\n\r\n"
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
