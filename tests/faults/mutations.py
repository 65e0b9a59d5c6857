"""`python -m tests.faults.mutations`: one safeguard taken away at a time, and the row that must see it.

The safeguard is taken away in the started processes, from outside (injected/): the product has no switch for it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from runtime.connections import KAFKA_CLIENTS
from tests.faults.checker import Verdict
from tests.faults.results import USUAL_CLIENT, tree
from tests.faults.rows.registry import all_rows
from tests.faults.session import Session

FILE = Path(__file__).parent / "mutations.jsonl"
#: Chance decides whether a fault strikes in the right moment: so many seeds are tried.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Mutation:
    """What is taken away, and what the row must find."""

    name: str  #: of the function in injected/injections.py
    about: str
    row: str
    finds: str  #: the figure of the verdict that must not be 0


MUTATIONS = (
    Mutation("no_fsync", "the spool does not wait for the disk", "I6", "lost"),
    Mutation("answer_before_ack", "200 before anything is durable", "I1", "lost"),
    Mutation("commit_before_effects", "offsets are committed before the database has the effects", "C1", "lost"),
    Mutation("acks_1", "acks=1: the partition's leader alone has the record", "K1", "lost"),
    Mutation("no_dedupe", "persist takes every record for a new event", "K5", "dup_effect"),
    Mutation("no_doubt", "crm-sync does not write down that it may make a call", "C1", "dup_effect"),
    Mutation("no_look", "crm-sync makes a contact without looking for it", "M2", "dup_effect"),
    Mutation("no_lanes", "crm-sync takes up any delivery of a contact, not the oldest", "M2", "disorder"),
    Mutation("spools_are_empty", "the topics are complete whatever waits in a spool", "F9", "ahead"),
    Mutation("lag_since_first_behind", "a lag in seconds counts from the first record, not the oldest", "F1", "untrue"),
)


def main() -> int:
    """The command line; exits 1 when a mutation was not seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names, comma-separated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--client", choices=KAFKA_CLIENTS, default=USUAL_CLIENT, help="for Kafka, of the services")
    options = parser.parse_args()
    expected = [part for part in options.only.split(",") if part]
    chosen = [mutation for mutation in MUTATIONS if not expected or mutation.name in expected]
    rows, code, unseen = all_rows(), tree(), 0
    with Session(client=options.client) as session:
        for mutation in sorted(chosen, key=lambda candidate: rows[candidate.row].brokers):
            seen = any(
                _played(session, mutation, seed, code, options.client)
                for seed in range(options.seed, options.seed + TRIES)
            )
            unseen += not seen
    write_table()
    return 1 if unseen else 0


def write_table() -> None:
    """docs/faults.md shows what was seen."""
    from tests.faults import table  # it reads MUTATIONS

    table.write()


def _played(session: Session, mutation: Mutation, seed: int, code: str, client: str) -> bool:
    """One run; whether the row has seen what is missing."""
    verdict, _ = session.run(all_rows()[mutation.row], seed, mutation.name)
    found = int(getattr(verdict, mutation.finds))
    record(mutation, seed, code, verdict, client)
    print(
        f"{mutation.name}: {mutation.row} seed {seed}: {mutation.finds} {found}{'' if found else ' (not seen)'}",
        flush=True,
    )
    return found > 0


def record(mutation: Mutation, seed: int, code: str, verdict: Verdict, client: str) -> None:
    """Add a line to the results."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    figures = {"accepted": verdict.accepted, "lost": verdict.lost, "dup_effect": verdict.dup_effect}
    line = {"mutation": mutation.name, "row": mutation.row, "seed": seed, "tree": code, "at": at, "client": client}
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line | figures | {"seen": getattr(verdict, mutation.finds) > 0}) + "\n")


if __name__ == "__main__":
    sys.exit(main())
