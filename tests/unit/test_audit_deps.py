"""`make audit-deps` says so where a package could not be asked about: that is no success."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
KNOWN = {"name": "flask", "version": "3.1.2", "vulns": []}
VULNERABLE = KNOWN | {"vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["3.1.3"]}]}
SKIPPED = {"name": "zipp", "skip_reason": "Dependency not found"}


def audit(tmp_path: Path, output: str) -> subprocess.CompletedProcess[str]:
    """With a pip-audit that prints `output` about each lock."""
    said = tmp_path / "said"
    said.write_text(output)
    tool = [sys.executable, "-c", "import pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text())", str(said)]
    command = [sys.executable, ".ci/audit_deps.py", *tool]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("packages", "code", "says"),
    [
        pytest.param([KNOWN], 0, "1 packages checked", id="nothing known"),
        pytest.param([VULNERABLE, SKIPPED], 1, "flask 3.1.2: PYSEC-2026-1, mended in 3.1.3", id="vulnerable"),
        pytest.param([KNOWN, SKIPPED], 69, "1 of 2 packages not checked", id="one could not be asked about"),
        pytest.param([], 69, "", id="nothing was looked at"),
    ],
)
def test_what_pip_audit_found(tmp_path: Path, packages: list[dict[str, Any]], code: int, says: str) -> None:
    done = audit(tmp_path, json.dumps({"dependencies": packages, "fixes": []}))
    assert (done.returncode, done.stderr) == (code, "")
    assert says in done.stdout


def test_every_lock_of_python_packages_is_asked_about(tmp_path: Path) -> None:
    found = [*ROOT.glob("*.lock"), *ROOT.glob("deploy/**/*.lock"), *ROOT.glob("tests/**/*.lock")]
    locks = {str(file.relative_to(ROOT)) for file in found if "--hash=sha256:" in file.read_text("utf-8")}
    assert "deploy/analytics/requirements.lock" in locks
    said = audit(tmp_path, json.dumps({"dependencies": [KNOWN], "fixes": []})).stdout.splitlines()
    assert {line.partition(":")[0] for line in said} == locks


@pytest.mark.parametrize("output", ["", "Traceback", "[]", "{}", "null"])
def test_without_an_answer_nothing_is_checked(tmp_path: Path, output: str) -> None:
    done = audit(tmp_path, output)
    assert (done.returncode, done.stderr) == (69, "")
    assert "deploy/build.lock: not checked" in done.stdout
