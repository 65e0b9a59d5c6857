"""`python -m tests.security`: the attacks in full, their table, and the exit code 1 where something must not be."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import click

from runtime.connections import KafkaSettings
from tests.bench.figures import machine
from tests.bench.record import ran_on, write_recorded
from tests.bench.servers import Servers, servers
from tests.security.attackers import AT_THE_GATE, ATTACKS
from tests.security.trial import MEMORY_MB, MENDS, RATIO, Trial, trial
from tests.security.victims import KEPT, Victim, gate, ingest

_COLUMNS = ("attack", "p99 quiet", "p99 attacked", "ratio", "refused", "lost", "kept", "MB", "attackers saw")
_BOUNDS = f"bounds: ratio {RATIO:g}, nothing refused, nothing lost, {KEPT} kept, {MEMORY_MB} MB"


@click.command()
@click.option("--only", "names", multiple=True, type=click.Choice(sorted(ATTACKS)), help="This one alone; repeatable.")
@click.option("--attackers", default=128, show_default=True, help="At once, of each kind.")
@click.option("--seconds", default=10.0, show_default=True, help="Of each attack, and of the quiet before and after.")
@click.option("--seed", default=1, show_default=True, help="Of what is sent.")
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Attack another checkout too, with its own .venv: the table's first part. It fails nothing.",
)
@click.option(
    "--record",
    type=click.Path(exists=True, dir_okay=False, writable=True, path_type=Path),
    help="Write the table into this page too, between its marks: docs/attacks.md.",
)
def main(
    *, names: Sequence[str], attackers: int, seconds: float, seed: int, against: Path | None, record: Path | None
) -> None:
    """Attack an ingest and a gate on servers of their own, each in every way that is known."""
    before, found = machine(), dict[str, list[Trial]]()
    with servers(lambda text: click.echo(text, err=True)) as ours:
        for label, checkout in (("before", against), ("now", None)):
            if label == "now" or checkout is not None:
                found[label] = list(_trials(ours, names or sorted(ATTACKS), attackers, seconds, seed, checkout))
    table = _table(found)
    click.echo(table)
    click.echo(_BOUNDS)
    if record is not None:
        arguments = shlex.join(word for word in sys.argv[1:] if not word.startswith("/"))
        command = f'make attack ARGS="{arguments}"'
        write_recorded(record, f"{ran_on(command, before, machine())}\n\n{table}\n\n{_BOUNDS}")
    faults = [f"{each.attack}: {fault}" for each in found["now"] for fault in each.faults()]
    faults += [f"{each.attack}: {each.ratio:.1f} times the quiet p99" for each in found["now"] if each.ratio > RATIO]
    for fault in faults:
        click.echo(fault, err=True)
    sys.exit(1 if faults else 0)


def _trials(
    ours: Servers, names: Sequence[str], attackers: int, seconds: float, seed: int, checkout: Path | None
) -> Iterator[Trial]:
    for number, name in enumerate(names):
        with _victim(ours, name, checkout) as victim:
            kafka: KafkaSettings | None = ours.kafka if victim.name == "ingest" else None
            run = 1000 * seed + 50 * (checkout is not None) + number
            found = trial(victim, name, attackers=attackers, seconds=seconds, run=run, kafka=kafka)
            click.echo(f"{name}: {found.ratio:.1f} times the quiet p99; {found.faults() or 'no faults'}", err=True)
            yield found


@contextmanager
def _victim(ours: Servers, attack: str, checkout: Path | None) -> Iterator[Victim]:
    home = Path(tempfile.mkdtemp(dir=ours.home))
    service: AbstractContextManager[Victim]
    if attack in AT_THE_GATE:
        service = gate(home, ours.kafka_environment("gate"), ours.new_database("gate")[0], checkout)
    else:
        service = ingest(home, ours.kafka_environment("ingest"), checkout)
    with service as victim:
        yield victim


def _table(found: dict[str, list[Trial]]) -> str:
    lines = [_line(["", *_COLUMNS, "what stops it"]), _line(["---"] * (len(_COLUMNS) + 2))]
    for label, trials in found.items():
        lines += [_line([label, *_row(each), MENDS[each.attack] if label == "now" else ""]) for each in trials]
    return "\n".join(lines)


def _row(each: Trial) -> list[str]:
    genuine, memory = each.meanwhile.genuine, each.meanwhile.memory_mb
    seen = ", ".join(f"{count} {name}" for name, count in sorted(each.meanwhile.seen.items()))
    return [
        each.attack,
        f"{each.quiet_p99_ms:.0f} ms",
        f"{genuine.p99_ms:.0f} ms",
        f"{each.ratio:.1f}",
        f"{genuine.errors} of {genuine.requests}",
        "" if each.lost is None else f"{each.lost}",
        "" if each.kept is None else f"{each.kept}",
        f"{memory:.0f}",
        seen,
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
