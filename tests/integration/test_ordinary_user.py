"""`hookline up` by a user without privileges, in a copy of this clone whose folder has an awkward name, under locales
in which programs stumble: C, which has no letters beyond ASCII, and Turkish, in which I and i are no pair.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.downloads import cache_folder
from tests.older_code import ROOMS
from tests.servers.local_stack import ROOT, LocalStack, post, texts, until

pytestmark = [pytest.mark.slow, pytest.mark.root, pytest.mark.timeout(600)]

#: With blanks, a comma and letters beyond ASCII.
NAME = "a folder, Übergrößen \u0131\u011f \u65e5\u672c"
TURKISH = "tr_TR.UTF-8"


def _ordinary_user() -> int:
    """Whoever runs the test, and nobody in the place of root."""
    return os.geteuid() or pwd.getpwnam("nobody").pw_uid


def _has_python(user: int) -> bool:
    command = [sys.executable, "-c", "import flask"]
    try:
        done = subprocess.run(command, user=user, group=user, extra_groups=[], capture_output=True, check=False)
    except PermissionError:
        return False
    return done.returncode == 0


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    """The copy, which is the ordinary user's."""
    user = _ordinary_user()
    if os.geteuid() == 0 and not _has_python(user):
        pytest.skip(f"nobody but root can run {sys.executable}: .ci/run has a Python that others can")
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
    for path in (copy, *copy.rglob("*")):
        os.chown(path, user, -1, follow_symlinks=False)
    yield copy
    shutil.rmtree(above)


@pytest.fixture(params=["C", TURKISH])
def locale(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, clone: Path) -> dict[str, str]:
    """The variables of that locale, which is made for this test where the machine does not have it."""
    name = str(request.param)
    found = {"LANG": name, "LC_ALL": name}
    if name == TURKISH:
        made = clone.parent / "locale"
        made.mkdir(exist_ok=True)
        if shutil.which("localedef") is None:
            pytest.skip("localedef, which makes the locale, is not installed")
        command = ["localedef", "--no-archive", "-i", "tr_TR", "-f", "UTF-8", str(made / TURKISH)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not (made / TURKISH).is_dir():
            pytest.skip(f"this machine cannot make {TURKISH} (package locales): {done.stderr.strip()}")
        found["LOCPATH"] = str(made)
    return found


def test_a_stack_of_an_ordinary_user_in_an_awkward_folder(clone: Path, locale: dict[str, str]) -> None:
    folders = {"HOME": str(clone), "HOOKLINE_CACHE": str(clone / "cache"), "TMPDIR": str(clone.parent)}
    user = None if os.geteuid() else _ordinary_user()
    stack = LocalStack(clone / f"home of {locale['LANG']}", code=clone, user=user, **locale, **folders)
    text = "I say: ISTANBUL, \u0131stanbul, Übergröße \u65e5\u672c"
    try:
        environment = stack.up()
        answer = post(environment, text)
        assert (answer.status_code, answer.headers["X-Durability"]) == (200, "kafka")
        until(lambda: text in texts(environment), "the message did not reach PostgreSQL")
        assert {uid for process in stack.processes() for uid in process.uids()} == {_ordinary_user()}
        assert {process.environ()["LC_ALL"] for process in stack.processes()} == {locale["LC_ALL"]}
    finally:
        assert stack.run("down").returncode == 0
