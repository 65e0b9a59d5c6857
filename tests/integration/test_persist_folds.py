"""The tables are the same for any order of arrival, any batching, duplicates and replays: against a plain model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from processors.engine.database import Database
from processors.engine.processor import Delivery
from processors.persist import Persist, PersistSettings
from runtime.kafka.consumer import Record
from runtime.postgres import connect
from runtime.settings import Configuration
from schemas.events import Event
from tests.twins import persisted
from tests.twins.events import at, contact, event_id, message, unrecognized

TABLES = "events, messages, contacts, message_failures"


class Persisted:
    """persist on a database of its own."""

    def __init__(self, owner_dsn: str, dsn: str) -> None:
        self._owner = psycopg.connect(owner_dsn, autocommit=True)
        self._database = Database(lambda: connect(dsn, process="persist"))
        self._persist = Persist(Configuration.of(PersistSettings()))

    def forget(self) -> None:
        self._owner.execute(f"TRUNCATE {TABLES}")

    def take(self, *batches: Sequence[Event]) -> None:
        for batch in batches:
            deliveries = [Delivery(Record("sms.messages.v1", 0, 0, 0, b"", b"", []), event) for event in batch]
            with self._database.transaction() as connection:
                self._persist.handle(deliveries, connection)

    def rows(self, table: str, key: str) -> dict[str, dict[str, Any]]:
        with self._owner.cursor(row_factory=dict_row) as cursor:
            return {str(row[key]): row for row in cursor.execute(f"SELECT * FROM {table}")}  # noqa: S608 - ours

    def agrees(self, events: Iterable[Event]) -> None:
        """Every table is what the model says."""
        events = list(events)
        assert self.rows("events", "event_id").keys() == {str(event.event_id) for event in events}
        for table, key, model in (
            ("messages", "message_key", persisted.messages(events)),
            ("contacts", "phone", persisted.contacts(events)),
        ):
            found = self.rows(table, key)
            assert {
                name: {field: found[name][field] for field in model[name]} for name in found if name in model
            } == model
            assert found.keys() == model.keys()

    def close(self) -> None:
        self._database.close()
        self._owner.close()


@pytest.fixture
def tables(postgres: Any) -> Any:
    made = Persisted(postgres.owner_dsn, postgres.dsn("persist"))
    yield made
    made.close()


# Few phones, texts and minutes, so that events meet.
minutes = st.sampled_from([0, 0.5, 1, 5, 9.5, 10, 10.5, 11, 15, 20, 20.1, 31])
phones = st.sampled_from(["+13035550142", "+13035550143"])


@st.composite
def textlink_messages(draw: st.DrawFn) -> Event:
    """Sent and failed, whose key is phone, text, time and SIM."""
    minute, phone, text, sim = (
        draw(minutes),
        draw(phones),
        draw(st.sampled_from(["a", "b"])),
        draw(st.sampled_from(["1", None])),
    )
    state = draw(st.sampled_from(["sent", "failed"]))
    return message(
        state,
        f"textlink:{phone}:{text}:{minute}:{sim}",
        event_id=event_id(draw(st.integers(0, 10_000))),
        contact_phone=phone,
        text=text,
        sim_card_id=sim,
        occurred_at=at(minute),
        custom_id=draw(st.sampled_from([None, "c1"])) if state == "failed" else None,
        failure_id=draw(st.sampled_from([None, "f1", "f2"])) if state == "failed" else None,
        portal=draw(st.sampled_from([None, True, False])),
        is_test=draw(st.sampled_from([False] * 9 + [True])),
    )


@st.composite
def textus_messages(draw: st.DrawFn) -> Event:
    """Numbered, in any state, telling now this, now that."""
    number = draw(st.sampled_from(["m1", "m2"]))
    return message(
        draw(st.sampled_from(["received", "sent", "delivered", "unknown", "failed"])),
        f"textus:{number}",
        event_id=event_id(draw(st.integers(10_000, 20_000))),
        provider="textus",
        account=draw(st.sampled_from(["acme", "Zeta", "émile"])),
        text=draw(st.sampled_from([None, "x", "Y"])),
        provider_message_id=number,
        conversation_id=draw(st.sampled_from([None, "c"])),
        sim_card_id=None,
        occurred_at=at(draw(minutes)),
        name=draw(st.sampled_from([None, "Ann", ""])),
        tag=draw(st.sampled_from([None, "Warm", ""])),
    )


@st.composite
def contacts(draw: st.DrawFn) -> Event:
    return contact(
        event_id=event_id(draw(st.integers(20_000, 30_000))),
        contact_phone=draw(phones),
        occurred_at=at(draw(minutes)),
        name=draw(st.sampled_from([None, "Ann", "Bob"])),
        tag=draw(st.sampled_from([None, "", "Cold"])),
        tags=draw(st.sampled_from([None, (), ("a",), ("b", "c, d")])),
        business_name=draw(st.sampled_from([None, "Acme"])),
        provider_contact_id=draw(st.sampled_from([None, "/contacts/1"])),
        is_test=draw(st.sampled_from([False] * 9 + [True])),
    )


unnamed = st.builds(unrecognized, event_id=st.integers(30_001, 40_000).map(event_id))
anything = st.one_of(textlink_messages(), textlink_messages(), textus_messages(), contacts(), unnamed)


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Event], list[list[Event]]]:
    """Events, and the batches in which they arrive: in any order, some of them twice."""
    events = draw(st.lists(anything, min_size=1, max_size=14, unique_by=lambda event: event.event_id))
    again = draw(st.lists(st.sampled_from(events), max_size=5))
    order = draw(st.permutations([*events, *again]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=5)))
    batches = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    return events, [batch for batch in batches if batch]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(arrivals())
def test_any_order_any_batches_any_repeats(tables: Persisted, arrived: tuple[list[Event], list[list[Event]]]) -> None:
    events, batches = arrived
    tables.forget()
    tables.take(*batches)
    tables.agrees(events)
    tables.take(*reversed(batches))  # a replay changes nothing
    tables.agrees(events)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(textlink_messages(), min_size=2, max_size=16, unique_by=lambda event: event.event_id), st.randoms())
@example([message("sent", "s", occurred_at=at(0)), message("failed", "f", occurred_at=at(10))], None)
def test_failures_one_by_one_in_any_order(tables: Persisted, events: list[Event], random: Any) -> None:
    tables.forget()
    if random is not None:
        random.shuffle(events)
    for event in events:
        tables.take([event])
    tables.agrees(events)


def sent(minute: float, key: str, **given: Any) -> Event:
    return message("sent", key, occurred_at=at(minute), **given)


def failed(minute: float, key: str, **given: Any) -> Event:
    return message("failed", key, occurred_at=at(minute), **given)


def states(tables: Persisted) -> dict[str, str]:
    return {key: row["state"] for key, row in tables.rows("messages", "message_key").items()}


def test_a_failure_of_the_same_key_is_the_same_message(tables: Persisted) -> None:
    tables.take([failed(0, "k", failure_id="100123", custom_id="1234")], [sent(0, "k")])
    [row] = tables.rows("messages", "message_key").values()
    assert (row["state"], row["failure_id"], row["custom_id"]) == ("failed", "100123", "1234")


def test_a_failure_without_its_sent_joins_the_newest_within_ten_minutes(tables: Persisted) -> None:
    tables.take([sent(0, "old"), sent(4, "new"), sent(11, "later")], [failed(10, "f", failure_id="9")])
    assert states(tables) == {"old": "sent", "new": "failed", "later": "sent"}
    assert tables.rows("messages", "message_key")["new"]["failure_id"] == "9"


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        (10, {"s": "failed"}),  # at ten minutes: joined
        (10.001, {"s": "sent", "f": "failed"}),  # later: a row of its own
        (-0.001, {"s": "sent", "f": "failed"}),  # before it was sent: a row of its own
    ],
)
def test_the_edges_of_the_ten_minutes(tables: Persisted, minute: float, expected: dict[str, str]) -> None:
    tables.take([failed(minute, "f")], [sent(0, "s")])
    assert states(tables) == expected


@pytest.mark.parametrize("other", [{"text": "another"}, {"sim_card_id": "2"}, {"contact_phone": "+13035550199"}])
def test_another_text_sim_or_phone_is_another_message(tables: Persisted, other: dict[str, Any]) -> None:
    tables.take([sent(0, "s", **other)], [failed(1, "f")])
    assert states(tables) == {"s": "sent", "f": "failed"}


def test_one_sent_message_takes_one_failure(tables: Persisted) -> None:
    tables.take([sent(0, "s")], [failed(2, "f2")], [failed(1, "f1")])
    assert states(tables) == {"s": "failed", "f2": "failed"}
    assert tables.rows("messages", "message_key")["s"]["failure_key"] == "f1"


def test_a_better_match_that_arrives_later_moves_the_failure(tables: Persisted) -> None:
    # Given a failure that had to do with an old message
    tables.take([sent(0, "old")], [failed(9, "f", custom_id="c")])
    assert states(tables) == {"old": "failed"}
    # When a newer one turns up
    tables.take([sent(5, "new")])
    # Then that one failed, and nothing of it stays with the old
    assert states(tables) == {"old": "sent", "new": "failed"}
    assert tables.rows("messages", "message_key")["old"]["custom_id"] is None
    # And when the very message turns up, it is the one
    tables.take([sent(9, "f")])
    assert states(tables) == {"old": "sent", "new": "sent", "f": "failed"}


def test_a_moved_failure_makes_room_for_the_next(tables: Persisted) -> None:
    tables.take([sent(0, "s")], [failed(1, "f1"), failed(2, "f2")])
    assert states(tables) == {"s": "failed", "f2": "failed"}
    tables.take([sent(1, "f1")])
    assert states(tables) == {"s": "failed", "f1": "failed"}
    assert tables.rows("messages", "message_key")["s"]["failure_key"] == "f2"


def test_a_chain_of_failures_that_reaches_far_is_followed_to_its_end(tables: Persisted) -> None:
    # Given a failure every eight minutes, each joined to the sent message one before
    chain = [*(sent(8 * n, f"s{n}") for n in range(6)), *(failed(8 * n + 1, f"f{n}") for n in range(6))]
    tables.take(chain)
    tables.agrees(chain)
    # When the first of all turns out to be another's
    better = failed(0.5, "f-early")
    tables.take([better])
    # Then what that does to the others is what the whole would have been from the start
    tables.agrees([*chain, better])


def test_messages_that_their_provider_numbers_are_never_guessed(tables: Persisted) -> None:
    numbered = {"provider": "textus", "sim_card_id": None}
    tables.take(
        [message("sent", "textus:1", provider_message_id="1", **numbered)],
        [message("failed", "textus:2", provider_message_id="2", occurred_at=at(1), **numbered)],
    )
    assert states(tables) == {"textus:1": "sent", "textus:2": "failed"}


def test_tests_and_unrecognized_are_events_and_nothing_else(tables: Persisted) -> None:
    events = [message(is_test=True, name="Ann"), contact(is_test=True, name="Ann"), unrecognized()]
    tables.take(events)
    tables.agrees(events)
    assert len(tables.rows("events", "event_id")) == 3
    assert not tables.rows("messages", "message_key")
    assert not tables.rows("contacts", "phone")


def test_an_empty_tag_removes_and_an_absent_one_does_not(tables: Persisted) -> None:
    tables.take([contact(tag="Warm", tags=("a", "b"), name="Ann", occurred_at=at(0))])
    tables.take([contact(occurred_at=at(1))])
    assert tables.rows("contacts", "phone")["+13035550142"]["tag"] == "Warm"
    tables.take([contact(tag="", tags=(), occurred_at=at(2))])
    [row] = tables.rows("contacts", "phone").values()
    assert (row["name"], row["tag"], row["tags"]) == ("Ann", None, None)
    # and an older one that arrives late does not bring it back
    tables.take([contact(tag="Hot", occurred_at=at(1.5))])
    assert tables.rows("contacts", "phone")["+13035550142"]["tag"] is None
