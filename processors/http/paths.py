"""Paths of requests that hold what came from elsewhere: each value stays within its own segment."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, unquote

from processors.outbox.errors import Rejected

_DOTS = (".", "..")


class OddPath(Rejected):
    """Do not send this: a segment of its path would lead to another resource than is meant."""


def path_of(segments: Sequence[str]) -> str:
    """`segments` as a path, each percent-encoded. Raises OddPath."""
    path = "/" + "/".join(quote(segment, safe="") for segment in segments)
    check_path(path)
    return path


def check_path(path: str) -> None:
    """Raise OddPath where `path` has a dot segment, encoded or not.

    A dot cannot be encoded: servers and proxies take `%2e%2e` for `..` too (RFC 3986, 6.2.2.2).
    """
    if any(unquote(segment) in _DOTS for segment in path.partition("?")[0].split("/")):
        raise OddPath("a value in the path of a request is . or .., which leads elsewhere")
