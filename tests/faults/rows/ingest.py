"""I rows: what happens to ingest itself."""

from __future__ import annotations

import os
import time

from deploy.local.launch import SystemUser
from tests.faults.checker import Promise
from tests.faults.rows.connections import open_connections
from tests.faults.rows.registry import row
from tests.faults.run import Run

#: Seconds until the service is back; where Kafka freezes first, its 2 s to answer go before, and a little around them.
BACK, BACK_WHILE_FROZEN = 2.0, 2.5
BACK_ON_KAFKA = 10.0


@row(
    "I1",
    "kill -9 of an ingest worker, of the whole ingest, Kafka up and Kafka down",
    promise=Promise(refused=None, silence=BACK_WHILE_FROZEN),
)
def kill_ingest(run: Run) -> None:
    """Whoever supervises starts the whole again at once."""
    open_then = 0
    for down in run.rng.sample([False, True], 2):
        if down:
            run.cluster.freeze()
            run.sleep(run.rng.uniform(0.2, 1.5))  # requests wait for Kafka's answer, and nothing is spooled yet
        workers = run.ingest.workers()
        victim = run.rng.choice(workers)
        open_then += open_connections(run.ingest.port, [victim])
        victim.kill()
        run.wait(lambda count=len(workers): len(run.ingest.workers()) == count, 10, "the worker is replaced")  # type: ignore[misc]
        if down:
            run.wait(run.spooling, 10, "events are spooled")
        run.sleep(run.rng.uniform(0.5, 1.0))
        open_then += open_connections(run.ingest.port, run.ingest.workers())
        run.ingest.kill()
        run.ingest.start()
        run.ingest.wait_ready()
        run.sleep(run.rng.uniform(0.5, 1.0))
        if down:
            run.cluster.thaw()
            run.back_on_kafka(BACK_ON_KAFKA)
    run.note(connections_killed=open_then)
    run.promises(refused=open_then)


@row("I2", "SIGTERM under load, and a start right after it")
def restart_ingest(run: Run) -> None:
    for _ in range(2):
        code = run.ingest.stop()
        with run.listener.stalled("ingest"):
            run.require(code == 0, f"ingest ended with {code}")
            run.ingest.start()
        run.ingest.wait_ready()
        run.sleep(run.rng.uniform(0.5, 1.5))


#: Nobody; our files may lie where only their owner gets in.
NOBODY = SystemUser(65534, 65534, passes_folders=True)


@row("F6", "stop under load and a start right after it, as a user without privileges")
def restart_unprivileged_ingest(run: Run) -> None:
    """The first stop, of the ingest that the rig has started as itself, makes room for those of the other user."""
    run.ingest.stop()
    if os.geteuid() == 0:
        run.ingest.account = NOBODY
        for path in (run.ingest.spool, *run.ingest.spool.rglob("*")):
            os.chown(path, NOBODY.uid, NOBODY.gid)
    run.start_ingest()
    run.ingest.wait_ready()
    users = {user for process in run.ingest.processes() for user in process.uids()}
    run.require(0 not in users, f"ingest and its workers run without privileges, as {users}")
    restart_ingest(run)


@row("I3", "start with Kafka down", starts=False)
def start_without_kafka(run: Run) -> None:
    run.cluster.kill()
    began = time.monotonic()
    run.start_ingest()
    run.ingest.wait_ready()
    ready_after = time.monotonic() - began
    run.note(ready_after=round(ready_after, 2))
    run.require(ready_after < 3.0, f"serving within 3 s of its start, not {ready_after:.1f}")
    run.start_load()
    run.sleep(run.rng.uniform(3.0, 5.0))
    run.require(run.spooling(), "events are spooled")
    run.cluster.heal()
    run.back_on_kafka(BACK_ON_KAFKA)
    run.sleep(2.0)


@row(
    "I4",
    "spool at its limit, then its disk full, while Kafka is down",
    promise=Promise(refused=None, in_order=False),
    inject=("disk",),
    settings={"HOOKLINE_INGEST__SPOOL_MAX_MB": "1"},
)
def no_room(run: Run) -> None:
    """What was answered 200 before stays; the rest is 503, which the row must see."""
    run.cluster.freeze()
    run.wait(run.spooling, 10, "events are spooled")
    if run.rng.random() < 0.5:
        run.sleep(run.rng.uniform(0.5, 1.5))
        run.control("full", on=True)
        run.wait(lambda: run.refusals(503) > 20, 20, "503 while the disk is full")
        run.require(not run.ingest.ready(), "not ready while nothing can take an event")
        run.control("full", on=False)
        before = run.refusals(200)
        run.wait(lambda: run.refusals(200) > before, 10, "taken again when there is room, Kafka still down")
    run.wait(lambda: run.refusals(503) > 20, 30, "503 at the limit")
    run.require("webhook_not_durable" in run.ingest.printed(), "the log raises the alarm")
    run.cluster.thaw()
    run.back_on_kafka(BACK_ON_KAFKA)
    run.wait(run.ingest.ready, 5, "ready again")


@row("I5", "fsync and write errors in the spool", promise=Promise(refused=None), inject=("disk",))
def disk_errors(run: Run) -> None:
    """In the end the power fails, too: what was not synced is gone, and nobody was told that it was safe."""
    run.cluster.freeze()
    run.wait(run.spooling, 10, "events are spooled")
    for error in run.rng.sample(["sync_fails", "write_fails"], 2):
        run.control(error, on=True)
        run.wait(lambda: run.refusals(503) > 20, 10, f"503 while {error}")
        if error == "sync_fails" and run.rng.random() < 0.5:
            break
        run.control(error, on=False)
        run.sleep(run.rng.uniform(0.5, 1.5))
    _power_cut(run)
    run.cluster.thaw()
    run.back_on_kafka(BACK_ON_KAFKA)


@row(
    "I6",
    "power cut with a torn spool file; the file damaged at its tail and in the middle",
    promise=Promise(refused=None),
    inject=("disk",),
)
def torn_spool(run: Run) -> None:
    run.cluster.freeze()
    run.wait(run.spooling, 10, "events are spooled")
    run.sleep(run.rng.uniform(0.5, 2.5))
    _power_cut(run, torn=True)
    run.sleep(run.rng.uniform(0.5, 1.5))
    run.cluster.thaw()
    run.back_on_kafka(BACK_ON_KAFKA)


def _power_cut(run: Run, *, torn: bool = False) -> None:
    """Everything stops at once, and the spool's files are what was synced; `torn`: and half of a write after that."""
    from tests.faults.injected.disk import power_cut
    from tests.faults.rows.damage import damaged_copies

    run.ingest.kill()
    run.note(undone_writes=power_cut(run.controls, run.ingest.spool))
    if torn:
        for problem in damaged_copies(run.ingest.spool, run.home / "copies", run.rng):
            run.require(False, problem)
        log = max(run.ingest.spool.glob("spool-*-wal"), key=lambda file: file.stat().st_mtime, default=None)
        if log:
            with log.open("ab") as file:
                file.write(run.rng.randbytes(run.rng.randrange(1, 9000)))
    for control in ("sync_fails", "write_fails", "full"):
        run.control(control, on=False)
    run.ingest.start()
    run.ingest.wait_ready()


REPLAY = (
    "before_append",
    "after_append",
    "after_read",
    "before_remove",
    "after_remove",
    "before_hand_back",
    "after_hand_back",
)


@row("I7", "crash at every step of the replay", promise=Promise(refused=None), inject=("points",))
def crash_in_replay(run: Run) -> None:
    """A worker that dies takes its connections with it, and no more."""
    limit = 0
    for point in run.rng.sample(REPLAY, len(REPLAY)):
        run.cluster.freeze()
        run.wait(run.spooling, 10, "events are spooled")
        limit += open_connections(run.ingest.port, run.ingest.workers())
        run.arm(point)
        run.sleep(run.rng.uniform(0.3, 1.0))
        run.cluster.thaw()
        run.wait(lambda point=point: not run.armed(point), 15, f"a worker dies at {point}")  # type: ignore[misc]
        run.wait(lambda: len(run.ingest.workers()) == 2, 10, "the worker is replaced")
        run.back_on_kafka(BACK_ON_KAFKA)
    run.promises(refused=limit)


@row("I8", "a second service on the spool; workers coming and going while it drains", promise=Promise(refused=None))
def crowded_spool(run: Run) -> None:
    run.cluster.freeze()
    run.wait(run.spooling, 10, "events are spooled")
    run.sleep(run.rng.uniform(2.0, 4.0))
    second = run.second_ingest()
    second.start()
    assert second.process
    code = second.process.wait(30)
    run.require(code == 78, f"a second service on the same spool is refused with 78, not {code}")
    limit = 0
    run.cluster.thaw()
    for _ in range(3):
        run.sleep(run.rng.uniform(0.05, 0.5))
        workers = run.ingest.workers()
        if not workers:
            continue
        victim = run.rng.choice(workers)
        limit += open_connections(run.ingest.port, [victim])
        victim.kill()
    run.wait(lambda: len(run.ingest.workers()) == 2, 15, "the workers are replaced")
    run.promises(refused=limit)
    run.back_on_kafka(BACK_ON_KAFKA)


@row("I9", "burst x10, 5,000 idle connections, slow bodies", rate=100.0, clients=100)
def crowd(run: Run) -> None:
    from tests.faults.rows.crowd import Crowd

    before = run.ingest.memory()
    with Crowd(run.ingest.port) as crowd:
        crowd.idle(5_000)
        run.note(idle=crowd.connected())
        crowd.slow_bodies(20)
        run.sleep(2.0)
        run.rate(1_000.0)
        run.sleep(4.0)
        run.rate(100.0)
        run.sleep(1.0)
        grown = (run.ingest.memory() - before) >> 20
        run.note(memory_grown_mib=grown)
        run.require(crowd.connected() > 4_900, f"5,000 idle connections stay open: {crowd.connected()}")
        run.require(grown < 300, f"memory is bounded: {grown} MiB more")


@row("I10", "clock stepped back and forth an hour", inject=("clock",))
def stepped_clock(run: Run) -> None:
    import struct

    for hours in (1, 0, -1, 1, -1, 0):
        partial = run.controls / "clock.new"
        partial.write_bytes(struct.pack("<d", hours * 3600.0 + run.rng.uniform(-5, 5)))
        partial.rename(run.controls / "clock")
        run.sleep(run.rng.uniform(0.5, 1.5))
