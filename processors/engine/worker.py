"""The thread beside the poll loop: does one piece of work after the other, and drops what is no longer wanted."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from processors.engine.progress import Fenced
from processors.engine.retry import Unwanted
from runtime.loops import LoopWatch

#: Seconds without a sign of life after which the worker counts as frozen. Each answer of PostgreSQL's is one, and so
#: is each try, so this is far more than any single call may take.
LIMIT = 120.0

#: Work is given a question that it may ask: whether its result is still wanted. What it returns is its answer.
Work = Callable[[Callable[[], bool]], object]


class WorkResult(NamedTuple):
    """What became of a piece of work."""

    epoch: int
    result: object  #: what it returned; Fenced where it was fenced off


class Worker:
    """Given work by one thread. Work of an earlier epoch is dropped, unless it is under way already."""

    def __init__(
        self, stopping: Callable[[], bool], watch: LoopWatch, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stopping = stopping
        self._watch = watch
        self._clock = clock
        self._begun: float | None = None
        self._changed = threading.Condition()
        self._queue: deque[tuple[int, Work]] = deque()
        self._busy = False
        self._finishing = False
        self._answers: deque[WorkResult] = deque()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self.epoch = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def give(self, work: Work) -> None:
        """Have `work` done after all that was given before."""
        with self._changed:
            self._queue.append((self.epoch, work))
            self._changed.notify_all()

    def drop(self) -> None:
        """What was given until now is no longer wanted."""
        with self._changed:
            self.epoch += 1
            self._queue.clear()
            self._changed.notify_all()

    def wait_for_room(self, limit: int, timeout: float) -> bool:
        """Whether fewer than `limit` pieces of work wait, after at most `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._queue) < limit, timeout)

    def wait_until_idle(self, timeout: float) -> bool:
        """Whether nothing is under way, after at most `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, timeout)

    def busy_for(self) -> float:
        """Seconds since the work under way began; 0: none is."""
        begun = self._begun
        return 0.0 if begun is None else self._clock() - begun

    def answers(self) -> list[WorkResult]:
        """What came out of the current epoch's work since the last call. Raises what broke the worker."""
        with self._changed:
            if self._failure is not None:
                raise self._failure
            found = [answer for answer in self._answers if answer.epoch == self.epoch]
            self._answers.clear()
            return found

    def finish(self, timeout: float) -> bool:
        """Finish what is under way, drop the rest; whether that was done within `timeout` seconds."""
        with self._changed:
            self._finishing = True
            self._queue.clear()
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        self._watch.register("the worker", LIMIT)
        try:
            self._work_off()
        finally:
            self._watch.leave()

    def _work_off(self) -> None:
        while True:
            self._watch.rest()
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._finishing)
                if self._finishing:
                    return
                epoch, work = self._queue.popleft()
                self._busy, self._begun = True, self._clock()
                self._changed.notify_all()
            self._watch.beat()
            try:
                result = work(lambda epoch=epoch: epoch == self.epoch and not self._stopping())  # type: ignore[misc]
            except Unwanted:
                result = None
            except Fenced as fenced:
                result = fenced
            except BaseException as error:  # noqa: BLE001 - the poll loop raises it, and the process exits
                with self._changed:
                    self._failure, self._busy, self._begun = error, False, None
                    self._changed.notify_all()
                return
            with self._changed:
                self._answers.append(WorkResult(epoch, result))
                self._busy, self._begun = False, None
                self._changed.notify_all()
