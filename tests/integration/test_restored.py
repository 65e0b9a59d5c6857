"""After a restore of PostgreSQL or a Kafka made anew: what is looked up, published again, and what the gate says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from ops.__main__ import main
from processors.engine.batch import PartitionId
from processors.engine.database import Database
from processors.engine.processor import Retryable
from processors.engine.progress import Progress
from processors.engine.published_topic import PublishedTopicWatch, TopicPlace, kafka_place
from processors.engine.restores import looked_through
from processors.opt_out import publication as opt_out_states
from processors.opt_out.head_publication import HeadPublication
from processors.opt_out.heads import HeadSigner, SignedHead
from processors.persist import publication as message_states
from runtime import metrics
from runtime.connections import KafkaSettings
from runtime.postgres import connect
from schemas.topics import OPT_OUT_STATE
from tests.integration.test_ledger_guard import rows
from tests.integration.test_ledger_heads import replaced
from tests.twins.events import message
from tests.twins.kafka import MemoryProducer
from tests.twins.opted_out import Desk

KEY = "c" * 43 + "="
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def owner(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    made.take(*(message(text="STOP", contact_phone=f"+1303555017{n}") for n in range(3)))
    yield made
    made.close()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["restored", "--json", *arguments]) == 0
    return dict(json.loads(capsys.readouterr().out))


def deliver(postgres: Any, received_at: datetime, status: str = "pending") -> UUID:
    """A delivery as crm-sync makes it."""
    event_id = uuid4()
    with psycopg.connect(postgres.dsn("crm-sync"), autocommit=True) as crm_sync:
        crm_sync.execute(
            "INSERT INTO crm_deliveries (event_id, target, contact_phone, event_type, received_at, status)"
            " VALUES (%s, 'rest', '+13035550142', 'message.received', %s, %s)",
            (event_id, received_at, status),
        )
    return event_id


def doubtful(owner: psycopg.Connection) -> set[UUID]:
    return {row[0] for row in owner.execute("SELECT event_id FROM crm_deliveries WHERE doubtful")}


def lost_position(owner: psycopg.Connection) -> int | None:
    [(position,)] = owner.execute("SELECT lost_position FROM opt_out_certainty").fetchall()
    return None if position is None else int(position)


def test_deliveries_that_may_have_been_made_are_looked_up_first(
    postgres: Any, owner: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a restored database: what waited when it was copied, and what was done by then
    now = datetime.now(UTC)
    waiting, done = deliver(postgres, now - 3 * HOUR), deliver(postgres, now - 3 * HOUR, "done")
    since = f"{now - HOUR:%Y-%m-%dT%H:%M:%SZ}"

    # A dry run changes nothing
    assert run(capsys, "--since", since, "--dry-run")["unknown"] == {"crm_deliveries": 1, "enforcements": 0}
    assert main(["restored", "--since", since, "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("dry run, nothing was changed; this is what would be:\n")
    assert doubtful(owner) == set()
    assert owner.execute("SELECT count(*) FROM restores").fetchone() == (0,)

    # When the operator says so, then what waits has to be looked up, however old, and what is done stays done
    assert run(capsys, "--since", since)["unknown"] == {"crm_deliveries": 1, "enforcements": 0}
    assert doubtful(owner) == {waiting}

    # And so has what is made again for events of the time that is gone; before and after it nothing
    again = deliver(postgres, now - HOUR / 2)
    deliver(postgres, now - 2 * HOUR)
    deliver(postgres, now + HOUR)
    assert doubtful(owner) == {waiting, again}
    assert done not in doubtful(owner)


def test_a_copy_from_the_future_is_a_slip(owner: psycopg.Connection, capsys: pytest.CaptureFixture[str]) -> None:
    """A local time that is taken for UTC: nothing made since then would be looked up."""
    assert main(["restored", "--since", f"{datetime.now(UTC) + 8 * HOUR:%Y-%m-%dT%H:%M}"]) == 2
    assert "is yet to come" in capsys.readouterr().err
    assert owner.execute("SELECT count(*) FROM restores").fetchone() == (0,)


def test_an_opt_out_that_was_set_before_the_restore_is_not_set_again(
    owner: psycopg.Connection, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a copy in which three calls wait, of which the provider had the first before the restore
    before, *others = sorted(phone for (phone,) in desk.all("SELECT phone FROM enforcements"))
    desk.target.out.add(("acme", before))
    assert run(capsys, "--since", "2026-01-01", "--dry-run")["unknown"] == {"crm_deliveries": 0, "enforcements": 3}
    assert run(capsys, "--since", "2026-01-01")["unknown"] == {"crm_deliveries": 0, "enforcements": 3}

    # And two STOPs that the copy lacks, of which it had one, and a STOP that came after the restore
    new = [f"+1303555018{n}" for n in range(3)]
    desk.target.out.add(("acme", new[0]))
    desk.take(*(message(text="STOP", contact_phone=phone) for phone in new[:2]))
    desk.take(message(text="STOP", contact_phone=new[2], received_at=datetime.now(UTC) + HOUR))
    assert owner.execute("SELECT phone FROM enforcements WHERE NOT doubtful").fetchall() == [(new[2],)]

    # Then each is set once, and no row waits or is in doubt
    desk.enforce()
    assert sorted(desk.target.calls) == [("acme", phone) for phone in sorted([*others, *new[1:]])]
    assert {status for _, status in desk.statuses()} == {"done"}
    assert owner.execute("SELECT count(*) FROM enforcements WHERE doubtful").fetchone() == (0,)


def test_a_group_that_finds_its_positions_gone_back_has_deliveries_looked_up(
    postgres: Any, owner: psycopg.Connection
) -> None:
    waiting = deliver(postgres, NOW)
    with psycopg.connect(postgres.dsn("persist"), autocommit=True) as persist:
        persist.execute("INSERT INTO restores (since, noted_by) VALUES ('-infinity', 'hookline-persist')")
    again = deliver(postgres, NOW)
    assert doubtful(owner) == {waiting, again}


def test_a_new_connection_is_looked_through_for_a_restore_before_it_is_used(
    postgres: Any, owner: psycopg.Connection
) -> None:
    # Given a process that has committed more than PostgreSQL has now, and a delivery that waits
    progress, place = Progress("hookline-crm-sync"), PartitionId("c", uuid4(), 0)
    values = (progress.group, *place, "sms.messages.v1", 5)
    owner.execute(
        "INSERT INTO consumer_offsets (consumer_group, cluster_id, topic_id, partition, topic, next_offset)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        values,
    )
    waiting = deliver(postgres, NOW)
    progress.remember({place: 5})
    looked_through(connect(postgres.dsn("crm-sync"), process="test"), progress).close()
    assert doubtful(owner) == set(), "nothing went back"
    progress.remember({place: 7})

    # When any part of it connects, then the delivery is to be looked up before anybody can claim it; noted once
    for _ in range(2):
        looked_through(connect(postgres.dsn("crm-sync"), process="test"), progress).close()
        assert doubtful(owner) == {waiting}
    assert owner.execute("SELECT noted_by FROM restores").fetchall() == [("hookline-crm-sync",)]


def test_a_database_that_is_being_restored_is_none_yet(postgres: Any) -> None:
    progress = Progress("hookline-crm-sync")
    progress.remember({PartitionId("c", uuid4(), 0): 7})
    connection = connect(postgres.dsn("crm-sync"), process="test")
    connection.execute("SET search_path TO pg_catalog")  # as if there were no tables
    with pytest.raises(psycopg.OperationalError, match="being restored"):
        looked_through(connection, progress)
    assert connection.closed


def test_states_are_published_again(desk: Desk, owner: psycopg.Connection, capsys: pytest.CaptureFixture[str]) -> None:
    owner.execute("UPDATE opt_out_cursors SET position = 3 WHERE name = 'state'")
    assert run(capsys, "--since", "2026-11-20T12:00:00Z")["states"] == 3
    assert owner.execute("SELECT position FROM opt_out_cursors WHERE name = 'state'").fetchone() == (0,)


def test_a_ledger_behind_its_published_head_makes_the_gate_unsure_until_it_reaches_it(
    desk: Desk, owner: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given three rows, whose head is published
    published: list[SignedHead] = []
    signer = HeadSigner(KEY)
    heads = HeadPublication(signer, MemoryProducer(), lambda: iter(published), None)
    heads(desk.database)
    heads(desk.database)
    assert lost_position(owner) is None
    entries = rows(desk)
    published.append(signer.sign(3, entries[-1].hash, NOW))

    # When PostgreSQL is restored from a copy with two of them, and opt-out starts anew as well
    replaced(desk, entries[:2])
    owner.execute("UPDATE opt_out_published SET position = 2")
    restarted = HeadPublication(signer, MemoryProducer(), lambda: iter(published), None)
    for each in (heads, restarted):
        owner.execute("UPDATE opt_out_published SET position = 2")
        each(desk.database)
        # Then that is known within a look
        assert lost_position(owner) == 3
        assert metrics.OPT_OUT_ROWS_LOST._value.get() == 1

    # And over once the row is there again
    replaced(desk, entries)
    assert lost_position(owner) is None
    restarted(desk.database)
    assert metrics.OPT_OUT_ROWS_LOST._value.get() == 0


def test_an_accepted_loss_has_heads_go_on_from_the_ledger_as_it_is(
    desk: Desk, owner: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    signer, producer = HeadSigner(KEY), MemoryProducer()
    entries = rows(desk)
    heads = HeadPublication(signer, producer, lambda: iter([signer.sign(3, entries[-1].hash, NOW)]), None)
    replaced(desk, entries[:2])
    heads(desk.database)
    assert (lost_position(owner), metrics.OPT_OUT_HEAD_CONFLICT._value.get()) == (3, 1)

    assert run(capsys, "--since", "2026-11-20T12:00:00Z", "--accept-ledger")["accepted_position"] == 3
    assert lost_position(owner) is None
    heads(desk.database)
    assert (metrics.OPT_OUT_HEAD_CONFLICT._value.get(), metrics.OPT_OUT_ROWS_LOST._value.get()) == (0, 0)
    assert metrics.OPT_OUT_HEAD_PUBLISHED._value.get() == 2


@pytest.mark.parametrize(("process", "publication"), [("opt-out", opt_out_states), ("persist", message_states)])
def test_a_compacted_topic_that_was_made_anew_is_filled_again(
    postgres: Any, owner: psycopg.Connection, process: str, publication: Any
) -> None:
    database = Database(lambda: connect(postgres.dsn(process), process=process))
    topic, places = f"topic of {process}", [TopicPlace("cluster", uuid4())]
    calls: list[None] = []

    def publish_again(connection: Any) -> None:
        publication.start_over(connection)
        calls.append(None)

    watch = PublishedTopicWatch(topic, lambda: places[-1], publish_again)
    for _ in range(2):  # first seen, and seen again: it is no other
        watch(database)
    assert calls == []

    # Another topic under its name, another cluster: each is noticed once
    for count, place in enumerate([TopicPlace("cluster", uuid4()), TopicPlace("another", places[0].topic_id)], 1):
        places.append(place)
        for _ in range(2):
            watch(database)
        assert len(calls) == count
    assert metrics.PUBLISHED_TOPIC_CHANGED.labels(topic)._value.get() == 2
    assert owner.execute("SELECT count(*) FROM published_topics WHERE changed_at IS NOT NULL").fetchone() == (1,)
    database.close()


def test_a_kafka_that_does_not_answer_is_no_other_topic(postgres: Any, owner: psycopg.Connection) -> None:
    def away() -> TopicPlace:
        raise Retryable("Kafka does not answer")

    database = Database(lambda: connect(postgres.dsn("persist"), process="persist"))
    with pytest.raises(Retryable):
        PublishedTopicWatch("some", away, message_states.start_over)(database)
    assert PublishedTopicWatch("some", lambda: None, message_states.start_over)(database) > 0
    assert owner.execute("SELECT count(*) FROM published_topics").fetchone() == (0,)
    database.close()


def test_kafka_tells_where_a_topic_is_and_that_it_is_missing(kafka_settings: KafkaSettings) -> None:
    place = kafka_place(kafka_settings, OPT_OUT_STATE.name, "tests")
    assert place is not None
    assert place == kafka_place(kafka_settings, OPT_OUT_STATE.name, "tests")
    assert kafka_place(kafka_settings, "sms.no-such-topic", "tests") is None
