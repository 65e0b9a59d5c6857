"""A file is replaced whole and at once, and its folder is synced too: a power failure leaves the old or the new one."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from runtime import disk
from runtime.disk import replace_file

ROOT = Path(__file__).parents[3]


def test_the_content_and_then_the_name_reach_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append("folder" if is_folder else "content")
        fsync(descriptor)

    def replaced(source: str, target: Path) -> None:
        steps.append("name")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    path = tmp_path / "file"
    replace_file(path, b"old")
    assert steps == ["content", "name", "folder"]
    replace_file(path, b"new", mode=0o640)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_nobody_replaces_a_file_in_another_way() -> None:
    """Folders that are filled under another name, and downloads that a hash checks, are no such files."""
    others = {"deploy/local/postgres.py", "deploy/local/kafka.py", "deploy/local/downloads.py", "runtime/disk.py"}
    own_way = re.compile(r"os\.replace\(|\b(?:partial|fresh|temporary|made|new)\.(?:rename|replace)\(")
    found = {
        str(file.relative_to(ROOT))
        for folder in ("schemas", "runtime", "ingest", "processors", "ops", "deploy")
        for file in (ROOT / folder).rglob("*.py")
        if own_way.search(file.read_text("utf-8"))
    }
    assert found <= others
