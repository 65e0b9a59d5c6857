"""P rows: what PostgreSQL does to the processors."""

from __future__ import annotations

from typing import Any

from tests.faults.rows.everybody import WITH_ALL
from tests.faults.rows.registry import row
from tests.faults.run import Run

#: Nobody waits for a minute for calls whose end was not written down.
IMPATIENT: dict[str, Any] = {**WITH_ALL, "inject_processors": ("short_leases",)}


@row("P1", "PostgreSQL killed -9, shut down at once, restarted", **IMPATIENT)
def server_dies(run: Run) -> None:
    for end in run.rng.sample(["kill", "immediate", "fast"], 3):
        if end == "kill":
            run.db.kill()
        else:
            run.db.shut_down(immediate=end == "immediate")
        run.sleep(run.rng.uniform(0.2, 1.5))
        run.db.heal()
        run.sleep(run.rng.uniform(0.5, 1.5))


@row("P2", "connection cut during COMMIT, before and after it is done", **IMPATIENT)
def commit_cut(run: Run) -> None:
    """Of persist's connection, and of all of opt-out's and crm-sync's: those that call somebody commit, too."""
    run.persist.stop()
    run.persist = run.member(2, dsn=run.db.proxied("persist"))
    run.members[0] = run.persist
    run.start_persist()
    run.opt_out.stop()
    run.opt_out_through(run.db.proxied("opt-out"))
    run.start_opt_out()
    run.crm_sync.stop()
    run.crm_sync_through(run.db.proxied("crm-sync"))
    run.start_crm_sync()
    # Not that they have caught up: a slow machine may not get there while the load goes on.
    processors = (run.persist, run.opt_out, run.crm_sync)
    run.wait(lambda: all(processor.readiness()[0] for processor in processors), 30, "all are at work")
    before = run.db.before.cuts, run.db.after.cuts
    for _ in range(8):
        run.rng.choice([run.db.before, run.db.after]).arm(run.rng.randrange(2, 6))
        run.sleep(run.rng.uniform(0.3, 0.9))
    for shears in (run.db.before, run.db.after):
        shears.arm(1)
    run.wait(
        lambda: run.db.after.cuts > before[1] and run.db.before.cuts > before[0], 15, "both kinds of cut were made"
    )
    run.note(cut_before=run.db.before.cuts - before[0], cut_after=run.db.after.cuts - before[1])


@row("P3", "table locked for 15 s (a minute in every third run), PostgreSQL frozen for 8 s")
def locked(run: Run) -> None:
    """The processor stays in its group, and goes on."""
    seconds = 60.0 if run.seed % 3 == 0 else 15.0
    run.note(locked=seconds)
    run.wait(lambda: run.behind() < run.row.rate, 20, "persist is at work")
    joined = run.persist.printed().count('"assigned"')
    lock = run.db.lock(run.rng.choice(["events", "messages", "consumer_offsets"]))
    with run.listener.stalled("persist"):
        run.sleep(seconds)
    lock.close()
    run.sleep(2.0)
    run.db.freeze()
    with run.listener.stalled("persist", "postgres"):
        run.sleep(8.0)
    run.db.thaw()
    run.wait(lambda: run.behind() < run.row.rate, 30, "persist has made up for it")
    run.require(run.persist.printed().count('"assigned"') == joined, "persist stays in its group")
