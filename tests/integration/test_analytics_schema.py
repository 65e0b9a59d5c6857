"""What analysts read in PostgreSQL: the schema `analytics`, its words, its figures, and who may see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from processors.engine.database import Database
from processors.opt_out import report
from processors.opt_out.desk import Desk as ByHand
from processors.persist import PersistSettings
from processors.persist.sim_numbers import SimNumbers
from runtime.postgres import connect
from runtime.settings import Configuration, ConfigurationError
from schemas.ids import read_schema
from schemas.privileges import ANALYTICS, PRIVILEGES, READER
from tests.conftest import PASSWORD
from tests.integration.test_persist_folds import Persisted
from tests.twins.events import contact, message
from tests.twins.opted_out import Desk

VIEWS = sorted(PRIVILEGES[READER])
#: Whose words a view's columns have, where a topic's field of the same name means the same.
SOURCES = {
    "messages": "message-state.1.avsc",
    "events": "messages.2.avsc",
    "contacts": "contacts.1.avsc",
    "tag_changes": "messages.2.avsc",
    "replies": "messages.2.avsc",
    "accounts": "messages.2.avsc",
    "sims": "messages.2.avsc",
    "daily": "messages.2.avsc",
    "opt_outs": "messages.2.avsc",
    "progress": "messages.2.avsc",
    "nodes": "messages.2.avsc",
}
#: Columns that mean something else than the field of their name.
OF_ITS_OWN = {
    ("events", "message_key"),  # whether it may differ from the table's is said there
    ("events", "state"),  # null where the event is about no message
    ("events", "tag"),
    ("opt_outs", "event_id"),
    ("opt_outs", "contact_phone"),
    ("tag_changes", "tag"),
    ("replies", "message_key"),
}
DAY = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def reader(postgres: Any) -> Iterator[psycopg.Connection[Any]]:
    dsn = make_conninfo(postgres.superuser_dsn, user=READER, password=PASSWORD)
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture
def tables(postgres: Any) -> Iterator[Persisted]:
    made = Persisted(postgres.owner_dsn, postgres.dsn("persist"))
    yield made
    made.close()


def at(day: int, hour: float) -> datetime:
    return DAY + timedelta(days=day, hours=hour)


def rows(reader: psycopg.Connection[Any], statement: str) -> list[Any]:
    return reader.execute(statement).fetchall()


def test_every_column_says_what_it_is_in_the_words_of_the_topics(postgres: Any) -> None:
    with psycopg.connect(postgres.owner_dsn) as owner:
        found = owner.execute(
            "SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_class AS c"
            " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
            " WHERE c.relnamespace = 'analytics'::regnamespace ORDER BY 1, a.attnum"
        ).fetchall()
        undescribed = owner.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'analytics'::regnamespace"
            " AND obj_description(oid, 'pg_class') IS NULL"
        ).fetchall()
        messages = owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'messages'::regclass AND attnum > 0"
            " AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL"
        ).fetchall()
        private = owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'messages'::regclass AND attnum > 0"
            " AND (attname LIKE 'own\\_%' OR attname ~ '^failure_(key|at|.*_id|portal|last_at)$')"
            " AND attname <> 'failure_id' AND col_description(attrelid, attnum) NOT LIKE 'Private to persist: %'"
        ).fetchall()
    assert sorted({f"{ANALYTICS}.{view}" for view, _, _ in found}) == VIEWS
    assert (undescribed, messages, private) == ([], [], [])
    fields = {view: {field["name"]: field["doc"] for field in read_schema(SOURCES[view])["fields"]} for view in SOURCES}
    for view, column, comment in found:
        assert comment, f"{view}.{column} has no comment"
        if column in fields[view] and (view, column) not in OF_ITS_OWN:
            assert comment == fields[view][column], f"{view}.{column}"
    assert not [column for _, column, _ in found if column.startswith("own_") and column != "own_phone"]


def test_the_reader_sees_the_schema_for_analysts_and_nothing_else(
    postgres: Any, reader: psycopg.Connection[Any]
) -> None:
    for view in VIEWS:
        assert rows(reader, f"SELECT * FROM {view} LIMIT 1") == []  # noqa: S608 - ours
    with psycopg.connect(postgres.owner_dsn) as owner:
        others = owner.execute(
            "SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'analytics')"
            " AND c.relkind IN ('r', 'v', 'm', 'p', 'f')"
        ).fetchall()
    assert ("opt_out_evidence",) in others
    for (table,) in others:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows(reader, f"SELECT FROM public.{table}")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM analytics.events",
        "UPDATE analytics.messages SET state = 'failed'",
        "INSERT INTO analytics.events (event_id) VALUES (gen_random_uuid())",
        "CREATE TABLE analytics.mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "DROP VIEW analytics.daily",
        "SELECT nextval('message_changes_number_seq')",
        "SET ROLE hookline_persist",
    ],
)
def test_the_reader_writes_nothing(reader: psycopg.Connection[Any], statement: str) -> None:
    # A view over several tables is updated by nobody
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
        reader.execute(statement)


def sent(key: str, day: int, hour: float, **given: Any) -> Any:
    return message("sent", key, occurred_at=at(day, hour), **given)


def received(key: str, day: int, hour: float, **given: Any) -> Any:
    return message("received", key, occurred_at=at(day, hour), sim_card_id=None, **given)


def test_the_figures_are_those_of_what_was_sent(
    postgres: Any, tables: Persisted, reader: psycopg.Connection[Any]
) -> None:
    # Given two days: three texts to Ann, of which one fails with a time and so a key of its own and one is answered
    # twice, one to Bob from another SIM, and one of a test
    ann, bob, cy = "+13035550142", "+13035550143", "+13035550144"
    tables.take(
        [
            sent("a1", 0, 9, contact_phone=ann, text="one", sim_card_id="13"),
            sent("a2", 0, 10, contact_phone=ann, text="two", sim_card_id="13"),
            message("failed", "a2:failed", occurred_at=at(0, 10.1), contact_phone=ann, text="two", sim_card_id="13"),
            sent("a3", 1, 9, contact_phone=ann, text="three", sim_card_id="13"),
            received("r1", 1, 9.5, contact_phone=ann, text="yes?", payload='{"tag": "Warm"}', tag="Warm"),
            received("r2", 1, 11, contact_phone=ann, text="hello?", payload='{"tag": "Warm"}', tag="Warm"),
            sent("b1", 1, 12, contact_phone=bob, text="hi", sim_card_id="14"),
            message("received", "t", occurred_at=at(1, 13), contact_phone=cy, is_test=True),
            # before anything was sent to her: it answers nothing
            received("early", 0, 1, contact_phone=ann, text="hello"),
        ],
        [
            contact(
                contact_phone=ann, tag="", payload='{"tag": ""}', occurred_at=at(2, 1), event_type="contact.tag_changed"
            )
        ],
    )
    # Then each figure is what happened
    assert rows(
        reader,
        "SELECT message_key, answered_key, response_seconds, is_first FROM analytics.replies ORDER BY replied_at",
    ) == [
        {"message_key": "r1", "answered_key": "a3", "response_seconds": 1800.0, "is_first": True},
        {"message_key": "r2", "answered_key": "a3", "response_seconds": 7200.0, "is_first": False},
    ]
    daily = rows(reader, "SELECT * FROM analytics.daily ORDER BY day")
    assert [row["day"] for row in daily] == [date(2026, 11, 2), date(2026, 11, 3)]
    assert [
        (row["messages_in"], row["messages_out"], row["failed"], row["contacts_texted"], row["answered"])
        for row in daily
    ] == [(1, 2, 1, 1, 0), (2, 2, 0, 2, 1)]
    assert rows(reader, "SELECT sim_card_id, messages_out, failed, failure_rate FROM analytics.sims ORDER BY 1") == [
        {"sim_card_id": "13", "messages_out": 3, "failed": 1, "failure_rate": pytest.approx(1 / 3)},
        {"sim_card_id": "14", "messages_out": 1, "failed": 0, "failure_rate": 0.0},
    ]
    assert rows(reader, "SELECT phone, tag, first_at, last_at, opt_out_state FROM analytics.contacts ORDER BY 1") == [
        {"phone": ann, "tag": None, "first_at": at(0, 1), "last_at": at(2, 1), "opt_out_state": None},
        {"phone": bob, "tag": None, "first_at": at(1, 12), "last_at": at(1, 12), "opt_out_state": None},
    ]
    assert rows(reader, "SELECT tag, previous_tag, changed_at FROM analytics.tag_changes ORDER BY changed_at") == [
        {"tag": "Warm", "previous_tag": None, "changed_at": at(1, 9.5)},
        {"tag": None, "previous_tag": "Warm", "changed_at": at(2, 1)},
    ]
    assert rows(
        reader, "SELECT state, count(*) AS n FROM analytics.events WHERE NOT is_test GROUP BY 1 ORDER BY 1"
    ) == [
        {"state": "failed", "n": 1},
        {"state": "received", "n": 3},
        {"state": "sent", "n": 4},
        {"state": None, "n": 1},
    ]
    [account] = rows(reader, "SELECT contacts, messages_in, messages_out, failed FROM analytics.accounts")
    assert account == {"contacts": 2, "messages_in": 3, "messages_out": 4, "failed": 1}
    places = rows(reader, 'SELECT topic, partition, "offset" FROM analytics.events LIMIT 1')
    assert places == [{"topic": "sms.messages.v1", "partition": 0, "offset": 0}]


def test_opt_outs_are_counted_on_the_day_they_were_said(postgres: Any, reader: psycopg.Connection[Any]) -> None:
    desk = Desk(postgres, "acme")
    try:
        stop = message(text="STOP")
        desk.take(stop)
        [row] = rows(reader, "SELECT day, provider, account, opt_outs, messages_out FROM analytics.daily")
    finally:
        desk.close()
    assert row == {
        "day": stop.occurred_at.astimezone(UTC).date(),
        "provider": stop.provider,
        "account": stop.account,
        "opt_outs": 1,
        "messages_out": 0,
    }


def test_a_stop_that_was_taken_back_and_a_phone_that_was_not_texted_are_in_no_rate(
    postgres: Any, reader: psycopg.Connection[Any], tables: Persisted
) -> None:
    # Given a week ago: three phones texted, of which two opt out, one of them twice; one stop is taken back, and one
    # phone opts out that nobody texted
    ago = datetime.now(UTC) - timedelta(days=7)
    phones = [f"+1303555{number:04}" for number in range(4)]
    tables.take([message("sent", p, contact_phone=p, occurred_at=ago, received_at=ago) for p in phones[:3]])
    desk = Desk(postgres, "acme")
    try:
        for hour, phone, text in (
            (1, phones[0], "STOP"),
            (30, phones[0], "STOP"),
            (1, phones[3], "STOP"),
            (1, phones[1], "please stop texting me"),
        ):
            moment = ago + timedelta(hours=hour)
            desk.take(message(text=text, contact_phone=phone, occurred_at=moment, received_at=moment))
        [(question,)] = desk.all("SELECT id FROM opt_out_reviews WHERE decision IS NULL")
        with desk.by_operator.transaction() as connection:
            ByHand(desk.ledger, "kim").answer(connection, question, "release", "she meant the bus")
            [rate] = report.rates(connection, datetime.now(UTC))
    finally:
        desk.close()
    # Then one of three phones has opted out, to whoever asks
    page = (Path(__file__).parents[2] / "docs" / "analysts.md").read_text("utf-8")
    [statement] = re.findall(r"<!-- run: opt-outs -->\n```sql\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    [row] = rows(reader, statement)
    assert (row["opt_outs"], row["texted"], row["opt_out_rate"]) == (1, 3, 1 / 3)
    assert (rate.opt_outs, rate.contacts) == (1, 3)
    stops = rows(reader, "SELECT contact_phone FROM analytics.opt_outs ORDER BY contact_phone")
    assert [stop["contact_phone"] for stop in stops] == [phones[0], phones[0], phones[3]]


@pytest.mark.parametrize(
    ("tag", "event_type", "expected"),
    [
        ("7", "message.received", "7"),
        ("7.50", "message.received", "7.50"),
        ("true", "contact.tag_changed", "true"),
        ('"Warm"', "unrecognized", None),
        ("null", "message.received", None),
    ],
)
def test_a_tag_is_what_the_topic_has(
    tables: Persisted, reader: psycopg.Connection[Any], tag: str, event_type: str, expected: str | None
) -> None:
    tables.take([message(event_type=event_type, payload=f'{{"tag": {tag}}}')])
    assert rows(reader, "SELECT tag FROM analytics.events") == [{"tag": expected}]


def test_every_statement_of_the_page_for_analysts_is_one(reader: psycopg.Connection[Any]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "analysts.md").read_text("utf-8")
    # What a superuser makes for dbt is for tests/analysts.
    statements = re.findall(r"^```sql\n(?!CREATE ROLE)(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(statements) >= 6
    for statement in statements:
        rows(reader, statement)


def test_a_setting_gives_the_number_of_a_sim(postgres: Any, tables: Persisted, reader: psycopg.Connection[Any]) -> None:
    tables.take([sent("a", 0, 9, sim_card_id="13"), sent("b", 0, 9, sim_card_id="15", text="x")])
    environ = {"HOOKLINE_PERSIST__SIM_NUMBERS": "13=+13035550100, 14 = +13035550101"}
    settings = Configuration.load(PersistSettings, environ=environ)[PersistSettings]
    database = Database(lambda: connect(postgres.dsn("persist"), process="persist"))
    SimNumbers({"99": "+13035550199"})(database)
    SimNumbers(settings.phone_of_sim())(database)
    database.close()
    assert rows(reader, "SELECT sim_card_id, phone, messages_out FROM analytics.sims ORDER BY 1") == [
        {"sim_card_id": "13", "phone": "+13035550100", "messages_out": 1},
        {"sim_card_id": "14", "phone": "+13035550101", "messages_out": 0},
        {"sim_card_id": "15", "phone": None, "messages_out": 1},
    ]
    assert rows(reader, "SELECT own_phone FROM analytics.messages ORDER BY message_key") == [
        {"own_phone": "+13035550100"},
        {"own_phone": None},
    ]


@pytest.mark.parametrize("given", ["13", "=+13035550100", "13=", "13=+1303,14"])
def test_a_sim_without_its_number_is_refused_with_the_settings_name(given: str) -> None:
    with pytest.raises(ConfigurationError, match="HOOKLINE_PERSIST__SIM_NUMBERS"):
        Configuration.load(PersistSettings, environ={"HOOKLINE_PERSIST__SIM_NUMBERS": given})
