"""Work beside the consumer: the same thing again and again, for as long as the process lives."""

from __future__ import annotations

from collections.abc import Callable

from processors.engine.database import Database
from processors.engine.processor import BACKGROUND_LIMIT, Background
from processors.engine.retry import is_passing, reason_of
from runtime import logs
from runtime.postgres import Connection
from runtime.process import StopSignal
from runtime.reminder import Reminder

log = logs.logger("processors.engine.periodic_tasks")

#: Does one round, and tells how many seconds the next one may wait.
Round = Callable[[Database], float]

#: Seconds between two tries at most while PostgreSQL is away.
_LONGEST = 5.0


def periodic_task(
    name: str,
    connect: Callable[[], Connection],
    stop: StopSignal,
    round_of_it: Round,
    finish: Callable[[Database], None] | None = None,
    *,
    limit: float = BACKGROUND_LIMIT,
) -> Background:
    """`round_of_it` in a thread of its own with a database of its own, until `stop`. Its bugs end the process.

    `finish` comes after the last round; where there is no database then, what it would have written is left.
    `limit`: see Background.
    """

    def run() -> None:
        database = Database(connect)
        failed, reminder = 0, Reminder()
        try:
            while not stop.is_set():
                try:
                    seconds = round_of_it(database)
                    failed = 0
                    if reminder.reset():
                        log.info("chore_resumed", periodic_task=name)
                except Exception as error:
                    if not is_passing(error):
                        raise
                    failed += 1
                    seconds = min(_LONGEST, 0.1 * 2 ** min(failed, 6))
                    if reminder.due():
                        log.warning("chore_paused", periodic_task=name, reason=reason_of(error), seconds=seconds)
                stop.wait(seconds)
            if finish is not None:
                try:
                    finish(database)
                except Exception as error:
                    if not is_passing(error):
                        raise
                    log.warning("chore_not_finished", periodic_task=name, reason=reason_of(error))
        finally:
            database.close()

    return Background(name, run, limit)
