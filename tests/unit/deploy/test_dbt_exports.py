"""Of exported events the dbt project makes the messages that persist makes of the same events: its SQL, in DuckDB."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.persist.failures import MatchGroup, MessageAt, choose
from tests.e2e.conftest import ROOT

MODELS = ROOT / "deploy" / "analytics" / "dbt" / "models" / "exports"
BEGIN = datetime(2026, 11, 28, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def statement(model: str) -> str:
    """The SQL of a model, over the tables `events` and `exported_messages`."""
    text = (MODELS / f"{model}.sql").read_text("utf-8")
    return jinja2.Template(text).render(exported=lambda *_: "events", ref=lambda name: name)


class TextlinkEvent(NamedTuple):
    """An event of TextLink's, whose messages have no number: `minute` is when it happened."""

    state: str
    minute: int
    phone: str = "+1"
    text: str = "a"
    sim: str | None = "13"

    @property
    def key(self) -> str:
        """Made of phone, text, time and SIM, as TextLink's are."""
        return f"{self.phone} {self.text} {self.minute:02} {self.sim}"

    @property
    def at(self) -> datetime:
        return BEGIN + timedelta(minutes=self.minute)


_EVENTS = st.lists(
    st.builds(
        TextlinkEvent,
        st.sampled_from(["sent", "failed", "failed"]),
        st.integers(0, 40),
        st.sampled_from(["+1", "+1", "+2"]),
        st.sampled_from(["a", "a", "b"]),
        st.sampled_from(["13", "13", None]),
    ),
    max_size=25,
)


Messages = list[tuple[str, str, datetime]]


@pytest.fixture(scope="module")
def messages_of() -> Iterator[Callable[[list[TextlinkEvent]], Messages]]:
    """Key, state and first time of every message, as the project's SQL has them."""
    query = f"SELECT message_key, state, epoch_us(first_at) FROM ({statement('exported_messages')})"  # noqa: S608
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute("""
            CREATE TABLE events (event_id text, message_key text, provider text, account text, contact_phone text,
                direction text, text text, provider_message_id text, sim_card_id text, state text,
                occurred_at timestamptz, is_test boolean)""")

        def fold(events: list[TextlinkEvent]) -> Messages:
            database.execute("DELETE FROM events")
            if events:
                rows = [(event.key, event.phone, event.text, event.sim, event.state, event.at) for event in events]
                of_each = "(?, ?, 'textlink', 'main', ?, 'out', ?, NULL, ?, ?, ?, false)"
                values = [
                    value
                    for number, (key, *fields, at) in enumerate(rows)
                    for value in (number, key, *fields, at.isoformat())
                ]
                database.execute(f"INSERT INTO events VALUES {', '.join([of_each] * len(rows))}", values)  # noqa: S608
            found = database.execute(query).fetchall()
            return sorted((key, state, EPOCH + timedelta(microseconds=at)) for key, state, at in found)

        yield fold


def messages_of_persist(events: list[TextlinkEvent]) -> Messages:
    """The same by the rule that persist goes by."""
    sents, failures = defaultdict(set), defaultdict(set)
    for event in events:
        group = MatchGroup("textlink", event.phone, event.text, event.sim)
        (sents if event.state == "sent" else failures)[group].add(MessageAt(event.at, event.key))
    found = {sent.key: ("sent", sent.at) for sent_of_group in sents.values() for sent in sent_of_group}
    for group, failed in failures.items():
        own = {failure.key for failure in failed} & {sent.key for sent in sents[group]}
        joined = choose(failed, sents[group], own)
        for failure in failed:
            _, first = found.get(joined[failure.key], ("", failure.at))
            found[joined[failure.key]] = ("failed", min(first, failure.at))
    return sorted((key, state, first) for key, (state, first) in found.items())


@settings(deadline=None)
@given(events=_EVENTS)
def test_failures_join_the_messages_that_persist_joins_them_to(
    messages_of: Callable[[list[TextlinkEvent]], Messages], events: list[TextlinkEvent]
) -> None:
    assert messages_of(events) == messages_of_persist(events)


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([TextlinkEvent("sent", 0), TextlinkEvent("failed", 10)], id="at the end of the window"),
        pytest.param([TextlinkEvent("sent", 0), TextlinkEvent("failed", 11)], id="past it"),
        pytest.param([TextlinkEvent("sent", 0), TextlinkEvent("failed", 0)], id="of its own key"),
        pytest.param(
            [
                TextlinkEvent("sent", 0),
                TextlinkEvent("sent", 3),
                TextlinkEvent("failed", 4),
                TextlinkEvent("failed", 5),
            ],
            id="the newest first",
        ),
        pytest.param(
            [TextlinkEvent("failed", 0), TextlinkEvent("sent", 1), TextlinkEvent("failed", 2)],
            id="none before, then one",
        ),
        pytest.param(
            [
                TextlinkEvent("sent", 0),
                TextlinkEvent("failed", 20),
                TextlinkEvent("sent", 21),
                TextlinkEvent("failed", 22),
            ],
            id="too old, a new",
        ),
        pytest.param(
            [
                TextlinkEvent("sent", 0),
                TextlinkEvent("sent", 1),
                TextlinkEvent("failed", 1),
                TextlinkEvent("failed", 2),
            ],
            id="own and another's",
        ),
        pytest.param([TextlinkEvent("sent", 0, sim=None), TextlinkEvent("failed", 1, sim=None)], id="without a SIM"),
        pytest.param([TextlinkEvent("sent", 0), TextlinkEvent("failed", 1, text="b")], id="of another text"),
    ],
)
def test_a_failure_and_its_message(
    messages_of: Callable[[list[TextlinkEvent]], Messages], events: list[TextlinkEvent]
) -> None:
    assert messages_of(events) == messages_of_persist(events)


def test_a_reply_answers_the_newest_message_before_it() -> None:
    with duckdb.connect() as database:
        database.execute("""
            CREATE TABLE exported_messages AS
            SELECT 'textus' AS provider, 'main' AS account, *, TIMESTAMPTZ '2026-11-28 00:00:00+00' + after AS first_at
            FROM (VALUES
                ('s1', '+1', 'out', INTERVAL 0 SECOND), ('s2', '+1', 'out', INTERVAL 60 SECOND),
                ('s3', '+1', 'out', INTERVAL 60 SECOND), ('r1', '+1', 'in', INTERVAL 60 SECOND),
                ('r2', '+1', 'in', INTERVAL 90 SECOND), ('r0', '+1', 'in', INTERVAL 30 SECOND),
                ('r3', '+2', 'in', INTERVAL 95 SECOND), ('early', '+1', 'in', INTERVAL (-5) SECOND)
            ) AS made (message_key, contact_phone, direction, after)""")
        found = database.execute(f"FROM ({statement('exported_replies')}) ORDER BY message_key").fetchall()
    assert found == [("r0", "s1", 30.0, True), ("r1", "s3", 0.0, True), ("r2", "s3", 30.0, False)]


def test_a_tag_change_is_an_event_whose_tag_differs_from_the_one_before() -> None:
    with duckdb.connect() as database:
        database.execute("""
            CREATE TABLE events AS
            SELECT event_id, provider, contact_phone, payload, is_test,
                TIMESTAMPTZ '2026-11-28 00:00:00+00' + to_minutes(event_id::int) AS occurred_at
            FROM (VALUES
                ('1', 'textlink', '+1', '{"tag": "new"}', false), ('2', 'textlink', '+1', '{"tag": "new"}', false),
                ('3', 'textlink', '+1', '{}', false), ('4', 'textlink', '+1', '{"tag": null}', false),
                ('5', 'textlink', '+1', '{"tag": "hot"}', true), ('6', 'textus', '+1', '{"tag": "cold"}', false),
                ('7', 'textlink', '+1', '{"tag": ""}', false), ('8', 'textlink', '+1', '{"tag": 7}', false)
            ) AS made (event_id, provider, contact_phone, payload, is_test)""")
        query = f"SELECT previous_tag, tag FROM ({statement('exported_tag_changes')}) ORDER BY changed_at"  # noqa: S608
        assert database.execute(query).fetchall() == [(None, "new"), ("new", None)]
