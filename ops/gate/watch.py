"""Whether the gate can say anything sure, looked at every second whether or not anybody asks: metric, log, /readyz.

/readyz tells what was seen last. It needs no token, so it must cost neither a statement nor a thread of those who ask
about numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass

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
#: Seconds beside those of a look and its pause after which what was seen is too old to say "ready" by.
SLACK = 3.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found."""

    at: float  #: when it ended, by the clock
    failure: str | None = None  #: why nothing could be looked at
    doubt: str | None = None  #: why nothing sure can be said


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
        self._last: Look | None = None

    def run(self) -> None:
        """For as long as the process lives."""
        while True:
            self.step()
            self._sleep(EVERY)

    def step(self) -> None:
        """Look once. Says so in the log when nothing is sure: at once, and again each minute."""
        self._last = look = self._look()
        why = look.failure or look.doubt
        metrics.GATE_UNSURE.set(0 if why is None else 1)
        if why is None:
            if self._reminder.reset():
                log.info("gate_is_sure")
        elif self._reminder.due():
            log.error("gate_is_unsure", reason=why, effect="every answer is out")

    def readiness(self) -> Readiness:
        """Ready where the ledger answered last, and for the first seconds only where it may be relied on as well."""
        look, now = self._last, self._clock()
        if look is None:
            return Readiness(False, "the ledger has not been looked at yet")
        if now - look.at > EVERY + self._answers.timeout + SLACK:
            return Readiness(False, f"the ledger was last looked at {now - look.at:.0f} s ago")
        if look.failure is not None:
            return Readiness(False, look.failure)
        if look.doubt is None:
            return Readiness(True)
        return Readiness(now - self._begun >= START_GRACE, f"every answer is out: {look.doubt}")

    def _look(self) -> Look:
        try:
            doubt = self._answers.doubt()
        except (psycopg.Error, NoAnswer):
            return Look(self._clock(), failure="the ledger does not answer")
        except Exception as error:  # noqa: BLE001 - the thread goes on, and what nobody can tell is not sure
            return Look(self._clock(), failure=f"a fault of ours: {type(error).__name__}")
        return Look(self._clock(), doubt=None if doubt is None else doubt.why)
