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
        answered = ask_program("ops.console.decide", request, self._environ, self._timeout)
        if not answered["ok"]:
            raise DecisionRefused(answered["message"])
        return str(answered["message"])


def ask_program(module: str, request: object, environ: Mapping[str, str], timeout: float) -> dict[str, Any]:
    """What `python -m module` answers to `request`, both as JSON. Raises DecisionFailed."""
    try:
        done = subprocess.run(  # noqa: S603 - a module of ours
            [sys.executable, "-m", module],
            input=json.dumps(request),
            capture_output=True,
            encoding="utf-8",
            env=dict(environ),
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DecisionFailed(f"it took longer than {timeout:g} s") from None
    try:
        answered: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise DecisionFailed(f"its process ended with {done.returncode}; see the console's log") from None
    return answered
