"""Where the processor's time goes, stage by stage: `python -m tests.bench.profile`, see `--help`.

CPU is what the kernel counts for the processes (user and system), for each webhook or event: on a busy machine it says
more than a rate. Stages are shares of samples of who holds the interpreter's lock (py-spy), taken from outside while
the process goes on. So a stage has its share of all that the process takes, the kernel's and Granian's part included;
a thread that waits has none.
"""

from __future__ import annotations

import re
import shlex
import signal
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import click
import psutil

from ops.output import Output, command
from runtime.connections import KAFKA_CLIENTS
from tests.bench import ingest, persist, processors
from tests.bench.figures import machine
from tests.bench.load import generators
from tests.bench.record import ran_on, write_recorded
from tests.bench.servers import BenchFailed, Servers, servers

#: Samples a second.
RATE = 200
#: Frames of a stage, by file and function, by file, or by folder; the innermost frame that is here counts.
STAGES: Mapping[str, Mapping[str, str]] = {
    "ingest": {
        "runtime/request_bodies.py BoundedBody.read": "read body",
        "runtime/request_bodies.py BoundedBody._wait_for": "read body",
        "ingest/endpoint.py _body": "read body",
        "ingest/json_body.py": "parse",
        "ingest/providers/textlink.py TextLink.verify_body": "verify",
        "ingest/clock.py": "receipt clock",
        "runtime/phones.py": "phone",
        "ingest/provider.py Provider.event_id": "id",
        "ingest/providers/textlink.py TextLink.delivery_key": "id",
        "ingest/providers/textlink.py": "event",
        "ingest/event.py": "event",
        "ingest/times.py": "event",
        "schemas/codec.py": "Avro",
        "schemas/field_writers.py": "Avro",
        "schemas/cloudevents.py": "headers",
        "ingest/durable/record_numbers.py": "headers",
        "ingest/durable/publisher.py": "group and wait",
        "ingest/durable/group_commit.py": "group and wait",
        "runtime/kafka": "produce",
        "prometheus_client": "metrics",
        "ingest/endpoint.py _answer": "answer",
        "ingest/endpoint.py": "accept",
        "ingest/webhooks.py": "accept",
        "ingest/app.py": "accept",
        "runtime/request_bodies.py": "accept",
        "granian": "accept",
    },
    "persist": {
        "kafka/record": "read batches",
        "runtime/kafka/internals/batches.py": "read batches",
        "kafka/consumer/fetcher.py Fetcher.PartitionRecords._unpack_records": "read batches",
        "runtime/kafka": "fetch",
        "kafka": "fetch",
        "schemas/codec.py": "decode",
        "processors/engine/batch.py": "decode",
        "psycopg/_copy.py": "copy",
        "psycopg/_copy_base.py": "copy",
        "processors/staging/__init__.py fold_contacts": "folds",
        "processors/staging": "stage",
        "processors/persist": "folds",
        "processors/engine/database.py": "commit",
        "processors/engine/progress.py": "commit",
        "processors": "loop",
    },
}
#: "Class.function (path/of/file.py:12)", as py-spy writes a frame.
_FRAME = re.compile(r"(.+) \((.+?)(?::\d+)?\)$")


class Variant(NamedTuple):
    """What is measured: a checkout with its .venv (None: this one) on a client for Kafka (None: the usual one)."""

    checkout: Path | None = None
    client: str | None = None

    @property
    def settings(self) -> dict[str, str]:
        """As `Servers.start` takes them. An older checkout would refuse the name."""
        return {} if self.client is None else {"KAFKA__CLIENT": self.client}


@dataclass(slots=True)
class Profile:
    """What one variant's process took."""

    cpu: list[float] = field(default_factory=list)  #: us of the processor for a webhook or an event, round by round
    stages: Counter[str] = field(default_factory=Counter)  #: samples

    def share(self, stage: str) -> float:
        """us of the median that `stage` takes."""
        return statistics.median(self.cpu) * self.stages[stage] / max(1, self.stages.total())


def stage_of(stack: str, stages: Mapping[str, str]) -> str:
    """The stage of `stack`, the outermost frame first, separated by semicolons."""
    for frame in reversed(stack.split(";")):
        if found := _FRAME.match(frame):
            function, file = found.groups()
            folders = [file[: place.start()] for place in re.finditer("/", file)]
            for name in (f"{file} {function}", file, *reversed(folders)):
                if name in stages:
                    return stages[name]
    return "other"


def counted(samples: str, stages: Mapping[str, str]) -> Counter[str]:
    """Samples of each stage: `samples` is a stack and its count a line."""
    found: Counter[str] = Counter()
    for line in samples.splitlines():
        stack, _, count = line.rpartition(" ")
        found[stage_of(stack, stages)] += int(count)
    return found


@contextmanager
def sampled(pid: int, file: Path, form: str) -> Iterator[None]:
    """py-spy looks at `pid` meanwhile, and writes `file`. Raises BenchFailed where it may not."""
    words = ["--gil", "--idle", "--nonblocking", "--rate", str(RATE), "--duration", "unlimited", "--format", form]
    spy = subprocess.Popen(
        [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pid), *words, "--output", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield
    finally:
        spy.send_signal(signal.SIGINT)
        _, said = spy.communicate(timeout=60)
    if spy.returncode != 0:
        raise BenchFailed(f"py-spy cannot look into the process (it needs ptrace, as root has it): {said}")


def cpu_of(pid: int) -> float:
    """Seconds of the processor that `pid` and all that it started have taken."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(times.user + times.system for times in (process.cpu_times() for process in family))


class IngestProfile:
    """Ingest under load, one variant of it."""

    def __init__(self, ours: Servers, name: str, variant: Variant, seconds: float) -> None:
        self._seconds = seconds
        command = f"ingest-{name}", "-m", "ops", "ingest"
        self._port, child = ingest.start_from(ours, variant.checkout, *command, **variant.settings)
        self._pid = child.pid
        self._generate = generators()["bundled"]
        self._generate(self._port, ingest.CONNECTIONS, min(3.0, seconds), 1)
        self._run = 2
        # The workers; who watches over them has few threads.
        self.sampled_pid = max(psutil.Process(self._pid).children(), key=psutil.Process.num_threads).pid

    def measure(self) -> float:
        """us of the processor for a webhook."""
        before = cpu_of(self._pid)
        load = self._generate(self._port, ingest.CONNECTIONS, self._seconds, self._run)
        self._run += 1
        if load.errors:
            raise BenchFailed(f"{load.errors} webhooks were not answered 200")
        return (cpu_of(self._pid) - before) / load.requests * 1e6


def profile_ingest(
    ours: Servers, variants: Mapping[str, Variant], rounds: int, seconds: float, out: Path
) -> dict[str, Profile]:
    """CPU in turns; then samples."""
    services = {name: IngestProfile(ours, name, variant, seconds) for name, variant in variants.items()}
    found = {name: Profile() for name in services}
    for _ in range(rounds):
        for name, service in services.items():
            found[name].cpu.append(service.measure())
    for name, service in services.items():
        _sample(service.sampled_pid, service.measure, found[name], STAGES["ingest"], ours.home / "samples")
    this = services["this"]
    with sampled(this.sampled_pid, out / "ingest.svg", "flamegraph"):
        this.measure()
    return found


def profile_persist(
    ours: Servers, variants: Mapping[str, Variant], rounds: int, events: int, out: Path
) -> dict[str, Profile]:
    """CPU in turns; then samples."""
    processors.publish(ours, 0, events)
    found = {name: Profile() for name in variants}
    for _ in range(rounds):
        for name, variant in variants.items():
            found[name].cpu.append(_persisted(ours, variant, events))
    for name, variant in variants.items():
        file = ours.home / "samples"
        _persisted(ours, variant, events, lambda pid, file=file: sampled(pid, file, "raw"))  # type: ignore[misc]
        found[name].stages = counted(file.read_text("utf-8"), STAGES["persist"])
    _persisted(ours, variants["this"], events, lambda pid: sampled(pid, out / "persist.svg", "flamegraph"))
    return found


def _sample(pid: int, load: Callable[[], object], profile: Profile, stages: Mapping[str, str], file: Path) -> None:
    with sampled(pid, file, "raw"):
        load()
    profile.stages = counted(file.read_text("utf-8"), stages)


def _persisted(
    ours: Servers,
    variant: Variant,
    events: int,
    watch: Callable[[int], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> float:
    """us of the processor for an event of one process."""
    at_start = persist.at_the_start(ours, 1, checkout=variant.checkout, **variant.settings)
    with at_start as started, watch(pid := started.children[0].pid):
        before = cpu_of(pid)
        started.go()
        started.wait_until(events)
        return (cpu_of(pid) - before) / events * 1e6


def rows(profiles: Mapping[str, Profile]) -> Iterator[tuple[str, ...]]:
    """The table's lines: the whole, and each stage, in us; with two variants the ratio of the pairs of rounds."""
    ours, other = profiles["this"], profiles.get("other")
    for stage in ("CPU", *(stage for stage, _ in ours.stages.most_common())):
        columns = [
            statistics.median(profile.cpu) if stage == "CPU" else profile.share(stage)
            for profile in (other, ours)
            if profile is not None
        ]
        ratio = ""
        if other is not None and stage == "CPU":
            ratios = [this / that for this, that in zip(ours.cpu, other.cpu, strict=True)]
            ratio = f"{statistics.median(ratios):.3f} ({min(ratios):.3f} .. {max(ratios):.3f})"
        yield (stage, *(f"{value:.1f}" for value in columns), ratio)
        if stage == "CPU":  # a hundred samples tell large stages from small ones, and no more
            yield ("samples", *(str(profile.stages.total()) for profile in (other, ours) if profile is not None), "")


def as_markdown(title: str, profiles: Mapping[str, Profile]) -> str:
    """The table of a page."""
    heads = (title, *(["other, us"] if "other" in profiles else []), "us", "ratio")
    lines = [heads, ["---"] * len(heads), *rows(profiles)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@command()
@click.option("--only", type=click.Choice(list(STAGES)), help="This one alone.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Of CPU, in turns.")
@click.option("--seconds", type=click.FloatRange(1), default=6.0, show_default=True, help="Of load in each round.")
@click.option("--events", type=click.IntRange(1_000), default=60_000, show_default=True, help="For persist, a round.")
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    help="Another checkout with a .venv of its own, in turns with this one.",
)
@click.option("--client", type=click.Choice(KAFKA_CLIENTS), help="For Kafka, in place of the usual one.")
@click.option(
    "--against-client",
    type=click.Choice(KAFKA_CLIENTS),
    help="The same checkout with this client, in turns with this one.",
)
@click.option(
    "--graphs",
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    default=Path("docs/benchmarks"),
    show_default=True,
    help="Where the flame graphs go.",
)
@click.option(
    "--record",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Write the tables into this page too.",
)
def profile(
    out: Output,
    *,
    only: str | None,
    rounds: int,
    seconds: float,
    events: int,
    against: Path | None,
    client: str | None,
    against_client: str | None,
    record: Path | None,
    graphs: Path,
) -> None:
    """Measure what a webhook and an event take of the processor, and where."""
    other = {"other": Variant(against, against_client)} if against or against_client else {}
    variants = {**other, "this": Variant(client=client)}
    before, tables, data = machine(), [], {}
    for name in [only] if only else list(STAGES):
        with servers(out.note) as ours:  # of its own: persist would read what ingest has written
            out.note(f"{name}: {rounds} rounds, then samples")
            if name == "ingest":
                found = profile_ingest(ours, variants, rounds, seconds, graphs)
            else:
                found = profile_persist(ours, variants, rounds, events, graphs)
            tables.append(as_markdown(name, found))
            data[name] = {
                who: {"cpu_us": measured.cpu, "samples": dict(measured.stages)} for who, measured in found.items()
            }
    if record is not None:
        write_recorded(
            record, f"{ran_on(shlex.join(['make', 'profile']), before, machine())}\n\n" + "\n\n".join(tables)
        )
    out.result(data, lambda: "\n\n".join(tables))


if __name__ == "__main__":
    profile()
