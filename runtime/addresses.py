"""Addresses to listen on, and how they look in a URL: names, IPv4 and IPv6."""

from __future__ import annotations

import ipaddress
import socket

from runtime.settings import ConfigurationError

#: The address that reaches a server which listens on all of them.
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # compared, not listened on


def resolve(host: str, variable: str) -> str:
    """The IP address to listen on for `host`, an address or a name; of a name that has both, the IPv4 one.

    Raises ConfigurationError that names `variable` where the name is unknown.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigurationError([f"{variable}: {host} is not known on this machine: {error.strerror}"]) from error
    except UnicodeError as error:  # an empty part between two dots, or one of more than 63 characters
        raise ConfigurationError([f"{variable}: {host} is not known on this machine: no name looks so"]) from error
    family, *_, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return str(address[0]) if family in (socket.AF_INET, socket.AF_INET6) else host


def family_of(address: str) -> socket.AddressFamily:
    """IPv4 or IPv6."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listen(address: str, port: int, variable: str) -> socket.socket:
    """A socket that listens on `address`, on IPv4 too where that is `::`.

    Raises ConfigurationError that names `variable` where that cannot be.
    """
    try:
        return socket.create_server(
            (address, port),
            family=family_of(address),
            dualstack_ipv6=_is_any_ipv6(address) and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        raise refusal(address, port, variable, error) from error


def shareable(address: str, port: int, variable: str) -> int:
    """`port`, or one that is free where that is 0, once it is sure that several sockets of ours may listen on it.

    Raises ConfigurationError that names `variable` where that cannot be.
    """
    with socket.socket(family_of(address)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if port and hasattr(socket, "SO_REUSEPORT"):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise refusal(address, port, variable, error) from error
        return int(probe.getsockname()[1])


def refusal(address: str, port: int, variable: str, error: OSError) -> ConfigurationError:
    """What is said where nobody can listen on `address` and `port`."""
    return ConfigurationError([f"{variable}: cannot listen on {host_and_port(address, port)}: {error.strerror}"])


def host_and_port(host: str, port: int) -> str:
    """As it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reached(host: str) -> str:
    """The address at which this machine reaches what listens on `host`."""
    return _LOCAL.get(host, host)


def local_url(host: str, port: int) -> str:
    """Where this machine reaches what listens on `host` and `port` over HTTP."""
    return f"http://{host_and_port(reached(host), port)}"


def _is_any_ipv6(address: str) -> bool:
    return ":" in address and ipaddress.ip_address(address.partition("%")[0]).is_unspecified
