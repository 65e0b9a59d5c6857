"""One stack to a home; what it keeps; what it tells about itself."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from deploy.local.home import AlreadyRunning, Home, alive, identity


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
