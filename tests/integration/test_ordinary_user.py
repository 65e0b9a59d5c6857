"""`hookline up` by a user without privileges, in a copy of this clone whose folder has an awkward name, under locales
in which programs stumble: C, which has no letters beyond ASCII, and Turkish, in which I and i are no pair.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.downloads import cache_folder
from tests.older_code import ROOMS
from tests.servers.local_stack import ROOT, LocalStack, environment_of, post, texts, until

pytestmark = [pytest.mark.slow, pytest.mark.root, pytest.mark.timeout(600)]

#: With blanks, a comma, quotes, letters within Latin-1, Turkish ones, and others.
NAME = """my folder, "new" 'm\u00fcller' \u0131\u015f\u011f \u65e5\u672c"""
TURKISH = "tr_TR.UTF-8"


def _ordinary_user() -> int:
    """Whoever runs the test, and nobody in the place of root."""
    return os.geteuid() or pwd.getpwnam("nobody").pw_uid


def _can_run(python: Path, user: int, folder: Path) -> bool:
    environ = _environment_of(python) | {"PYTHONPATH": sysconfig.get_path("purelib")}
    command = [str(python), "-c", "import flask, psycopg, sqlite3, ssl"]
    try:
        done = subprocess.run(
            command, user=user, group=user, extra_groups=[], env=environ, cwd=folder, capture_output=True, check=False
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _environment_of(python: Path) -> dict[str, str]:
    """A copied Python would look for its library where it was copied from."""
    return os.environ | {"LD_LIBRARY_PATH": str(python.parent.parent / "lib")}


@pytest.fixture(scope="module")
def python(clone: Path) -> Path:
    """One that the ordinary user can run: ours, or where that is in a folder closed to others a copy."""
    user, ours = _ordinary_user(), Path(sys.executable)
    if os.geteuid() != 0 or _can_run(ours, user, clone):
        return ours
    copy = clone.parent / "python"
    leave_out = shutil.ignore_patterns("__pycache__", "site-packages", "test", "tests", "idlelib", "*.a")
    shutil.copytree(sys.base_prefix, copy, symlinks=True, ignore=leave_out)
    copied = copy / "bin" / Path(os.path.realpath(sys.executable)).name
    if not _can_run(copied, user, clone):
        pytest.skip(f"nobody but root can use the packages in {sysconfig.get_path('purelib')}")
    return copied


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    """The copy, which is the ordinary user's."""
    user = _ordinary_user()
    above = Path(tempfile.mkdtemp(prefix="hookline-user-"))
    above.chmod(0o755)
    copy = above / NAME
    for room in ROOMS:
        source = ROOT / room
        if source.is_dir():
            shutil.copytree(source, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy / room)
    # What is downloaded already need not be downloaded again.
    if (cache_folder() / "jars").is_dir():
        shutil.copytree(cache_folder() / "jars", copy / "cache" / "jars", symlinks=True)
    (above / "tmp").mkdir()
    for path in (above / "tmp", copy, *copy.rglob("*")):
        os.chown(path, user, -1, follow_symlinks=False)
    yield copy
    shutil.rmtree(above)


@pytest.fixture(params=["C", TURKISH])
def locale(request: pytest.FixtureRequest, clone: Path) -> dict[str, str]:
    """The variables of that locale, which is made for this test: few machines have the Turkish one."""
    name = str(request.param)
    if name == "C":
        return {"LANG": name, "LC_ALL": name}
    made = clone.parent / "locale"
    made.mkdir()
    if shutil.which("localedef") is None:
        pytest.skip("localedef, which makes the locale, is not installed")
    command = ["localedef", "--no-archive", "-i", "tr_TR", "-f", "UTF-8", str(made / TURKISH)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not (made / TURKISH).is_dir():
        pytest.skip(f"this machine cannot make {TURKISH} (package locales): {done.stderr.strip()}")
    # Java has its own idea of a locale, on machines without this one too.
    return {"LANG": name, "LC_ALL": name, "LOCPATH": str(made), "JAVA_TOOL_OPTIONS": "-Duser.language=tr"}


def test_a_stack_of_an_ordinary_user_in_an_awkward_folder(clone: Path, python: Path, locale: dict[str, str]) -> None:
    folders = {"HOME": str(clone), "HOOKLINE_CACHE": str(clone / "cache"), "TMPDIR": str(clone.parent / "tmp")}
    user = None if os.geteuid() else _ordinary_user()
    home = clone / f"home of {locale['LANG']}"
    if python != Path(sys.executable):
        folders["LD_LIBRARY_PATH"] = _environment_of(python)["LD_LIBRARY_PATH"]
    stack = LocalStack(home, code=clone, user=user, python=python, **locale, **folders)
    text = "I say: \u0130STANBUL, \u0131\u015f\u0131k, \u00dcbergr\u00f6\u00dfe \u65e5\u672c"
    beside = set(clone.parent.iterdir())
    try:
        environment = stack.up()
        answer = post(environment, text)
        assert (answer.status_code, answer.headers["X-Durability"]) == (200, "kafka")
        until(lambda: text in texts(environment), "the message did not reach PostgreSQL")
        assert environment_of(stack)["HOOKLINE_HOME"] == str(home)
        assert {uid for process in stack.processes() for uid in process.uids()} == {_ordinary_user()}
    finally:
        assert stack.run("down").returncode == 0
    assert set(clone.parent.iterdir()) == beside  # no folder with a garbled name
    # What others could read holds nothing of ours
    assert home.stat().st_mode & 0o777 == 0o700
    open_to_others = [path for path in home.rglob("*") if path.lstat().st_mode & 0o077 and not path.is_symlink()]
    assert open_to_others == []
