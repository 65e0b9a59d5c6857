"""One change by an operator of the console: read as JSON from standard input, answered as JSON on standard output.

A program of its own: see ops/console/decisions.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

from ops.console.records import write_record
from ops.exits import failure
from processors.crm_sync.report import redrive
from processors.opt_out.desk import Desk, NothingToDecide
from processors.opt_out.ledger import Ledger, database_clock
from processors.opt_out.settings import OptOutSettings
from runtime import logs
from runtime.connections import PostgresSettings
from runtime.phone_lookup import number_query
from runtime.postgres import Connection, connect
from runtime.printable import printable_json
from runtime.settings import Configuration

log = logs.logger("hookline.console.decide")

#: Seconds that PostgreSQL has for each statement.
CALL_TIMEOUT = 10.0

_PHONE_AT = "SELECT phone FROM opt_out_ledger WHERE position = %s"


class Decider:
    """Carries out what an operator has decided, each within the caller's transaction."""

    def __init__(self, connection: Connection, username: str, reason: str, settings: OptOutSettings) -> None:
        self._desk = Desk(Ledger(settings, database_clock(connection)), username)
        self._reason = reason
        self._region = settings.default_region

    def release(self, connection: Connection, position: int) -> tuple[str, str]:
        """End the hold of the number of this row of the ledger. Raises NothingToDecide."""
        entry = self._desk.release(connection, _phone_at(connection, position), self._reason)
        return f"row {position} of the ledger", f"the hold is ended by row {entry.position}"

    def hold_row(self, connection: Connection, position: int) -> tuple[str, str]:
        """Put the number of this row of the ledger on hold. Raises NothingToDecide."""
        entry = self._desk.hold(connection, _phone_at(connection, position), self._reason)
        return f"row {entry.position} of the ledger", f"the number is on hold by row {entry.position}"

    def hold(self, connection: Connection, phone: str) -> tuple[str, str]:
        """Put a number on hold. Raises NothingToDecide where it is no full number."""
        entry = self._desk.hold(connection, self._full_number(phone), self._reason)
        return f"row {entry.position} of the ledger", f"the number is on hold by row {entry.position}"

    def add(self, connection: Connection, phone: str) -> tuple[str, str]:
        """Opt a number out. Raises NothingToDecide where it is no full number."""
        entry = self._desk.add(connection, self._full_number(phone), self._reason)
        return f"row {entry.position} of the ledger", f"the number is opted out by row {entry.position}"

    def answer(self, connection: Connection, review: int, answer: str) -> tuple[str, str]:
        """Answer a review with out or release. Raises NothingToDecide."""
        if answer not in ("out", "release"):
            raise NothingToDecide("an answer is out or release; an opt-in is confirmed by hookline opt-outs review")
        given: Any = answer
        self._desk.answer(connection, review, given, self._reason)
        return f"review {review}", f"review {review} is answered: {answer}"

    def redrive(self, connection: Connection, target: str, events: list[str]) -> tuple[str, str]:
        """Have dead deliveries tried again. Raises NothingToDecide where none of them is dead."""
        sent = redrive(connection, target, [UUID(event) for event in events])
        if not sent:
            raise NothingToDecide("none of these deliveries is dead any more")
        return f"{len(sent)} deliveries of {target}", f"{len(sent)} deliveries are tried again"

    def _full_number(self, text: str) -> str:
        number = number_query(text, self._region).phone
        if not number.valid:
            raise NothingToDecide("it is no full phone number of the region")
        return number.number


def carry_out(connection: Connection, request: dict[str, Any], settings: OptOutSettings) -> str:
    """Do what is requested and record it, in one transaction; what was done. Raises NothingToDecide, psycopg.Error."""
    username, reason, action = request["username"], request["reason"], request["action"]
    decider = Decider(connection, username, reason, settings)
    actions: dict[str, Callable[..., tuple[str, str]]] = {
        "release": decider.release,
        "hold_row": decider.hold_row,
        "hold": decider.hold,
        "add": decider.add,
        "answer": decider.answer,
        "redrive": decider.redrive,
    }
    with connection.transaction():
        subject, message = actions[action](connection, **request["arguments"])
        write_record(connection, username, "change", action.replace("_row", ""), subject, reason)
    return message


def _phone_at(connection: Connection, position: int) -> str:
    row = connection.execute(_PHONE_AT, (position,)).fetchone()
    if row is None:
        raise NothingToDecide(f"the ledger has no row {position}")
    return str(row[0])


def main() -> int:
    """Read, do, answer; 0 where there is an answer."""
    logs.configure("console")
    request = json.load(sys.stdin)
    answered: dict[str, object]
    try:
        configuration = Configuration.load(PostgresSettings, OptOutSettings)
        dsn = configuration[PostgresSettings].dsn.get_secret_value()
        with connect(dsn, process="console-decision", call_timeout=CALL_TIMEOUT) as connection:
            answered = {"ok": True, "message": carry_out(connection, request, configuration[OptOutSettings])}
    except NothingToDecide as error:
        answered = {"ok": False, "message": str(error)}
    except Exception as error:  # noqa: BLE001 - told to whoever made the request; the details of a bug go to the log
        log.error("decision_failed", action=request.get("action"), error_class=type(error).__name__)
        answered = {"ok": False, "message": failure(error).message}
    sys.stdout.write(printable_json(answered) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
