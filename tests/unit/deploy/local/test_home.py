"""One stack to a home; what it keeps; what it tells about itself."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.local.home import AlreadyRunning, Home, HomeUnusable, alive, identity


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_a_home_holds_one_stack(home: Home) -> None:
    assert not home.is_held()
    with home.held():
        assert home.is_held()
        with pytest.raises(AlreadyRunning, match="hookline down") as refused, Home(home.path).held():
            pass
        assert refused.value.exit_code == 75
    assert not home.is_held()
    with home.held():
        pass


def test_secrets_are_made_once_and_for_their_owner_alone(home: Home) -> None:
    first = home.secret("HOOKLINE_TEXTLINK__SECRETS")
    assert len(first) >= 32
    assert home.secret("HOOKLINE_TEXTLINK__SECRETS") == first
    assert home.secret("HOOKLINE_TEXTUS__SIGNING_SECRETS") != first
    assert (home.path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.path.iterdir()] == ["secrets.json"]


def test_a_home_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    home = Home(tmp_path / "file" / "home")
    assert not home.is_held()
    assert home.environment() is None
    home.forget("stack.json")
    with pytest.raises(HomeUnusable, match=r"cannot be written \(Not a directory\): set HOOKLINE_HOME"), home.held():
        pass


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "is full .* set HOOKLINE_HOME to a folder on another disk"),
        (errno.EROFS, "cannot be written .* set HOOKLINE_HOME to a folder that you can write to"),
    ],
)
def test_what_the_system_says_becomes_a_sentence(home: Home, number: int, sentence: str) -> None:
    with pytest.raises(HomeUnusable, match=sentence) as raised, home.usable():
        raise OSError(number, os.strerror(number), "ports.json")
    assert raised.value.exit_code == 78


def test_a_disk_without_room_is_noticed_before_anything_is_written(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=21_000_000))
    with pytest.raises(HomeUnusable, match=r"is full \(21 MB are free, 105 MB are needed\)"), home.held():
        pass


@pytest.mark.parametrize(("phase", "told"), [("starting", False), ("serving", True), ("stopping", False)])
def test_the_environment_is_told_while_the_stack_serves(home: Home, phase: str, told: bool) -> None:
    home.write("stack.json", {"phase": phase, "environment": {"INGEST_URL": "http://127.0.0.1:8080"}})
    assert home.environment() is None  # nobody holds the lock: that file is from a stack that was killed
    with home.held():
        assert home.environment() == ({"INGEST_URL": "http://127.0.0.1:8080"} if told else None)


def test_a_process_is_known_from_a_later_one_of_the_same_number(home: Home) -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        known = json.loads(json.dumps(identity(process.pid)))
        found = alive(known)
        assert found is not None
        assert found.pid == process.pid
        assert alive(known | {"created": known["created"] - 60}) is None
        process.kill()
        process.wait()
        assert alive(known) is None
        assert identity(process.pid) == {}
    assert alive({}) is None
    assert identity(os.getpid())["pid"] == os.getpid()
