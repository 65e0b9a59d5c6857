"""K rows: what Kafka does to us."""

from __future__ import annotations

from tests.faults.rows.registry import row
from tests.faults.run import Run

MESSAGES = "sms.messages.v1"


@row("K1", "kill -9 of a partition leader again and again", brokers=3)
def kill_the_leader(run: Run) -> None:
    """Every second time while its followers are paused for a moment, so that they lag behind it."""
    for number in range(3):
        leader = run.cluster.leader(MESSAGES, run.rng.randrange(12))
        followers = [broker for broker in run.cluster.brokers if broker is not leader]
        if number % 2:
            for broker in followers:
                broker.freeze()
            run.sleep(run.rng.uniform(0.3, 0.8))
        leader.kill()
        for broker in followers:
            broker.thaw()
        run.sleep(run.rng.uniform(1.0, 3.0))
        leader.start()
        leader.kafka.wait_ready(60)
        run.cluster.wait_whole()


@row("K2", "rolling restart of the brokers", brokers=3)
def rolling_restart(run: Run) -> None:
    for broker in run.rng.sample(run.cluster.brokers, 3):
        broker.stop()
        run.sleep(run.rng.uniform(0.2, 2.0))
        broker.start()
        broker.kafka.wait_ready(60)
        run.cluster.wait_whole()
