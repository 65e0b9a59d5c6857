"""The code of an older version of this repository, out of its history."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.archives import unpack

ROOT = Path(__file__).resolve().parents[1]
MIGRATIONS = ROOT / "schemas" / "sql"
#: What a version consists of.
ROOMS = ("schemas", "runtime", "ingest", "processors", "ops", "deploy", "pyproject.toml")


def git(*arguments: str) -> bytes:
    """What git prints. Skips the test where there is no git, or no such history: a shallow clone, an exported tree."""
    if shutil.which("git") is None:
        pytest.skip("git, which has the older version, is not installed")
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        pytest.skip(f"no git history here: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def commit_before(migration: Path) -> str:
    """The last commit that did not have `migration`: the one before it was merged, or HEAD where it is in no commit."""
    path = str(migration.relative_to(ROOT))
    added = git("log", "--first-parent", "--diff-filter=A", "--format=%H", "-1", "--", path).decode().strip()
    return f"{added}^1" if added else "HEAD"


def extract(commit: str, folder: Path, names: Sequence[str] = ROOMS) -> None:
    """Put `names` of `commit` into `folder`."""
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit, *names))) as archive:
        unpack(archive, folder)
