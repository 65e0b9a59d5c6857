"""`hookline opt-outs review`: the open questions, and their answers, one by one or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ops.commands.opt_out_operator import by, decide, desk_of
from ops.database import database
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from processors.opt_out.desk import Answer, Desk
    from processors.opt_out.reviews import Review
    from runtime.postgres import Connection

KINDS = ("hold", "out", "unrecognized", "parked", "opt-in")
#: Questions that one transaction answers: nobody else adds to the ledger meanwhile.
PART = 50
#: Questions that a table shows at most.
SHOWN = 50


@command(changes=True)
@click.argument("number", type=int, required=False)
@click.option("--out", "answer", flag_value="out", help="It was a stop.")
@click.option("--release", "answer", flag_value="release", help="It was none: end the hold, or void the opt-out.")
@click.option("--in", "answer", flag_value="in", help="Of an opt-in: the person did opt in then. --out: nobody did.")
@click.option("--all", "every", is_flag=True, help="With --kind: answer every open question of that kind.")
@click.option("--kind", type=click.Choice(KINDS), help="Only questions of this kind.")
@click.option(
    "--writer",
    type=click.Choice(["ours", "unknown"]),
    help="With --kind parked: only records that our processes wrote, or did not.",
)
@click.option("--reason", help="Why; without names and numbers.")
@by
def review(
    out: Output,
    number: int | None,
    answer: str | None,
    every: bool,
    kind: str | None,
    writer: str | None,
    reason: str | None,
    operator: str | None,
) -> None:
    """List the open questions, the most urgent first; or answer question NUMBER, or --all of a --kind.

    Answers are --out or --release, and --out or --in to a question of the kind opt-in. --all leaves a number alone that
    is on hold for another kind of reason too.
    """
    if writer is not None and kind != "parked":
        raise click.UsageError("--writer goes with --kind parked")
    if every and (kind is None or number is not None):
        raise click.UsageError("--all goes with --kind, and without a NUMBER")
    if number is None and not every:
        if answer is not None:
            raise click.UsageError("say which question: a NUMBER, or --all with --kind")
        _list(out, kind, writer)
        return
    if answer not in ("out", "release", "in"):
        raise click.UsageError("answer with --out or --release, or a question of the kind opt-in with --out or --in")
    if not reason:
        raise click.UsageError("--reason says why, in the ledger")
    given: Answer = answer  # type: ignore[assignment] # checked above
    if number is None:
        assert kind is not None
        _answer_all(out, operator, (kind, writer), given, reason)
        return
    question, why = number, reason
    decide(out, operator, lambda desk, connection: desk.answer(connection, question, given, why)[1])


def _list(out: Output, kind: str | None, writer: str | None) -> None:
    from processors.opt_out import reviews

    with database("opt-outs") as connection:
        found = reviews.waiting(connection) if kind is None else reviews.waiting_of(connection, kind, writer)
        texts = _texts(connection, [question.position for question in found])
    rows = [asdict(question) | {"text": texts.get(question.position)} for question in found]
    columns = ("id", "kind", "phone", "due_at", "question", "text")
    drawn = [[row[column] for column in columns] for row in rows]
    out.result({"reviews": rows}, lambda: table(columns, drawn) if rows else "no open questions")


def _answer_all(out: Output, operator: str | None, which: tuple[str, str | None], answer: Answer, reason: str) -> None:
    """Answer part by part, so that opt-outs that arrive meanwhile wait for a moment only."""
    from processors.opt_out import reviews

    left_open: dict[int, str] = {}
    with database("opt-outs") as connection:
        desk = desk_of(connection, operator)
        found = reviews.waiting_of(connection, *which)
        with out.progress("answering", len(found)) as done:
            for start in range(0, len(found), PART):
                part = found[start : start + PART]
                with connection.transaction(force_rollback=out.dry_run):
                    left_open |= _answer_part(connection, desk, part, answer, reason)
                done(len(part))
    if out.dry_run:
        out.note("dry run: nothing was written")
    answered = [question for question in found if question.id not in left_open]
    data = {
        "dry_run": out.dry_run,
        "answer": answer,
        "answered": [{"id": question.id, "phone": question.phone} for question in answered],
        "kept": [
            {"id": question.id, "phone": question.phone, "why": left_open[question.id]}
            for question in found
            if question.id in left_open
        ],
    }
    out.result(data, lambda: _drawn(data))


def _answer_part(
    connection: Connection, desk: Desk, part: Sequence[Review], answer: Answer, reason: str
) -> dict[int, str]:
    """Answer the questions of `part`; those that were left open, and why."""
    from processors.opt_out.desk import NothingToDecide

    left_open: dict[int, str] = {}
    for question in part:
        if answer == "release" and desk.has_other_questions(connection, question):
            left_open[question.id] = "the number is on hold for another reason too"
            continue
        try:
            desk.answer(connection, question.id, answer, reason)
        except NothingToDecide as error:
            if not desk.is_decided(connection, question.id):  # else the answer about the number before it closed it
                left_open[question.id] = str(error)
    return left_open


def _drawn(data: dict[str, Any]) -> Any:
    word = "would be answered" if data["dry_run"] else "answered"
    rows = [(row["id"], row["phone"], f"{word}: {data['answer']}") for row in data["answered"]]
    rows += [(row["id"], row["phone"], f"kept: {row['why']}") for row in data["kept"]]
    more = [f"and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []
    counts = f"{len(data['answered'])} {word}, {len(data['kept'])} kept"
    return stacked(table(("id", "phone", "what"), rows[:SHOWN]), *more, counts)


def _texts(connection: Connection, positions: list[int | None]) -> dict[int | None, str]:
    query = (
        "SELECT l.position, e.text FROM opt_out_ledger AS l JOIN opt_out_evidence AS e ON e.digest = l.evidence_digest"
        " WHERE l.position = ANY (%s)"
    )
    return dict(connection.execute(query, ([position for position in positions if position is not None],)).fetchall())
