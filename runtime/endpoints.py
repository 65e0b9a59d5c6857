"""Servers to connect to as settings name them: host:port, checked before anybody connects."""

from __future__ import annotations

import ipaddress
import re
import socket

_PORT = re.compile(r"[0-9]{1,5}")
#: A part of a name between two dots.
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")
_LONGEST_NAME = 253


def is_port(text: str) -> bool:
    """A number between 1 and 65535."""
    return bool(_PORT.fullmatch(text)) and 1 <= int(text) <= 65535


def endpoint_mistake(endpoint: str) -> str | None:
    """What is wrong with host:port, an IPv6 address in brackets, or a host alone for the usual port; None: nothing."""
    if "@" in endpoint:  # it is not quoted: what stands before an @ may be a password
        return "an item has an @; write host:port, and who you are in settings of their own"
    if "://" in endpoint:
        return f"{endpoint!r} is a URL; write host:port, without what stands before ://"
    if endpoint.startswith("["):
        host, bracket, rest = endpoint[1:].partition("]")
        is_host = bool(bracket) and _is_ipv6(host)
    elif endpoint.count(":") > 1:
        return f"{endpoint!r} has several colons; write an IPv6 address in brackets: [::1]:9092"
    else:
        host, colon, port = endpoint.partition(":")
        rest, is_host = colon + port, _is_name_or_ipv4(host)
    if not is_host:
        return f"{endpoint!r} names no host; write host:port"
    if rest and not (rest.startswith(":") and is_port(rest[1:])):
        return f"{endpoint!r} has no port between 1 and 65535 behind its host; write host:port"
    return None


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _is_name_or_ipv4(host: str) -> bool:
    if re.fullmatch(r"[0-9.]+", host):
        try:
            socket.inet_aton(host)
        except OSError:
            return False
        return True
    name = host.removesuffix(".")
    try:
        name.encode("idna")
    except UnicodeError:
        return False
    return len(name) <= _LONGEST_NAME and all(_LABEL.fullmatch(label) for label in name.split("."))
