"""`python -m tests.drill`: see `--help`."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from ops.exits import CheckFailed
from ops.output import Output, command, table
from tests.drill.catalogue import FAULTS
from tests.drill.judgement import DrillResult
from tests.drill.run import Drill
from tests.drill.stack import DrillStack
from tests.drill.table import COLUMNS, markdown, rows

#: Between which the table stands in the page.
BEGIN, END = "<!-- The drill's table: `make drill` -->\n", "<!-- end of the table -->\n"


@command()
@click.option(
    "--only", "names", multiple=True, type=click.Choice([fault.name for fault in FAULTS]), help="This one; repeatable."
)
@click.option(
    "--record",
    type=click.Path(exists=True, dir_okay=False, writable=True, path_type=Path),
    help="Write the table into this page too, between its marks: docs/drill.md.",
)
@click.option("--keep", is_flag=True, help="Keep the home of the stack, with its logs.")
def drill(out: Output, names: tuple[str, ...], *, record: Path | None, keep: bool) -> None:
    """Break a running stack in every way that is known, and see who notices, when, and whether what they say helps.

    The stack is one of its own; a running one is not touched. Exit code 1 where anything was late, wrong or lost.
    """
    faults = [fault for fault in FAULTS if not names or fault.name in names]
    with DrillStack(out.note, keep=keep) as stack:
        results = Drill(stack, out.note).run(faults)
        lost = stack.lost()
        answers = dict(stack.traffic.answers) if stack.traffic else {}
    text = f"{len(results)} faults; {answers.get('200', 0)} webhooks answered 200, of which {len(lost)} have no row"
    if record is not None:
        keep_table(record, results, text)
    shown = [row[:1] + row[1:2] + row[3:] for row in rows(results)]
    columns = COLUMNS[:1] + COLUMNS[1:2] + COLUMNS[3:]
    data = {"results": [_as_data(result) for result in results], "answers": answers, "lost": sorted(lost)}
    out.result(data, lambda: table(columns, shown, title=text))
    missed = [f"{result.fault.name}: {'; '.join(result.misses)}" for result in results if result.misses]
    if stack.unreadable:
        missed.append(f"{len(stack.unreadable)} lines of status --json are no JSON")
    if lost:
        missed.append(f"{len(lost)} webhooks that were answered 200 have no row")
    if missed:
        raise CheckFailed("\n".join(missed))


def keep_table(page: Path, results: list[DrillResult], text: str) -> None:
    """Put the table between the marks of `page`. Raises ValueError where it has none."""
    before, mark, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{page} has no place for the table: {BEGIN.strip()}")
    load = os.getloadavg()[0]
    when = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors, load {load:.1f} at the end. {text}."
    page.write_text(f"{before}{BEGIN}\n{when}\n\n{markdown(results)}\n{END}{after}", "utf-8")


def _as_data(result: DrillResult) -> dict[str, object]:
    return {
        "fault": result.fault.name,
        "status": result.status and asdict(result.status),
        "alarm": result.alarm and asdict(result.alarm),
        "command": result.command,
        "well_after": result.well_after,
        "over_after": result.over_after,
        "other_alarms": result.other_alarms,
        "misses": result.misses,
    }


if __name__ == "__main__":
    try:
        drill()
    except CheckFailed as error:
        sys.exit(f"drill: {error}")
