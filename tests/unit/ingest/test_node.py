"""The node's name stays with its spool."""

from __future__ import annotations

from pathlib import Path

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
