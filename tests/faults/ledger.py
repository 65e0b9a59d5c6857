"""What became of a run's STOPs: read from the ledger, the states, and what TextUs was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

import psycopg
from psycopg import errors

from processors.opt_out.ledger import lock, utc_now
from processors.opt_out.states import rebuild
from processors.opt_out.verify import verify
from runtime.connections import KafkaSettings
from tests.faults.cluster import admin_client
from tests.faults.evidence import topic_ids
from tests.faults.stops import OptOuts
from tests.faults.textus import ACCOUNTS, TextUs

GROUP = "hookline-opt-out"
#: What it reads.
TOPICS = ("sms.messages.v1", "sms.opt-outs.v1", "sms.unrecognized.v1")
#: What nobody may do.
CHANGES = (
    "UPDATE opt_out_ledger SET phone = phone",
    "DELETE FROM opt_out_ledger",
    "TRUNCATE opt_out_ledger CASCADE",
)

_ROWS = """
SELECT substring(e.payload::text FROM %(id)s) FROM opt_out_ledger AS l JOIN events AS e USING (event_id)
WHERE e.payload::text LIKE %(like)s
"""
_STATES = """
SELECT phone, state FROM opt_outs WHERE phone IN (SELECT contact_phone FROM events WHERE payload::text LIKE %s)
"""
_WAITING = """
SELECT (SELECT count(*) FROM enforcements WHERE status = 'pending')
    + (SELECT COALESCE(max(position), 0) FROM opt_out_ledger)
    - (SELECT position FROM opt_out_cursors WHERE name = 'state')
"""
_MOVE = """
INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (consumer_group, cluster_id, topic_id, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset
"""


def collect(dsn: str, run: str, textus: TextUs) -> OptOuts:
    """All of it, by the application's role."""
    like = f"%fx{run}-%"
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(_ROWS, {"id": f"fx{run}-[0-9]{{4}}-[0-9]{{6}}", "like": like}).fetchall()
        states = connection.execute(_STATES, (like,)).fetchall()
        known = {phone for (phone,) in connection.execute("SELECT DISTINCT phone FROM opt_out_ledger")}
        walked = verify(connection)
        lock(connection)
        unfolded = rebuild(connection, "organisation", utc_now(), write=False).differing
        connection.rollback()
    mine = dict(states)
    return OptOuts(
        ledger=[id for (id,) in rows],
        states=mine,
        chain=None if walked.broken is None else f"row {walked.broken}: {walked.reason}",
        unfolded=unfolded,
        accounts=ACCOUNTS,
        # What an earlier run left to be done is none of this one's.
        told={phone: accounts for phone, accounts in textus.told().items() if phone in mine or phone not in known},
        reports=ACCOUNTS[0],
    )


def waiting(dsn: str) -> int:
    """Calls that have not been made, and rows whose state has not been published."""
    with psycopg.connect(dsn) as connection:
        [(count,)] = connection.execute(_WAITING).fetchall()
    return int(count)


def move(
    kafka: KafkaSettings,
    dsn: str,
    to: Mapping[tuple[str, int], int],
    group: str = GROUP,
    topics: Sequence[str] = TOPICS,
) -> None:
    """Have the group go on at `to`, wherever it was. It must not run meanwhile. `dsn`: the superuser's."""
    with closing(admin_client(kafka)) as admin:
        cluster = str(admin.describe_cluster()["cluster_id"])
    ids = topic_ids(kafka, topics)
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        places = {partition: offset for partition, offset in to.items() if partition[0] in ids}
        rows = [(group, cluster, ids[topic], number, topic, at) for (topic, number), at in places.items()]
        cursor.executemany(_MOVE, rows)


def forget_budget(dsn: str) -> None:
    """As if nothing had ever been asked of TextUs. `dsn`: the superuser's."""
    with psycopg.connect(dsn) as connection:
        connection.execute("DELETE FROM api_budgets")


def forget_nodes(dsn: str) -> None:
    """As if no run had had an ingest before: the gate waits for every node to report. `dsn`: the superuser's."""
    with psycopg.connect(dsn) as connection:
        connection.execute("DELETE FROM ingest_nodes")


def allowed(dsns: Mapping[str, str]) -> list[str]:
    """By whom the ledger can be changed, which nobody may; `dsns` by name."""
    found = []
    for name, dsn in dsns.items():
        for statement in CHANGES:
            with psycopg.connect(dsn) as connection:
                try:
                    connection.execute(statement)  # type: ignore[call-overload]
                except errors.InsufficientPrivilege:
                    pass
                else:
                    found.append(f"{statement.split()[0]} by the {name}")
                connection.rollback()
    return found
