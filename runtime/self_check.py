"""A server that asks itself: whether anybody answers on its port, over a connection of its own.

Processes that live and do not answer look well to whoever only counts processes, and to a probe of the admin port.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable

from runtime import logs

log = logs.logger("runtime.self_check")

#: Seconds between two questions, and to wait for an answer.
INTERVAL, TIMEOUT = 10.0, 5.0
#: Seconds without any answer after which a server is given up: far more than the worst of floods has cost.
TIME_LIMIT = 60.0


def answers(address: str, port: int) -> bool:
    """Whether there is an HTTP answer, whichever."""
    connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


class SelfCheck:
    """Calls `give_up` once, when nobody has answered for PATIENCE seconds."""

    def __init__(
        self,
        ask: Callable[[], bool],
        give_up: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ask = ask
        self._give_up = give_up
        self._clock = clock
        self._sleep = sleep

    def start(self) -> None:
        """Ask from now on, in a thread of its own."""
        threading.Thread(target=self.run, name="self-check", daemon=True).start()

    def run(self) -> None:
        """Ask until nobody has answered for too long."""
        answered = self._clock()
        while (silent := self._clock() - answered) < TIME_LIMIT:
            self._sleep(INTERVAL)
            try:
                is_answered = self._ask()
            except Exception as error:  # noqa: BLE001 - no answer that anybody understands is none
                log.error("self_check_failed", error_class=type(error).__name__)
                continue
            if is_answered:
                answered = self._clock()
        log.error("server_does_not_answer", seconds=round(silent))
        self._give_up()
