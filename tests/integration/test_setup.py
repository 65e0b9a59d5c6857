"""`make setup` on machines that lack something: what is missing is named, with the way out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `make setup` reads, in a folder with blanks, a comma and letters beyond ASCII."""
    folder = tmp_path / "my clone, \u0131\u011f\u00fc"
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "deploy/build.lock"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def make(clone: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments], cwd=clone, env=os.environ | environ, capture_output=True, text=True, check=False
    )


def test_a_python_that_cannot_bring_pip_is_a_sentence_with_the_fix(clone: Path, tmp_path: Path) -> None:
    # As Debian's python3 without its package python3-venv
    without = tmp_path / "without"
    without.mkdir()
    for name in ("pip", "ensurepip"):
        (without / f"{name}.py").write_text(f"raise ModuleNotFoundError('No module named {name!r}')")
    done = make(clone, "setup", f"PYTHON={sys.executable}", PYTHONPATH=str(without))
    assert done.returncode != 0
    assert "has no ensurepip to bring it. On Debian and Ubuntu: apt install python3-venv" in done.stdout
    assert not (clone / ".venv" / ".ready").exists()


def test_a_python_whose_path_has_blanks_is_used(clone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a python"
    folder.mkdir()
    python = folder / "python3"
    python.write_text("#!/bin/sh\necho used; exit 1\n")
    python.chmod(0o755)
    done = make(clone, "setup", f"PYTHON={python}")
    assert f"Hookline needs Python 3.11 or later, and {python} is used." in done.stdout


def test_a_venv_whose_path_has_blanks_is_refused(clone: Path) -> None:
    done = make(clone, "setup", "VENV=a venv")
    assert done.returncode != 0
    assert "make cannot name a folder with blanks" in done.stderr
    assert not (clone / "a venv").exists()
