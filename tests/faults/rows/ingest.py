"""I rows: what happens to ingest itself."""

from __future__ import annotations

from tests.faults.checker import Promise
from tests.faults.rows.registry import row
from tests.faults.run import Run


@row("I1", "kill -9 of an ingest worker, of the whole ingest, Kafka up and Kafka down", promise=Promise(refused=None))
def kill_ingest(run: Run) -> None:
    """Whoever supervises starts the whole again at once."""
    before = run.ingest.workers()
    run.rng.choice(before).kill()
    run.sleep(1.5)
    run.wait(lambda: len(run.ingest.workers()) == len(before), 10, "the worker is replaced")
    run.ingest.kill()
    run.ingest.start()
    run.ingest.wait_ready()
    run.sleep(run.rng.uniform(0.5, 1.5))


@row("I2", "SIGTERM under load, and a start right after it", promise=Promise(refused=0))
def restart_ingest(run: Run) -> None:
    for _ in range(2):
        code = run.ingest.stop()
        run.require(code == 0, f"ingest ended with {code}")
        run.ingest.start()
        run.ingest.wait_ready()
        run.sleep(run.rng.uniform(0.5, 1.5))
