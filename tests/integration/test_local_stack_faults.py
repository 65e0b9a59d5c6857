"""The local stack when its machine misbehaves: a full disk, frozen processes, damaged files."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.servers.local_stack import LocalStack, environment_of, post, texts, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

#: Bytes of the small disk: a start needs 105 MB free, and its servers take 150.
DISK = 400 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own that is quickly full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a disk that is full needs a mount, which only root may make: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def refused(environment: dict[str, str]) -> bool:
    return post(environment, "no room").status_code == 503


@pytest.mark.root
def test_a_full_disk_stops_no_ingest_and_all_is_well_again_when_there_is_room(small_disk: Path) -> None:
    # Given a stack that serves
    stack = LocalStack(small_disk / "home")
    environment = stack.up()
    assert post(environment, "before").status_code == 200
    supervisor, ingest = psutil.Process(stack.state()["supervisor"]["pid"]), stack.service("ingest")
    try:
        # When its disk is full, and Kafka dies
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file:  # a buffer's rest would fail again as the file is closed
            while True:
                try:
                    file.write(b"x" * (1 << 16))
                except OSError:
                    break
        os.kill(stack.service("kafka")["pid"], signal.SIGKILL)
        until(lambda: refused(environment), "ingest did not refuse what nobody can take")
        # Then neither the supervisor nor ingest ends, and what cannot be kept is refused
        for _ in range(100):
            assert supervisor.is_running()
            answer = post(environment, "no room")
            assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert httpx.get(f"{environment['INGEST_URL']}/healthz").status_code == 200
        # and all comes back when there is room
        ballast.unlink()
        until(lambda: post(environment, "after").status_code == 200, "ingest does not answer 200 again")
        until(lambda: {"before", "after"} <= texts(environment), "the messages did not reach PostgreSQL")
        until(
            lambda: {service["phase"] for service in stack.state()["services"]} <= {"serving", "done"},
            "not all came back",
        )
        assert stack.service("ingest")["pid"] == ingest["pid"]
    finally:
        stack.run("down")


def test_frozen_processes_are_started_again(stack: LocalStack) -> None:
    environment = environment_of(stack)
    # Given two that freeze at the same time
    frozen = {name: stack.service(name) for name in ("persist", "ingest")}
    for name, service in frozen.items():
        os.kill(service["pid"], signal.SIGSTOP)
        if name == "ingest":  # its workers serve the port
            for worker in psutil.Process(service["pid"]).children(recursive=True):
                worker.suspend()
    # Then each is started again, and serves
    for name, service in frozen.items():
        until(lambda: stack.service(name)["restarts"] > service["restarts"], f"{name} was not started again")  # noqa: B023
        (restart,) = stack.service(name)["last_restarts"]
        assert "did not answer at /healthz for " in restart["reason"]
        until(lambda: stack.service(name)["phase"] == "serving", f"{name} did not come again")  # noqa: B023
    assert post(environment, "thawed").status_code == 200
    until(lambda: "thawed" in texts(environment), "the message did not reach PostgreSQL")


def test_damaged_files_of_an_earlier_start_do_not_keep_a_stack_from_starting(stack: LocalStack) -> None:
    before = environment_of(stack)
    assert post(before, "before").status_code == 200
    until(lambda: "before" in texts(before), "the message did not reach PostgreSQL")
    assert stack.run("down").returncode == 0
    files = [*stack.home.glob("*.json"), stack.home / "postgres" / "passwords.json"]
    assert {file.name for file in files} >= {"secrets.json", "ports.json", "made.json", "passwords.json"}
    for file in files:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    (stack.home / "stack.json").write_text('{"phase": "serv')

    done = stack.run("up", "--detach")

    assert done.returncode == 0, done.stderr
    for file in files:
        assert f"{file} is damaged" in done.stdout + done.stderr
    after = environment_of(stack)
    assert after["TEXTLINK_SECRET"] != before["TEXTLINK_SECRET"]
    assert post(after | {"TEXTLINK_SECRET": before["TEXTLINK_SECRET"]}, "old secret").status_code == 401
    assert post(after, "after").status_code == 200
    until(lambda: {"before", "after"} <= texts(after), "the messages did not reach PostgreSQL")
