"""The node's name stays with its spool."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ingest.node.name import node_name


def test_a_directory_keeps_its_name_and_another_has_another(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    name = node_name(here)
    assert name
    assert node_name(here) == name != node_name(there)
    moved = here.rename(tmp_path / "moved")
    assert node_name(moved) == name


@pytest.mark.parametrize("content", [b"", b"\n", b"\0" * 20, b"web-\xff\xfe", b"a\nb\n", b"\x1b[31m"])
def test_a_damaged_name_is_made_anew(tmp_path: Path, content: bytes) -> None:
    """Two nodes without a name would answer for each other's spools."""
    (tmp_path / "node").write_bytes(content)
    name = node_name(tmp_path)
    assert name.startswith(socket.gethostname())
    assert node_name(tmp_path) == name
