"""`hookline retention` on a real PostgreSQL and Kafka: only what is old goes, after its audit, in small steps."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from ops.__main__ import main
from ops.retention.audited_days import accept_days, begin_of, days_to_audit, released_until
from ops.retention.deletion import Deletion, RetentionInProgress, lock
from ops.retention.histories import COUNTS, DEAD_LETTERS, DELIVERIES, EVENTS, EVIDENCE, HISTORIES, History, limits
from ops.retention.settings import RetentionSettings
from runtime.postgres import Connection, connect
from runtime.settings import ConfigurationError
from tests.twins.ingest_rig import IngestRig

Capture = pytest.CaptureFixture[str]
NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
LIMIT = NOW - timedelta(days=10)
LATEST = NOW - timedelta(days=1)


@pytest.fixture
def owner(postgres: Any) -> Any:
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def connection(postgres: Any) -> Any:
    with connect(postgres.dsn("retention"), process="retention") as connection:
        yield connection


def store(owner: Any, *moments: datetime) -> list[UUID]:
    """A row of each kind of history for each moment; the events' ids."""
    ids = []
    for moment in moments:
        event_id = uuid4()
        ids.append(event_id)
        owner.execute(
            "INSERT INTO events (event_id, event_type, provider, account, contact_phone, phone_valid, occurred_at,"
            " time_valid, received_at, is_test, sanitised, payload) VALUES (%s, 'message.received', 'textlink', 'a',"
            " '+13035550142', true, %s, true, %s, false, false, '{}')",
            (event_id, moment, moment),
        )
        for status in ("done", "dead"):
            owner.execute(
                "INSERT INTO crm_deliveries (event_id, target, contact_phone, event_type, received_at, status)"
                " VALUES (%s, %s, '+13035550142', 'message.received', %s, %s)",
                (event_id, status, moment, status),
            )
        owner.execute(
            "INSERT INTO dead_letters (consumer_group, topic_id, partition, record_offset, topic, disposition,"
            " error_class, error_message, attempts, ours, failed_at) VALUES ('g', %s, 0, 0, 't', 'poison', 'E', '', 1,"
            " true, %s)",
            (uuid4(), moment),
        )
        owner.execute(
            "INSERT INTO ingest_counts (node, epoch, file, minute, topic, durability, events, first_seq, last_seq)"
            " VALUES ('n', %s, 0, %s, 't', 'kafka', 1, 1, 1)",
            (str(uuid4()), moment.replace(second=0)),
        )
    return ids


def deletion(connection: Connection, **given: Any) -> Deletion:
    options = {"step_rows": 10, "share": 1.0, "clock": lambda: 0.0, "sleep": lambda _seconds: None}
    return Deletion(connection, **(options | given))


def left(owner: Any, table: str, column: str) -> list[datetime]:
    return [at for (at,) in owner.execute(f"SELECT {column} FROM {table} ORDER BY {column}")]  # noqa: S608 - ours


MOMENTS = [
    LIMIT - timedelta(days=3),
    LIMIT - timedelta(hours=5),
    LIMIT - timedelta(seconds=1),
    LIMIT,
    LIMIT + timedelta(seconds=1),
    LATEST,
]


@pytest.mark.parametrize(
    ("history", "table", "column"),
    [
        (EVENTS, "events", "received_at"),
        (DELIVERIES, "crm_deliveries WHERE status = 'done'", "received_at"),
        (DEAD_LETTERS, "dead_letters", "failed_at"),
        (COUNTS, "ingest_counts", "minute"),
    ],
    ids=lambda given: given.name.replace(" ", "-") if isinstance(given, History) else "",
)
def test_what_is_old_goes_and_nothing_else(
    owner: Any, connection: Connection, history: History, table: str, column: str
) -> None:
    store(owner, *MOMENTS)
    accept_days(connection, date(2026, 1, 1), LIMIT.date(), "ann", "before there were audits")
    before = {other: left(owner, other, at) for other, at in _tables() if not table.startswith(other)}
    found = deletion(connection).run(history, LIMIT)
    # A count is of a whole minute.
    kept = [at.replace(second=0) if history is COUNTS else at for at in MOMENTS]
    assert left(owner, table, column) == [at for at in kept if at >= LIMIT]
    assert (found.rows, found.held_back, found.until) == (sum(at < LIMIT for at in kept), False, LIMIT)
    assert {other: left(owner, other, at) for other, at in _tables() if not table.startswith(other)} == before
    assert len(left(owner, "crm_deliveries WHERE status = 'dead'", "received_at")) == len(MOMENTS)
    again = deletion(connection).run(history, LIMIT)
    assert (again.rows, again.until) == (0, LIMIT)


def _tables() -> list[tuple[str, str]]:
    return [
        ("events", "received_at"),
        ("crm_deliveries", "received_at"),
        ("dead_letters", "failed_at"),
        ("ingest_counts", "minute"),
    ]


def test_the_text_behind_an_opt_out_goes_and_the_chain_holds(
    postgres: Any, owner: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    assert main(["opt-outs", "add", "+13035550142", "--reason", "a call", "--text", "stop that"]) == 0
    [(count,)] = owner.execute("SELECT count(*) FROM opt_out_evidence").fetchall()
    assert count == 1
    later = datetime.now(UTC) + timedelta(days=1)
    assert deletion(connection).run(EVIDENCE, later).rows == 1
    assert owner.execute("SELECT count(*) FROM opt_out_evidence").fetchall() == [(0,)]
    assert main(["opt-outs", "verify", "--json"]) == 0


def test_events_stay_from_the_first_day_that_is_not_audited_on(owner: Any, connection: Connection) -> None:
    store(owner, *MOMENTS)
    first, gap = MOMENTS[0].date(), (LIMIT - timedelta(days=1)).date()
    for day in (first + timedelta(days=count) for count in range(4)):
        owner.execute(
            "INSERT INTO audited_days (day, ok, accepted, on_topics, in_postgres, missing, gaps)"
            " VALUES (%s, %s, 0, 0, 0, 0, 0)",
            (day, day != gap),
        )
    found = deletion(connection).run(EVENTS, LIMIT)
    assert (found.rows, found.held_back, found.until) == (1, True, begin_of(gap))
    assert left(owner, "events", "received_at") == MOMENTS[1:]
    # A person knows what became of the rest.
    assert accept_days(connection, first, gap, "ann", "the provider was down") == 1
    found = deletion(connection).run(EVENTS, LIMIT)
    assert (found.rows, found.held_back) == (2, False)
    assert released_until(connection, MOMENTS[0], LIMIT) == LIMIT


class Killed(Exception):
    """In the middle."""


def test_a_run_that_is_killed_is_finished_by_the_next(owner: Any, connection: Connection) -> None:
    store(owner, *(LIMIT - timedelta(minutes=count) for count in range(1, 200)), LATEST)
    accept_days(connection, date(2026, 1, 1), LIMIT.date(), "ann", "before there were audits")
    pauses: list[float] = []

    def killed(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 25:
            raise Killed

    with pytest.raises(Killed):
        deletion(connection, sleep=killed, step_rows=3).run(EVENTS, LIMIT)
    rest = left(owner, "events", "received_at")
    assert 1 < len(rest) < 200
    assert deletion(connection).run(EVENTS, LIMIT).rows == len(rest) - 1
    assert left(owner, "events", "received_at") == [LATEST]


def test_what_comes_late_from_a_spool_goes_as_well(owner: Any, connection: Connection) -> None:
    accept_days(connection, date(2026, 1, 1), NOW.date(), "ann", "before there were audits")
    store(owner, LIMIT - timedelta(days=1))
    assert deletion(connection).run(EVENTS, LIMIT).rows == 1
    store(owner, LIMIT - timedelta(days=6))
    assert deletion(connection).run(EVENTS, LIMIT + timedelta(days=1)).rows == 1


def test_it_works_for_its_share_of_the_time(owner: Any, connection: Connection) -> None:
    store(owner, *(LIMIT - timedelta(seconds=count) for count in range(1, 41)))
    now, pauses = [0.0], []

    def clock() -> float:
        now[0] += 1.0  # each look at the clock is a second later: each piece of work takes one
        return now[0]

    found = deletion(connection, clock=clock, sleep=pauses.append, share=0.25).run(DEAD_LETTERS, LIMIT)
    assert found.rows == 40
    assert set(pauses) == {3.0}


def test_a_dry_run_counts_and_deletes_nothing(owner: Any, connection: Connection) -> None:
    store(owner, *MOMENTS)
    assert deletion(connection, dry_run=True).run(DEAD_LETTERS, LIMIT).rows == 3
    assert left(owner, "dead_letters", "failed_at") == MOMENTS
    assert owner.execute("SELECT count(*) FROM retention_marks").fetchall() == [(0,)]


def test_one_runs_at_a_time(postgres: Any, connection: Connection) -> None:
    lock(connection)
    with connect(postgres.dsn("retention"), process="retention") as other, pytest.raises(RetentionInProgress):
        lock(other)


def test_a_day_is_audited_once_it_is_over_and_until_it_has_passed(owner: Any, connection: Connection) -> None:
    now = datetime(2026, 6, 30, 0, 30, tzinfo=UTC)  # the 29th may still have something under way
    assert days_to_audit(connection, now, 4) == [date(2026, 6, 27), date(2026, 6, 28)]
    for day, ok in ((27, True), (28, False)):
        owner.execute(
            "INSERT INTO audited_days (day, ok, accepted, on_topics, in_postgres, missing, gaps)"
            " VALUES (%s, %s, 0, 0, 0, 0, 0)",
            (date(2026, 6, day), ok),
        )
    assert days_to_audit(connection, now + timedelta(hours=1), 4) == [date(2026, 6, 28), date(2026, 6, 29)]


@pytest.mark.parametrize("field", ["events_days", "counts_days"])
def test_what_audits_need_is_kept_longer_than_the_topics_keep_records(field: str) -> None:
    variable = f"HOOKLINE_RETENTION__{field.upper()}"
    with pytest.raises(ConfigurationError, match=f"{variable}=30 .*HOOKLINE_KAFKA__RETENTION_DAYS.* set it to 31"):
        limits(RetentionSettings(**{field: 30}), 30, NOW)
    assert limits(RetentionSettings(**{field: 31}), 30, NOW)


def test_by_default_events_are_kept_for_ever() -> None:
    found = limits(RetentionSettings(), 30, NOW)
    assert set(found) == {history.name for history in HISTORIES}
    assert [name for name, limit in found.items() if limit is None] == ["events"]


def test_the_command_audits_deletes_and_says_what_stays(
    ingest_rig: IngestRig, postgres: Any, owner: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("HOOKLINE_RETENTION__DSN", postgres.dsn("retention"))
    monkeypatch.setenv("HOOKLINE_RETENTION__EVENTS_DAYS", "3")
    monkeypatch.setenv("HOOKLINE_RETENTION__DEAD_LETTERS_DAYS", "3")
    monkeypatch.setenv("HOOKLINE_KAFKA__RETENTION_DAYS", "2")
    now = datetime.now(UTC)
    yesterday = ingest_rig.event(received_at=begin_of(now.date()) - timedelta(hours=3))
    ingest_rig.accept(yesterday)
    ingest_rig.report_counts()
    ingest_rig.persist()
    long_ago = begin_of((now - timedelta(days=6)).date()) + timedelta(hours=1)
    store(owner, long_ago)

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["retention", *arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    def rows(answer: dict[str, Any]) -> dict[str, int]:
        return {item["history"]: item["rows"] for item in answer["histories"]}

    code, answer = run("run", "--dry-run")
    assert rows(answer) == {"events": 0, "crm deliveries": 0, "dead letters": 1, "evidence": 0, "counts": 0}
    assert len(left(owner, "dead_letters", "failed_at")) == 1
    # That day was never audited
    code, answer = run("run")
    assert (code, rows(answer)["events"], rows(answer)["dead letters"]) == (1, 0, 1)
    assert owner.execute("SELECT ok FROM audited_days WHERE day = %s", (yesterday.received_at.date(),)).fetchall() == [
        (True,)
    ]
    last = f"{now - timedelta(days=3):%Y-%m-%d}"
    assert run("accept", f"{long_ago:%Y-%m-%d}", last, "--reason", "an older version")[0] == 0
    code, answer = run("run")
    assert (code, rows(answer)["events"]) == (0, 1)
    assert left(owner, "events", "received_at") == [yesterday.received_at]
    assert [row["accepted_by"] is None for row in run("ls")[1]["days"]][:1] == [True]


def test_an_audit_that_does_not_pass_is_told_with_what_to_do(
    ingest_rig: IngestRig, postgres: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("HOOKLINE_RETENTION__DSN", postgres.dsn("retention"))
    monkeypatch.setenv("HOOKLINE_KAFKA__RETENTION_DAYS", "2")
    yesterday = ingest_rig.event(received_at=begin_of(datetime.now(UTC).date()) - timedelta(hours=3))
    ingest_rig.accept(yesterday, lost=True)
    ingest_rig.report_counts()
    ingest_rig.persist()
    assert main(["retention", "run"]) == 1
    said = capsys.readouterr()
    day = yesterday.received_at.date().isoformat()
    assert f"hookline retention accept {day} --reason" in said.err
    assert f"hookline audit --from {day}" in said.err
