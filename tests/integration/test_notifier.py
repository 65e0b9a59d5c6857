"""The notifier against a real PostgreSQL: what it finds there, and what reaches a receiver when something is frozen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from deploy.local.ports import free_ports
from ops.alarms.catalogue import RULES
from ops.alarms.findings import AlarmFinding
from ops.notifier.alarm_book import AlarmBook
from ops.notifier.postgres_observer import PostgresObserver
from ops.notifier.silence import REPEATED, SilenceWatch
from ops.status.heartbeats import heard
from runtime.heartbeat import Heartbeat
from runtime.postgres import connect
from tests.servers.alarm_receiver import AlarmReceiver
from tests.servers.freezing import frozen, server_of


@pytest.fixture
def owner(postgres: Any) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
        yield connection


def observer_of(postgres: Any, book: AlarmBook | None = None) -> PostgresObserver:
    def connected() -> Any:
        return connect(postgres.dsn("notifier"), process="notifier", call_timeout=5.0)

    return PostgresObserver(connected, book or AlarmBook(RULES), SilenceWatch(UTC, lambda _: False))


def beat(owner: Any, name: str, instance: str, ago: float, state: str = "ready", begun: float = 900) -> None:
    owner.execute(
        "INSERT INTO process_heartbeats (name, instance, node, version, state, reason, started_at, at)"
        " VALUES (%s, %s, 'a', '1', %s, '', clock_timestamp() - make_interval(secs => %s),"
        " clock_timestamp() - make_interval(secs => %s))",
        (name, instance, state, begun, ago),
    )


def test_what_it_finds_in_the_tables_with_its_own_role(postgres: Any, owner: Any) -> None:
    # Given a process that has gone, one that crashes again and again, one that says it is not ready
    beat(owner, "opt-out", "gone", ago=60)
    # two that were stopped and not started again, the second a moment ago
    beat(owner, "registry", "stopped", ago=900, state="stopped", begun=2000)
    beat(owner, "analytics", "stopped", ago=500, state="stopped", begun=2000)
    for number in range(4):
        beat(owner, "crm-sync", f"crash-{number}", ago=500 - 100 * number, begun=550 - 100 * number)
    beat(owner, "persist", "ill", ago=0, state="not ready")
    # one that was killed and started again, and one that was stopped and started again
    for name, state in (("gate", "ready"), ("console", "stopped")):
        beat(owner, name, "before", ago=100, state=state)
        beat(owner, name, "after", ago=0, begun=90)
    # and one that is halted, one that somebody has paused
    owner.execute(
        "INSERT INTO process_pauses (consumer_group, paused_at, paused_by, reason)"
        " VALUES ('hookline-crm-sync', now() - interval '1 hour', 'sam', 'maintenance')"
    )
    owner.execute("INSERT INTO consumer_outcomes (consumer_group, halted_at) VALUES ('hookline-persist', now())")
    observer = observer_of(postgres)

    with psycopg.connect(postgres.superuser_dsn, application_name="a person") as thinking:
        thinking.execute("LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE")
        waiting = threading.Thread(target=_read_contacts, args=(postgres.superuser_dsn,))
        waiting.start()
        time.sleep(4)
        observer.step()
        thinking.rollback()
        waiting.join(30)
    observer.close()

    assert observer.latest is not None
    assert observer.latest.failure is None
    found = {(item.kind, item.labels.get("process") or item.labels.get("processor")) for item in observer.latest.items}
    assert {
        ("process_missing", "opt-out"),
        ("process_gone", "registry"),
        ("crash_loop", "crm-sync"),
        ("process_restarted", "gate"),
        ("process_not_ready", "persist"),
        ("halted", "persist"),
        ("paused_by_operator", "crm-sync"),
        ("lock_wait", None),
    } <= found
    assert ("process_restarted", "console") not in found
    assert ("process_gone", "analytics") not in found
    (lock,) = [item for item in observer.latest.items if item.kind == "lock_wait"]
    assert lock.labels["session"] in lock.labels["reason"]


def test_whoever_holds_a_lock_is_a_fact_also_while_the_others_wait_for_their_next_try(
    postgres: Any, owner: psycopg.Connection[Any]
) -> None:
    seconds = 0.0
    observer = observer_of(postgres)
    observer._clock = lambda: seconds

    def lock_waits() -> list[dict[str, str]]:
        observer.step()
        assert observer.latest is not None
        assert observer.latest.failure is None
        return [dict(item.labels) for item in observer.latest.items if item.kind == "lock_wait"]

    owner.execute("CREATE TABLE rows_of_somebody (id int)")
    owner.execute("INSERT INTO rows_of_somebody VALUES (1)")
    with psycopg.connect(postgres.superuser_dsn, application_name="a person") as thinking:
        thinking.execute("UPDATE rows_of_somebody SET id = 2")
        pid = str(thinking.info.backend_pid)
        # Given somebody who gives up after a while, as the processors do
        giving_up = threading.Thread(target=_try_to_write, args=(postgres.superuser_dsn,))
        giving_up.start()
        time.sleep(2)
        [labels] = lock_waits()
        giving_up.join(30)
        # Then it stays a fact while nobody waits, for as long as it takes to try again
        seconds = 9.0
        assert lock_waits() == [labels]
        seconds = 10.5
        assert lock_waits() == []
        thinking.rollback()
    observer.close()
    assert labels["session"] == pid
    assert f"the session {pid} holds (a person" in labels["reason"]


def _try_to_write(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("SET lock_timeout = '4s'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute("UPDATE rows_of_somebody SET id = 3")


def test_a_server_that_was_started_again_is_a_fact_for_some_minutes(postgres: Any) -> None:
    seconds = 0.0
    observer = observer_of(postgres)
    observer._clock = lambda: seconds

    def kinds() -> set[str]:
        observer.step()
        assert observer.latest is not None
        return {item.kind for item in observer.latest.items}

    assert "postgres_restarted" not in kinds()  # nobody knows when it was started before
    assert observer._server_start is not None
    observer._server_start -= timedelta(hours=1)
    assert "postgres_restarted" in kinds()
    seconds = 299.0
    assert "postgres_restarted" in kinds()
    seconds = 301.0
    assert "postgres_restarted" not in kinds()
    observer.close()


def test_the_notifier_has_a_heartbeat_of_its_own_and_signs_off(postgres: Any, owner: psycopg.Connection[Any]) -> None:
    def connected() -> Any:
        return connect(postgres.dsn("notifier"), process="notifier", call_timeout=5.0)

    silence = SilenceWatch(UTC, lambda _: False)
    observer = PostgresObserver(connected, AlarmBook(RULES), silence, heartbeat=Heartbeat("notifier"))
    observer.step()
    assert [(beat.name, beat.state) for beat in heard(owner).processes] == [("notifier", "ready")]
    observer.close()
    assert heard(owner).processes == []


def _read_contacts(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT count(*) FROM contacts")


def test_two_clocks_that_differ_are_a_fact(postgres: Any) -> None:
    observer = observer_of(postgres)
    observer._now = lambda: datetime.now(UTC) + timedelta(seconds=30)
    observer.step()
    observer.close()
    assert observer.latest is not None
    (item,) = [item for item in observer.latest.items if item.kind == "clock_off"]
    assert 25 < item.value < 35


def test_alarms_are_kept_and_a_new_notifier_knows_what_was_sent(postgres: Any) -> None:
    finding = AlarmFinding("HooklineHalted", {"processor": "persist"}, 1.0)
    first, now = AlarmBook(RULES), datetime.now(UTC)
    first.update([finding], now)
    first.mark_sent("json-1", first.outstanding("json-1"))
    observer = observer_of(postgres, first)
    observer.step()
    observer.close()

    again = AlarmBook(RULES)
    successor = observer_of(postgres, again)
    successor.step()
    successor.close()
    again.update([finding], now + timedelta(seconds=60))
    assert again.outstanding("json-1") == []
    assert [record.since for record in again.records()] == [now]


def test_an_event_type_that_stops_is_a_silence_and_its_rhythm_is_kept(postgres: Any, owner: Any) -> None:
    """The fact "silence": an event each minute for three weeks until twelve minutes ago."""
    owner.execute(
        "INSERT INTO events (event_id, event_type, provider, account, contact_phone, phone_valid, time_valid,"
        " occurred_at, received_at, is_test, sanitised, payload)"
        " SELECT gen_random_uuid(), 'message.received', 'textlink', 'a', '+1', true, true, at, at, false, false, '{}'"
        " FROM generate_series(now() - interval '22 days', now() - interval '12 minutes', interval '1 minute') AS at"
    )
    watch = SilenceWatch(UTC, lambda _: False)
    with connect(postgres.dsn("notifier"), process="notifier") as connection:
        assert list(watch.look(connection, is_complete=False)) == []
        found = []
        for _ in range(4 * 28 + 1):  # catches up a piece at a time
            found = list(watch.look(connection, is_complete=True))
        (item,) = found
        assert item.kind == "silence"
        assert item.labels == {"provider": "textlink", "event_type": "message.received", "usual": "5 min"}
        assert 600 < item.value < 1000
        # A moment in which nobody can tell ends nothing; after some minutes nobody says it any more.
        assert list(watch.look(connection, is_complete=False)) == found
        watch._now = lambda: datetime.now(UTC) + REPEATED
        assert list(watch.look(connection, is_complete=False)) == []
        watch._now = lambda: datetime.now(UTC)
        # A notifier that starts anew goes on from what was kept.
        (again,) = list(SilenceWatch(UTC, lambda _: False).look(connection, is_complete=True))
        assert again.labels == item.labels
        # And what comes again ends it.
        owner.execute(
            "INSERT INTO events (event_id, event_type, provider, account, contact_phone, phone_valid, time_valid,"
            " occurred_at, received_at, is_test, sanitised, payload) VALUES"
            " (gen_random_uuid(), 'message.received', 'textlink', 'a', '+1', true, true, now(), now(), false, false,"
            " '{}')"
        )
        assert list(watch.look(connection, is_complete=True)) == []


#: `hookline notifier`, with an alarm over after 6 s without its cause, not 30: test_alarm_book.py has those 30.
SOON_OVER = """
import sys
from datetime import timedelta
from ops.notifier import alarm_book
alarm_book.CLEAR_AFTER = timedelta(seconds=6)
from ops.__main__ import main
sys.exit(main(["notifier"]))
"""


@contextmanager
def process(words: list[str], environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as file:
        started = subprocess.Popen([sys.executable, *words], env=os.environ | environ, stdout=file, stderr=file)
    try:
        yield started
    finally:
        started.send_signal(signal.SIGCONT)  # a test that failed may have left it frozen
        started.terminate()
        started.wait(30)


def test_what_is_frozen_reaches_a_person_within_half_a_minute_once(
    postgres: Any, server_kind: str, tmp_path: Path
) -> None:
    if server_kind == "containers":
        pytest.skip("a server in a container is no process of ours to freeze")
    receiver = AlarmReceiver()
    log, registry_port = tmp_path / "log", *free_ports(1)
    environ = {
        "HOOKLINE_HOME": str(tmp_path),
        "HOOKLINE_POSTGRES__DSN": postgres.dsn("notifier"),
        "HOOKLINE_REGISTRY__PORT": "0",
        "HOOKLINE_REGISTRY__ADMIN_PORT": str(registry_port),
        "HOOKLINE_NOTIFIER__ADMIN_URLS": f"registry=http://127.0.0.1:{registry_port}",
        # The first is dead, and delays nothing.
        "HOOKLINE_NOTIFIER__TARGETS": f"json://a:secret-one@127.0.0.1:9,json://b:secret-two@127.0.0.1:{receiver.port}",
        "HOOKLINE_NOTIFIER__STATE_DIR": str(tmp_path / "notifier"),
    }
    with process(["-m", "ops", "registry"], environ, log) as registry:
        with process(["-c", SOON_OVER], environ, log) as notifier:
            time.sleep(12)  # healthy: nothing to tell
            assert receiver.messages == []
            registry_process = psutil.Process(registry.pid)
            registry_process.suspend()
            text = receiver.until("HooklineDown", 30)
            assert "hookline-registry does not answer" in text
            assert "likely cause: the process has ended, is frozen" in text
            assert "run: hookline status" in text
            resident = psutil.Process(notifier.pid).memory_info().rss / (1 << 20)
            # 60 MiB as installed for production, 62 beside the tests' tools, which structlog imports (measured).
            assert resident < 66, f"{resident:.1f} MiB"
        # Started again, it does not tell the same again.
        with process(["-c", SOON_OVER], environ, log):
            with frozen(server_of(postgres.dsn("probe"))):
                receiver.until("HooklinePostgresUnreachable", 30 + 10)  # 10 s: its start
            registry_process.resume()
            receiver.until("OVER: hookline-registry", 60)
            receiver.until("OVER: PostgreSQL does not answer", 60)
    receiver.close()
    assert receiver.count("PAGE HooklineDown") == 1
    assert receiver.count("PAGE HooklinePostgresUnreachable") == 1
    written = log.read_text("utf-8")
    assert "notification_failed" in written
    assert "secret-one" not in written
    assert "secret-two" not in written
