"""nginx keeps an ingest's last address while its name has none, and follows it when it has another."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "nginx" / "upstream.sh"

#: What the script finds in its PATH: names as the test says, a nginx that notes its reloads, short pauses.
_PROGRAMS = {
    "getent": 'grep "^$2 " "$NAMES" | while read -r name address; do echo "$address STREAM $name"; done',
    "nginx": 'if [ -e "$NAMES.broken" ]; then exit 1; fi; cat "$CURRENT" >>"$NAMES.loaded"; echo --- >>"$NAMES.loaded"',
    "sleep": "exec /bin/sleep 0.1",
    "curl": '[ -e "$NAMES.ready" ] && for word; do echo "$word"; done | grep -qxf "$NAMES.ready"',
}
BOTH = {"ingest-1": "10.0.0.1", "ingest-2": "10.0.0.2"}


class Follower:
    """The script, with files and programs of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.current = folder / "upstream.conf"
        self.names(BOTH)
        self.ingests("ingest-1:8080", "ingest-2:8080")
        programs = folder / "bin"
        programs.mkdir()
        for name, body in _PROGRAMS.items():
            (programs / name).write_text(f"#!/bin/sh\n{body}\n")
            (programs / name).chmod(0o755)
        lines = SCRIPT.read_text("utf-8").splitlines(keepends=True)
        paths = {"ingests=": folder / "ingests", "current=": self.current}
        self._script = folder / "upstream.sh"
        self._script.write_text(
            "".join(
                f"{key}{paths[key]}\n" if (key := line.partition("=")[0] + "=") in paths else line for line in lines
            )
        )
        self._environment = os.environ | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "NAMES": str(folder / "names"),
            "CURRENT": str(self.current),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def names(self, addresses: dict[str, str]) -> None:
        """What the name servers answer from now on."""
        lines = [f"{name} {address}\n" for name, address in addresses.items()]
        _replace(self.folder / "names", "".join(lines))

    def ingests(self, *servers: str) -> None:
        """The list that an operator keeps."""
        _replace(self.folder / "ingests", "# a comment\n" + "".join(f"{server}\n" for server in servers))

    def start(self) -> None:
        """As the nginx image does: it returns, and something goes on in the background."""
        self._process = subprocess.Popen(
            ["sh", self._script], env=self._environment, start_new_session=True, stderr=subprocess.DEVNULL
        )
        assert self._process.wait(10) == 0

    def wait(self, name: str) -> int:
        """The exit code of `upstream.sh wait NAME`."""
        return subprocess.run(
            ["sh", self._script, "wait", name], env=self._environment, check=False, capture_output=True
        ).returncode

    def servers(self) -> list[str]:
        """What nginx would read now."""
        lines = self.current.read_text("utf-8").splitlines()
        return [line.split()[1] for line in lines if line.startswith("server ")]

    def loaded(self) -> list[str]:
        """What nginx has been made to read, a text a reload."""
        path = self.folder / "names.loaded"
        return path.read_text("utf-8").split("---\n")[:-1] if path.exists() else []

    def stop(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Follower]:
    made = Follower(tmp_path)
    yield made
    made.stop()


def test_both_are_there_before_nginx_starts(follower: Follower) -> None:
    follower.start()
    assert follower.servers() == ["10.0.0.1:8080", "10.0.0.2:8080"]
    assert follower.loaded() == []


def test_a_new_address_is_followed_and_no_answer_changes_nothing(follower: Follower) -> None:
    follower.start()
    follower.names({"ingest-1": "10.0.0.9"})  # the other has no answer
    _until(lambda: len(follower.loaded()) == 1)
    follower.names({})
    time.sleep(0.5)  # several looks
    assert follower.servers() == ["10.0.0.9:8080", "10.0.0.2:8080"]
    assert len(follower.loaded()) == 1


@pytest.mark.parametrize("answer", ["::1", "no-address", "10.0.0.1;evil"])
def test_what_is_no_address_is_no_answer(follower: Follower, answer: str) -> None:
    follower.start()
    follower.names({"ingest-1": answer, "ingest-2": "10.0.0.8"})
    _until(lambda: len(follower.loaded()) == 1)
    assert follower.servers() == ["10.0.0.1:8080", "10.0.0.8:8080"]


def test_an_ingest_that_leaves_the_list_leaves_nginx(follower: Follower) -> None:
    follower.start()
    follower.ingests("ingest-1:8080")
    _until(lambda: follower.servers() == ["10.0.0.1:8080"])
    follower.ingests("ingest-1:8080", "ingest-2:8080")
    _until(lambda: follower.servers() == ["10.0.0.1:8080", "10.0.0.2:8080"])


def test_where_no_name_is_known_yet_nginx_starts_all_the_same(follower: Follower) -> None:
    follower.names({})
    follower.start()
    assert follower.servers() == ["127.0.0.1:9"]
    follower.names(BOTH)
    _until(lambda: follower.servers() == ["10.0.0.1:8080", "10.0.0.2:8080"])


def test_a_reload_that_failed_is_tried_again(follower: Follower) -> None:
    (follower.folder / "names.broken").touch()
    follower.start()
    follower.names(BOTH | {"ingest-1": "10.0.0.9"})
    _until(lambda: follower.servers()[0] == "10.0.0.9:8080")
    assert follower.loaded() == []
    (follower.folder / "names.broken").unlink()
    _until(lambda: len(follower.loaded()) > 0)
    assert "10.0.0.9:8080" in follower.loaded()[-1]


def test_waiting_for_an_ingest_asks_it_at_nginx_s_own_address(follower: Follower) -> None:
    follower.start()
    follower.names(BOTH | {"ingest-1": "10.0.0.9"})
    (follower.folder / "names.ready").write_text("http://10.0.0.9:8080/readyz\n")
    assert follower.wait("ingest-1") == 0
    assert follower.servers()[0] == "10.0.0.9:8080"
    # Workers of before a reload still have the address of before: a while has passed since.
    assert time.time() - follower.current.stat().st_mtime > 2
    assert follower.wait("ingest-2") == 1


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _replace(path: Path, text: str) -> None:
    """At once, for who reads it meanwhile."""
    path.with_suffix(".new").write_text(text, "utf-8")
    path.with_suffix(".new").rename(path)
