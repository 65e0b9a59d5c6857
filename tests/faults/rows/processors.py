"""C rows: processors."""

from __future__ import annotations

from tests.faults.rows.registry import row
from tests.faults.run import Run


@row("C2", "rebalance storm, 1 to 6 members coming and going")
def storm(run: Run) -> None:
    spare = [run.member(number) for number in range(2, 7)]
    run.members += spare
    for member in spare:
        member.start()
    for _ in range(8):
        member = run.rng.choice(spare)
        if not member.alive:
            member.start()
        elif run.rng.random() < 0.5:
            member.kill()
        else:
            member.stop()
        run.sleep(run.rng.uniform(0.2, 1.5))
    for member in spare:
        if member.alive:
            member.stop()
    run.members = run.members[:1]
