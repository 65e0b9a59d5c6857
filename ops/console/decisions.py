"""Changes, each carried out by a short-lived process: the code of the processors stays out of the console's memory.

A change and its row in `console_records` are one transaction.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

#: Seconds that a change may take, its process's start included.
TIMEOUT = 30.0


class DecisionRefused(Exception):
    """Tell the user why: nothing was changed."""


class DecisionFailed(Exception):
    """Look whether it was done before it is tried again: the process failed or took too long."""


class DecisionRunner:
    """Runs `python -m ops.console.decide`."""

    def __init__(self, environ: Mapping[str, str], timeout: float = TIMEOUT) -> None:
        """`environ`: the variables that the process is started with, HOOKLINE_POSTGRES__DSN among them."""
        self._environ = dict(environ)
        self._timeout = timeout

    def run(self, action: str, *, username: str, reason: str, **arguments: Any) -> str:
        """Carry out `action`; what was done, for people. Raises DecisionRefused, DecisionFailed."""
        request = {"action": action, "username": username, "reason": reason, "arguments": arguments}
        try:
            done = subprocess.run(
                [sys.executable, "-m", "ops.console.decide"],
                input=json.dumps(request),
                capture_output=True,
                encoding="utf-8",
                env=self._environ,
                timeout=self._timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DecisionFailed(f"it took longer than {self._timeout:g} s") from None
        try:
            answered = json.loads(done.stdout)
        except ValueError:
            raise DecisionFailed(f"its process ended with {done.returncode}; see the console's log") from None
        if not answered["ok"]:
            raise DecisionRefused(answered["message"])
        return str(answered["message"])
