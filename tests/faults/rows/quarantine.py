"""F4: a secret that is wrong for a while, and strangers who post junk beside it."""

from __future__ import annotations

import random
import threading
import time

import httpx

from tests.faults.checker import Promise
from tests.faults.rows.operator import hookline
from tests.faults.rows.registry import row
from tests.faults.run import Run
from tests.faults.services import SECRET

#: Webhooks a second: genuine ones, and junk.
RATE, JUNK_RATE = 50.0, 150.0
#: Bytes that the quarantine needs of a genuine one, and of a junk one, about.
GENUINE_BYTES, JUNK_BYTES = 900, 12_000
#: How much more room the quarantine has than the genuine ones need: others have a share of it.
SHARES = 6
WRONG = "another-secret-than-the-one-that-is-posted-0"


class JunkFlood:
    """Posts webhooks with secrets that nobody has set: half of them with a new one each time. Use it in a `with`."""

    def __init__(self, port: int, rng: random.Random) -> None:
        self._url = f"http://127.0.0.1:{port}/webhooks/textlink/received"
        self._rng = rng
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._post, daemon=True)
        self.refused = 0

    def __enter__(self) -> JunkFlood:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _post(self) -> None:
        due = time.monotonic()
        with httpx.Client(timeout=10, trust_env=False) as client:
            while not self._stopped.wait(max(0.0, due - time.monotonic())):
                due = max(due, time.monotonic() - 1.0) + 1 / JUNK_RATE
                secret = "one and the same junk" if self._rng.random() < 0.5 else self._rng.randbytes(12).hex()
                text = self._rng.randbytes(JUNK_BYTES // 2).hex()
                answer = client.post(self._url, json={"secret": secret, "phone_number": "+13035550199", "text": text})
                self.refused += answer.status_code == 401


@row(
    "F4",
    "a wrong secret for two minutes at 50/s (--minutes), with a flood of junk 401s beside it",
    rate=RATE,
    promise=Promise(refused=None, brought_back=True),
)
def wrong_secret(run: Run) -> None:
    """Everything genuine is brought back, whatever was stored beside it; what is counted as kept is there."""
    # By its heartbeat in PostgreSQL ingest tells the share that it refuses, as wherever a gate runs.
    run.ingest.settings |= {"HOOKLINE_POSTGRES__DSN": run.db.server.dsn("ingest")}
    right = dict(run.ingest.settings)
    room = RATE * run.minutes * 60 * GENUINE_BYTES * SHARES
    run.ingest.stop()
    run.ingest.settings |= {
        "HOOKLINE_TEXTLINK__SECRETS": WRONG,
        "HOOKLINE_TEXTUS__SIGNING_SECRETS": WRONG,
        "HOOKLINE_INGEST__QUARANTINE_MAX_MB": str(max(1, round(room / 2**20))),
    }
    run.start_ingest()
    run.ingest.wait_ready()
    with JunkFlood(run.ingest.port, run.rng) as flood, run.listener.stalled("secret"):
        run.sleep(run.minutes * 60)
    run.require(flood.refused * JUNK_BYTES > room, f"the flood is more than there is room for: {flood.refused}")
    run.sleep(3.0)
    kept, lost, there = _kept(run), _lost(run), run.ingest.metrics()["hookline_quarantine_webhooks"]
    run.note(junk=flood.refused, kept=kept, lost=lost, there=there)
    removed = lost.get("evicted", 0.0) + lost.get("expired", 0.0)
    run.require(removed > 0, "the quarantine was full")
    # The load goes on meanwhile: what came between two looks is in one figure and not in the other.
    run.require(abs(kept - removed - there) < 2 * RATE, f"{kept:.0f} were kept and {removed:.0f} removed: {there:.0f}")

    run.ingest.stop()
    run.ingest.settings |= {name: right[name] for name in right if right[name] == SECRET}
    run.start_ingest()
    run.ingest.wait_ready()
    hookline(run, "quarantine", "replay")


def _kept(run: Run) -> float:
    return run.ingest.metrics()["hookline_quarantined_total"]


def _lost(run: Run) -> dict[str, float]:
    """How many cannot be brought back, by reason."""
    found: dict[str, float] = {}
    for sample in run.ingest.samples():
        if sample.name == "hookline_quarantine_lost_total":
            found[sample.labels["reason"]] = found.get(sample.labels["reason"], 0.0) + sample.value
    return found
