"""Dead deliveries of the CRMs, as `hookline dlq` shows and redrives them: the source `crm:TARGET`.

They are rows of `crm_deliveries`, where dead letters are records on a topic; what goes back goes in the row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from ops.stored_events import event_again
from processors.crm_sync.backfill import stored_event
from processors.crm_sync.report import Dead, dead_by_reason, redrive
from processors.dead_letters.canary import LOOK_EVERY, NotHandledInTime
from processors.dead_letters.letter import hidden
from processors.dead_letters.pace import paced
from runtime.logs import Redactor
from runtime.postgres import Connection

#: Deliveries in one transaction, where no rate is asked for.
BATCH = 1000


def counted(connection: Connection, target: str | None) -> list[dict[str, Any]]:
    """Dead deliveries of `target` (None: of all) by reason, in the words of `tally.Count`."""
    return [
        {
            "processor": f"crm:{name}",
            "disposition": "dead",
            "error_class": reason,
            "cause": Redactor().text(reason or ""),
            "letters": count,
            "waiting": count,
            "oldest": oldest.isoformat(timespec="seconds"),
            "newest": newest.isoformat(timespec="seconds"),
        }
        for name, reason, count, oldest, newest in dead_by_reason(connection, target)
    ]


def described(dead: Dead) -> dict[str, Any]:
    """What may be shown to anybody."""
    return asdict(dead) | {"reason": Redactor().text(dead.reason or "")}


def decoded(connection: Connection, event_id: UUID, *, reveal: bool) -> dict[str, Any]:
    """The event that a delivery is for; what is about a person only with `reveal`."""
    stored = stored_event(connection, event_id)
    event = None if stored is None else event_again(stored)
    if event is None:
        return {
            "not_stored": "events does not hold it, as it does no state of an opt-out (hookline opt-outs show PHONE)"
        }
    return asdict(event) if reveal else hidden(event)


def send_back(
    connection: Connection,
    target: str,
    going: Sequence[Dead],
    *,
    rate: float | None,
    done: Callable[[int], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> set[UUID]:
    """Have `going` tried again, at most `rate` a second; the events of those that were dead still."""
    sent: set[UUID] = set()
    for part in paced(going, BATCH, rate=rate, clock=clock, sleep=sleep):
        with connection.transaction():
            sent |= redrive(connection, target, [delivery.event_id for delivery in part])
        done(len(part))
    return sent


#: Deliveries of the canary that no delivery worker has finished, and those that are dead again.
_OUTCOME = """
SELECT count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'dead') FROM crm_deliveries
WHERE target = %s AND event_id = ANY (%s)
"""


def failed_again(
    connection: Connection,
    target: str,
    sent: Collection[UUID],
    *,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Wait until the delivery workers have done the deliveries `sent`; how many of them are dead again.

    Raises NotHandledInTime after `timeout` seconds.
    """
    deadline = clock() + timeout
    while True:
        [(pending, dead)] = connection.execute(_OUTCOME, (target, list(sent))).fetchall()
        if not pending:
            return int(dead)
        if clock() > deadline:
            raise NotHandledInTime(
                f"{pending} of the canary's {len(sent)} deliveries are not done at {target} within {timeout:g} s; "
                "nothing else was sent. `hookline crm status` tells why"
            )
        sleep(LOOK_EVERY)
