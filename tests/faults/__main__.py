"""`python -m tests.faults`: play rows, and keep what they showed."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from runtime.connections import KAFKA_CLIENTS
from tests.faults import table
from tests.faults.checker import Verdict
from tests.faults.results import USUAL_CLIENT, Result, done, record, tree
from tests.faults.rows.registry import all_rows
from tests.faults.run import Row, Run
from tests.faults.session import Session


def main() -> int:
    """The command line; exits 1 when any run was red."""
    rows = all_rows()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row", default="", help=f"one row or several, comma-separated, of {', '.join(rows)}")
    parser.add_argument("--seed", type=int, help="of the first run; the next have the next numbers")
    parser.add_argument(
        "--repeat", type=int, default=1, help="runs; without --seed: as many as are wanting to so many green ones"
    )
    parser.add_argument("--minutes", type=float, default=2.0, help="how long X1 and F4 go on, and F1 above 2")
    parser.add_argument(
        "--client", choices=KAFKA_CLIENTS, default=USUAL_CLIENT, help="that the services speak to Kafka with"
    )
    parser.add_argument("--keep", action="store_true", help="leave every run's files behind")
    parser.add_argument("--no-record", action="store_true", help="results are printed only")
    options = parser.parse_args()
    names = [name for name in options.row.upper().split(",") if name] or list(rows)
    if unknown := [name for name in names if name not in rows]:
        parser.error(f"no such row: {', '.join(unknown)}")
    code, red = tree(), 0
    print(f"code {code}", flush=True)
    with Session(keep=options.keep, minutes=options.minutes, client=options.client) as session:
        for name in sorted(names, key=lambda name: rows[name].brokers):
            for seed in seeds(name, options.seed, options.repeat, code, options.client):
                red += not played(session, rows[name], seed, code, options.client, keep=not options.no_record)
    return 1 if red else 0


def seeds(row: str, first: int | None, repeat: int, code: str, client: str) -> Iterator[int]:
    """From `first` on, or new ones by chance where only so many are wanting; those that were green are not again."""
    before = done(code, row, client)
    if first is not None:
        yield from (seed for seed in range(first, first + repeat) if seed not in before)
        return
    for _ in range(repeat - len(before)):
        yield random.SystemRandom().randrange(1, 100_000)


def played(session: Session, row: Row, seed: int, code: str, client: str, *, keep: bool) -> bool:
    """One run, told and kept; whether it was green."""
    print(f"{row.name} seed {seed}: {row.fault}", flush=True)
    begun = time.monotonic()
    verdict, run = session.run(row, seed)
    seconds = round(time.monotonic() - begun, 1)
    if keep:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        record(Result(row.name, seed, code, at, seconds, client), verdict, run.notes)
        table.write()
    print(f"{row.name} seed {seed}: {'green' if verdict.green else 'RED'} in {seconds:g} s", flush=True)
    tell(verdict, run)
    return verdict.green


def tell(verdict: Verdict, run: Run) -> None:
    """The figures that are not 0, and what was wrong."""
    figures = {name: value for name, value in asdict(verdict).items() if value and name != "problems"}
    print(f"  {json.dumps(figures)}", flush=True)
    if run.notes:
        print(f"  {json.dumps(run.notes)}", flush=True)
    for problem in verdict.problems:
        print(f"  ! {problem}", flush=True)
    if not verdict.green:
        print(f"  files: {run.home}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
