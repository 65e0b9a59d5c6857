"""What every way of deploying Hookline is held to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from click.testing import CliRunner

from ops.__main__ import hookline


@pytest.fixture
def check_command() -> Callable[[Sequence[str]], None]:
    """Fails unless `hookline` has the command that it is given, by its words."""

    def check(words: Sequence[str]) -> None:
        result = CliRunner().invoke(hookline, [*words, "--help"])
        assert result.exit_code == 0, result.output
        assert result.output.startswith(f"Usage: hookline {words[0]}"), result.output

    return check
