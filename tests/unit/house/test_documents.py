"""The documents are true: files that they name exist. Commands: `test_shown_commands.py`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

#: In backticks: a path of ours, with a room or a known folder in front.
_PATH = re.compile(r"`((?:schemas|runtime|ingest|processors|ops|deploy|tests|docs)/[\w./-]*)`")
#: A link to a file, without an address and without what follows "#".
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_it_names_exist(document: Path) -> None:
    named = set(_PATH.findall(document.read_text("utf-8")))
    assert not {path for path in named if not (ROOT / path).exists()}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_it_links_to_exist(document: Path) -> None:
    linked = set(_LINK.findall(re.sub(r"`[^`]*`", "", document.read_text("utf-8"))))
    assert not {path for path in linked if not (document.parent / path).exists()}


def test_the_index_has_every_page_once() -> None:
    index = ROOT / "docs" / "README.md"
    linked = [link for link in _LINK.findall(index.read_text("utf-8").split("\n## ", 1)[1]) if "/" not in link]
    pages = {path.name for path in index.parent.iterdir() if path.suffix in (".md", ".json")} - {index.name}
    assert sorted(linked) == sorted(pages)


def test_a_missing_file_would_be_seen() -> None:
    assert _PATH.findall("see `ingest/nothing.py`") == ["ingest/nothing.py"]
