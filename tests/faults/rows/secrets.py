"""S rows: what must be found nowhere, and what may be sent to us."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
from psycopg import sql

from tests.faults.client.journal import read
from tests.faults.rows.everybody import WITH_ALL
from tests.faults.rows.registry import row
from tests.faults.run import Run
from tests.faults.services import CRM_TOKEN, SECRET, TOKEN
from tests.fuzz.cases import case
from tests.fuzz.client import Client, NoAnswer
from tests.fuzz.providers import SECRET as FUZZ_SECRET

WRONG = "a-wrong-secret-of-the-fault-suite-9876543210"
#: What may be found nowhere but in settings.
SECRETS = (SECRET, WRONG, TOKEN, CRM_TOKEN)
#: Fuzzed requests of a run.
FUZZED = 3_000


@row(
    "S1",
    "scan of topics, spool, logs, dead letters and database for secrets; of logs for phone numbers",
    **WITH_ALL,
)
def scan(run: Run) -> None:
    """Also while events are spooled, and with secrets that are wrong."""
    url = f"http://127.0.0.1:{run.ingest.port}/webhooks/textlink/received"
    run.cluster.freeze()
    run.wait(run.spooling, 10, "events are spooled")
    for number in range(20):
        body = {"secret": WRONG, "phone_number": "+13035550142", "text": f"private {number}"}
        run.require(httpx.post(url, json=body, timeout=10).status_code == 401, "a wrong secret is refused")
    run.sleep(1.0)
    places = list(_leaks(run, SECRETS, run.ingest.spool))
    run.cluster.thaw()
    run.back_on_kafka(10.0)
    run.sleep(2.0)
    places += _leaks(run, SECRETS, run.ingest.spool, *(broker.kafka.home for broker in run.cluster.brokers))
    places += _in_database(run, SECRETS)
    phones = {webhook.contact.removeprefix("+1") for webhook in read(run.journal)} | {"3035550142"}
    logs = (run.ingest.log, run.persist.log, run.opt_out.log, run.crm_sync.log)
    places += _leaks(run, (*phones, *SECRETS, "private 1", "Is the job still open"), *logs)
    for place in sorted(set(places)):
        run.require(False, f"found in {place}")


def _leaks(run: Run, secrets: tuple[str, ...], *places: Path) -> Iterator[str]:
    for place in places:
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file():
                content = file.read_bytes()
                for secret in secrets:
                    if secret.encode() in content:
                        yield f"{file.relative_to(run.home.parent)}: {secret[:8]}..."


def _in_database(run: Run, secrets: tuple[str, ...]) -> Iterator[str]:
    with psycopg.connect(run.db.superuser) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            for secret in secrets:
                found = connection.execute(
                    sql.SQL("SELECT count(*) FROM {} AS t WHERE t::text LIKE %s").format(sql.Identifier(table)),
                    (f"%{secret}%",),
                ).fetchone()
                if found and found[0]:
                    yield f"table {table}: {secret[:8]}..."


@row(
    "S2",
    "fuzzed bodies and headers",
    settings={
        "HOOKLINE_TEXTLINK__SECRETS": f"{SECRET},{FUZZ_SECRET}",
        "HOOKLINE_TEXTUS__SIGNING_SECRETS": f"{SECRET},{FUZZ_SECRET}",
    },
)
def fuzzed(run: Run) -> None:
    """No 5xx, no dead worker, and every authentic 200 is accounted for in PostgreSQL."""
    workers = [worker.pid for worker in run.ingest.workers()]
    event_ids: set[str] = set()
    wrong: list[str] = []
    asyncio.run(_fuzz(run, event_ids, wrong))
    for problem in wrong[:5]:
        run.require(False, problem)
    run.note(fuzzed=FUZZED, events=len(event_ids))
    run.require([worker.pid for worker in run.ingest.workers()] == workers, "no worker dies")
    run.require(len(event_ids) > FUZZED // 20, "some of it was authentic")
    run.wait(lambda: not event_ids - _stored(run, event_ids), 30, "every 200 is in PostgreSQL")


async def _fuzz(run: Run, event_ids: set[str], wrong: list[str]) -> None:
    numbers = iter(range(FUZZED))

    async def work() -> None:
        client = Client(run.ingest.port)
        for number in numbers:
            requested = case(run.seed, number)
            try:
                reply = await client.ask(requested)
            except NoAnswer as error:
                wrong.append(f"case {number}, {requested.name}: no answer within {error}")
                continue
            if reply.status >= 500 or reply.status not in requested.expected:
                wrong.append(f"case {number}, {requested.name}: {reply.status}, not {sorted(requested.expected)}")
            if reply.event_id is not None:
                event_ids.add(reply.event_id)
        await client.close()

    await asyncio.gather(*(work() for _ in range(16)))


def _stored(run: Run, event_ids: set[str]) -> set[str]:
    with psycopg.connect(run.db.dsn) as connection:
        rows = connection.execute(
            "SELECT event_id::text FROM events WHERE event_id = ANY (%s::uuid[])", ([*event_ids],)
        )
        return {id for (id,) in rows}
