"""`hookline sql` over PostgreSQL's schema `analytics`: it answers, and PostgreSQL itself refuses what would write."""

from __future__ import annotations

import json

import pytest

from ops.__main__ import main
from tests.twins.ingest_rig import IngestRig

Capture = pytest.CaptureFixture[str]


def test_the_schema_for_analysts_is_asked_and_never_written(ingest_rig: IngestRig, capsys: Capture) -> None:
    events = [ingest_rig.event(message_key=f"textlink:sql-{number}") for number in range(3)]
    ingest_rig.accept(*events)
    ingest_rig.persist()
    query = "SELECT count(*) AS messages, max(first_at) AS newest FROM {} WHERE message_key LIKE 'textlink:sql-%'"
    for table in ("messages", "analytics.messages", "postgres.analytics.messages"):
        capsys.readouterr()
        assert main(["sql", query.format(table), "--json"]) == 0
        [row] = json.loads(capsys.readouterr().out)["rows"]
        assert row == {"messages": 3, "newest": max(event.occurred_at for event in events).isoformat()}
    for write in (
        "DELETE FROM postgres.public.messages",
        "CALL postgres_execute('postgres', 'DELETE FROM messages')",
        "SELECT * FROM postgres_query('postgres', 'DELETE FROM messages RETURNING message_key')",
    ):
        assert main(["sql", write]) == 2
    assert "password" not in capsys.readouterr().err
    left = "SELECT count(*) FROM messages WHERE message_key LIKE 'textlink:sql-%'"
    assert ingest_rig.owner.execute(left).fetchall() == [(3,)]
