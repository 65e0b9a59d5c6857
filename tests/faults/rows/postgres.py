"""P rows: what PostgreSQL does to the processors."""

from __future__ import annotations

from tests.faults.rows.registry import row
from tests.faults.run import Run


@row("P1", "PostgreSQL killed -9, restarted, shut down at once")
def server_dies(run: Run) -> None:
    ends = [run.db.kill, lambda: run.db.shut_down(immediate=True), lambda: run.db.shut_down(immediate=False)]
    run.rng.shuffle(ends)
    for end in ends:
        end()
        run.sleep(run.rng.uniform(0.2, 1.5))
        run.db.heal()
        run.sleep(run.rng.uniform(0.5, 1.5))
