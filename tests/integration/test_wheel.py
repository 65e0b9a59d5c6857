"""Hookline's own wheel, as `make wheel` and the image build it, from what the image's build copies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_holds_what_the_command_needs_and_nothing_private(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    for line in re.findall(r"^COPY ((?!--from|deploy/).+) \S+$", dockerfile, re.MULTILINE):
        for name in line.split():
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, source / name)
    (source / "deploy" / "secrets").mkdir(exist_ok=True)
    (source / "deploy" / "secrets" / "gate_password").write_text("private")

    options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    _run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", tmp_path, source)
    (wheel,) = tmp_path.glob("hookline-*.whl")

    names = set(zipfile.ZipFile(wheel).namelist())
    needed = [
        *ROOT.glob("schemas/**/*.sql"),
        *ROOT.glob("schemas/**/*.avsc"),
        *ROOT.glob("schemas/**/*.yaml"),
        *ROOT.glob("processors/**/*.sql"),
    ]
    assert {str(path.relative_to(ROOT)) for path in needed} <= names
    assert not [name for name in names if "secret" in name and not name.endswith(".py")]
    assert not [name for name in names if name.startswith("tests/")]
    # And it runs from where it is installed, without the sources.
    installed = tmp_path / "installed"
    _run(sys.executable, "-m", "pip", "install", *options[:1], *options[2:], "--target", installed, wheel)
    version = _run(sys.executable, "-P", "-m", "ops", "--version", PYTHONPATH=str(installed), directory=installed)
    assert version.split()[-1] == wheel.name.split("-")[1]


def _run(*command: str | Path, directory: Path | None = None, **variables: str) -> str:
    done = subprocess.run(
        command, env=os.environ | variables, cwd=directory, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
