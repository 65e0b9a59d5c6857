"""F1 and F7: what the service says of itself, and of who may be texted, while nothing gets through."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx
import psycopg

from tests.faults.checker import Promise
from tests.faults.rows.everybody import WITH_ALL
from tests.faults.rows.operator import hookline
from tests.faults.rows.registry import row
from tests.faults.run import Run
from tests.faults.services import Processor

#: Seconds within which whatever stands still has to say so.
SAID_WITHIN = 30.0
#: Seconds that a process is frozen, or a batch hangs: long enough for statements to be judged.
FROZEN = 45.0
#: Seconds that each fault of F7 lasts: more than twice what the gate has.
UNREAD = 12.0


@row(
    "F1",
    "PostgreSQL frozen for a minute (--minutes 5: for five), a processor frozen, a batch that hangs",
    promise=Promise(judged=100),
    **WITH_ALL,
)
def stands_still(run: Run) -> None:
    """Each says so within half a minute, and the checker finds no lag of 0 and no "ready" after that."""
    processors = (run.persist, run.opt_out, run.crm_sync)
    run.wait(lambda: all(_says_ready(processor) for processor in processors), 30, "all are ready")
    run.wait(run.gate.is_sure, 30, "the gate is sure")
    run.wait(lambda: run.watch.is_healthy, 30, "hookline status says that all is well")
    with run.listener.stalled("persist", "opt-out", "crm-sync", "gate", "postgres"):
        run.db.freeze()
        run.wait(lambda: all(map(_says_stalled, processors)), SAID_WITHIN, "all say that they stand still")
        run.require(not run.gate.is_sure(), "the gate is not sure while PostgreSQL is frozen")
        run.sleep(max(60.0, run.minutes * 60 if run.minutes > 2 else 0.0))
    run.db.thaw()
    _recovered(run, processors)

    frozen = run.rng.choice(processors)
    run.note(frozen=frozen.name)
    with run.listener.stalled(frozen.name):
        frozen.signal(signal.SIGSTOP)
        run.sleep(FROZEN / 3)
        run.require(not _says_ready(frozen), f"{frozen.name} is not ready while it is frozen")
        if frozen is run.opt_out:
            run.require(not run.gate.is_sure(), "the gate is not sure while opt-out is frozen")
        run.sleep(FROZEN)
    frozen.signal(signal.SIGCONT)
    _recovered(run, processors)

    lock = run.db.lock("events")
    with run.listener.stalled("persist"):
        run.wait(lambda: _says_stalled(run.persist), SAID_WITHIN, "persist says that its batch hangs")
        run.sleep(FROZEN)
    lock.close()
    _recovered(run, processors)


def _recovered(run: Run, processors: tuple[Processor, ...]) -> None:
    for processor in processors:
        run.wait(lambda of=processor: _says_ready(of), 60, f"{processor.name} is ready again")  # type: ignore[misc]
    run.wait(run.gate.is_sure, 60, "the gate is sure again")
    run.wait(lambda: run.watch.is_healthy, 60, "hookline status says that all is well again")


def _says_ready(processor: Processor) -> bool:
    return processor.readiness()[0]


def _says_stalled(processor: Processor) -> bool:
    """By /readyz as well as by both lags."""
    try:
        metrics = processor.metrics()
    except httpx.TransportError:
        return False  # it says nothing
    lags = metrics.get("hookline_lag_records", 0.0), metrics.get("hookline_lag_seconds", 0.0)
    return min(lags) > 0 and not _says_ready(processor)


@contextmanager
def _opt_out_frozen(run: Run) -> Iterator[None]:
    run.opt_out.signal(signal.SIGSTOP)
    yield
    run.opt_out.signal(signal.SIGCONT)


@contextmanager
def _opt_out_killed(run: Run) -> Iterator[None]:
    run.opt_out.kill()
    yield
    run.start_opt_out()


@contextmanager
def _opt_out_halted(run: Run) -> Iterator[None]:
    with psycopg.connect(run.db.superuser) as connection:
        connection.execute(
            "INSERT INTO consumer_outcomes (consumer_group, recent, halted_at) VALUES"
            " ('hookline-opt-out', repeat('1', 60), now()) ON CONFLICT (consumer_group) DO UPDATE"
            " SET recent = EXCLUDED.recent, halted_at = now()"
        )
    yield
    hookline(run, "dlq", "resume", "opt-out")


@contextmanager
def _kafka_frozen(run: Run) -> Iterator[None]:
    run.cluster.freeze()
    run.wait(run.spooling, 15, "STOPs are spooled")
    yield
    run.cluster.thaw()


@contextmanager
def _postgresql_frozen(run: Run) -> Iterator[None]:
    run.db.freeze()
    yield
    run.db.thaw()


@contextmanager
def _ingest_killed(run: Run) -> Iterator[None]:
    """Its spool is not drained, and nobody is there to say so."""
    run.cluster.freeze()
    run.wait(run.spooling, 15, "STOPs are spooled")
    run.sleep(2.0)
    run.ingest.kill()
    run.cluster.thaw()
    yield
    run.start_ingest()
    run.ingest.wait_ready()


#: By name: what stands still meanwhile, and the fault.
FAULTS: dict[str, tuple[tuple[str, ...], Callable[[Run], AbstractContextManager[None]]]] = {
    "opt-out frozen": (("opt-out",), _opt_out_frozen),
    "opt-out killed": (("opt-out",), _opt_out_killed),
    "opt-out halted": (("opt-out",), _opt_out_halted),
    "Kafka frozen, the STOP in the spool": (("kafka", "persist", "opt-out"), _kafka_frozen),
    "PostgreSQL frozen": (("postgres", "persist", "opt-out", "gate"), _postgresql_frozen),
    "ingest killed, its spool not drained": (("ingest",), _ingest_killed),
}


@row(
    "F7",
    "a STOP answered 200, then opt-out frozen, killed or halted, Kafka or PostgreSQL frozen, ingest killed",
    rate=60.0,
    clients=1500,  # most STOPs are a contact's first, which alone can be missing
    promise=Promise(refused=None, judged=2000),
    opt_out={"HOOKLINE_TEXTUS__RATE_LIMIT": "100000"},
    load={"stops": 0.3},
)
def stop_not_in_the_ledger(run: Run) -> None:
    """The gate is sure before each fault and after it; the checker looks at every number it was asked meanwhile."""
    for name in run.rng.sample(list(FAULTS), len(FAULTS)):
        run.wait(run.gate.is_sure, 60, f"the gate is sure before: {name}")
        stalled, fault = FAULTS[name]
        with fault(run), run.listener.stalled(*stalled):
            run.sleep(UNREAD)
            run.require(not run.gate.is_sure(), f"the gate is not sure: {name}")
    run.wait(run.gate.is_sure, 60, "the gate is sure in the end")
