"""`hookline db migrate` on the database of an older version: every row stays, and today's code goes on from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
import yoyo
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ops.__main__ import main
from ops.migrations import SOURCE
from processors.engine.progress import Progress
from processors.opt_out.entry import EntryDraft
from processors.opt_out.ledger import Ledger
from processors.opt_out.settings import OptOutSettings
from processors.opt_out.verify import verify
from runtime.kafka.consumer import Identity, Partition
from runtime.postgres import connect
from tests import older_database
from tests.conftest import PASSWORD
from tests.older_database import AT, CLUSTER, EVENT, NEXT_OFFSET, PHONE, TOPIC, TOPIC_ID, OlderDatabase

#: The newest migration of the oldest version that is brought along, of the one before restores were recorded, and of
#: the version before the newest migration.
VERSIONS = ("0012", "0021", sorted(file.stem for file in older_database.MIGRATIONS.glob("*.sql"))[-2])


@pytest.fixture
def dsn(postgres_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The owner's DSN of a database without any table, which the settings name."""
    name = f"older_{uuid4().hex[:8]}"
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER hookline_owner").format(sql.Identifier(name)))
        dsn = make_conninfo(postgres_server, user="hookline_owner", password=PASSWORD, dbname=name)
        monkeypatch.setenv("HOOKLINE_POSTGRES__OWNER_DSN", dsn)
        yield dsn
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(params=VERSIONS)
def older(request: pytest.FixtureRequest, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OlderDatabase:
    folder = tmp_path / "migrations-of-then"
    folder.mkdir()
    return older_database.build(dsn, request.param, folder, monkeypatch)


def stop(event: UUID) -> EntryDraft:
    """What opt-out makes of a STOP."""
    return EntryDraft(
        phone=PHONE, action="out", actor="contact", rule="keyword", rule_set=1, tier="A", provider="textlink",
        account="textlink", event_id=event, occurred_at=AT, received_at=AT,
    )  # fmt: skip


def test_every_row_is_kept_and_todays_code_goes_on(
    older: OlderDatabase, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a row in each table of then
    assert older_database.not_filled(older) == set()

    # When this version migrates
    capsys.readouterr()
    code = main(["db", "migrate", "--json"])
    reported = json.loads(capsys.readouterr().out)

    # Then it applied what was missing, and what was there before is there unchanged
    ours = [migration.id for migration in yoyo.read_migrations(SOURCE)]
    assert (code, reported["applied"]) == (0, ours)
    assert reported["applied_now"] == [name for name in ours if name not in older.migrations]
    with psycopg.connect(dsn) as connection:
        now = older_database.snapshot(connection)
    for table, rows in older.rows.items():
        for row in rows:
            assert any(row.items() <= found.items() for found in now[table]), f"{table}: {row} is gone or changed"

    with connect(dsn, process="tests") as connection:
        # And the ledger is still a chain, with the version that hashes it today
        verdict = verify(connection)
        assert (verdict.broken, verdict.rows) == (None, 1)
        # And the processor reads on where it stood
        place = Partition(TOPIC, 3)
        progress = Progress("hookline-opt-out").stored(connection, Identity(CLUSTER, {TOPIC: TOPIC_ID}), [place])
        assert (progress.halt, progress.offsets, progress.other_cluster) == (None, {place: NEXT_OFFSET}, None)
        # And an event that was handled before the upgrade has no second effect, a new one has its first
        ledger = Ledger(OptOutSettings(), now=lambda: AT)
        assert ledger.append(connection, [stop(EVENT)]) == []
        assert [entry.position for entry in ledger.append(connection, [stop(uuid4())])] == [2]
        assert verify(connection).rows == 2
