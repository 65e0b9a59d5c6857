"""One stack to a home; what it keeps; what it tells about itself."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deploy.local.home import AlreadyRunning, Home, HomeUnusable, alive, identity
from tests.servers.unprivileged import NOBODY, unprivileged

pytestmark = pytest.mark.root


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


@pytest.mark.parametrize(("phase", "expected"), [("starting", False), ("serving", True), ("stopping", False)])
def test_the_environment_is_told_while_the_stack_serves(home: Home, phase: str, expected: bool) -> None:
    running = {"supervisor": identity(os.getpid()), "phase": phase}
    home.write("stack.json", running | {"environment": {"INGEST_URL": "http://127.0.0.1:8080"}})
    assert home.environment() is None  # nobody holds the lock: that file is from a stack that was killed
    with home.held():
        assert home.environment() == ({"INGEST_URL": "http://127.0.0.1:8080"} if expected else None)


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


def test_a_stack_that_was_killed_does_not_serve_while_the_next_one_starts(home: Home) -> None:
    # Given what a killed supervisor left: its file says that everything serves
    with subprocess.Popen(["true"]) as process:
        killed = identity(process.pid)
    home.write("stack.json", {"phase": "serving", "supervisor": killed, "environment": {"INGEST_URL": "x"}})
    # When the next one holds the home and has not written yet
    with home.held():
        # Then nobody is told that it serves
        assert home.environment() is None
        assert home.state() == {}


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 200
)


@given(NAMES)
@example(" blanks, a comma and 'quotes' \"double\"")
@example("\u0131\u011f\u00fc \u65e5\u672c \U0001f600")
@example("-begins with a dash")
@example("[x]{y}*?$HOME%41#;&:")
@example("two\nlines")
def test_a_folder_of_any_name_is_a_home(name: str) -> None:
    with TemporaryDirectory() as above:
        home = Home(Path(above, name))
        with home.held():
            secret = home.secret("a")
            assert home.is_held()
        assert Home(Path(above, name)).secret("a") == secret
        assert [path.name for path in Path(above).iterdir()] == [name]  # nothing beside it


def test_a_name_that_no_server_could_use_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    for path, sentence in (
        (tmp_path / os.fsdecode(b"latin-\xfc"), "is not UTF-8, which Java needs"),
        (tmp_path.joinpath(*["x" * 200] * 5), r"has \d+ bytes, and PostgreSQL's paths have room for 900"),
    ):
        with pytest.raises(HomeUnusable, match=sentence) as refused, Home(path).held():
            pass
        assert refused.value.exit_code == 78
        str(refused.value).encode()  # it can be printed
    assert list(tmp_path.iterdir()) == []


def test_no_other_user_may_look_into_a_home(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(mode=0o755)
    for name in ("made", "empty"):
        home = Home(tmp_path / name)
        with home.held():
            assert home.path.stat().st_mode & 0o777 == 0o700
    # One that an earlier version made
    home.path.chmod(0o755)
    with home.held():
        assert home.path.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_more_than_a_home_keeps_its_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, mode in (("project", 0o755), ("like-tmp", 0o1777)):
        folder = tmp_path / name
        folder.mkdir()
        folder.chmod(mode)
        (folder / "file").touch()
        for _ in range(2):  # the second time it has been a home before
            with Home(folder).held():
                assert folder.stat().st_mode & 0o7777 == mode
            (folder / "lock").unlink(missing_ok=name == "project")
    monkeypatch.setenv("HOME", str(tmp_path))
    tmp_path.chmod(0o755)
    with Home(tmp_path).held():
        assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach: pytest's own are closed to others."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave files that belong to somebody else")
@pytest.mark.parametrize("inside", [".", "secrets.json", "kafka/data/topic-0", "logs/ingest.log"])
def test_a_home_that_root_used_first_is_named_with_the_way_out(open_folder: Path, inside: str) -> None:
    home = Home(open_folder / "a home")
    with home.held():
        home.secret("a")
        (home.path / "kafka" / "data" / "topic-0").mkdir(parents=True)
        (home.logs / "ingest.log").touch()
    for path in (home.path, *home.path.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    blocking = home.path / inside
    os.chown(blocking, 0, 0)
    blocking.chmod(0o700)
    with unprivileged():
        with pytest.raises(HomeUnusable) as refused, Home(home.path).held():
            pass
        assert refused.value.exit_code == 78
        said = str(refused.value)
        assert "belongs to root, and you are " in said
        assert (
            f"`sudo chown -R {NOBODY}:{NOBODY} '{home.path}'` makes the whole folder yours, or set HOOKLINE_HOME"
            in said
        )
    # and what it advises helps
    for path in (home.path, *home.path.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    with unprivileged(), Home(home.path).held():
        pass


def test_every_way_to_look_into_a_closed_home_ends_with_the_sentence(open_folder: Path) -> None:
    with unprivileged():
        home = Home(open_folder / "home")
        with home.held():
            home.write("stack.json", {})
        home.path.chmod(0o000)
        try:
            for look in (home.is_held, home.state, home.environment, lambda: home.read("stack.json")):
                with pytest.raises(HomeUnusable, match=r"is closed to its owner .* `chmod -R u\+rwX .*` opens it"):
                    look()
            with pytest.raises(HomeUnusable, match="chmod"):
                home.forget("stack.json")
        finally:
            home.path.chmod(0o700)


def test_a_folder_that_is_closed_above_the_home_says_to_go_elsewhere(open_folder: Path) -> None:
    with unprivileged():
        (open_folder / "closed").mkdir(mode=0o500)
        with pytest.raises(HomeUnusable, match="set HOOKLINE_HOME to a folder that you can write to"):
            Home(open_folder / "closed" / "home").held().__enter__()


DAMAGED = st.binary(max_size=40).filter(lambda content: not _is_object(content))


def _is_object(content: bytes) -> bool:
    try:
        found = json.loads(content)
    except ValueError:
        return False
    return isinstance(found, dict) and all(isinstance(value, str) for value in found.values())


@given(st.one_of(st.integers(0, 200).map(lambda at: WHOLE[:at]).filter(lambda content: content != WHOLE), DAMAGED))
@example(b"")
@example(b"\0" * 100)
@example(b"[]")
@example(b'{"a": 5}')
@example(b"[" * 100_000)
def test_damaged_secrets_are_named_moved_aside_and_made_anew(content: bytes) -> None:
    said: list[str] = []
    with TemporaryDirectory() as folder:
        home = Home(Path(folder), said.append)
        (home.path / "secrets.json").write_bytes(content)
        with home.held():
            secret = home.secret("HOOKLINE_TEXTLINK__SECRETS")
            assert home.secret("HOOKLINE_TEXTLINK__SECRETS") == secret
        assert (home.path / "secrets.json.damaged").read_bytes() == content
        (sentence,) = said
        assert f"{home.path}/secrets.json is damaged" in sentence
        assert f"moved aside to {home.path}/secrets.json.damaged" in sentence
        assert "refused (401) until their senders have those that `hookline env` prints" in sentence


WHOLE = json.dumps({"HOOKLINE_TEXTLINK__SECRETS": "s" * 32, "HOOKLINE_TEXTUS__SIGNING_SECRETS": "t" * 32}).encode()


ME = identity(os.getpid())


@pytest.mark.parametrize(
    "state",
    [
        {"supervisor": 5},
        {"supervisor": None},
        {"supervisor": "pid"},
        {"supervisor": {"pid": 1}},
        {"supervisor": {"pid": "x", "created": 1}},
        {"supervisor": {"pid": -1, "created": 0}},
        {"supervisor": ME, "phase": "serving"},
        {"supervisor": ME, "phase": "serving", "environment": None},
    ],
)
def test_a_file_about_the_stack_that_says_something_else_says_nothing(home: Home, state: dict[str, object]) -> None:
    home.write("stack.json", state)
    with home.held():
        assert home.environment() is None


def test_a_second_damaged_file_does_not_replace_the_first(home: Home) -> None:
    with home.held():
        for content in (b"first", b"second"):
            (home.path / "ports.json").write_bytes(content)
            assert home.read("ports.json", int) == {}
    assert (home.path / "ports.json.damaged").read_bytes() == b"first"
    assert (home.path / "ports.json.damaged-2").read_bytes() == b"second"


def test_who_only_looks_moves_nothing(home: Home) -> None:
    said: list[str] = []
    home.write("stack.json", {})
    (home.path / "stack.json").write_text('{"phase": "serv')
    with home.held():
        assert Home(home.path, said.append).environment() is None
    assert (home.path / "stack.json").exists()
    assert "stack.json is damaged" in said[0]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write("ports.json", {"kafka": 1})

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(HomeUnusable, match="is full"):
        home.write("ports.json", {"kafka": 2})
    assert home.read("ports.json") == {"kafka": 1}
    assert [path.name for path in home.path.iterdir()] == ["ports.json"]
