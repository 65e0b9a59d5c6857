"""F2 and F3: PostgreSQL goes back to a copy of it, and Kafka is made anew with nothing in it, both under load."""

from __future__ import annotations

import base64
from collections import Counter
from datetime import UTC, datetime
from typing import LiteralString

import httpx
import psycopg

from runtime.kafka.reader import read as read_log
from runtime.kafka.topic_logs import topic_logs
from schemas.topics import MESSAGE_STATE, OPT_OUT_STATE, Topic
from tests.faults.checker import Promise
from tests.faults.client.journal import Attempt, read
from tests.faults.cluster import TOPICS
from tests.faults.rows.everybody import WITH_ALL
from tests.faults.rows.operator import commands_of, hookline
from tests.faults.rows.registry import row
from tests.faults.run import Run
from tests.faults.services import Processor

#: Seconds within which whoever has lost its place has to say so.
SAID_WITHIN = 30.0
#: Seconds of load whose effects the copy lacks, and of load before and after.
LACKING, AROUND = 8.0, 4.0
#: Seconds for which processors are stopped, or Kafka is gone: long enough for statements to be judged.
STOPPED = 36.0
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
    # Most contacts speak once only: each STOP asks for calls of its own.
    | {
        "rate": 40.0,
        "clients": 200,
        "opt_out": {"HOOKLINE_OPT_OUT__HEAD_KEYS": HEAD_KEY, "HOOKLINE_TEXTUS__RATE_LIMIT": "100000"},
    },
)
def restored_from_a_copy(run: Run) -> None:
    """What the copy lacks is read again, and no CRM gets a note twice; until then the gate is not sure.

    The commands are those of docs/backup.md, as they stand there. No opt-out is set at a provider a second time.
    """
    is_running = run.seed % 2 == 0
    run.note(under_running_processors=is_running)
    run.wait(run.gate.is_sure, 60, "the gate is sure")
    run.sleep(AROUND)
    taken_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    confirmed = _confirmed(run)
    run.db.copy(run.home / "hookline.dump")
    run.sleep(LACKING)
    run.db.forget_old()
    if is_running:
        commands_of(run, "backup.md", "swap")
        _each_says(run, "that its positions went back", "hookline_positions_moved_total", direction="back")
        commands_of(run, "backup.md", "restored", since=taken_at)
    else:
        for processor in _processors(run):
            processor.stop()
        with run.listener.stalled("persist", "opt-out", "crm-sync"):
            commands_of(run, "backup.md", "swap")
            commands_of(run, "backup.md", "restored", since=taken_at)
            run.sleep(STOPPED)
        run.start_persist()
        run.start_opt_out()
        run.start_crm_sync()
    _caught_up(run)
    # Its rows are written again at other times, so their hashes are others than those that were published.
    hookline(run, "restored", "--since", taken_at, "--accept-ledger")
    run.wait(run.gate.is_sure, 60, "the gate is sure again")
    run.sleep(AROUND)
    run.when_quiet(lambda: _require_no_second_call(run, confirmed))


def _caught_up(run: Run) -> None:
    run.wait(lambda: run.opt_out_unread() < run.row.rate, 60, "opt-out has caught up")


def _confirmed(run: Run) -> set[tuple[str, str]]:
    """Account and phone of every call that PostgreSQL has as done."""
    with psycopg.connect(run.db.dsn) as connection:
        rows = connection.execute("SELECT account, phone FROM enforcements WHERE status = 'done'")
        return {(str(account), str(phone)) for account, phone in rows}


def _require_no_second_call(run: Run, confirmed: set[tuple[str, str]]) -> None:
    """Of `confirmed`, where the contact has spoken once: each later STOP asks for a call of its own."""
    spoken = Counter(contact for contact, _ in {(said.contact, said.id) for said in _sayings(run)})
    made = {call: times for call, times in run.textus.opt_outs_set().items() if spoken[call[1]] == 1}
    again = {call for call, times in made.items() if times > 1}
    run.note(calls=len(made), confirmed_before=len(confirmed & made.keys()), made_again=len(again))
    run.require(bool(confirmed & made.keys()), "opt-outs were confirmed before the copy was taken")
    run.require(not again, f"{len(again)} opt-outs were set again ({len(again & confirmed)} that the copy has as done)")


def _sayings(run: Run) -> list[Attempt]:
    return [attempt for attempt in read(run.journal) if attempt.stop or attempt.start]


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
    with run.listener.stalled("kafka", "persist", "opt-out", "crm-sync"):
        run.cluster.kill()
        run.sleep(STOPPED)
    run.cluster.make_anew()
    run.made_anew(*(topic.name for topic in TOPICS))
    for broker in run.cluster.brokers:
        broker.proxy.cut()
        broker.proxy.flow()
    _each_says(run, "that it is another Kafka", "hookline_cluster_changed_total")
    run.back_on_kafka(60)
    run.wait(lambda: not _unpublished(run, OPT_OUT_STATE, "SELECT phone FROM opt_outs"), 60, "every opt-out is there")
    run.wait(
        lambda: not _unpublished(run, MESSAGE_STATE, "SELECT message_key FROM messages"), 60, "every message is there"
    )
    run.wait(run.gate.is_sure, 60, "the gate is sure again")
    run.sleep(AROUND)


def _unpublished(run: Run, topic: Topic, query: LiteralString) -> set[str]:
    """Which keys that `query` finds have no state on the compacted topic."""
    with psycopg.connect(run.db.dsn) as connection:
        keys = {str(key) for (key,) in connection.execute(query)}
    with run.cluster.admin() as admin:
        bounds = topic_logs(admin, [topic.name]).bounds
    published = {record.key for record in read_log(run.cluster.settings, "faults", bounds)}
    return {key for key in keys if key.encode() not in published}
