"""F2 and F3: PostgreSQL goes back to a copy of it, and Kafka is made anew with nothing in it, both under load."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import httpx
import psycopg

from runtime.kafka.reader import read
from runtime.kafka.topic_logs import topic_logs
from schemas.topics import OPT_OUT_STATE
from tests.faults.checker import Promise
from tests.faults.cluster import TOPICS
from tests.faults.rows.everybody import WITH_ALL
from tests.faults.rows.operator import hookline
from tests.faults.rows.registry import row
from tests.faults.run import Run
from tests.faults.services import Processor

#: Seconds within which whoever has lost its place has to say so.
SAID_WITHIN = 30.0
#: Seconds of load whose effects the copy lacks, and of load before and after.
LACKING, AROUND = 8.0, 4.0
HEAD_KEY = base64.b64encode(b"a key of the rig, of 32 bytes...").decode()


def _processors(run: Run) -> tuple[Processor, ...]:
    return run.persist, run.opt_out, run.crm_sync


def _counted(processor: Processor, name: str, **labels: str) -> bool:
    """Whether it has counted any of what `name` counts."""
    try:
        samples = processor.samples()
    except httpx.TransportError:
        return False
    return any(s.name == name and s.labels.items() >= labels.items() and s.value > 0 for s in samples)


def _each_says(run: Run, what: str, name: str, **labels: str) -> None:
    for processor in _processors(run):
        said = f"{processor.name} says {what}"
        run.wait(lambda of=processor: _counted(of, name, **labels), SAID_WITHIN, said)  # type: ignore[misc]


@row(
    "F2",
    "PostgreSQL restored from a copy: under running processors, or as docs/backup.md has it, by turns of the seed",
    promise=Promise(judged=100),
    **WITH_ALL
    | {"rate": 40.0, "opt_out": {"HOOKLINE_OPT_OUT__HEAD_KEYS": HEAD_KEY, "HOOKLINE_TEXTUS__RATE_LIMIT": "100000"}},
)
def restored_from_a_copy(run: Run) -> None:
    """What the copy lacks is read again, and no CRM gets a note twice; until then the gate is not sure."""
    is_running = run.seed % 2 == 0
    run.note(under_running_processors=is_running)
    run.wait(run.gate.is_sure, 60, "the gate is sure")
    run.sleep(AROUND)
    taken_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    copy = run.home / "hookline.dump"
    run.db.copy(copy)
    run.sleep(LACKING)
    if is_running:
        run.db.restore(copy)
        _each_says(run, "that its positions went back", "hookline_positions_moved_total", direction="back")
    else:
        for processor in _processors(run):
            processor.stop()
        run.db.restore(copy)
    hookline(run, "db", "migrate")
    hookline(run, "restored", "--since", taken_at)
    if not is_running:
        run.start_persist()
        run.start_opt_out()
        run.start_crm_sync()
    run.wait(lambda: run.opt_out_unread() < run.row.rate, 60, "opt-out has caught up")
    # Its rows are written again at other times, so their hashes are others than those that were published.
    hookline(run, "restored", "--since", taken_at, "--accept-ledger")
    run.wait(run.gate.is_sure, 60, "the gate is sure again")
    run.sleep(AROUND)


@row(
    "F3",
    "Kafka made anew with nothing in it, while ingest spools",
    through_proxies=True,
    promise=Promise(judged=100, in_order=False),
    **WITH_ALL,
)
def kafka_made_anew(run: Run) -> None:
    """Everybody says so, reads the new topics, and every state is on its topic again with nobody's help."""
    run.wait(run.gate.is_sure, 60, "the gate is sure")
    run.sleep(AROUND)
    for broker in run.cluster.brokers:
        broker.proxy.swallow()
    run.wait(run.spooling, 30, "ingest spools")
    # What is only on a disk that is gone is nobody's to bring back.
    run.wait(
        lambda: run.behind() + run.opt_out_behind() + run.crm_sync_unread() == 0, 60, "all that is on Kafka is read"
    )
    run.cluster.make_anew()
    run.made_anew(*(topic.name for topic in TOPICS))
    for broker in run.cluster.brokers:
        broker.proxy.cut()
        broker.proxy.flow()
    _each_says(run, "that it is another Kafka", "hookline_cluster_changed_total")
    run.back_on_kafka(60)
    run.wait(lambda: not _unpublished(run), 60, "every state is on its topic")
    run.wait(run.gate.is_sure, 60, "the gate is sure again")
    run.sleep(AROUND)


def _unpublished(run: Run) -> set[str]:
    """Phones whose state is not on the compacted topic."""
    with psycopg.connect(run.db.dsn) as connection:
        phones = {phone for (phone,) in connection.execute("SELECT phone FROM opt_outs")}
    with run.cluster.admin() as admin:
        bounds = topic_logs(admin, [OPT_OUT_STATE.name]).bounds
    keys = {record.key for record in read(run.cluster.settings, "faults", bounds)}
    return {phone for phone in phones if phone.encode() not in keys}
