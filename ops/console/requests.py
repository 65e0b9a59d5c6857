"""What the pages have in common whose requests another process carries out: dead letters, quarantines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

from flask import abort, request

from ops.console.context import given_reason, services, session
from ops.console.records import write_record

#: What one request handles at most.
MOST = 100_000


def amount(form: Mapping[str, str], name: str, least: int) -> int:
    """How many of them a request is about. Aborts with 400 where it is no number from `least` to MOST."""
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= MOST):
        abort(400, f"{name} is a number from {least} to {MOST}")
    return int(text)


def stop_request(statement: LiteralString, number: int, about: str) -> None:
    """End a request before it is done, for the reason in the form. Aborts with 409 where it has ended.

    `statement` takes who stops it and its number.
    """
    reason, username = given_reason(request.form), session().user.name
    with services().database.writing() as connection:
        if number >= 2**63 or not connection.execute(statement, (username, number)).rowcount:
            abort(409, "it has ended, or somebody has stopped it")
        write_record(connection, username, "change", "stop", f"request {number} about {about}", reason)
