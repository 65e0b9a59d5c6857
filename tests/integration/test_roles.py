"""The roles of the processes on a real PostgreSQL: what each may do, as the database tells it, and what it tries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

import ops.privileges
from ops.__main__ import main
from ops.migrations import migrate
from ops.privileges import apply, changes, create_roles, password_of, role_statement
from processors.opt_out.desk import Desk as ByHand
from processors.opt_out.entry import COLUMNS, GENESIS, Entry
from runtime.postgres import connect
from schemas.privileges import FORMER_ROLE, PRIVILEGES, ROLES
from tests.conftest import PASSWORD, Database
from tests.integration.test_ledger_guard import INSERT, opt_in_after, rows, sealed, values
from tests.twins.events import at, message
from tests.twins.opted_out import Desk

REFUSED = psycopg.errors.InsufficientPrivilege
PHONE = "+13035550142"


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    yield made
    made.close()


def test_the_privileges_are_those_that_the_table_says(postgres: Database) -> None:
    # As information_schema tells it, which knows nothing of how we read it elsewhere
    with psycopg.connect(postgres.owner_dsn) as connection:
        whole = connection.execute(
            "SELECT grantee, CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name,"
            " privilege_type FROM information_schema.role_table_grants"
            " WHERE table_schema IN ('public', 'analytics')"
            " AND grantee LIKE 'hookline%%' AND grantee <> 'hookline_owner'"
        ).fetchall()
        columns = connection.execute(
            "SELECT grantee, CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name,"
            " privilege_type, column_name FROM information_schema.column_privileges"
            " WHERE table_schema IN ('public', 'analytics')"
            " AND grantee LIKE 'hookline%%' AND grantee <> 'hookline_owner'"
        ).fetchall()
        everybody = connection.execute(
            "SELECT table_name FROM information_schema.role_table_grants"
            " WHERE table_schema IN ('public', 'analytics') AND grantee = 'PUBLIC'"
        ).fetchall()
    found = {(role, table, privilege) for role, table, privilege in whole}
    found |= {
        (role, table, f"{privilege} ({column})")
        for role, table, privilege, column in columns
        if (role, table, privilege) not in found
    }
    expected = {
        (role, table, privilege)
        for role, tables in PRIVILEGES.items()
        for table, privileges in tables.items()
        for privilege in privileges
    }
    assert found == expected
    assert everybody == []


def test_every_table_is_read_by_an_operator_and_no_role_owns_or_makes_anything(postgres: Database) -> None:
    with psycopg.connect(postgres.owner_dsn) as connection:
        query = (
            "SELECT CASE nspname WHEN 'public' THEN '' ELSE nspname || '.' END || relname"
            " FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace"
            " WHERE nspname IN ('public', 'analytics') AND relkind IN ('r', 'v', 'm')"
        )
        named = {name for (name,) in connection.execute(query) if not re.match("_?yoyo_", name)}
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert named == set(PRIVILEGES["hookline_operator"])
    assert owners == [("hookline_owner",)]
    for role in ROLES:
        with psycopg.connect(make_conninfo(postgres.superuser_dsn, user=role, password=PASSWORD)) as connection:
            connection.autocommit = True
            for statement in (
                "CREATE TABLE mine (a int)",
                "DROP TABLE opt_outs",
                "ALTER TABLE opt_out_ledger DISABLE TRIGGER ALL",
                "ALTER TABLE opt_outs ADD COLUMN more int",
                "SET session_replication_role = replica",
                "TRUNCATE opt_outs",
                "CREATE OR REPLACE FUNCTION public.opt_out_may_be_in(text) RETURNS boolean LANGUAGE sql RETURN true",
            ):
                with pytest.raises(REFUSED):
                    connection.execute(statement)


def test_no_migration_grants_anything() -> None:
    for path in Path("schemas/sql").glob("*.sql"):
        statements = re.sub("--.*", "", path.read_text("utf-8"))
        assert not re.search(r"\bGRANT\b", statements), f"{path}: privileges belong to schemas/privileges.py"


@pytest.mark.parametrize("role", ["hookline_persist", "hookline_crm_sync", "hookline_gate"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO opt_outs VALUES ('+13035550100', 'in', now(), '', 1, 1)",
        "UPDATE opt_outs SET state = 'in'",
        "DELETE FROM opt_outs",
        "INSERT INTO opt_out_ledger (position) VALUES (2)",
        "INSERT INTO opt_out_evidence (digest, salt) VALUES ('', '')",
        "UPDATE opt_out_reviews SET decision = 'released'",
        "UPDATE opt_out_cursors SET position = 1000000",
        "UPDATE enforcements SET status = 'done'",
        "DELETE FROM opt_out_parked",
    ],
)
def test_nobody_else_writes_an_opt_out_table(desk: Desk, role: str, statement: str) -> None:
    desk.take(message(text="STOP"))
    dsn = make_conninfo(desk.postgres.superuser_dsn, user=role, password=PASSWORD)
    with psycopg.connect(dsn) as connection, pytest.raises(REFUSED):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("process", "statement"),
    [
        # Each keeps to its own
        ("persist", "INSERT INTO crm_contacts (phone) VALUES ('+1')"),
        ("persist", "DELETE FROM events"),
        ("persist", "UPDATE events SET provider = 'x'"),
        ("crm-sync", "UPDATE messages SET text = 'x'"),
        ("crm-sync", "DELETE FROM contacts"),
        ("opt-out", "DELETE FROM events"),
        ("opt-out", "INSERT INTO crm_contacts (phone) VALUES ('+1')"),
        ("opt-out", "DELETE FROM opt_outs"),
        ("gate", "SELECT * FROM events"),
        ("gate", "SELECT * FROM opt_out_evidence"),
        ("operator", "DELETE FROM events"),
        ("operator", "INSERT INTO events (event_id) VALUES (gen_random_uuid())"),
        ("operator", "UPDATE messages SET text = 'x'"),
        ("operator", "DELETE FROM discarded_letters"),
        ("operator", "UPDATE enforcements SET deadline = now() + interval '1 year'"),
    ],
)
def test_each_keeps_to_its_own(postgres: Database, process: str, statement: str) -> None:
    with psycopg.connect(postgres.dsn(process)) as connection, pytest.raises(REFUSED):
        connection.execute(statement)


@pytest.mark.parametrize("process", ["persist", "crm-sync"])
def test_nobody_moves_the_positions_of_another_group(postgres: Database, process: str) -> None:
    # Given where opt-out stands: whoever moves it forward has it skip stops
    begin = (
        "INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset)"
        " VALUES (%s, 'c', gen_random_uuid(), 0, 't', 7)"
    )
    with psycopg.connect(postgres.dsn("opt-out")) as connection:
        connection.execute(begin, ["hookline-opt-out"])
    with psycopg.connect(postgres.dsn(process), autocommit=True) as connection:
        connection.execute(begin, [f"hookline-{process}"])
        assert connection.execute("UPDATE consumer_offsets SET next_offset = 9").rowcount == 1  # its own
        assert connection.execute("DELETE FROM consumer_offsets").rowcount == 1
        with pytest.raises(REFUSED):
            connection.execute(begin, ["hookline-opt-out"])
        with pytest.raises(REFUSED):
            connection.execute("INSERT INTO consumer_outcomes (consumer_group) VALUES ('hookline-opt-out')")
        # Reading is everybody's: lag is shown by it
        assert connection.execute("SELECT next_offset FROM consumer_offsets").fetchall() == [(7,)]


def test_an_operator_forges_nothing(desk: Desk) -> None:
    desk.take(message(text="STOP"), message(text="STOP", contact_phone="+13035550177"))
    newest = rows(desk)[-1]
    calls = desk.statuses()
    opt_in = opt_in_after(newest, actor="operator:ann")
    spoken = sealed(opt_in, action="release", actor="contact")
    echo = sealed(opt_in, action="out", echo=True)
    with psycopg.connect(desk.postgres.dsn("operator"), autocommit=True) as connection:
        for forged in (opt_in, spoken, echo):
            with pytest.raises(REFUSED, match="an operator"):
                connection.execute(INSERT, values(forged))
        for statement in (
            "UPDATE opt_outs SET state = 'in'",
            "DELETE FROM opt_outs",
            "UPDATE opt_out_ledger SET action = 'in'",
            # That TextUs was told, or need not be
            "UPDATE enforcements SET status = 'done'",
            "UPDATE enforcements SET status = 'cancelled'",
            "UPDATE enforcements SET status = 'parked'",
            "DELETE FROM enforcements",
            # That the CRMs have it
            "UPDATE opt_out_cursors SET position = 1000000",
        ):
            with pytest.raises(REFUSED):
                connection.execute(statement)
    assert (desk.state(), desk.state("+13035550177"), desk.statuses()) == ("out", "out", calls)


def test_an_operators_desk_does_all_that_it_is_for(desk: Desk) -> None:
    desk.take(message(text="wrong number"), message(text="stop please", contact_phone="+13035550177"))
    by_hand = ByHand(desk.ledger, "ann")
    questions = dict(desk.all("SELECT kind, id FROM opt_out_reviews"))
    with connect(desk.postgres.dsn("operator"), process="tests") as connection:
        for act in (
            lambda: by_hand.answer(connection, questions["out"], "release", "a mistake"),
            lambda: by_hand.release(connection, PHONE, "asked"),
            lambda: by_hand.add(connection, "+13035550188", "a letter", "please stop"),
            lambda: by_hand.hold(connection, "+13035550199", "a doubt"),
        ):
            with connection.transaction():
                act()
    states = dict(desk.all("SELECT phone, state FROM opt_outs"))
    assert states == {PHONE: "in", "+13035550177": "in", "+13035550188": "out", "+13035550199": "hold"}
    assert ("acme", "pending") in desk.statuses()
    desk.enforce()
    assert ("acme", "+13035550188") in desk.target.calls


def test_what_differs_is_granted_and_revoked_and_then_nothing_is_left(postgres: Database) -> None:
    with connect(postgres.owner_dsn, process="tests") as connection:
        assert changes(connection) == (set(), set())
        connection.execute("GRANT UPDATE, DELETE ON opt_outs TO hookline_gate")
        connection.execute("GRANT UPDATE (state) ON opt_outs TO hookline_persist")
        connection.execute("REVOKE SELECT ON events FROM hookline_operator")
        connection.execute("REVOKE UPDATE (status) ON enforcements FROM hookline_operator")
        granted, revoked = apply(connection)
        assert changes(connection) == (set(), set())
    assert {(grant.table, grant.privilege) for grant in granted} == {
        ("events", "SELECT"),
        ("enforcements", "UPDATE (status)"),
    }
    assert {(grant.role, grant.privilege) for grant in revoked} == {
        ("hookline_gate", "UPDATE"),
        ("hookline_gate", "DELETE"),
        ("hookline_persist", "UPDATE (state)"),
    }


@pytest.fixture
def former_role(postgres_server: str) -> Iterator[str]:
    """The role of all processes up to version 0.1, as a server of that version has it."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(FORMER_ROLE), PASSWORD))
        yield FORMER_ROLE
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [FORMER_ROLE]).fetchone():
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(FORMER_ROLE)))


def first_stop() -> Entry:
    """The first row of a ledger."""
    blank = dict.fromkeys(COLUMNS) | {"position": 1, "previous_hash": GENESIS, "chain_version": 1, "echo": False}
    times = dict.fromkeys(("effective_at", "received_at", "decided_at"), at(0))
    return sealed(Entry(**(blank | times | {"phone": PHONE, "action": "out", "actor": "contact", "tier": "A"})))


def test_the_one_role_of_before_works_until_it_is_dropped(
    postgres_server: str, former_role: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    # Given a database beside which processes of the version before still run
    name = f"before_{uuid4().hex[:8]}"
    owner = make_conninfo(postgres_server, user="hookline_owner", password=PASSWORD, dbname=name)
    old = make_conninfo(postgres_server, user=former_role, password=PASSWORD, dbname=name)
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_POSTGRES__OWNER_DSN", owner)
    with psycopg.connect(postgres_server, autocommit=True) as superuser:
        superuser.execute(sql.SQL("CREATE DATABASE {} OWNER hookline_owner").format(sql.Identifier(name)))
        try:
            with connect(owner, process="tests") as connection:
                migrate(owner, connection)

            # Then they go on: every table, and the positions of every group
            with psycopg.connect(old, autocommit=True, application_name="hookline-persist") as running:
                for group in ("hookline-persist", "hookline-opt-out"):
                    running.execute("INSERT INTO consumer_outcomes (consumer_group) VALUES (%s)", [group])
                assert running.execute("UPDATE consumer_outcomes SET recent = '1'").rowcount == 2
                running.execute("DELETE FROM contacts")
                # A stop of opt-out, with all that triggers look up meanwhile
                stop = first_stop()
                running.execute(INSERT, values(stop))
                running.execute(
                    "INSERT INTO opt_outs (phone, state, since, reason, position, last_position)"
                    " VALUES (%s, 'out', %s, '', 1, 1)",
                    [stop.phone, stop.effective_at],
                )
                running.execute("UPDATE opt_outs SET state = 'out'")
                running.execute("CREATE TEMPORARY TABLE staged (a int)")
                capsys.readouterr()
                assert main(["db", "drop-app-role", "--json"]) == 75  # somebody is still connected as it
                assert "hookline-persist" in capsys.readouterr().out

            # And once none does, it goes; the owner of this server may not drop roles, and says what to run
            assert main(["db", "drop-app-role"]) == 78
            assert f"DROP ROLE {FORMER_ROLE}" in capsys.readouterr().err
            superuser.execute("ALTER ROLE hookline_owner CREATEROLE")
            superuser.execute(f"GRANT {FORMER_ROLE} TO hookline_owner WITH ADMIN OPTION")
            assert main(["db", "drop-app-role", "--json"]) == 0
            assert json.loads(capsys.readouterr().out)["dropped"] is True
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(old)
            assert main(["db", "drop-app-role"]) == 0  # again: nothing to do
        finally:
            superuser.execute("ALTER ROLE hookline_owner NOCREATEROLE")
            superuser.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_a_role_gets_the_password_of_its_own_connection_string() -> None:
    given = password_of("postgresql://hookline_gate:it's@db/hookline")

    assert given == {"hookline_gate": "it's"}
    assert role_statement("hookline_gate", given.get("hookline_gate")).as_string(None) == (
        "CREATE ROLE \"hookline_gate\" LOGIN PASSWORD 'it''s'"
    )
    assert role_statement("hookline_persist", given.get("hookline_persist")).as_string(None) == (
        'CREATE ROLE "hookline_persist" LOGIN'
    )
    assert password_of(None) == {}


def test_roles_that_may_not_be_created_are_named_with_the_sql_to_run(
    postgres: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_POSTGRES__OWNER_DSN", postgres.owner_dsn)
    missing = f"hookline_{uuid4().hex[:8]}"
    monkeypatch.setattr(ops.privileges, "ROLES", (*ROLES, missing))

    assert main(["db", "migrate"]) == 78  # the owner of a database may not create roles
    assert f"CREATE ROLE {missing} LOGIN PASSWORD" in capsys.readouterr().err


def test_roles_that_may_be_created_are(
    postgres: Database, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = f"hookline_{uuid4().hex[:8]}"
    monkeypatch.setattr(ops.privileges, "ROLES", (*ROLES, made))
    with psycopg.connect(postgres_server, autocommit=True) as superuser:
        superuser.execute("ALTER ROLE hookline_owner CREATEROLE")
        try:
            with connect(postgres.owner_dsn, process="tests") as connection:
                assert create_roles(connection, {made: PASSWORD}) == [made]
            psycopg.connect(make_conninfo(postgres_server, user=made, password=PASSWORD)).close()
        finally:
            superuser.execute("ALTER ROLE hookline_owner NOCREATEROLE")
            superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(made)))


def test_an_operator_confirms_an_opt_in_that_was_sent_and_no_other(desk: Desk) -> None:
    # Given a stop, and an opt-in after it that may be a repeat of an old one
    desk.take(message(text="STOP"))
    [stop] = rows(desk)
    desk.later(days=1)
    sent = opt_in_after(stop, received_at=desk.now, effective_at=desk.now)
    confirmed = opt_in_after(sent, actor="operator:ann", received_at=desk.now, effective_at=desk.now)
    with psycopg.connect(desk.postgres.dsn("opt-out")) as connection:
        connection.execute(INSERT, values(sent))
    with psycopg.connect(desk.postgres.dsn("operator"), autocommit=True) as connection:
        for changed in ({"received_at": sent.received_at + timedelta(days=1)}, {"phone": "+13035550177"}):
            with pytest.raises(REFUSED, match="confirms an opt-in that was sent"):
                connection.execute(INSERT, values(sealed(confirmed, **changed)))
        connection.execute(INSERT, values(confirmed))
        # A confirmation is none to confirm
        later = sealed(opt_in_after(confirmed), provider="textus")
        with pytest.raises(REFUSED, match="confirms an opt-in that was sent"):
            connection.execute(INSERT, values(later))
