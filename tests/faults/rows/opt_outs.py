"""O rows: what people say about being texted, whatever happens to who reads it and to whom it is told."""

from __future__ import annotations

from tests.faults import ledger
from tests.faults.others import Others
from tests.faults.rows.registry import row
from tests.faults.run import Run


@row(
    "O1",
    "STOP and START of both providers by clocks that are wrong, some twice, all replayed",
    rate=120.0,
    clients=200,
    inject_processors=("short_patience", "short_leases"),
    opt_out={},
    load={"sayings": 0.4, "repeats": 0.2},
)
def in_every_order(run: Run) -> None:
    """The same states as the checker works out from what was sent; the chain as it was written."""
    replayed = []
    for end in run.rng.sample(["kill", "stop"], 2):
        run.sleep(run.rng.uniform(0.5, 2.5))
        if end == "kill":
            run.opt_out.kill()
        else:
            run.opt_out.stop()
        run.replay_opt_outs()
        replayed.append(run.opt_out_unread())
        run.start_opt_out()
        run.wait(lambda: run.opt_out_unread() < run.row.rate, 30, "all of it is read once more")
    run.note(replayed=replayed)
    run.require(min(replayed) > run.row.rate, f"so much was read again: {replayed}")
    roles = {"application": run.db.dsn, "owner": run.db.server.owner_dsn}
    for change in ledger.allowed(roles):
        run.require(False, f"the ledger can be changed: {change}")


#: TextUs's window in O2, seconds and requests: more than the STOPs of the load need, less than everybody wants.
WINDOW, LIMIT = 2.0, 60
SCARCE = {
    "HOOKLINE_TEXTUS__RATE_LIMIT": str(LIMIT),
    "HOOKLINE_TEXTUS__RATE_RESERVE": "5",
    "HOOKLINE_TEXTUS__RATE_WINDOW": str(WINDOW),
    "HOOKLINE_OPT_OUT__NEAR_DEADLINE_HOURS": "1000",  # every deadline is near, so that its alarm is seen
}
#: Others that want to ask TextUs something, all the time.
OTHERS = 4


@row(
    "O2",
    "TextUs's API down for 8 s; its limit reached, by strangers with our token too, while others want requests",
    rate=150.0,
    opt_out=SCARCE,
    load={"stops": 0.1},
)
def others_wait(run: Run) -> None:
    """Opt-outs go first, every one is made in the end, and the clock of what waits is seen."""
    run.textus.limit(LIMIT, WINDOW)
    with Others(run.db.dsn, run.textus.url, limit=LIMIT, window=WINDOW, count=OTHERS) as others:
        run.textus.fails(status=503)
        run.sleep(4.0)
        run.textus.fails(drop_answer=True)
        run.sleep(4.0)
        seen = run.wait(lambda: _clock(run), 15, "what waits, and since when, is in the metrics")
        run.note(waited=seen)
        run.textus.recovers()
        strangers = 0
        for _ in range(3):
            strangers += run.textus.spend(LIMIT)
            run.sleep(WINDOW)
        run.note(spent_by_strangers=strangers)
        run.rate(20.0)
        run.wait(lambda: ledger.waiting(run.db.dsn) == 0, 40, "every opt-out is made")
        run.sleep(2.0)
    run.note(others=others.made, beside_a_slow_round=others.beside)
    run.require(others.out_of_turn == 0, f"{others.out_of_turn} requests of others went while opt-outs waited")
    run.require(others.made > 0, "others get requests when no opt-out waits")


def _clock(run: Run) -> dict[str, float] | None:
    metrics = run.opt_out.metrics()
    names = ("hookline_enforcement_oldest_seconds", "hookline_enforcements_near_deadline")
    found = {name: round(metrics.get(name, 0.0), 1) for name in names}
    return found if all(found.values()) else None
