"""What every way of deploying Hookline is held to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from click.testing import CliRunner

from ops.__main__ import hookline
from ops.configuration import all_sections
from ops.processors import processor_names


@pytest.fixture
def served() -> set[str]:
    """The command of every process that has to be deployed: whatever has an admin port is one."""
    names = {
        all_section.section.replace("_", "-")
        for all_section in all_sections()
        if "admin_port" in all_section.model_fields
    }
    processors = set(processor_names())
    assert processors < names
    return {f"process {name}" if name in processors else name for name in names}


@pytest.fixture
def check_command() -> Callable[[Sequence[str]], None]:
    """Fails unless `hookline` has the command that it is given, by its words."""

    def check(words: Sequence[str]) -> None:
        result = CliRunner().invoke(hookline, [*words, "--help"])
        assert result.exit_code == 0, result.output
        assert result.output.startswith(f"Usage: hookline {words[0]}"), result.output

    return check
