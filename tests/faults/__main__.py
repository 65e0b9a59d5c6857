"""`python -m tests.faults`: play rows, and keep what they showed."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from dataclasses import asdict

from tests.faults.results import Result, done, record, tree
from tests.faults.rows.registry import all_rows
from tests.faults.session import Session


def main() -> int:
    """The command line; exits 1 when any run was red."""
    rows = all_rows()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row", default="", help=f"one row or several, comma-separated, of {', '.join(rows)}")
    parser.add_argument("--seed", type=int, help="of the first run; the next have the next numbers")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="also what was green already, for the code as it is now")
    parser.add_argument("--keep", action="store_true", help="leave every run's files behind")
    parser.add_argument("--no-record", action="store_true", help="results are printed only")
    options = parser.parse_args()
    names = [name for name in options.row.upper().split(",") if name] or list(rows)
    if unknown := [name for name in names if name not in rows]:
        parser.error(f"no such row: {', '.join(unknown)}")
    first = options.seed if options.seed is not None else secrets.randbelow(10_000)
    code = tree()
    print(f"tree {code}, seeds {first} to {first + options.repeat - 1}", flush=True)
    known = set() if options.again else done(code)
    red = 0
    with Session(keep=options.keep) as session:
        for name in sorted(names, key=lambda name: rows[name].brokers):
            for seed in range(first, first + options.repeat):
                if (name, seed) in known:
                    print(f"{name} seed {seed}: green before", flush=True)
                    continue
                begun = time.monotonic()
                verdict, run = session.run(rows[name], seed)
                seconds = round(time.monotonic() - begun, 1)
                result = Result(name, seed, code, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), seconds)
                if not options.no_record:
                    record(result, verdict, run.notes)
                red += not verdict.green
                print(f"{name} seed {seed}: {'green' if verdict.green else 'RED'} in {seconds:g} s", flush=True)
                print(
                    f"  {json.dumps({k: v for k, v in asdict(verdict).items() if v and k != 'problems'})}", flush=True
                )
                if run.notes:
                    print(f"  {json.dumps(run.notes)}", flush=True)
                for problem in verdict.problems:
                    print(f"  ! {problem}", flush=True)
                if not verdict.green:
                    print(f"  files: {run.home}", flush=True)
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
