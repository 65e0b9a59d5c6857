"""Has rules tried out by a short-lived process, as changes are carried out by one (ops/console/decisions.py)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from ops.console.database import ConsoleBusy
from ops.console.decisions import DecisionRefused, ask_program

#: Seconds that a trial may take, its process's start included.
TIMEOUT = 30.0


class RuleTrialRunner:
    """Runs `python -m ops.console.rule_trials`, one at a time: each takes a core for seconds."""

    def __init__(self, environ: Mapping[str, str], timeout: float = TIMEOUT) -> None:
        """`environ`: the variables that the process is started with, HOOKLINE_POSTGRES__DSN among them."""
        self._environ = dict(environ)
        self._timeout = timeout
        self._alone = threading.Lock()

    def run(self, **fields: Any) -> dict[str, Any]:
        """What the program answers. Raises ConsoleBusy, DecisionRefused, DecisionFailed."""
        if not self._alone.acquire(blocking=False):
            raise ConsoleBusy
        try:
            answered = ask_program("ops.console.rule_trials", fields, self._environ, self._timeout)
        finally:
            self._alone.release()
        if not answered["ok"]:
            raise DecisionRefused(answered["message"])
        return answered
