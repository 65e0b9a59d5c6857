"""What can be said of PostgreSQL before it is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.postgres import check_program_folder
from runtime.settings import ConfigurationError


@pytest.mark.parametrize("folder", ['with "quotes"', "with $HOME", "with `ticks`", "with \\backslash"])
def test_a_clone_in_a_folder_that_initdbs_shell_would_misread_is_named(folder: str) -> None:
    with pytest.raises(ConfigurationError, match="move Hookline elsewhere") as refused:
        check_program_folder(Path("/home/me") / folder / "bin" / "initdb")
    assert folder in refused.value.mistakes[0]


@pytest.mark.parametrize("folder", ["with blanks, a comma", "it's", "\u0131\u011f \u65e5", "#;&[x]*?(1)"])
def test_others_are_taken(folder: str) -> None:
    check_program_folder(Path("/home/me") / folder / "bin" / "initdb")
