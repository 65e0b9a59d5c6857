"""The page's block for Kafka Connect: Debezium's sink makes a table of a topic's events, with times and ids as such."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.analysts.conftest import PROGRAMS, AddRow, Tools
from tests.e2e.analysts_page import BLOCKS, SentHistory, rows
from tests.e2e.conftest import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

#: The packages of deploy/analytics/connect.xml, which `make analysts` copies there where it has Maven.
JARS = Path(PROGRAMS).resolve().parent / "connect"

_COLUMNS = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'figures' AND table_name = 'message_events'"""
_EVENTS = """
    SELECT f.event_type, count(*) AS events FROM figures.message_events AS f
    JOIN analytics.events AS e ON e.event_id = f.event_id AND e.occurred_at = f.occurred_at AT TIME ZONE 'UTC'
    GROUP BY f.event_type"""


def test_debezium_keeps_a_table_of_every_event(
    tools: Tools, add_row: AddRow, history: SentHistory, dsn: str, tmp_path: Path
) -> None:
    jars = [jar.name for jar in JARS.glob("*.jar")]
    if not jars:
        pytest.skip(f"Connect is not in {JARS}: `make analysts` needs Maven (mvn) to bring it")
    reading = {"HOOKLINE_POSTGRES__DSN": dsn}
    sent = {name: count for name, count in history.truth["events"].items() if name.startswith("message.")}
    more = {"CONNECT_JARS": str(JARS), "PGPORT": str(conninfo_to_dict(dsn)["port"])}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            ["bash", "-euc", BLOCKS["connect"][1]], cwd=tmp_path, env=tools.environment | more, stdout=log, stderr=log
        ) as worker,
    ):
        try:

            def stored() -> bool:
                assert worker.poll() is None, (tmp_path / "log").read_text("utf-8")[-4000:]
                if not rows(reading, _COLUMNS):
                    return False
                return {row["event_type"]: row["events"] for row in rows(reading, _EVENTS)} == sent

            eventually(stored, "the sink has stored every event", 300.0)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(60)
    types = {row["column_name"]: row["data_type"] for row in rows(reading, _COLUMNS)}
    assert types["event_id"] == "uuid"
    assert types["occurred_at"] == types["received_at"] == "timestamp without time zone"
    [count] = rows(reading, "SELECT count(*) FROM figures.message_events")
    assert count["count"] == sum(sent.values())
    versions = [
        re.sub(r"-(?=\d)", " ", jar.removesuffix(".jar"), count=1)
        for jar in sorted(jars)
        if jar.startswith(("connect-runtime", "debezium-connector-jdbc", "kafka-connect-avro"))
    ]
    add_row("Connect with Debezium", ", ".join(versions), count["count"], "uuid and timestamp columns, each event once")
