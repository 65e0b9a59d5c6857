"""What the rules of opt-outs would decide, tried out: a text by some rule sets, or two sets over the stored history.

A program of its own (`python -m ops.console.rule_trials`), which reads JSON from standard input and answers on standard
output: compiling a rule set takes a second or two, and its memory is not the console's. It writes nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ops.console.database import connect_for_console
from ops.console.events import BEGINNING, FIRST_SPAN, GROWTH, HIGHEST, EventPosition
from ops.console.settings import ConsoleSettings
from ops.exits import failure
from ops.stored_events import event_again
from processors.crm_sync.backfill import StoredEvent
from processors.opt_out.classifier import Classifier, classifier
from processors.opt_out.explanation import explain
from processors.opt_out.replay import EXAMPLES, differences
from processors.opt_out.settings import OptOutSettings
from runtime import logs
from runtime.connections import PostgresSettings
from runtime.postgres import Connection
from runtime.printable import printable_json
from runtime.settings import Configuration
from schemas.events import EventType

log = logs.logger("hookline.console.rule_trials")

#: Seconds that a step of a comparison reads and decides; messages that are read at once.
BUDGET, BATCH = 2.0, 1000
#: A span that holds more than a batch is sorted for each: the next one is shorter, but never shorter than this.
SHORTEST_SPAN = timedelta(seconds=1)
#: How much less than the processors it may have of a busy core.
_NICENESS = 10

_COLUMNS = ", ".join("payload::text" if name == "payload" else name for name in StoredEvent._fields)
_MESSAGES = f"""
SELECT {_COLUMNS} FROM events WHERE received_at >= %(since)s AND received_at <= %(until)s
    AND (received_at, event_id) < (%(until)s, %(below)s)
    AND event_type = %(type)s AND NOT is_test AND contact_phone IS NOT NULL
ORDER BY received_at DESC, event_id DESC LIMIT %(limit)s
"""  # noqa: S608 - our columns
_IS_ANY_OLDER = "SELECT EXISTS (SELECT FROM events WHERE received_at < %s AND received_at >= %s)"


def explained(text: str, number: int, languages: frozenset[str]) -> dict[str, Any]:
    """What rule set `number` decides about `text`, and why."""
    found = explain(classifier(languages, number), text)
    explanation: dict[str, Any] = asdict(found)
    decision: dict[str, Any] = explanation.pop("decision")
    return explanation | decision | {"action": found.decision.action}


class HistoryComparison:
    """Two rule sets over what was received, backwards from the newest, for as long as one step may take."""

    def __init__(
        self,
        connection: Connection,
        older: Classifier,
        newer: Classifier,
        *,
        seconds: float = BUDGET,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._sets = (older, newer)
        self._seconds = seconds
        self._clock = clock
        self._messages = self._unreadable = 0
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._examples: dict[tuple[str, str, str], list[str]] = {}

    def step(self, place: EventPosition | None) -> dict[str, Any]:
        """What differs below `place` (None: from the newest), and where to go on; no text and no number is in it."""
        begun, goes_on_at = self._clock(), None
        for rows, below in self._batches(place):
            self._take(rows)
            if self._clock() - begun > self._seconds:
                goes_on_at = str(below)
                break
        return {
            "messages": self._messages,
            "unreadable": self._unreadable,
            "kinds": [
                {"from": kind[0], "to": kind[1], "rule": kind[2], "messages": count, "examples": self._examples[kind]}
                for kind, count in self._counts.most_common()
            ],
            "place": goes_on_at,
        }

    def _take(self, rows: list[StoredEvent]) -> None:
        events = [event for row in rows if (event := event_again(row)) is not None]
        self._messages += len(rows)
        self._unreadable += len(rows) - len(events)
        for difference in differences(events, *self._sets):
            kind = difference.kind
            self._counts[kind] += 1
            examples = self._examples.setdefault(kind, [])
            if len(examples) < EXAMPLES:
                examples.append(str(difference.message.event_id))

    def _batches(self, place: EventPosition | None) -> Iterator[tuple[list[StoredEvent], EventPosition]]:
        """Messages, and where to go on below them. A span of time that held few is followed by a longer one."""
        if place is None:
            [(now,)] = self._connection.execute("SELECT clock_timestamp() + interval '5 minutes'").fetchall()
            place = EventPosition(now, HIGHEST)
        span = FIRST_SPAN
        while place.at >= BEGINNING:
            since = max(BEGINNING, place.at - span)
            rows = self._span(place, since)
            if len(rows) == BATCH:
                place, span = EventPosition(rows[-1].received_at, rows[-1].event_id), max(span / GROWTH, SHORTEST_SPAN)
            else:
                place, span = EventPosition(since, UUID(int=0)), span * GROWTH
            yield rows, place
            if span > timedelta(days=1) and not self._is_any_older(place.at):
                return

    def _span(self, place: EventPosition, since: datetime) -> list[StoredEvent]:
        values = {
            "since": since,
            "until": place.at,
            "below": place.event_id,
            "type": EventType.MESSAGE_RECEIVED.value,
            "limit": BATCH,
        }
        return [StoredEvent(*row) for row in self._connection.execute(_MESSAGES.encode(), values)]

    def _is_any_older(self, at: datetime) -> bool:
        [(found,)] = self._connection.execute(_IS_ANY_OLDER, (at, BEGINNING)).fetchall()
        return bool(found)


def tried(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request of `ops/console/rule_pages.py`. Raises ConfigurationError, psycopg.Error."""
    configuration = Configuration.load(PostgresSettings, OptOutSettings, ConsoleSettings)
    languages = frozenset(configuration[OptOutSettings].languages)
    if "text" in request:
        return {"sets": [explained(request["text"], number, languages) for number in request["sets"]]}
    dsn = configuration[PostgresSettings].dsn.get_secret_value()
    place = None if request["place"] is None else EventPosition.read(request["place"])
    older, newer = (classifier(languages, number) for number in (request["older"], request["newer"]))
    with connect_for_console(dsn, configuration[ConsoleSettings].statement_seconds) as connection:
        return HistoryComparison(connection, older, newer).step(place)


def main() -> int:
    """Read, try, answer; 0 where there is an answer."""
    os.nice(_NICENESS)
    logs.configure("console")
    request = json.load(sys.stdin)
    try:
        answered = {"ok": True} | tried(request)
    except Exception as error:  # noqa: BLE001 - told to whoever made the request; the details of a bug go to the log
        log.error("rule_trial_failed", error_class=type(error).__name__)
        answered = {"ok": False, "message": failure(error).message}
    sys.stdout.write(printable_json(answered) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
