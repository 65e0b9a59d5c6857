"""The example of docs/adding-an-outbound-processor.md, run as it stands there."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from processors.engine.database import Database
from processors.http.client import HttpClient
from processors.outbox.rate_limiter import Unlimited
from tests.servers.odd import answering, whole

PAGE = Path(__file__).parents[2] / "docs" / "adding-an-outbound-processor.md"
EVENTS = [UUID(int=number) for number in range(1, 4)]


def block(kind: str) -> str:
    """The one block of the page that is fenced with `kind`."""
    [found] = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    package = tmp_path / "desk_example"
    package.mkdir()
    (package / "__init__.py").write_text("", "utf-8")
    (package / "desk_queue.sql").write_text(block("sql queue"), "utf-8")
    (package / "desk_queue.py").write_text(block("python"), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("desk_example.desk_queue")
    for name in [name for name in sys.modules if name.startswith("desk_example")]:
        del sys.modules[name]


def test_it_works_as_it_stands_there(example: Any, postgres: Any) -> None:
    owner = psycopg.connect(postgres.owner_dsn, autocommit=True)
    owner.execute(block("sql table"))
    owner.cursor().executemany(
        "INSERT INTO desk_calls (event_id, phone) VALUES (%s, %s)", [(event, "+13035550142") for event in EVENTS]
    )
    database = Database(lambda: psycopg.connect(postgres.owner_dsn, autocommit=True))
    # Given a service that takes one call, fails at the next, and refuses the third
    scripts = (whole(b"{}"), whole(b"", status="500 x"), whole(b"", status="422 x"), whole(b"{}"))
    with answering(*scripts) as url:
        client = HttpClient("desk", url, Unlimited(), headers={}, timeout=5.0)
        worker = example.desk_worker(client)
        worker(database)
        worker.finish(database, 10)
        found = owner.execute("SELECT status, count(*) FROM desk_calls GROUP BY status ORDER BY status").fetchall()
        assert found == [("done", 1), ("failed", 1), ("pending", 1)]
        # When the one whose outcome is unknown is due again, it is looked for first
        owner.execute("UPDATE desk_calls SET due_at = now() WHERE status = 'pending'")
        worker(database)
        worker.close(database, 10)
        client.close()
    found = owner.execute("SELECT status, attempts FROM desk_calls ORDER BY status, attempts").fetchall()
    assert found == [("done", 1), ("done", 2), ("failed", 1)]
    owner.execute("DROP TABLE desk_calls")
    database.close()
    owner.close()
