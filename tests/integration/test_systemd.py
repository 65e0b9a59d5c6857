"""Whole services tell a service manager's socket of their life: one with an admin port alone, one with workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("command", ["registry", "ingest"])
def test_a_service_is_ready_lives_and_stops(command: str, tmp_path: Path) -> None:
    environ = os.environ | {
        "HOOKLINE_HOME": str(tmp_path),
        f"HOOKLINE_{command.upper()}__PORT": "0",
        f"HOOKLINE_{command.upper()}__ADMIN_PORT": "0",
        "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",  # away: ingest serves without it
        "HOOKLINE_INGEST__PROVIDERS": "textlink",
        "HOOKLINE_TEXTLINK__SECRETS": "a-secret-of-the-test",
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "600000",
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver, open(tmp_path / "log", "w") as log:
        receiver.bind(environ["NOTIFY_SOCKET"])
        receiver.settimeout(30)
        service = subprocess.Popen(
            [sys.executable, "-m", "ops", command], env=environ, stdout=log, stderr=log, start_new_session=True
        )

        def until(line: str) -> None:
            while line not in receiver.recv(4096).decode().split("\n"):
                pass

        try:
            until("READY=1")
            until("WATCHDOG=1")
            service.terminate()
            until("STOPPING=1")
            assert service.wait(30) == 0
        finally:
            if service.poll() is None:
                os.killpg(service.pid, signal.SIGKILL)
                service.wait()
