"""Whether the gate can say anything sure, looked at every second whether or not anybody asks: metric, log, /readyz."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as NoAnswer

import psycopg

from ops.gate.answers import Answers
from runtime import logs, metrics
from runtime.admin import Readiness
from runtime.reminder import Reminder

log = logs.logger("hookline.gate")

#: Seconds between two looks.
EVERY = 1.0
#: Seconds after its start from which the gate is ready whether or not it is sure: an answer of `out` is one, too.
START_GRACE = 10.0


class CertaintyWatch:
    """Looks in a thread of its own."""

    def __init__(
        self,
        answers: Answers,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answers = answers
        self._sleep = sleep
        self._clock = clock
        self._begun = clock()
        self._reminder = Reminder(clock=clock)

    def run(self) -> None:
        """For as long as the process lives."""
        while True:
            self.step()
            self._sleep(EVERY)

    def step(self) -> None:
        """Look once. Says so in the log when nothing is sure: at once, and again each minute."""
        why = self._why()
        metrics.GATE_UNSURE.set(0 if why is None else 1)
        if why is None:
            if self._reminder.reset():
                log.info("gate_is_sure")
        elif self._reminder.due():
            log.error("gate_is_unsure", reason=why, effect="every answer is out")

    def readiness(self) -> Readiness:
        """Ready where the ledger answers, and for the first seconds only where it may be relied on as well."""
        try:
            doubt = self._answers.doubt()
        except (psycopg.Error, NoAnswer):
            return Readiness(False, "the ledger does not answer")
        except Exception as error:  # noqa: BLE001 - see _why
            return Readiness(False, f"a fault of ours: {type(error).__name__}")
        if doubt is None:
            return Readiness(True)
        return Readiness(self._clock() - self._begun >= START_GRACE, f"every answer is out: {doubt.why}")

    def _why(self) -> str | None:
        try:
            doubt = self._answers.doubt()
        except (psycopg.Error, NoAnswer):
            return "the ledger does not answer"
        except Exception as error:  # noqa: BLE001 - the thread goes on, and what nobody can tell is not sure
            return f"a fault of ours: {type(error).__name__}"
        return None if doubt is None else doubt.why
