"""The reference pages say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.configuration import all_sections
from tests.reference import pages
from tests.reference.tables import tables

PAGES = pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_is_as_the_code_makes_it(path: Path) -> None:
    assert path.exists(), "run `make docs`"
    assert path.read_text("utf-8") == PAGES[path], f"docs/{path.name} lags behind the code: run `make docs`"


def test_every_setting_says_what_it_means() -> None:
    silent = [
        section.variable(name)
        for section in all_sections()
        for name, info in section.model_fields.items()
        if not info.description
    ]
    assert not silent


def test_every_table_says_what_it_is() -> None:
    assert not [table.name for table in tables().values() if not table.comment]
