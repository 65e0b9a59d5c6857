"""The embedded servers by themselves: what survives a kill, who gets in, and what they say when they cannot start."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from deploy.local.kafka import EmbeddedKafka
from deploy.local.ports import free_ports
from deploy.local.postgres import EmbeddedPostgres, PostgresFailed
from deploy.local.running import ServerEnded, running
from schemas.privileges import ROLES

pytestmark = [pytest.mark.slow, pytest.mark.root, pytest.mark.timeout(600)]


def test_postgresql_keeps_what_it_acknowledged_and_its_roles_own_what_they_should(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", *free_ports(1))
    server.prepare()
    with running(server, tmp_path / "log") as process:
        with psycopg.connect(server.owner_dsn) as owner:
            owner.execute("CREATE TABLE kept (word text)")
            owner.execute("INSERT INTO kept VALUES ('kept')")
            assert owner.execute("SHOW fsync").fetchone() == ("on",)
        with (
            psycopg.connect(server.dsn("operator")) as application,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            application.execute("CREATE TABLE mine (word text)")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    # Another port, as when somebody else has taken the old one meanwhile
    again = EmbeddedPostgres(tmp_path / "postgres", *free_ports(1))
    again.prepare()
    with running(again, tmp_path / "log"), psycopg.connect(again.owner_dsn) as owner:
        assert owner.execute("SELECT word FROM kept").fetchone() == ("kept",)


def test_postgresql_lets_nobody_in_without_the_password(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", *free_ports(1), durable=False)
    server.prepare()
    assert (tmp_path / "postgres" / "passwords.json").stat().st_mode & 0o777 == 0o600
    with running(server, tmp_path / "log"):
        for dsn in (server.owner_dsn, server.dsn("gate"), server.superuser_dsn):
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(dsn, password="wrong")


def test_a_home_of_the_version_before_gets_a_role_for_each_process(tmp_path: Path) -> None:
    # Given a home in which every process was hookline_app
    server = EmbeddedPostgres(tmp_path / "postgres", *free_ports(1), durable=False)
    server.prepare()
    passwords = tmp_path / "postgres" / "passwords.json"
    with running(server, tmp_path / "log"), psycopg.connect(server.owner_dsn, autocommit=True) as owner:
        with psycopg.connect(server.superuser_dsn, autocommit=True) as superuser:
            superuser.execute("CREATE ROLE hookline_app LOGIN")
            superuser.execute("GRANT CONNECT ON DATABASE hookline TO hookline_app")
            for role in ROLES:
                owner.execute(f"REVOKE ALL ON DATABASE hookline FROM {role}")
                superuser.execute(f"DROP ROLE {role}")
        owner.execute("CREATE TABLE kept (word text)")
        owner.execute("GRANT USAGE ON SCHEMA public TO hookline_app")
        owner.execute("GRANT SELECT ON kept TO hookline_app")
    before = {role: word for role, word in json.loads(passwords.read_text()).items() if role not in ROLES}
    passwords.write_text(json.dumps(before | {"hookline_app": "secret"}))

    # When this version prepares it
    again = EmbeddedPostgres(tmp_path / "postgres", *free_ports(1), durable=False)
    again.prepare()

    # Then everybody has a role, the owner the same password, and the old role is gone
    with running(again, tmp_path / "log"):
        for process in ("persist", "opt-out", "crm-sync", "gate", "operator"):
            psycopg.connect(again.dsn(process)).close()
        with psycopg.connect(again.superuser_dsn) as postgres:
            rows = postgres.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'hookline%'").fetchall()
        assert {role for (role,) in rows} == {"hookline_owner", *ROLES}
    kept = json.loads(passwords.read_text())
    assert {role: kept[role] for role in before} == before


def test_an_interrupted_preparation_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data.partial").mkdir(parents=True)
    (tmp_path / "postgres" / "data.partial" / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(tmp_path / "postgres", *free_ports(1), durable=False)
    server.prepare()
    with running(server, tmp_path / "log"):
        assert server.ready()
    assert not (tmp_path / "postgres" / "data.partial").exists()


def test_a_server_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", *free_ports(1), settings={"shared_buffers": "nonsense"})
    server.prepare()
    with pytest.raises(ServerEnded, match="shared_buffers"), running(server, tmp_path / "log"):
        pass
    with pytest.raises(PostgresFailed, match=r"did not answer at 127\.0\.0\.1"):
        server.wait_ready(0.2)


def test_kafka_keeps_its_cluster_when_it_is_killed_and_its_ports_change(tmp_path: Path) -> None:
    kafka = EmbeddedKafka(tmp_path / "kafka", *free_ports(2))
    kafka.prepare()
    with running(kafka, tmp_path / "log") as process:
        with KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers) as admin:
            before = admin.describe_cluster()["cluster_id"]
            admin.create_topics([NewTopic("kept", num_partitions=3, replication_factor=1)])
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    again = EmbeddedKafka(tmp_path / "kafka", *free_ports(2))
    again.prepare()
    with (
        running(again, tmp_path / "log"),
        KafkaAdminClient(bootstrap_servers=again.bootstrap_servers) as admin,
    ):
        assert admin.describe_cluster()["cluster_id"] == before
        assert "kept" in admin.list_topics()
        assert not again.home.joinpath("data.partial").exists()


#: Each part of this name has kept a server from starting somewhere: blanks, the comma and the colon that separate
#: folders, quotes, what is special to shells and patterns, letters within and beyond Latin-1 and beyond 16 bits.
AWKWARD = """ two  blanks, a:colon "double" 'single' [x]{y}*?$HOME%41#;& m\u00fc \u0131\u011f \u65e5 \U0001f600"""


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "tr_TR.UTF-8"])
def test_both_servers_run_in_a_folder_of_any_name(tmp_path: Path, locale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    # As Java behaves where the locale is Turkish, on machines without that locale too
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Duser.language=tr -Duser.country=TR")
    home = tmp_path / AWKWARD
    kafka = EmbeddedKafka(home / "kafka", *free_ports(2))
    postgres = EmbeddedPostgres(home / "postgres", *free_ports(1), durable=False)
    for server in (kafka, postgres):
        server.prepare()
    with running(kafka, tmp_path / "log"), running(postgres, tmp_path / "log"):
        with KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers) as admin:
            admin.create_topics([NewTopic("made", num_partitions=1, replication_factor=1)])
        with psycopg.connect(postgres.owner_dsn) as owner:
            assert owner.execute("SELECT 1").fetchone() == (1,)
    assert (home / "kafka" / "data" / "made-0").is_dir()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [AWKWARD]  # nothing beside it


def test_a_socket_in_a_folder_with_a_comma_and_quotes_and_none_where_its_path_is_too_long() -> None:
    with tempfile.TemporaryDirectory(prefix="h") as short:
        for name, has_socket in (('a,"b"', True), ("\u65e5" * 30, False)):  # 90 bytes in 30 characters
            server = EmbeddedPostgres(Path(short) / name, *free_ports(1), durable=False)
            server.prepare()
            with running(server, Path(short) / "log"):
                assert bool(list(server.data.glob(".s.PGSQL.????*"))) == has_socket
