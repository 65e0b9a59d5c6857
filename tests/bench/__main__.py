"""`python -m tests.bench`: see `--help`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ops.output import Output, command
from tests.bench import analytics, classify, crm, export, gate, ingest, latency, persist, spool, stack, stops
from tests.bench.figures import Figure, drawn, machine
from tests.bench.options import FULL, QUICK, Options
from tests.bench.record import keep

BENCHES: dict[str, Callable[[Options], list[Figure]]] = {
    "ingest": ingest.run,
    "spool": spool.run,
    "persist": persist.run,
    "latency": latency.run,
    "gate": gate.run,
    "stops": stops.run,
    "classify": classify.run,
    "analytics": analytics.run,
    "crm": crm.run,
    "export": export.run,
    "stack": stack.run,
}


@command()
@click.option("--only", "names", multiple=True, type=click.Choice(list(BENCHES)), help="This one alone; repeatable.")
@click.option("--quick", is_flag=True, help="Seconds instead of minutes: shows that it works, not how fast.")
@click.option("--rounds", type=click.IntRange(1), help=f"How often each thing and its limit [{FULL['rounds']}].")
@click.option("--seconds", type=click.FloatRange(1), help=f"Of load in each round [{FULL['seconds']}].")
@click.option("--events", type=click.IntRange(1_000), help=f"For persist in each round [{FULL['events']}].")
@click.option(
    "--memory-events",
    type=click.IntRange(0),
    help=f"Over which persist's memory is watched; 0: not at all [{FULL['memory_events']}].",
)
@click.option("--export-events", type=click.IntRange(1_000), help=f"That are exported [{FULL['export_events']}].")
@click.option(
    "--record",
    type=click.Path(exists=True, dir_okay=False, writable=True, path_type=Path),
    help="Write the table into this page too, between its marks: docs/benchmarks.md.",
)
def bench(out: Output, names: tuple[str, ...], *, quick: bool, record: Path | None, **given: Any) -> None:
    """Measure Hookline on servers of its own, each figure in turns with what bounds it.

    A running stack is not touched. No figure fails it: on a busy machine only the ratios mean something.
    """
    size: dict[str, Any] = {
        **(QUICK if quick else FULL),
        **{key: value for key, value in given.items() if value is not None},
    }
    options = Options(**size, note=out.note)
    before = machine()
    figures = [figure for name in names or BENCHES for figure in BENCHES[name](options)]
    after = machine()
    if record is not None:
        keep(record, figures, " ".join(["make bench", *_arguments()]), before, after)
    data = {"machine": before, "load_average_after": after["load_average"], "options": size}
    out.result(data | {"figures": [figure.data() for figure in figures]}, lambda: drawn(figures, before, after))


def _arguments() -> list[str]:
    """What was asked for, as `make` takes it."""
    return [f"ARGS={shlex.quote(shlex.join(sys.argv[1:]))}"] if len(sys.argv) > 1 else []


if __name__ == "__main__":
    bench()
