"""What every way of deploying Hookline is held to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import pytest
from click.testing import CliRunner

from ops.__main__ import hookline
from ops.admin_urls import admin_urls_by_name
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
def check_admin_urls(served: set[str]) -> Callable[[Mapping[str, str]], None]:
    """Fails unless the console and the notifier are given the admin port of every process but their own.

    The console has no figures of the notifier, which not every installation has.
    """

    def check(environ: Mapping[str, str]) -> None:
        processes = {command.removeprefix("process ") for command in served} - {"notifier"}
        names: dict[str, set[str]] = {}
        for asker in ("console", "notifier"):
            named = admin_urls_by_name(environ[f"HOOKLINE_{asker.upper()}__ADMIN_URLS"].split(","))
            names[asker] = {re.sub(r"-\d+$", "", name) for name in named}
        assert names == {"console": processes - {"console"}, "notifier": processes}

    return check


@pytest.fixture
def check_command() -> Callable[[Sequence[str]], None]:
    """Fails unless `hookline` has the command that it is given, by its words."""

    def check(words: Sequence[str]) -> None:
        result = CliRunner().invoke(hookline, [*words, "--help"])
        assert result.exit_code == 0, result.output
        assert result.output.startswith(f"Usage: hookline {words[0]}"), result.output

    return check
