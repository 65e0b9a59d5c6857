"""F8: for how long the gate is not sure while one process after the other is started anew."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.faults.checker import Promise
from tests.faults.rows.everybody import WITH_ALL
from tests.faults.rows.registry import row
from tests.faults.run import Run
from tests.faults.services import Service
from tests.twins.machine import slowness

#: Seconds for which the gate may be unsure after SIGTERM and after SIGKILL, on a machine that does nothing else.
STOPPED, KILLED = 10.0, 25.0
#: Seconds of being sure after which a restart counts as over: more than HOOKLINE_GATE__FRESH_SECONDS.
SURE_FOR = 8.0
#: Seconds until a restart is given up.
GIVEN_UP = 180.0


@row(
    "F8",
    "SIGTERM and SIGKILL of each process, of Kafka and of PostgreSQL, each started again at once",
    promise=Promise(refused=None, judged=100),
    **WITH_ALL | {"rate": 10.0},
)
def restarts(run: Run) -> None:
    """One after the other in any order; the gate is unsure for a bounded time, and sure again by itself."""
    # This machine's share: while it is slow, everything that has to start is as much slower.
    slow_by = slowness()
    unsure: dict[str, float] = {}
    stories = list(itertools.product(sorted(_processes(run)), (True, False)))
    for name, is_gentle in run.rng.sample(stories, len(stories)):
        run.wait(run.gate.is_sure, 90, f"the gate is sure before {name} is started anew")
        what = f"{name}, {'SIGTERM' if is_gentle else 'SIGKILL'}"
        unsure[what] = _unsure_seconds(run, _processes(run)[name], is_gentle=is_gentle)
        slow_by = max(slow_by, slowness())
        most = (STOPPED if is_gentle else KILLED) * slow_by
        run.note(unsure=unsure, slow_by=round(slow_by, 1))
        run.require(unsure[what] < most, f"{what}: unsure for {unsure[what]} s, and {most:.0f} s are allowed")


def _processes(run: Run) -> dict[str, Callable[[bool], None]]:
    """By name, what starts it anew, gently or not."""
    starts = {
        "ingest": (run.ingest, run.start_ingest),
        "persist": (run.persist, run.start_persist),
        "opt-out": (run.opt_out, run.start_opt_out),
        "crm-sync": (run.crm_sync, run.start_crm_sync),
        "gate": (run.gate, run.gate.start),
    }
    services = {name: _of_service(service, start) for name, (service, start) in starts.items()}
    return services | {"Kafka": lambda is_gentle: _kafka(run, is_gentle), "PostgreSQL": lambda g: _postgresql(run, g)}


def _of_service(service: Service, start: Callable[[], None]) -> Callable[[bool], None]:
    def restart(is_gentle: bool) -> None:
        if is_gentle:
            service.stop()
        else:
            service.kill()
        start()

    return restart


def _kafka(run: Run, is_gentle: bool) -> None:
    for broker in run.cluster.brokers:
        if is_gentle:
            broker.stop()
        else:
            broker.kill()
        broker.start()
        broker.kafka.wait_ready(90)


def _postgresql(run: Run, is_gentle: bool) -> None:
    if is_gentle:
        run.db.shut_down(immediate=False)
    else:
        run.db.kill()
    run.db.heal()


def _unsure_seconds(run: Run, restart: Callable[[bool], None], *, is_gentle: bool) -> float:
    """For how long in all the gate does not say that a number may be texted, or says nothing."""
    begun, unsure, sure_since = time.monotonic(), 0.0, time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        restarting = pool.submit(restart, is_gentle)
        while not restarting.done() or time.monotonic() - sure_since < SURE_FOR:
            asked_at, is_sure = time.monotonic(), run.gate.is_sure()
            time.sleep(0.1)
            if not is_sure:
                unsure += time.monotonic() - asked_at
            if not is_sure or not restarting.done():
                sure_since = time.monotonic()
            if time.monotonic() - begun > GIVEN_UP:
                break
        restarting.result()
    return round(unsure, 1)
