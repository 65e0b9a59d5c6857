from __future__ import annotations

import socket

import httpx
import pytest
from pydantic import Field

from runtime.addresses import local_url, resolve, shareable
from runtime.admin import AdminServer, Readiness, admin_app
from runtime.settings import Configuration, ConfigurationError, Host, Section

VARIABLE = "HOOKLINE_LISTENING__HOST"


class Listening(Section, name="listening"):
    """A section of these tests."""

    host: Host = Field(default="127.0.0.1", description="address to listen on")


def host_of(value: str) -> str:
    return Configuration.load(Listening, environ={VARIABLE: value})[Listening].host


@pytest.mark.parametrize(
    ("written", "address", "url"),
    [
        ("localhost", "127.0.0.1", "http://localhost:8080"),
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:8080"),
        (" 127.0.0.1 ", "127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "0.0.0.0", "http://127.0.0.1:8080"),
        ("::1", "::1", "http://[::1]:8080"),
        ("[::1]", "::1", "http://[::1]:8080"),
        ("::", "::", "http://[::1]:8080"),
    ],
)
def test_names_and_addresses_of_both_kinds(written: str, address: str, url: str) -> None:
    host = host_of(written)
    assert resolve(host, VARIABLE) == address
    assert local_url(host, 8080) == url


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "[]",
        "localhost:8080",  # the port has its own setting
        "127.0.0.1:8080",
        "[::1]:8080",
        "http://localhost",
        "two words",
        "::g",
    ],
)
def test_what_is_no_address_is_refused_by_name(written: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{VARIABLE}: "):
        host_of(written)


@pytest.mark.parametrize("host", ["no-such-name.invalid", "999.1.1.1", ".", "a..b", "\u00e9..x", "a" * 64])
def test_an_unknown_name_is_refused_by_name(host: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{VARIABLE}: {host} is not known"):
        resolve(host_of(host), VARIABLE)


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("localhost", ["127.0.0.1"]),
        ("127.0.0.1", ["127.0.0.1"]),
        ("0.0.0.0", ["127.0.0.1"]),
        ("::1", ["[::1]"]),
        ("::", ["[::1]", "127.0.0.1"]),
    ],
)
def test_the_admin_server_listens_on_all_of_them(host: str, reached: list[str]) -> None:
    if ":" in host and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with AdminServer(admin_app("persist", lambda: Readiness(True)), host, 0) as server:
        for address in reached:
            assert httpx.get(f"http://{address}:{server.port}/healthz").status_code == 200


def test_a_port_that_is_taken_is_refused_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigurationError, match=f"^{VARIABLE}: cannot listen on 127.0.0.1:{port}: Address already"
        ):
            shareable("127.0.0.1", port, VARIABLE)
        with pytest.raises(
            ConfigurationError, match=f"^HOOKLINE_OPT_OUT__ADMIN_HOST: cannot listen on 127.0.0.1:{port}"
        ):
            AdminServer(admin_app("opt-out", lambda: Readiness(True)), "127.0.0.1", port)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_free_port_is_found(address: str) -> None:
    assert shareable(address, 0, VARIABLE) > 0
