"""The console on a real PostgreSQL: every page, what is masked, what is recorded, and what an operator changes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ops.console.database import connect_for_console
from ops.console.events import PAGE
from processors.engine.processor import Delivery
from runtime.admin import Readiness
from runtime.heartbeat import Heartbeat
from runtime.kafka.consumer import Record
from runtime.postgres import connect
from runtime.settings import Configuration
from schemas.events import Event
from tests.twins.console import PlayedConsole, post
from tests.twins.events import at
from tests.twins.opted_out import Desk
from tests.twins.stored import webhook

ANN, BOB, EVE = "+13035550142", "+13035550199", "+13035550177"
HOSTILE = "<script>alert('x')</script> \"quoted\" & \u202egnp.exe \x1b]52;c;eA==\x07 stop already"
NAME = 'Ann "O\'Neil" <b>Smith</b>'
#: What no page may hold before it is revealed.
PERSONAL = ("3035550142", "3035550199", "3035550177", "0142", "alert", "quoted", "Smith", "Neil", "wonderful", "gnp")


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    yield made
    made.close()


@pytest.fixture
def story(desk: Desk) -> dict[str, Event]:
    """A stop that was enforced, a hostile text on hold, a thank-you, a dead delivery and a heartbeat."""
    events = {
        "stop": webhook("textlink", "received", at(0), phone_number=ANN, text="STOP", name=NAME),
        "hostile": webhook("textlink", "received", at(1), phone_number=EVE, text=HOSTILE, name=NAME),
        "hold": webhook("textlink", "received", at(2), phone_number=BOB, text="how do I stop this wonderful thing"),
    }
    stored(desk, *events.values())
    for event in events.values():
        desk.take(event)
    desk.enforce()
    desk.owner.execute(
        "INSERT INTO crm_deliveries"
        " (event_id, target, contact_phone, event_type, received_at, status, detail, attempts)"
        " VALUES (%s, 'rest', %s, 'message.received', now(), 'dead', 'HTTP 422 for +13035550142', 3)",
        (events["stop"].event_id, ANN),
    )
    desk.owner.execute("INSERT INTO crm_targets (target) VALUES ('rest')")
    Heartbeat("persist", node="n1").beat(desk.owner, Readiness(True), {"lag_records": 7, "lag_seconds": 1.5})
    return events


def stored(desk: Desk, *events: Event) -> None:
    from processors.persist import Persist, PersistSettings

    deliveries = [Delivery(Record("sms.messages.v1", 0, n, 0, b"", b"", []), event) for n, event in enumerate(events)]
    with connect(desk.postgres.dsn("persist"), process="persist") as connection, connection.transaction():
        Persist(Configuration.of(PersistSettings())).handle(deliveries, connection)


def pages(desk: Desk, story: dict[str, Event]) -> list[str]:
    """Every page that is read, the static ones aside."""
    hostile = story["hostile"].event_id
    [(position,)] = desk.all("SELECT max(position) FROM opt_out_ledger")
    return [
        *("/", "/overview/live", "/events", "/opt-outs", "/opt-outs?state=out", "/crm", "/dead-letters", "/records"),
        *(
            "/settings",
            "/runbook",
            f"/events/{hostile}",
            f"/events/{hostile}/number",
            f"/events/message/{hostile}",
            f"/opt-outs/{position}",
        ),
    ]


def linked(text: str) -> set[str]:
    return {html.unescape(path) for path in re.findall(r'href="(/[^"]*)"', text)}


@pytest.mark.parametrize("name", ["viv", "olga"])
def test_every_page_is_linked_from_the_first_and_none_holds_personal_data(
    desk: Desk, console: PlayedConsole, story: dict[str, Event], name: str
) -> None:
    client = console.client(name)
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith("/static/"):
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert not [word for word in PERSONAL if word in answer.text], path
        waiting += sorted(linked(answer.text) - seen)
    assert set(pages(desk, story)) - {"/overview/live"} <= seen
    assert desk.all("SELECT count(*) FROM data_reveals") == [(0,)]


def test_what_an_operator_reveals_is_escaped_and_recorded_and_hidden_again(
    desk: Desk, console: PlayedConsole, story: dict[str, Event]
) -> None:
    client = console.client("olga")
    path = f"/events/{story['hostile'].event_id}"

    answer = post(client, "/reveal", page=path, reason="a complaint of today")

    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    text = client.get(path).text
    assert EVE in text
    assert "&lt;script&gt;alert" in text
    assert "<script>alert" not in text
    assert "&lt;b&gt;Smith" in text
    assert "\\u202e" in text
    assert not {"\u202e", "\x1b", "\x07"} & set(text)
    # Only that page, for a while, and it is written down who looked and why.
    assert EVE not in client.get("/events").text
    assert EVE not in console.client("olga").get(path).text
    assert desk.all("SELECT revealed_by, surface, event_ids, reason FROM data_reveals") == [
        ("olga", f"console {path}", [story["hostile"].event_id], "a complaint of today")
    ]
    records = console.client("viv").get("/records").text
    assert "a complaint of today" in records
    console.now += 301
    assert EVE not in client.get(path).text


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "events",
        "",
        "/a\r\nSet-Cookie: x",
        "/?x=" + "y" * 600,
    ],
)
def test_revealing_leads_to_pages_of_the_console_alone(
    desk: Desk, console: PlayedConsole, story: dict[str, Event], page: str
) -> None:
    assert post(console.client("olga"), "/reveal", page=page, reason="a complaint").status_code == 400
    assert desk.all("SELECT count(*) FROM data_reveals") == [(0,)]


@pytest.mark.parametrize("reason", ["", "  ", "x", "y" * 301])
def test_nothing_is_revealed_without_a_reason(desk: Desk, console: PlayedConsole, reason: str) -> None:
    assert post(console.client("olga"), "/reveal", page="/events", reason=reason).status_code == 400
    assert desk.all("SELECT count(*) FROM data_reveals") == [(0,)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (ANN, ["stop"]),
        ("(303) 555-0142", ["stop"]),
        ("wonderful", ["hold"]),
        ("alert('x')", ["hostile"]),
        ('"quoted"', ["hostile"]),
        ("100%", []),
        ("wonder_ul", []),
        ("+19995550100", []),
        ("no such words", []),
        ("", ["stop", "hostile", "hold"]),
    ],
)
def test_events_are_found_by_phone_and_text_and_what_was_typed_is_in_no_page(
    desk: Desk, console: PlayedConsole, story: dict[str, Event], query: str, found: list[str]
) -> None:
    client = console.client("olga")
    answer = post(client, "/events/search", query=query)
    where = answer.headers["Location"]
    text = client.get(where).text
    assert {name for name, event in story.items() if f"/events/{event.event_id}" in text} == set(found)
    if len(query) > 3:
        assert query not in where
        assert query not in html.unescape(text)


def test_a_phone_that_was_stored_as_it_came_is_found_and_has_one_page(desk: Desk, console: PlayedConsole) -> None:
    # Given a text that came before a region was set, and one after
    written = "(212) 555-0188"
    events = [
        webhook("textlink", "received", at(n), region=region, phone_number=written, text=f"text {n}")
        for n, region in enumerate((None, "US"))
    ]
    stored(desk, *events)
    client = console.client("viv")
    for query in ("+12125550188", written):
        text = client.get(post(client, "/events/search", query=query).headers["Location"]).text
        assert all(f"/events/{event.event_id}" in text for event in events)
    for event in events:
        text = client.get(f"/events/{event.event_id}/number").text
        assert all(f"/events/{other.event_id}" in text for other in events)


def test_an_id_leads_to_its_event_and_a_messages_id_to_its_message(
    desk: Desk, console: PlayedConsole, story: dict[str, Event]
) -> None:
    client = console.client("viv")
    event = story["stop"]
    found = client.get(post(client, "/events/search", query=str(event.event_id)).headers["Location"])
    assert found.headers["Location"] == f"/events/{event.event_id}"
    steps = client.get(f"/events/{event.event_id}").text
    for step in ("received", "on kafka", "persisted", "decided", "enforced", "dead letter"):
        assert f"<strong>{step}</strong>" in steps, step
    key = desk.all("SELECT message_key FROM events WHERE event_id = %s", event.event_id)[0][0]
    found = client.get(post(client, "/events/search", query=key).headers["Location"])
    assert found.headers["Location"] == f"/events/message/{event.event_id}"
    assert client.get("/events/0191d5c6-0000-7000-8000-000000000001").status_code == 404
    assert client.get("/events/nonsense").status_code == 404


def test_pages_of_events_follow_each_other_without_gap_or_repetition(desk: Desk, console: PlayedConsole) -> None:
    # Bursts, a gap of days, and many events of one moment
    moments = [at(0)] * (PAGE + 7) + [at(n / 60) for n in range(40)] + [at(60 * 24 * 9 + n) for n in range(30)]
    events = [
        webhook("textlink", "received", moment, phone_number=f"+1303555{n:04}", text=f"text {n}")
        for n, moment in enumerate(moments)
    ]
    stored(desk, *events)
    client = console.client("olga")
    for criteria in ({"query": ""}, {"query": "text"}):
        seen, path = list[str](), post(client, "/events/search", **criteria).headers["Location"]
        for _ in range(20):
            text = client.get(path).text
            seen += re.findall(r'href="/events/([0-9a-f-]{36})"><code>', text)
            more = re.search(r'<a href="([^"]+)" rel="next">', text)
            if more is None:
                break
            path = html.unescape(more[1])
        order = desk.all("SELECT event_id::text FROM events ORDER BY received_at DESC, event_id DESC")
        assert seen == [event_id for (event_id,) in order]
    since = (at(60 * 24 * 8)).strftime("%Y-%m-%dT%H:%M")
    text = client.get(post(client, "/events/search", since=since).headers["Location"]).text
    assert len(re.findall(r'href="/events/[0-9a-f-]{36}"><code>', text)) == 30


def test_a_number_that_is_looked_up_stands_in_no_address(
    desk: Desk, console: PlayedConsole, story: dict[str, Event]
) -> None:
    client = console.client("viv")
    answer = post(client, "/opt-outs/find", phone="303-555-0142")
    [(position,)] = desk.all("SELECT last_position FROM opt_outs WHERE phone = %s", ANN)
    assert answer.headers["Location"] == f"/opt-outs/{position}"
    proof = client.get(f"/opt-outs/{position}").text
    assert "not that of its columns" not in proof
    assert "acme" in proof
    unknown = post(client, "/opt-outs/find", phone="+12125550100").headers["Location"]
    assert "2125550100" not in unknown
    assert "never heard of" in client.get(unknown).text


def test_an_operator_answers_reviews_and_each_answer_is_recorded(
    desk: Desk, console: PlayedConsole, story: dict[str, Event]
) -> None:
    [(review, position)] = desk.all(
        "SELECT id, position FROM opt_out_reviews WHERE phone = %s AND decision IS NULL", BOB
    )
    client = console.client("olga")

    answer = post(client, f"/opt-outs/reviews/{review}", answer="release", reason="a question only")

    assert answer.status_code == 303
    assert desk.all("SELECT state FROM opt_outs WHERE phone = %s", BOB) == [("in",)]
    [(action, actor)] = desk.all(
        "SELECT action, actor FROM opt_out_ledger WHERE phone = %s ORDER BY position DESC LIMIT 1", BOB
    )
    assert (action, actor) == ("release", "operator:olga")
    changes = "SELECT username, action, subject, reason FROM console_records WHERE kind = 'change' ORDER BY id"
    assert desk.all(changes) == [("olga", "answer", f"review {review}", "a question only")]
    # Once more: nothing changes, and nothing is recorded
    again = post(client, f"/opt-outs/reviews/{review}", answer="release", reason="a question only")
    assert (again.status_code, "Nothing was changed" in again.text) == (409, True)
    assert len(desk.all(changes)) == 1
    assert post(client, f"/opt-outs/{position}/release", reason="not on hold").status_code == 409


def test_an_operator_holds_releases_and_opts_out_and_opts_nobody_in(
    desk: Desk, console: PlayedConsole, story: dict[str, Event]
) -> None:
    client = console.client("olga")
    phone = "+12125550123"
    assert post(client, "/opt-outs/add", phone="(212) 555-0123", action="hold", reason="called us").status_code == 303
    [(state, position)] = desk.all("SELECT state, position FROM opt_outs WHERE phone = %s", phone)
    assert state == "hold"
    assert post(client, f"/opt-outs/{position}/release", reason="did not mean it").status_code == 303
    assert post(client, "/opt-outs/add", phone=phone, action="add", reason="wrote a letter").status_code == 303
    assert desk.all("SELECT state FROM opt_outs WHERE phone = %s", phone) == [("out",)]
    assert desk.all("SELECT count(*) FROM enforcements WHERE phone = %s AND status = 'pending'", phone) == [(1,)]
    assert post(client, "/opt-outs/add", phone="12", action="add", reason="a mistake").status_code == 409
    assert post(client, "/opt-outs/add", phone=phone, action="in", reason="a mistake").status_code == 400
    subjects = [subject for (subject,) in desk.all("SELECT subject FROM console_records WHERE kind = 'change'")]
    assert len(subjects) == 3
    assert "555" not in "".join(subjects)


def test_an_operator_has_dead_deliveries_tried_again(
    desk: Desk, console: PlayedConsole, story: dict[str, Event]
) -> None:
    client, event = console.client("olga"), story["stop"].event_id
    assert post(client, f"/crm/rest/{event}/redrive", which="cause", reason="mended the CRM").status_code == 303
    assert desk.all("SELECT status FROM crm_deliveries") == [("pending",)]
    assert desk.all("SELECT action, subject FROM console_records WHERE kind = 'change'") == [
        ("redrive", "1 deliveries of rest")
    ]
    assert post(client, f"/crm/rest/{event}/redrive", which="one", reason="once more").status_code == 409


def test_the_overview_tells_what_is_halted_missing_and_dead(
    desk: Desk, console: PlayedConsole, story: dict[str, Event]
) -> None:
    desk.owner.execute(
        "INSERT INTO consumer_outcomes (consumer_group, recent, halted_at, set_aside)"
        " VALUES ('hookline-crm-sync', %s, now(), ARRAY['undecodable'])",
        ("1" * 60,),
    )
    desk.owner.execute(
        "UPDATE process_heartbeats SET at = now() - interval '1 minute', started_at = now() - interval '1 hour'"
    )
    desk.owner.execute(
        "INSERT INTO alarms (key, since, rule, severity, summary, cause, command, runbook, seen_at, changed_at,"
        " over_at, sent)"
        " SELECT rule, now(), rule, 'page', rule || ' is on', 'a cause', 'hookline doctor', 'docs/runbook.md', now(),"
        " now(), over_at, '{}' FROM (VALUES ('HooklineSilent', NULL), ('HooklineDown', now())) AS given (rule, over_at)"
    )
    text = console.client("viv").get("/").text
    assert "HooklineSilent is on" in text
    assert "HooklineDown is on" not in text
    assert "ingest is not heard of" in text
    assert "60 of the last 100 records were set aside (1 x undecodable)" in text
    assert "hookline dlq resume crm-sync" in text
    assert "persist on n1 is missing" in text
    assert "1 deliveries to the CRM rest are dead" in text


NO_ID = "-" * 36


@pytest.mark.parametrize(
    "path",
    [
        "/records?before=0001-01-01T00:00:00%2B23:59",
        "/records?before=2026-01-01T00:00:00%2B00:00:00.000001",
        "/events?below=00010101T000000.000000-" + "0" * 32,
        "/events?below=nonsense",
        f"/events/{NO_ID}",
        f"/events/{NO_ID}/number",
        f"/events/message/{NO_ID}",
        "/opt-outs/" + "9" * 30,
        "/opt-outs?below=-1",
    ],
)
def test_an_address_that_is_none_of_ours_is_no_failure_of_ours(
    console: PlayedConsole, story: dict[str, Event], path: str
) -> None:
    assert console.client("olga").get(path).status_code < 500


def test_a_form_that_is_none_of_ours_is_no_failure_of_ours(console: PlayedConsole, story: dict[str, Event]) -> None:
    client = console.client("olga")
    assert post(client, "/reveal", page=f"/events/{NO_ID}", reason="a reason").status_code == 400
    for since, until in (("", "0001-01-01T00:01"), ("0001-01-01T00:00", ""), ("0001-01-01T00:00", "0001-01-01T00:00")):
        answer = post(client, "/events/search", query="", since=since, until=until, zone="UTC", follow_redirects=True)
        assert answer.status_code < 500


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO events (event_id) VALUES (gen_random_uuid())",
        "DELETE FROM console_records",
        "UPDATE data_reveals SET reason = 'x'",
        "DELETE FROM opt_outs",
        "UPDATE consumer_offsets SET next_offset = 0",
        "UPDATE opt_out_cursors SET position = 9",
        "UPDATE enforcements SET status = 'done'",
        "TRUNCATE opt_out_ledger",
    ],
)
def test_the_role_of_the_console_forges_nothing(desk: Desk, story: dict[str, Event], statement: str) -> None:
    with connect(desk.postgres.dsn("console"), process="test") as connection, pytest.raises(psycopg.Error):
        connection.execute(statement)


@pytest.mark.parametrize("change", [{"actor": "contact"}, {"action": "in"}, {"echo": True}])
def test_the_ledger_takes_from_the_console_what_an_operator_decides(
    desk: Desk, story: dict[str, Event], change: dict[str, Any]
) -> None:
    from tests.integration.test_ledger_guard import INSERT, rows, sealed, values

    last = rows(desk)[-1]
    forged = sealed(last, **({"actor": "operator:olga", "action": "hold", "echo": False, "phone": BOB} | change))
    with (
        connect(desk.postgres.dsn("console"), process="test") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(INSERT, values(forged))


def test_a_slow_statement_is_ended_by_postgresql_and_reading_connections_write_nothing(desk: Desk) -> None:
    with connect_for_console(desk.postgres.dsn("console"), 0.2) as connection:
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(5)")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute(
                "INSERT INTO console_records (username, kind, action, subject, reason) VALUES ('', 'login', '', '', '')"
            )


def test_logins_are_recorded_and_records_are_paged(desk: Desk, console: PlayedConsole) -> None:
    client = console.client("viv")
    assert desk.all("SELECT username, kind, action FROM console_records") == [("viv", "login", "log in")]
    for number in range(60):
        desk.owner.execute(
            "INSERT INTO console_records (recorded_at, username, kind, action, subject, reason)"
            " VALUES (now() - make_interval(mins => %s), 'x', 'change', 'hold', %s, 'why not')",
            (number + 1, f"row {number}"),
        )
    first = client.get("/records?kind=change").text
    older = html.unescape(re.findall(r'<a href="([^"]+)" rel="next">', first)[0])
    second = client.get(older).text
    found = re.findall(r"<code>row (\d+)</code>", first) + re.findall(r"<code>row (\d+)</code>", second)
    assert found == [str(number) for number in range(60)]
    assert client.get("/records?kind=nonsense").status_code == 400
    assert client.get("/records?before=nonsense").status_code == 400
    assert "log in" in client.get("/records?kind=login").text


def test_connections_survive_a_server_that_was_away(desk: Desk, console: PlayedConsole) -> None:
    client = console.client("viv")
    assert client.get("/records").status_code == 200
    with psycopg.connect(desk.postgres.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hookline_console'")
    assert client.get("/records").status_code == 503
    console.now += timedelta(seconds=1).total_seconds()
    assert client.get("/records").status_code == 200
