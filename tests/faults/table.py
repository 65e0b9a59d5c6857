"""`python -m tests.faults.table`: docs/faults.md, from the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.connections import KAFKA_CLIENTS
from tests.faults.mutations import FILE as MUTATION_RESULTS
from tests.faults.mutations import MUTATIONS
from tests.faults.results import USUAL_CLIENT, load, tree
from tests.faults.rows.registry import all_rows
from tests.faults.run import Row

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"

HEAD = """\
# What Hookline survives, and how that was counted

Generated from `tests/faults/results.jsonl` by `make faults`; change nothing here by hand.

A load generator gives each webhook its own id, has it on disk in a journal before it sends it, and writes the
answer beside it. After the fault, and once the spool is empty and nobody lags behind, a checker of its own looks for
every id that was answered 200: in PostgreSQL, in the dead letters, on `sms.unrecognized.v1`, in the log. Every row
runs on a real Kafka (three brokers in the K rows and X1) and a real PostgreSQL, from a seed that is printed.

- **lost**: answered 200 and nowhere to be found. **doubled effect**: more than one row of one id in a table.
- **doubled in the log**: copies of a record beyond what was delivered. Allowed: who reads deduplicates by event id.
- **out of order**: a contact's events that overtook one whose answer the client had. I4 allows it: while the spool is
  full and Kafka answers, out of order is better than lost.
- **STOPs**: what people said about being texted and was answered 200, where opt-out is in the rig; **missed**: of
  those, not in the ledger. There the checker also wants each of them once, the chain as it was written, every number's
  state as it works it out itself from what was sent, and every account of a (played) TextUs told of who is out.
- **notes**: what CRMs must have a note of, by what was answered 200, where crm-sync is in the rig (each CRM counts);
  **missed notes**: of those, not there. There the checker also wants one contact a phone and one note a message, by
  what the CRM holds and by what it was asked to make, in order, nothing of test messages, tags, and every contact
  opted out who is out; a second note or contact is a doubled effect.
- **statements**: what the service said of itself while something was wrong: the gate of numbers that had said STOP, in
  several spellings; of processors that could commit nothing `/readyz` and the lag; and `hookline status`, which looks
  every second: that all is well or a process ready while something had been wrong, that a process is unreachable or
  missing that answers the rig, its lag and its dead letters. Also what it and `hookline status` said of a processor
  that was well: a lag, in seconds or records, greater than what was not committed, by its offsets in PostgreSQL and the
  ends of its logs, which the rig reads every second; that it is not ready, while it committed everything; and a problem
  of `hookline status` that names such a lag. **untrue**: of those, what contradicts what was so at every moment of the
  last 30 s (the gate's of a number: of the last 5 s).
- **progress**: records on `sms.progress.v1` that could have been wrong; **ahead**: events that were answered 200 before
  the time of such a record and that stand beyond the ends of the logs that it tells.
- **refused**: requests without a 200. I4 and I5 fill or break the spool while Kafka is down, so 503 is what they want
  to see; in I1, I6, I7, I8, F7, F8 and X1 processes are killed with requests on their way; in F4 401 is what it wants
  to see, of genuine webhooks too, and then **lost** counts those that the quarantine does not bring back.
- **silence**: the longest time in which nobody got a 200. **spooling p99**: of what was sent while events were
  spooled, after an answer had said so (in I2 with the second after which the kernel asks again for a connection that a
  stopping ingest has left to the next one); **disk p99**: of a sector that was synced beside it in that time, fifty
  times a second: no answer that rests on the disk comes sooner. Each of the two is that of its slowest run. Where the
  disk stands still for longer than an answer may take while Kafka is away, a run is red for its slow answers and its
  503s: nothing could take the events.
  **bound**: with no loss in N accepted, the loss rate is below 3/N (95 %).

Three brokers on one machine share its power supply: acks=all is replication, not fsync. A disk that says it has
written what it has not is not covered.

    make faults                              every row once
    make faults ROW=K5 SEED=7 REPEAT=20      one row again
    make faults ROW=F1 ARGS="--minutes 5"    PostgreSQL frozen for five minutes
    make faults ARGS="--client librdkafka"   the services with the other client for Kafka
    make faults-mutations                    safeguards taken away, one at a time

Nothing else may want the machine meanwhile, another rig least of all: how long nobody gets a 200 is judged, too.

"""

COLUMNS = (
    "row", "fault", "runs", "green", "sent", "accepted", "lost", "doubled effect", "doubled in the log",
    "out of order", "STOPs", "missed", "notes", "missed notes", "statements", "untrue", "progress", "ahead", "refused",
    "silence s", "slowest s", "spooling p99 s", "disk p99 s", "bound",
)  # fmt: skip


#: By client, the runs on it.
Results = Mapping[str, Sequence[Mapping[str, Any]]]


def page(results: Results, mutations: Results, code: str) -> str:
    """The whole page, for the code as it is now."""
    lines = [
        HEAD,
        f"Code (hash of `ingest`, `runtime`, `processors`): `{code}`.\n\n",
        *_table(results[USUAL_CLIENT], code, all_rows()),
    ]
    for client in KAFKA_CLIENTS:
        if client != USUAL_CLIENT and results.get(client):
            played = {
                name: row for name, row in all_rows().items() if any(run["row"] == name for run in results[client])
            }
            lines += [f"\n## With HOOKLINE_KAFKA__CLIENT={client}\n\n", *_table(results[client], code, played)]
    lines += [
        "\n## Safeguards taken away\n\n",
        _line(("safeguard", "row", "runs", "seen", "lost", "doubled effect")),
        _rule(6),
    ]
    for client in KAFKA_CLIENTS:
        lines += _taken_away(mutations.get(client, ()), code, client)
    return "".join(lines)


def _taken_away(results: Sequence[Mapping[str, Any]], code: str, client: str) -> Iterator[str]:
    """A line for each safeguard, from its newest runs; of another client than the usual one, what was played."""
    on = "" if client == USUAL_CLIENT else f", on {client}"
    for mutation in MUTATIONS:
        runs = [run for run in results if run["mutation"] == mutation.name]
        if not runs and on:
            continue
        shown = [run for run in runs if run["tree"] == (runs[-1]["tree"])]
        stale = "" if not shown or shown[0]["tree"] == code else f" (stale: `{shown[0]['tree']}`)"
        figures = [_sum(shown, "lost"), _sum(shown, "dup_effect")]
        seen = "red" if any(run["seen"] for run in shown) else "not seen" if shown else ""
        yield _line([f"{mutation.about}{on}{stale}", mutation.row, str(len(shown)), seen, *figures])


def _table(results: Sequence[Mapping[str, Any]], code: str, rows: Mapping[str, Row]) -> Iterator[str]:
    """A line for each of `rows`, from its newest runs, and one for all that are of `code`."""
    yield _line(COLUMNS)
    yield _rule(len(COLUMNS))
    for name, row in rows.items():
        runs = [result for result in results if result["row"] == name]
        newest = [run for run in runs if run["tree"] == code] or [
            run for run in runs if run["tree"] == runs[-1]["tree"]
        ]
        if not newest:
            yield _line([name, row.fault, "0", *[""] * (len(COLUMNS) - 3)])
            continue
        stale = "" if newest[0]["tree"] == code else f" (stale: `{newest[0]['tree']}`)"
        yield _line([f"{name}{stale}", row.fault, *_figures(newest)])
    yield _line(["**all**", "not counting what is stale", *_figures([run for run in results if run["tree"] == code])])


def _figures(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    accepted = sum(run["accepted"] for run in runs)
    lost = sum(run["lost"] for run in runs)
    stops = any(run.get("stops") for run in runs)
    return [
        str(len(runs)),
        str(sum(run["green"] for run in runs)),
        *(_sum(runs, name) for name in ("sent", "accepted", "lost", "dup_effect", "dup_log", "disorder")),
        *([_sum(runs, "stops"), _sum(runs, "missed_stops")] if stops else ["", ""]),
        *(
            [_sum(runs, "crm_notes"), _sum(runs, "missed_notes")]
            if any(run.get("crm_notes") for run in runs)
            else ["", ""]
        ),
        *([_sum(runs, "statements"), _sum(runs, "untrue")] if any(run.get("statements") for run in runs) else ["", ""]),
        *([_sum(runs, "progress"), _sum(runs, "ahead")] if any(run.get("progress") for run in runs) else ["", ""]),
        _sum(runs, "refused"),
        f"{max((run['silence'] for run in runs), default=0):.1f}",
        f"{max((run['slowest'] for run in runs), default=0):.2f}",
        _most(runs, "p99_spooling"),
        _most(runs, "p99_disk"),
        f"{3 / accepted:.1e}" if accepted and not lost else "",
    ]


def _most(runs: Iterable[Mapping[str, Any]], name: str) -> str:
    values = [run[name] for run in runs if run.get(name) is not None]
    return f"{max(values):.3f}" if values else ""


def _sum(runs: Iterable[Mapping[str, Any]], name: str) -> str:
    return f"{sum(run.get(name, 0) for run in runs):,}"  # an older line may lack a newer figure


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns + "\n"


def write() -> None:
    """The page, as of now."""
    PAGE.write_text(
        page(
            {client: load(client=client) for client in KAFKA_CLIENTS},
            {client: load(MUTATION_RESULTS, client) for client in KAFKA_CLIENTS},
            tree(),
        ),
        "utf-8",
    )


if __name__ == "__main__":
    write()
