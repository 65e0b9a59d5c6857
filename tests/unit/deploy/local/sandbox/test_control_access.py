"""The control routes are for the user who runs the sandbox: told by the kernel, over real connections."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from werkzeug.test import create_environ
from werkzeug.wrappers import Request

from deploy.local.sandbox.app import Options, create_app
from deploy.local.sandbox.control_access import ControlAccess
from deploy.local.sandbox.server import SandboxServer
from tests.servers.unprivileged import unprivileged

pytestmark = pytest.mark.root

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells whose a connection is")

CONTROL = (
    ("GET", "/_sandbox"),
    ("GET", "/_sandbox/requests"),
    ("DELETE", "/_sandbox"),
    ("POST", "/_sandbox/faults"),
    ("PUT", "/_sandbox/accounts"),
    ("GET", "/%5Fsandbox/requests"),
)


@pytest.fixture
def sandbox() -> Iterator[str]:
    with SandboxServer(create_app(Options(control_access=ControlAccess("the-token")))) as server:
        yield server.url


def status(method: str, url: str, **headers: str) -> int:
    return httpx.request(method, url, headers=headers, trust_env=False).status_code


@linux
def test_the_user_who_runs_it_needs_no_token(sandbox: str) -> None:
    assert status("GET", f"{sandbox}/_sandbox/requests") == 200


@linux
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_another_user_of_the_machine_is_refused_without_the_token(sandbox: str, method: str, path: str) -> None:
    with unprivileged():
        assert status(method, sandbox + path) == 403
        assert status(method, sandbox + path, Authorization="Bearer guess") == 403
    assert status("GET", f"{sandbox}/_sandbox/requests", Authorization="Bearer the-token") == 200


@linux
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_served_what_the_sandbox_plays_and_with_the_token_the_control(sandbox: str) -> None:
    with unprivileged():
        assert status("GET", f"{sandbox}/healthz") == 200
        assert status("GET", f"{sandbox}/crm/contacts?phone=x") != 403
        assert status("GET", f"{sandbox}/_sandbox/requests", Authorization="Bearer the-token") == 200


@linux
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_connection_belongs_to_whoever_opened_it(family: socket.AddressFamily) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with unprivileged() as user, socket.socket(family) as client:
            client.connect(("::ffff:127.0.0.1" if family == socket.AF_INET6 else "127.0.0.1", port))
            request = _request(client.getsockname()[1], port)
            assert ControlAccess(None, user=user).allows(request)
            assert not ControlAccess(None, user=user + 1).allows(request)
            # Once it is closed the kernel no longer knows whose it was, and may say root's
            accepted, _ = server.accept()
            client.close()
            assert not ControlAccess(None, user=user).allows(request)
            accepted.close()


def _request(port: int, server_port: int, address: str = "127.0.0.1") -> Request:
    environ = create_environ("/_sandbox", base_url=f"http://127.0.0.1:{server_port}")
    return Request(environ | {"REMOTE_ADDR": address, "REMOTE_PORT": port, "SERVER_PORT": str(server_port)})


@linux
def test_another_machine_is_nobody_here() -> None:
    assert not ControlAccess(None).allows(_request(40_000, 8080, "192.0.2.7"))
    assert not ControlAccess(None).allows(Request(create_environ("/_sandbox")))  # whoever that is


@pytest.mark.parametrize(("token", "allowed"), [(None, True), ("the-token", False)])
def test_where_the_kernel_does_not_tell_a_token_decides(tmp_path: Path, token: str | None, allowed: bool) -> None:
    access = ControlAccess(token, tables=(tmp_path / "tcp",))
    assert access.allows(_request(40_000, 8080)) == allowed
