"""What an operator types."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

from deploy.local.postgres import program
from tests.faults.run import Run
from tests.faults.services import ROOT

#: `hookline` and PostgreSQL's commands, as a page names them, of this very installation.
_COMMANDS = """set -eu
hookline() { "$PYTHON" -m ops "$@"; }
PATH="$PROGRAMS:$PATH"
"""
#: Seconds that a command may take, and how much more for each minute of the row.
_PATIENCE, _PATIENCE_A_MINUTE = 120.0, 20.0


def hookline(run: Run, *words: str) -> None:
    """Run the `hookline` command with the settings of the run's services; red where it fails."""
    _run(run, [sys.executable, "-m", "ops", *words], f"hookline {' '.join(words)}", ROOT)


def block(page: str, name: str) -> str:
    """The commands that `page` of docs/ has in its block called `name`."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    [commands] = re.findall(
        rf"^ *<!-- run: {re.escape(name)} -->\n *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL
    )
    return textwrap.dedent(commands)


def commands_of(run: Run, page: str, name: str, **values: str) -> None:
    """Run that block in the run's folder, as it stands but for what `values` puts in place of examples."""
    commands = block(page, name)
    for example, value in values.items():
        commands, count = re.subn(rf"(?<=--{example} )\S+", value, commands)
        run.require(count > 0, f"{page}, {name}: there is no --{example}")
    _run(run, ["sh", "-c", _COMMANDS + commands], f"{page}, {name}", run.home)


def _run(run: Run, command: list[str], name: str, folder: Path) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")}
        | run.operator_settings()
        | run.db.client_environment()
        | {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "PROGRAMS": str(program("psql").parent)},
        capture_output=True,
        text=True,
        timeout=_PATIENCE + _PATIENCE_A_MINUTE * run.minutes,  # a replay of an hour takes minutes
        check=False,
    )
    run.require(done.returncode == 0, f"{name}: {done.returncode} {done.stderr[-600:]}")
