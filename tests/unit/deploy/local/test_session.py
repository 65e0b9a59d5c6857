"""stack.json is kept true, and what runs goes on where it cannot be."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from deploy.local.home import Home, HomeUnusable
from deploy.local.session import StateFile


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


class Disk:
    """Counts what is synced, and is full when it is told to be."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self.synced = 0
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, descriptor: int) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.synced += 1
        self._fsync(descriptor)


def test_what_is_there_already_is_not_written_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    file = StateFile(home, lambda _: None)
    file.write({"phase": "serving"}, must=False)
    synced = disk.synced
    file.write({"phase": "serving"}, must=False)
    assert disk.synced == synced
    # unless somebody has removed or damaged it
    (home.path / "stack.json").unlink()
    file.write({"phase": "serving"}, must=False)
    assert home.read("stack.json") == {"phase": "serving"}
    (home.path / "stack.json").write_text('{"phase": "ser')
    file.write({"phase": "serving"}, must=False)
    assert home.read("stack.json") == {"phase": "serving"}


def test_a_full_disk_is_told_once_and_written_when_there_is_room(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    disk = Disk(monkeypatch)
    file = StateFile(home, said.append)
    file.write({"restarts": 0}, must=True)
    disk.is_full = True
    for restarts in (1, 2, 2):
        file.write({"restarts": restarts}, must=False)
    assert home.read("stack.json") == {"restarts": 0}
    assert len(said) == 1
    assert "is full" in said[0]
    assert "what runs goes on" in said[0]
    disk.is_full = False
    file.write({"restarts": 2}, must=False)
    assert home.read("stack.json") == {"restarts": 2}


def test_a_start_that_cannot_write_it_fails(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    Disk(monkeypatch).is_full = True
    with pytest.raises(HomeUnusable, match="is full"):
        StateFile(home, lambda _: None).write({}, must=True)
