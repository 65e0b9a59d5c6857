"""X1: random pairs of faults, one after another, under load."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

from tests.faults.checker import Promise
from tests.faults.rows.connections import open_connections
from tests.faults.rows.registry import row
from tests.faults.run import Run

#: What two faults at once must not share.
Fault = Callable[[Run, Random], None]


def kill_worker(run: Run, rng: Random) -> None:
    workers = run.ingest.workers()
    victim = rng.choice(workers)
    run.promises(refused=(run.promise.refused or 0) + open_connections(run.ingest.port, [victim]))
    victim.kill()
    run.wait(lambda: len(run.ingest.workers()) == len(workers), 30, "the worker is replaced")


def kill_ingest(run: Run, rng: Random) -> None:
    limit = open_connections(run.ingest.port, run.ingest.workers())
    run.promises(refused=(run.promise.refused or 0) + limit)
    run.ingest.kill()
    run.ingest.start()
    run.ingest.wait_ready()


def restart_ingest(run: Run, rng: Random) -> None:
    run.ingest.stop()
    run.ingest.start()
    run.ingest.wait_ready()


def freeze_kafka(run: Run, rng: Random) -> None:
    run.cluster.freeze()
    run.sleep(rng.uniform(1.0, 8.0))
    run.cluster.thaw()


def kill_broker(run: Run, rng: Random) -> None:
    broker = rng.choice(run.cluster.brokers)
    broker.kill()
    run.sleep(rng.uniform(0.5, 4.0))
    broker.start()
    broker.kafka.wait_ready(90)
    run.cluster.wait_whole()


def kill_kafka(run: Run, rng: Random) -> None:
    run.cluster.kill()
    run.sleep(rng.uniform(1.0, 8.0))
    for broker in run.cluster.brokers:
        broker.start()
    run.cluster.wait_whole()


def swallow(run: Run, rng: Random) -> None:
    for broker in run.cluster.brokers:
        broker.proxy.swallow()
    run.sleep(rng.uniform(1.0, 6.0))
    for broker in run.cluster.brokers:
        broker.proxy.flow()


def cut_answers(run: Run, rng: Random) -> None:
    run.cluster.shears.arm(rng.randrange(1, 10))
    run.sleep(rng.uniform(1.0, 4.0))
    run.cluster.shears.arm(0)


def slow_kafka(run: Run, rng: Random) -> None:
    for broker in run.cluster.brokers:
        broker.proxy.delay(0.3, 0.3)
    run.sleep(rng.uniform(2.0, 6.0))
    for broker in run.cluster.brokers:
        broker.proxy.delay(0.0)


def kill_persist(run: Run, rng: Random) -> None:
    run.persist.kill()
    run.sleep(rng.uniform(0.0, 2.0))
    run.persist.start()
    run.sleep(4.0)


def freeze_persist(run: Run, rng: Random) -> None:
    run.persist.signal(signal.SIGSTOP)
    run.sleep(rng.uniform(1.0, 10.0))
    run.persist.signal(signal.SIGCONT)


def kill_postgres(run: Run, rng: Random) -> None:
    run.db.kill()
    run.sleep(rng.uniform(0.2, 3.0))
    run.db.heal()


def freeze_postgres(run: Run, rng: Random) -> None:
    run.db.freeze()
    run.sleep(rng.uniform(1.0, 6.0))
    run.db.thaw()


def lock_table(run: Run, rng: Random) -> None:
    lock = run.db.lock(rng.choice(["events", "messages", "consumer_offsets"]))
    run.sleep(rng.uniform(1.0, 6.0))
    lock.close()


#: By what they break: two at once never break the same.
FAULTS: dict[str, list[Fault]] = {
    "ingest": [kill_worker, kill_ingest, restart_ingest],
    "kafka": [freeze_kafka, kill_broker, kill_kafka, swallow, cut_answers, slow_kafka],
    "persist": [kill_persist, freeze_persist],
    "postgres": [kill_postgres, freeze_postgres, lock_table],
}


@row(
    "X1",
    "random pairs of the above",
    brokers=3,
    rate=150.0,
    through_proxies=True,
    promise=Promise(refused=0, slowest=10.0),
)
def pairs(run: Run) -> None:
    """As long as `--minutes` says. While the whole ingest is gone, clients knock for up to 10 s."""
    until = time.monotonic() + run.minutes * 60
    played: dict[str, int] = {}
    with ThreadPoolExecutor(2) as threads:
        while time.monotonic() < until and not run.problems:
            faults = [run.rng.choice(FAULTS[target]) for target in run.rng.sample(sorted(FAULTS), 2)]
            seeds = [run.rng.random() for _ in faults]
            for done in [threads.submit(fault, run, Random(seed)) for fault, seed in zip(faults, seeds, strict=True)]:
                done.result()
            name = " + ".join(sorted(fault.__name__ for fault in faults))
            played[name] = played.get(name, 0) + 1
            run.sleep(run.rng.uniform(1.0, 4.0))
    run.note(pairs=sum(played.values()), kinds=len(played), minutes=run.minutes)
