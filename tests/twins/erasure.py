"""A person with a history in every table, and an eraser without Kafka, CRM or nodes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from ops.erasure.crm_notes import NoteErasure, RemoteNote
from ops.erasure.person import find_person
from ops.erasure.run import Eraser, Erasure, ErasureRequest
from processors.engine.runner import topics_of
from processors.opt_out import OptOutProcessor
from processors.opt_out.phone_digests import PhonePeppers
from runtime.connections import KafkaSettings
from runtime.phone_lookup import number_query
from runtime.postgres import connect
from tests.older_database import AT

KEY = "the-pepper-of-the-first-years"
REQUEST = ErasureRequest("ada", "letter 4711", "asked to be forgotten")
_PEOPLE = UUID("7a1d6b52-3a5e-4f39-9a54-3c1a52a1f0aa")


def rows_of(phone: str, name: str, text: str) -> dict[str, list[dict[str, Any]]]:
    """A row or more in every table but those of opt-outs."""
    event = uuid5(_PEOPLE, phone)
    key = f"textlink:{event}"
    common = {"provider": "textlink", "account": "textlink", "contact_phone": phone}
    an_event = common | {
        "phone_valid": True, "occurred_at": AT, "time_valid": True, "received_at": AT, "sanitised": False,
        "topic": "sms.messages.v1", "partition": 0, "offset": 7, "kafka_at": AT,
    }  # fmt: skip
    payload = Jsonb({"phone_number": phone, "text": text, "name": name})
    digits = phone.lstrip("+")
    return {
        "events": [
            an_event | {"event_id": event, "event_type": "message.received", "is_test": False, "payload": payload},
            an_event
            | {"event_id": uuid5(event, "test"), "event_type": "message.sent", "is_test": True, "payload": payload},
            an_event
            | {"event_id": uuid5(event, "unread"), "event_type": "unrecognized", "is_test": False}
            | {"contact_phone": None}
            | {"payload": Jsonb({"who": f"({digits[1:4]}) {digits[4:7]}-{digits[7:]}", "says": text, "is": name})},
        ],
        "messages": [
            common | {"message_key": key, "direction": "in", "text": text, "own_state": "received", "own_state_at": AT,
                    "own_first_at": AT, "own_last_at": AT, "own_custom_id": f"for {name}"},
        ],
        "message_failures": [
            common
            | {"message_key": f"textlink:{uuid5(event, 'failed')}", "text": text, "failed_at": AT, "last_at": AT},
        ],
        "contacts": [{"phone": phone, "name": name, "tag": f"tag of {name}", "tags": [name], "business_name": name}],
        "crm_contacts": [{"phone": phone, "name": name, "tag": f"tag of {name}", "tags": [name]}],
        "crm_notes": [common | {"note_key": key, "kind": "message", "state": "received", "first_at": AT, "text": text}],
        "crm_deliveries": [
            {"event_id": event, "target": "rest", "contact_phone": phone, "event_type": "message.received",
             "note_key": key, "received_at": AT, "status": "done", "detail": f"of {name}"},
        ],
        "crm_lanes": [{"target": "rest", "contact_phone": phone}],
        "crm_links": [
            {"target": "rest", "kind": "contact", "key": phone, "remote_id": f"c{digits[-4:]}",
             "written": Jsonb({"name": name})},
            {"target": "rest", "kind": "note", "key": key, "remote_id": f"n{digits[-4:]}", "external_id": str(event)},
            {"target": "rest", "kind": "note", "key": f"day:{phone}:2026-03-02", "remote_id": f"d{digits[-4:]}",
             "external_id": str(event)},
        ],
    }  # fmt: skip


def insert(owner: psycopg.Connection[Any], rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """As the owner of the tables."""
    for table, its in rows.items():
        for row in its:
            names = sql.SQL(", ").join(map(sql.Identifier, row))
            values = sql.SQL(", ").join([sql.Placeholder()] * len(row))
            statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, values)
            owner.execute(statement, list(row.values()))


def dump(owner: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Every row of every table, as JSON."""
    tables = owner.execute(
        "SELECT c.relname FROM pg_class AS c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
    ).fetchall()
    return {
        table: [
            json.dumps(row, ensure_ascii=False, sort_keys=True)
            for (row,) in owner.execute(sql.SQL("SELECT to_jsonb(t) FROM {} AS t").format(sql.Identifier(table)))
        ]
        for (table,) in tables
    }


def caught_up(owner: psycopg.Connection[Any]) -> None:
    """Have opt-out's word that it has read everything."""
    topics = sorted(topics_of(OptOutProcessor))
    ids = [uuid5(_PEOPLE, topic) for topic in topics]
    owner.execute("DELETE FROM consumer_freshness")
    owner.execute(
        "INSERT INTO consumer_freshness VALUES ('hookline-opt-out', %s, clock_timestamp(), %s, %s, %s, %s, %s,"
        " array_fill(clock_timestamp(), ARRAY[%s]))",
        (_PEOPLE, topics, ids, [1] * len(ids), ids, [0] * len(ids), len(ids)),
    )


def overwritten(notes: Sequence[RemoteNote], contacts: Mapping[str, list[str]]) -> NoteErasure:
    """A CRM that can do everything."""
    del contacts
    return NoteErasure(len(notes), (), (), ())


def eraser(**given: Any) -> Eraser:
    """One that reaches nothing but PostgreSQL."""
    parts: dict[str, Any] = {
        "scope": "organisation",
        "kafka": KafkaSettings(bootstrap_servers=("127.0.0.1:1",)),
        "letters": lambda _: ([], set()),
        "forget_states": lambda _: None,
        "erase_notes": overwritten,
        "erase_here": lambda *_: None,
    }
    return Eraser(**parts | given)


def erased(
    postgres: Any,
    phone: str,
    *,
    request: ErasureRequest = REQUEST,
    dry_run: bool = False,
    peppers: Sequence[str] = (KEY,),
    **given: Any,
) -> Erasure:
    """Erase `phone` as the role of the command."""
    with connect(postgres.dsn("erase"), process="erase") as connection:
        person = find_person(connection, number_query(phone, "US"), PhonePeppers(peppers), "US")
        return eraser(**given).erase(connection, person, request, dry_run=dry_run)
