"""M rows: what CRMs do to crm-sync."""

from __future__ import annotations

import itertools
import socket
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from tests.faults import crm
from tests.faults.client.journal import read
from tests.faults.crm import TIMEOUT, PlayedCrm
from tests.faults.rows.operator import hookline
from tests.faults.rows.registry import row
from tests.faults.run import Run

#: Seconds that a CRM asks to be left alone for.
ASKED = 3
#: Tries of a delivery that may fail while others are served.
TRIES = 3
#: Seconds of each fault, and of the time without any before it.
LASTS, WELL = 3.0, 2.0
#: How much longer a note may take at one CRM because the other one is in trouble.
SLOWER = 2.0
#: Seconds that crm-sync waits for a slow CRM to perform a call, and until that performs it.
PATIENCE, LATE = 8.0, TIMEOUT + 4.0
FAULTS: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "429 with Retry-After": {"status": 429, "retry_after": ASKED},
    "429 without": {"status": 429},
    "time-out": {"delay_s": TIMEOUT + 0.5},
    "hang": {"status": 500, "delay_s": 20.0},
    "slow drip": {"status": 200, "body": "{}", "drip_s": 2 * TIMEOUT},
    "wrong JSON": {"status": 200, "body": "<html>a proxy's page</html>"},
    "redirect": {"status": 307, "times": 5},
}
Span = tuple[float, float]  # of CLOCK_MONOTONIC


@row(
    "M1",
    "CRM: 500, 429 with and without Retry-After, time-out, hang, slow drip, wrong JSON, redirect; another one is well",
    rate=60.0,
    clients=40,
    inject_processors=("second_crm",),
    crms=("rest", "other"),
    crm={
        "HOOKLINE_CRM__BREAKER_LONGEST": "2",
        "HOOKLINE_CRM__RETRY_LONGEST": "1",
        "HOOKLINE_CRM__MAX_FAILURES": str(TRIES),
    },
    load={"failures": 0.3, "tests": 0.02},
)
def in_trouble(run: Run) -> None:
    """It is left alone, nothing dies before its time, a redirect leads nowhere, and the other one is not slower."""
    ill = run.crms["rest"]
    run.wait(lambda: run.crm_sync_behind() < run.row.rate, 30, "crm-sync is at work")
    troubled, well = {}, []
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        away = {"Location": f"http://127.0.0.1:{trap.getsockname()[1]}/"}
        for name in run.rng.sample(sorted(FAULTS), len(FAULTS)):
            well.append(_while(run, WELL))
            ill.fails(**FAULTS[name] | ({"headers": away} if name == "redirect" else {}))
            troubled[name] = _while(run, LASTS)
            ill.recovers()
            run.wait(lambda: crm.waiting(run.db.dsn, ill.name) < run.row.rate, 40, f"all is made up for after {name}")
        run.require(not _visited(trap), "a redirect was followed")
    _left_alone(run, ill, troubled)
    _not_slower(run, run.crms["other"], troubled.values(), well)
    victim = _one_contact_fails(run, ill)
    _dead_for_a_reason(run, victim)
    hookline(run, "dlq", "redrive", "crm:rest", "--yes")


@row(
    "M2",
    "CRM: what was asked for is done, soon or long after we gave it up, and the answer is lost or comes too late",
    rate=120.0,
    starts=False,
    crms=("rest",),
    crm={"HOOKLINE_CRM__BREAKER_LONGEST": "1", "HOOKLINE_CRM__LOOK_AFTER": str(PATIENCE)},
    load={"failures": 0.5, "tests": 0.02},
)
def answers_lost(run: Run) -> None:
    """No second note, no second contact."""
    [played_crm] = run.crms.values()
    run.start_ingest()
    run.ingest.wait_ready()
    for path, kind in (("/crm/contacts", "POST contacts"), ("/crm/contacts/", "POST notes")):
        played_crm.fails(path, method="POST", drop_answer=True, times=5)
        if not run.sent():
            run.start_load()
        run.wait(lambda kind=kind: _unanswered(played_crm)[kind], 20, f"an answer to {kind} is lost")
        played_crm.recovers()
        # Performed when a look two seconds after our time-out would have found nothing.
        played_crm.fails(path, method="POST", effect_after_s=LATE, times=3)
        run.wait(played_crm.is_well, 20, f"calls of {kind} are performed late")
    for _ in range(7):
        lost: dict[str, Any] = run.rng.choice(
            [{"drop_answer": True}, {"delay_s": TIMEOUT + 0.3}, {"drop_answer": True, "effect_after_s": LATE}]
        )
        method = run.rng.choice(["POST", "POST", "PATCH"])
        played_crm.fails(run.rng.choice(["/crm/contacts", "/crm/contacts/"]), method=method, **lost)
        run.sleep(run.rng.uniform(0.2, 0.8))
        played_crm.recovers()
        run.sleep(run.rng.uniform(0.2, 0.8))
    run.note(answers_lost=_unanswered(played_crm))
    run.sleep(2.0)


def _unanswered(played_crm: PlayedCrm) -> Counter[str]:
    """How many answers were lost, by what was asked for."""
    lost = [requests for requests in played_crm.requests() if requests["status"] is None]
    return Counter(
        f"{requested['method']} {'notes' if '/notes' in requested['path'] else 'contacts'}" for requested in lost
    )


def _while(run: Run, seconds: float) -> Span:
    begun = time.monotonic()
    run.sleep(seconds)
    return begun, time.monotonic()


def _visited(trap: socket.socket) -> bool:
    try:
        trap.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _left_alone(run: Run, ill: PlayedCrm, troubled: dict[str, Span]) -> None:
    """A CRM in trouble is asked far less than there is to say; one that asks to be left alone, is."""
    calls = sorted(_monotonic(request["at"]) for request in ill.requests())
    expected = [webhook.at for webhook in read(run.journal) if webhook.note and webhook.at]
    requested = {}
    for name, span in troubled.items():
        requested[name] = len(_within(span, calls))
        if name != "redirect":  # which is an answer
            most = len(_within(span, expected)) / 2
            run.require(requested[name] <= most, f"{name}: {requested[name]} calls, where {most:.0f} would be many")
    begun, ended = troubled["429 with Retry-After"]
    silence = max(after - before for before, after in itertools.pairwise(_within((begun, ended + ASKED + 2), calls)))
    run.note(calls_while=requested, silence=round(silence, 2))
    run.require(silence > 0.9 * ASKED, f"asked to wait {ASKED} s, it was called after {silence:.1f}")


def _not_slower(run: Run, other: PlayedCrm, troubled: Iterable[Span], well: Iterable[Span]) -> None:
    noted = {
        request["body"]["external_id"]: _monotonic(request["at"])
        for request in other.requests()
        if request["method"] == "POST" and request["path"].endswith("/notes")
    }
    waits = [
        (webhook.at, noted[webhook.event_id] - webhook.at)
        for webhook in read(run.journal)
        if webhook.at and webhook.event_id in noted
    ]

    def median_of(spans: Iterable[Span]) -> float:
        return median(wait for begun, ended in spans for at, wait in waits if begun <= at < ended)

    ill, usual = median_of(troubled), median_of(well)
    run.note(note_after=round(usual, 3), note_after_in_trouble=round(ill, 3), slower=round(ill / usual, 2))
    slow = ill > SLOWER * usual and not run.lenient
    run.require(not slow, f"a note at the other CRM took {ill:.2f} s, not {usual:.2f}, while the one was in trouble")


def _one_contact_fails(run: Run, ill: PlayedCrm) -> str:
    """The phone of a contact whose notes alone fail, until one is dead by it."""
    victim = run.rng.choice(ill.contacts())
    ill.fails(f"/crm/contacts/{victim['id']}/notes", method="POST", status=500)

    def died() -> bool:
        return any(
            delivery["phone"] == victim["phone"] and "500" in delivery["detail"] for delivery in crm.dead(run.db.dsn)
        )

    run.wait(died, 60, "a delivery that always fails is dead")
    ill.recovers()
    return str(victim["phone"])


def _dead_for_a_reason(run: Run, victim: str) -> None:
    dead = crm.dead(run.db.dsn)
    run.redriven += [delivery["event_id"] for delivery in dead]
    refused = [delivery for delivery in dead if "redirect" in delivery["detail"]]
    early = [
        delivery
        for delivery in dead
        if delivery not in refused and (delivery["phone"] != victim or delivery["failures"] < TRIES)
    ]
    run.note(dead=len(dead), redirected=len(refused))
    run.require(bool(refused), "a redirect is refused")
    run.require(not early, f"dead before their time: {[(one['failures'], one['detail']) for one in early]}")


def _monotonic(at: str) -> float:
    """The sandbox's time by the journal's clock."""
    return datetime.fromisoformat(at).timestamp() - time.time() + time.monotonic()


def _within(span: Span, times: Sequence[float]) -> list[float]:
    return [at for at in times if span[0] <= at < span[1]]
