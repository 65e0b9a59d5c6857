"""A database as an older version left it: the migrations up to one of then, and a row in every table that it had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

import ops.migrations
from ops.migrations import migrate
from processors.opt_out.entry import GENESIS, Entry
from runtime.postgres import connect

MIGRATIONS = Path(__file__).parents[1] / "schemas" / "sql"
PHONE = "+13035550142"
CLUSTER = "cluster-of-then"
TOPIC = "sms.messages.v1"
TOPIC_ID = UUID(int=7)
#: The webhook that all rows are about.
EVENT = UUID("01890000-0000-7000-8000-000000000001")
AT = datetime(2026, 3, 2, 15, 4, 5, 678901, tzinfo=UTC)
#: Offset that every processor of then would read next.
NEXT_OFFSET = 41

_PARTITION = {"cluster_id": CLUSTER, "topic_id": TOPIC_ID, "partition": 3}
_LETTER = {"cluster_id": CLUSTER, "topic_id": UUID(int=8), "partition": 0, "letter_offset": 5}
_NOTE = {"provider": "textlink", "account": "textlink", "contact_phone": PHONE}
_ENTRY = Entry(
    position=1, phone=PHONE, action="out", echo=False, tier="A", rule="keyword", rule_set=1, actor="contact",
    reason=None, provider="textlink", account="textlink", account_phone=None, event_id=EVENT, message_id=None,
    effective_at=AT, occurred_at=AT, received_at=AT, decided_at=AT, deadline=AT, event_hash="0" * 64, topic=TOPIC,
    partition=3, record_offset=NEXT_OFFSET - 1, corrects=None, evidence_digest=None, previous_hash=GENESIS,
)  # fmt: skip
#: Columns of the ledger that came later.
_LATER = ("chain_version", "phone_digest", "phone_pepper", "facts")


def _ledger_row() -> dict[str, Any]:
    row = {name: getattr(_ENTRY, name) for name in Entry.__dataclass_fields__ if name not in _LATER}
    return row | {"hash": _ENTRY.hashed()}


#: By table, in an order that foreign keys and triggers allow. A table of a later version is filled where it is there.
ROWS: Mapping[str, Mapping[str, Any]] = {
    "events": {
        "event_id": EVENT, "event_type": "message.received", "provider": "textlink", "account": "textlink",
        "contact_phone": PHONE, "phone_valid": True, "occurred_at": AT, "time_valid": True, "received_at": AT,
        "is_test": False, "sanitised": False, "payload": Jsonb({"text": "STOP"}),
    },
    "messages": {
        **_NOTE, "message_key": "m1", "direction": "in", "text": "STOP", "own_state": "received",
        "own_state_at": AT, "own_first_at": AT, "own_last_at": AT,
    },
    "message_failures": {**_NOTE, "message_key": "m2", "text": "hello", "failed_at": AT, "last_at": AT},
    "contacts": {"phone": PHONE, "name": "Ada", "name_at": AT, "name_event": EVENT},
    "consumer_offsets": {
        **_PARTITION, "consumer_group": "hookline-opt-out", "topic": TOPIC, "next_offset": NEXT_OFFSET,
    },
    "consumer_outcomes": {"consumer_group": "hookline-opt-out", "recent": "0010"},
    "consumer_failures": {
        **_PARTITION, "consumer_group": "hookline-persist", "record_offset": 9, "attempts": 2, "error_class": "e",
    },
    "redriven_letters": {**_LETTER, "processor": "persist"},
    "opt_out_ledger": _ledger_row(),
    "opt_out_evidence": {"digest": "d" * 64, "salt": b"salt", "text": "STOP"},
    "opt_outs": {
        "phone": PHONE, "state": "out", "since": AT, "reason": "keyword", "position": 1, "last_position": 1,
        "provider": "textlink", "account": "textlink",
    },
    "opt_out_reviews": {
        "kind": "out", "phone": PHONE, "position": 1, "event_id": EVENT, "question": "Is it?", "opened_at": AT,
    },
    "opt_out_parked": {
        "topic": TOPIC, "partition": 3, "record_offset": 8, "record_timestamp": 1, "value": b"\x00",
        "headers": Jsonb([]), "disposition": "undecodable", "error_class": "e", "error_message": "m", "attempts": 1,
    },
    "enforcements": {
        "phone": PHONE, "target": "textus", "account": "acme", "position": 1, "status": "done", "deadline": AT,
        "next_attempt_at": AT, "attempts": 1, "done_at": AT,
    },
    "target_accounts": {"target": "textus", "account": "acme", "source": "api", "seen_at": AT},
    "target_rounds": {"target": "textus", "work": "accounts", "done_at": AT, "result": Jsonb({"found": 1})},
    "api_budgets": {"api": "textus", "allowed": 60, "used": 1, "in_flight": 0},
    "crm_contacts": {"phone": PHONE, "opt_out_state": "out", "opt_out_position": 1},
    "crm_notes": {**_NOTE, "note_key": "m1", "kind": "message", "state": "received", "first_at": AT},
    "crm_deliveries": {
        "event_id": EVENT, "target": "rest", "contact_phone": PHONE, "event_type": "message.received",
        "note_key": "m1", "received_at": AT, "status": "done", "attempts": 1, "done_at": AT,
    },
    "crm_lanes": {"target": "rest", "contact_phone": PHONE},
    "crm_links": {"target": "rest", "kind": "contact", "key": PHONE, "remote_id": "c1"},
    "crm_targets": {"target": "rest"},
    "crm_backfills": {"target": "rest", "started_by": "ada", "expected": 1},
    "discarded_letters": {**_LETTER, "processor": "persist", "reason": "junk", "discarded_by": "operator:ada"},
    "opt_out_rule_changes": {
        "older": 1, "newer": 2, "messages": 3, "holds": 0, "decided_by": "operator:ada", "decided_at": AT,
    },
    "ingest_nodes": {"node": "n1", "spooled": 0, "heard_at": AT},
    "restores": {"since": AT, "until": AT, "noted_by": "operator:ada"},
    "published_topics": {"topic": TOPIC, "cluster_id": CLUSTER, "topic_id": TOPIC_ID},
    "dead_letters": {
        "consumer_group": "hookline-persist", "topic_id": UUID(int=8), "partition": 0, "record_offset": 5,
        "topic": "dlq.persist", "disposition": "rejected", "error_class": "e", "error_message": "m", "attempts": 1,
        "ours": True,
    },
    "data_reveals": {"revealed_by": "ada", "surface": "trace", "event_ids": [EVENT]},
    "ingest_counts": {
        "node": "n1", "epoch": "1", "file": 1, "minute": AT, "topic": TOPIC, "durability": "kafka", "events": 1,
        "first_seq": 1, "last_seq": 1,
    },
    "process_pauses": {"consumer_group": "hookline-crm-sync", "paused_by": "ada", "reason": "the CRM is moved"},
    "console_records": {"username": "ada", "kind": "login", "action": "login", "subject": "ada", "reason": ""},
    "sim_numbers": {"sim_card_id": "1", "phone": PHONE},
    "topic_progress": {"at": AT, "logs": Jsonb({})},
    "audited_days": {
        "day": AT.date(), "ok": True, "accepted": 1, "on_topics": 1, "in_postgres": 1, "missing": 0, "gaps": 0,
    },
    "retention_marks": {"history": "events", "before": AT},
    "dead_letter_requests": {
        "processor": "persist", "action": "redrive", "most": 10, "requested_by": "ada", "reason": "mended",
    },
    "quarantine_requests": {"node": "n1", "most": 10, "requested_by": "ada", "reason": "mended"},
    "event_traces": {
        "event_id": EVENT, "consumer_group": "hookline-persist", "traceparent": f"00-{1:032x}-{1:016x}-01",
    },
    "erasures": {
        "phone": "erased:x", "erased_by": "ada", "asked_by": "a letter", "reason": "wished", "forced": False,
        "result": Jsonb({}),
    },
    "erased_numbers": {"digest": "d" * 64, "phone": "erased:x"},
    "erased_peppers": {"pepper": "d" * 16},
    "erased_events": {"event_id": EVENT},
    "erased_returns": {"phone": "+13035550199", "erased_phone": "erased:x"},
    "alarms": {
        "key": "k", "since": AT, "rule": "r", "severity": "page", "summary": "s", "cause": "c", "command": "hookline",
        "runbook": "r", "seen_at": AT, "changed_at": AT,
    },
    "event_rhythms": {
        "provider": "textlink", "event_type": "message.received", "hour": AT, "arrivals": 1, "longest_gap": 1.5,
    },
}  # fmt: skip
#: Tables without a row here: `hookline db migrate` writes the first anew; a row of the second needs a ledger that phone
#: digests have joined, which tests/integration/test_ledger_digests.py makes.
_NOT_FILLED = {"provider_facts", "opt_out_joined_phones"}

Snapshot = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class OlderDatabase:
    """What was there before the upgrade."""

    migrations: tuple[str, ...]  #: those that it has, by file name without its ending
    rows: Snapshot  #: by table


def build(dsn: str, last: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> OlderDatabase:
    """Fill the empty database of `dsn`, its owner's, as the version did whose newest migration's name begins with
    `last`. `folder` is an empty one, for the migrations of then.
    """
    for file in MIGRATIONS.glob("*.sql"):
        if file.name[: len(last)] <= last:
            (folder / file.name).write_bytes(file.read_bytes())
    with monkeypatch.context() as then, connect(dsn, process="tests") as connection:
        then.setattr(ops.migrations, "SOURCE", str(folder))
        # Today's privileges name tables that were not there.
        then.setattr(ops.migrations, "apply_privileges", lambda _connection: None)
        migrate(dsn, connection)
    with psycopg.connect(dsn) as connection:
        there = tables(connection)
        for table, row in ROWS.items():
            if table in there:
                _insert(connection, table, row)
        return OlderDatabase(tuple(sorted(file.stem for file in folder.glob("*.sql"))), snapshot(connection))


def tables(connection: psycopg.Connection[Any]) -> set[str]:
    """Tables that outlive a crash of PostgreSQL, yoyo's own left out."""
    query = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p'"
        " AND relnamespace = 'public'::regnamespace AND relname !~ '^_?yoyo_'"
    )
    return {str(name) for (name,) in connection.execute(query)}


def snapshot(connection: psycopg.Connection[Any]) -> Snapshot:
    """Every row of every table."""
    found: Snapshot = {}
    for table in tables(connection):
        rows = connection.execute(sql.SQL("SELECT to_jsonb(t) FROM {} AS t").format(sql.Identifier(table)))
        found[table] = [row for (row,) in rows]
    return found


def not_filled(database: OlderDatabase) -> set[str]:
    """Tables of then that `ROWS` has nothing for: an upgrade of theirs would be shown by no row."""
    return {table for table, rows in database.rows.items() if not rows} - _NOT_FILLED


def _insert(connection: psycopg.Connection[Any], table: str, row: Mapping[str, Any]) -> None:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    connection.execute(statement, list(row.values()))
