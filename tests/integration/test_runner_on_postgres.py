"""The runner's promises, on Kafka in memory and a real PostgreSQL: told as stories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from processors.engine.batch import PartitionId
from processors.engine.database import Database
from processors.engine.handling import OurBug
from processors.engine.processor import Delivery, Rejected, Retryable
from processors.engine.progress import accept_loss, excuse, resume
from runtime.kafka.consumer import AccessWithdrawn, Partition
from runtime.kafka.producer import NotPublished
from runtime.postgres import Connection
from tests.twins.events import message
from tests.twins.kafka import MemoryConsumer
from tests.twins.rig import DEAD, REDRIVE, TOPIC, Rig, until


@pytest.fixture
def rig(postgres: Any) -> Iterator[Rig]:
    made = Rig(postgres)
    yield made
    made.close()


def on(text: str, does: Any) -> Any:
    """What the probe does before the effect of the message `text`."""

    def before(delivery: Delivery, connection: Connection) -> None:
        if delivery.event.text == text:  # type: ignore[attr-defined]
            if isinstance(does, Exception):
                raise does
            does(connection)

    return before


def test_each_event_has_its_effect_once_and_in_order(rig: Rig) -> None:
    events = [message(key=str(n)) for n in range(30)]
    for event in events:
        rig.put(event)
    with rig.running():
        until(lambda: len(rig.effects()) == 30)
    assert rig.effects() == [event.event_id for event in events]
    # PostgreSQL knows how far it came, and Kafka's offsets have followed
    assert rig.stored() == {Partition(TOPIC, 0): 30}
    assert rig.kafka.mirrored == {("hookline-probe", Partition(TOPIC, 0)): 30}


def test_the_next_run_goes_on_where_postgresql_says(rig: Rig) -> None:
    rig.put(message())
    with rig.running():
        until(lambda: len(rig.effects()) == 1)
    rig.kafka.mirrored.clear()  # whatever Kafka thinks
    late = message()
    rig.put(late)
    with rig.running():
        until(lambda: len(rig.effects()) == 2)
    assert rig.effects()[1] == late.event_id


def test_ready_once_the_partitions_are_in_place(rig: Rig) -> None:
    with rig.running() as run:
        until(lambda: run.state.readiness().ready)
    rig.kafka.answers = False
    with rig.running() as run:
        until(lambda: run.reason == "Kafka does not answer")
        rig.kafka.answers = True
        until(lambda: run.state.readiness().ready)


def test_what_cannot_be_decoded_is_set_aside_as_it_came(rig: Rig) -> None:
    # Given a record that nobody can read among good ones, with headers of its own
    headers = [("ce_id", b"7"), ("odd", b"\x00\xff"), ("ce_id", b"again")]
    good, better = message(), message()
    rig.put(good)
    rig.kafka.append(TOPIC, 0, b"\x00\x00\x00\x00\x01broken", key=b"+13035550142", headers=headers)
    rig.kafka.append(TOPIC, 1, None)
    rig.put(better)
    with rig.running():
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 3, Partition(TOPIC, 1): 1})
    # Then the others have landed, and it is a dead letter, byte for byte, with the reason beside it
    assert rig.effects() == [good.event_id, better.event_id]
    broken, empty = sorted(rig.producer.published, key=lambda letter: dict(letter.headers)["dlq-original-partition"])
    assert (broken.topic, broken.key, broken.value) == (DEAD, b"+13035550142", b"\x00\x00\x00\x00\x01broken")
    assert broken.headers[:3] == headers
    reported = {name: value.decode() for name, value in broken.headers[3:]}
    assert {name: reported[name] for name in list(reported)[:7]} == {
        "dlq-original-topic": TOPIC,
        "dlq-original-partition": "0",
        "dlq-original-offset": "1",
        "dlq-original-timestamp": "1700000000001",
        "dlq-consumer-group": "hookline-probe",
        "dlq-disposition": "undecodable",
        "dlq-error-class": "Undecodable",
    }
    assert reported.keys() >= {"dlq-error-message", "dlq-first-failed-at", "dlq-last-failed-at", "dlq-app-version"}
    assert (reported["dlq-attempts"], reported["dlq-redrive-count"]) == ("1", "0")
    assert empty.value is None


@pytest.mark.parametrize(
    "does",
    [
        Rejected("no such account"),
        lambda c: c.execute("SELECT 1/0"),  # 22012
        lambda c: c.execute("INSERT INTO effects (event_id) VALUES (NULL)"),  # 23502
        lambda c: c.execute("SELECT %s::text", ("\x00",)),  # psycopg itself will not send a NUL
        lambda c: c.execute("SELECT %s::text", ("\ud800",)),  # nor a lone surrogate
    ],
    ids=["rejected", "class 22", "class 23", "NUL", "surrogate"],
)
def test_one_bad_record_is_isolated_and_the_rest_lands_in_order(rig: Rig, does: Any) -> None:
    rig.probe.before = on("bad", does)
    events = [message(text="bad" if n == 37 else "good", key=str(n)) for n in range(64)]
    for event in events:
        rig.put(event)
    with rig.running():
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 64})
    assert rig.effects() == [event.event_id for event in events if event.text == "good"]
    [letter] = rig.producer.published
    assert dict(letter.headers)["dlq-disposition"] == b"rejected"
    assert dict(letter.headers)["dlq-original-offset"] == b"37"
    assert rig.value("SELECT recent FROM consumer_outcomes") == "0" * 37 + "1" + "0" * 26


def test_an_error_message_carries_nothing_personal(rig: Rig) -> None:
    rig.put(message(text="bad"))
    rig.probe.before = on("bad", lambda c: c.execute("SELECT 'call me at +1 303 555 0142, Ann'::int"))
    with rig.running():
        until(lambda: rig.producer.published)
    [letter] = rig.producer.published
    assert dict(letter.headers)["dlq-error-message"].decode() == "invalid input syntax for type integer: …"


def test_a_dead_letter_is_waited_for_before_the_commit(rig: Rig) -> None:
    # Given a Kafka that does not take the first three dead letters
    rig.producer.failures = [NotPublished("KafkaTimeoutError")] * 3
    rig.kafka.append(TOPIC, 0, b"broken")
    rig.put(good := message())
    with rig.running() as run:
        until(lambda: "paused until" in run.reason and "dead letter" in run.reason)
        assert rig.stored() == {}
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 2})
    assert rig.effects() == [good.event_id]
    assert len(rig.producer.published) == 1


def test_a_processor_may_park_instead(rig: Rig) -> None:
    rig.probe.parks = True
    rig.kafka.append(TOPIC, 0, b"broken")
    with rig.running():
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 1})
    assert [aside.record.value for aside in rig.probe.parked] == [b"broken"]
    assert rig.producer.published == []


def test_our_bug_ends_the_process_uncommitted_and_the_third_time_is_poison(rig: Rig) -> None:
    # Given a record that makes our code fail, between good ones
    rig.probe.before = on("bug", KeyError("whoops"))
    events = [message(text=text, key=text) for text in ("a", "b", "bug", "c")]
    for event in events:
        rig.put(event)
    # When the process runs, it ends, with nothing of the batch committed, and it has counted the failure
    for attempt in (1, 2):
        with pytest.raises(OurBug) as raised, rig.running() as run:
            run.thread.join(10)
        assert isinstance(raised.value.__cause__, KeyError)
        assert (rig.effects(), rig.stored(), rig.producer.published) == ([], {}, [])
        assert rig.value("SELECT attempts FROM consumer_failures WHERE record_offset = 2") == attempt
    # Then the third time it is set aside, and the others land
    with rig.running():
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 4})
    assert rig.effects() == [event.event_id for event in events if event.text != "bug"]
    [letter] = rig.producer.published
    reported = dict(letter.headers)
    assert (reported["dlq-disposition"], reported["dlq-attempts"]) == (b"poison", b"3")
    assert reported["dlq-error-class"] == b"KeyError"


def test_it_halts_rather_than_empty_the_topic_into_the_dead_letters(rig: Rig) -> None:
    # Given a topic of which nothing can be read, but for the first records
    for _ in range(10):
        rig.put(message())
    for _ in range(500):
        rig.put_broken()
    with rig.running() as run:
        until(lambda: "halted: 50 of the last 100" in run.reason)
        assert "50 x undecodable on sms.messages.v1, Undecodable, by /providers/textlink/textlink" in run.reason
        # Then exactly as many as it takes are set aside, and it stays up, a member of its group
        assert rig.stored() == {Partition(TOPIC, 0): 60}
        assert len(rig.producer.published) == 50
        assert run.thread.is_alive()
    # And a restart does not change its mind
    with rig.running() as run:
        until(lambda: "halted" in run.reason)
        assert len(rig.producer.published) == 50
        # until the cause is mended and an operator says so
        rig.kafka.logs[Partition(TOPIC, 0)][60:] = []
        rig.put(late := message())
        assert resume(rig.owner, "hookline-probe")
        until(lambda: rig.effects()[-1:] == [late.event_id])
        assert run.state.readiness().ready
    assert not resume(rig.owner, "hookline-probe")


def test_fewer_than_half_do_not_halt_it_however_they_are_batched(postgres: Any) -> None:
    rig = Rig(postgres, batch_records=7)
    for n in range(400):
        rig.put(message(), 0) if n % 2 or n % 50 == 0 else rig.put_broken()
    with rig.running() as run:
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 400})
        assert run.state.readiness().ready
    assert len(rig.producer.published) == 192
    rig.close()


def test_what_nobody_of_ours_wrote_is_set_aside_and_halts_nothing(rig: Rig) -> None:
    # Given a flood of junk, records that were rejected among it, and fewer than it takes of our own
    rig.probe.before = on("rejected", Rejected("no"))
    for n in range(300):
        rig.kafka.append(TOPIC, 0, b"junk" if n % 3 else None)
        rig.put_as_stranger(message(text="rejected", key=str(n)))
    for _ in range(49):
        rig.put_broken()
    rig.put(good := message(text="good", key="good"))
    with rig.running() as run:
        until(lambda: rig.effects() == [good.event_id])
        assert run.state.readiness().ready
    assert len(rig.producer.published) == 649
    # Then one more of ours is one too many, whatever lies between
    for _ in range(200):
        rig.kafka.append(TOPIC, 0, b"junk")
    for _ in range(2):
        rig.put_broken()
    with rig.running() as run:
        until(lambda: "halted: 50 of the last 100" in run.reason)


def test_a_flood_is_let_through_at_once_and_what_follows_it_counts_again(rig: Rig) -> None:
    # Given a halt in a flood of 500
    for _ in range(500):
        rig.put_broken()
    with rig.running() as run:
        until(lambda: "halted" in run.reason)
        # When an operator excuses all that is on the topic
        place = PartitionId(rig.kafka.cluster_id, rig.kafka.ids[TOPIC], 0)
        assert resume(rig.owner, "hookline-probe")
        excuse(rig.owner, "hookline-probe", {(place, TOPIC): (0, 500)})
        # Then it goes through in one go
        until(lambda: len(rig.producer.published) == 500)
        until(lambda: run.state.readiness().ready)
        # And the next flood halts it again
        for _ in range(60):
            rig.put_broken()
        until(lambda: "halted: 50 of the last 100" in run.reason)
        assert len(rig.producer.published) == 550


def test_a_tombstone_is_junk_but_where_the_topic_is_compacted(postgres: Any) -> None:
    rig = Rig(postgres)
    rig.kafka.create("sms.opt-out-state.v1", 1)
    rig.kafka.append(TOPIC, 0, None)
    rig.kafka.append("sms.opt-out-state.v1", 0, None)
    topics = [TOPIC, "sms.opt-out-state.v1"]
    with rig.running(topics=topics):
        until(lambda: rig.stored() == {Partition(topic, 0): 1 for topic in topics})
    [letter] = rig.producer.published
    assert dict(letter.headers)["dlq-original-topic"] == TOPIC.encode()
    rig.close()


def test_the_world_being_down_is_waited_out(rig: Rig) -> None:
    # Given a service that asks to wait, three times
    refusals = [Retryable("the API asks to wait", retry_after=0.3)] * 3

    def before(_delivery: Delivery, _connection: Connection) -> None:
        if refusals:
            raise refusals.pop()

    rig.probe.before = before
    rig.put(first := message())
    with rig.running() as run:
        until(lambda: "paused until" in run.reason)
        assert "the API asks to wait" in run.reason
        until(lambda: rig.effects() == [first.event_id])
        until(lambda: run.state.readiness().ready)


def test_a_stop_ends_the_wait_and_leaves_the_batch_uncommitted(rig: Rig) -> None:
    rig.probe.before = on("hello", Retryable("down", retry_after=3600))
    rig.put(message())
    with rig.running() as run:
        until(lambda: "paused until" in run.reason)
    assert (rig.effects(), rig.stored()) == ([], {})
    assert rig.kafka.members["hookline-probe"] == []  # it has left the group


class WithdrawnConsumer(MemoryConsumer):
    """Its Kafka does not let it in while `is_withdrawn`."""

    is_withdrawn = False

    def poll(self, timeout: float) -> Any:
        if self.is_withdrawn:
            raise AccessWithdrawn("GroupAuthorizationFailedError")
        return super().poll(timeout)


def test_rights_that_are_taken_away_are_told_and_waited_for(rig: Rig) -> None:
    consumer = WithdrawnConsumer(rig.kafka, "hookline-probe")
    with rig.running(consumer=consumer) as run:
        until(lambda: run.state.readiness().ready)
        consumer.is_withdrawn = True
        until(lambda: "Kafka no longer allows this: GroupAuthorizationFailedError" in run.reason)
        rig.put(message())
        consumer.is_withdrawn = False
        until(lambda: run.state.readiness().ready and rig.stored() == {Partition(TOPIC, 0): 1})


def test_polling_goes_on_while_nothing_can_be_handled(postgres: Any) -> None:
    # Given a small queue, full while PostgreSQL is away
    rig = Rig(postgres, batch_records=1, queued_batches=1)
    gate = Retryable("away")
    rig.probe.before = on("hello", gate)
    for _ in range(5):
        rig.put(message())
    polls = CountingConsumer(rig.kafka, "hookline-probe", max_records=1)
    with rig.running(consumer=polls) as run:
        until(lambda: "paused until" in run.reason)
        seen = polls.polls
        until(lambda: polls.polls > seen + 2)  # the group goes on hearing from us
        rig.probe.before = lambda _delivery, _connection: None
        until(lambda: len(rig.effects()) == 5)
    assert rig.stored() == {Partition(TOPIC, 0): 5}
    rig.close()


class CountingConsumer(MemoryConsumer):
    polls = 0

    def poll(self, timeout: float) -> Any:
        self.polls += 1
        return super().poll(timeout)


def test_who_finds_the_offset_elsewhere_drops_the_batch_and_reads_on_from_there(rig: Rig) -> None:
    rig.put(first := message())
    with rig.running():
        until(lambda: rig.effects() == [first.event_id])
        # Given another member that has moved on from here without our knowing
        rig.owner.execute("UPDATE consumer_offsets SET next_offset = 3")
        skipped = [message(), message()]
        for event in skipped:
            rig.put(event)
        rig.put(last := message())
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 4})
    # Then what it has done is not done again
    assert rig.effects() == [first.event_id, last.event_id]


@pytest.mark.parametrize(
    ("stored", "reason"), [(1, "the stored offset 1 is below the log's begin, 2"), (9, "the stored offset 9 is beyond")]
)
def test_an_offset_that_is_no_place_in_the_log_halts_that_partition_alone(rig: Rig, stored: int, reason: str) -> None:
    for number in (0, 1):
        for _ in range(4):
            rig.put(message(), number)
    with rig.running():
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 4, Partition(TOPIC, 1): 4})
    # Given a partition whose log no longer has the place
    rig.kafka.forget_before(TOPIC, 0, 2)
    rig.owner.execute("UPDATE consumer_offsets SET next_offset = %s WHERE partition = 0", (stored,))
    rig.put(other := message(), 1)
    with rig.running() as run:
        # Then it is told and left alone, while the others go on
        until(lambda: reason in run.reason)
        until(lambda: other.event_id in rig.effects())
        assert rig.stored()[Partition(TOPIC, 0)] == stored
        assert rig.value("SELECT lost_since FROM consumer_offsets WHERE partition = 0") is not None
        # until an operator accepts what is lost
        before = len(rig.effects())
        until(lambda: accept_loss(rig.owner, "hookline-probe") == [(TOPIC, 0, stored, 2)])
        until(lambda: rig.stored()[Partition(TOPIC, 0)] == 4)
        until(lambda: run.state.readiness().ready)
    assert len(rig.effects()) == before + 2  # offsets 2 and 3, once more; a real processor's fold does not mind


def test_retention_that_overtakes_a_running_processor_halts_it(postgres: Any) -> None:
    rig = Rig(postgres)
    with rig.running() as run:
        rig.put(message())
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 1})
        rig.kafka.logs[Partition(TOPIC, 0)] = []
        rig.kafka.begins[Partition(TOPIC, 0)] = 5
        until(lambda: "the stored offset 1 is below the log's begin, 5" in run.reason)
    rig.close()


def test_a_topic_made_anew_starts_at_its_beginning(rig: Rig) -> None:
    for _ in range(3):
        rig.put(message())
    with rig.running():
        until(lambda: len(rig.effects()) == 3)
        rig.kafka.create(TOPIC, 2)
        rig.put(late := message())
        until(lambda: late.event_id in rig.effects())
    assert len(rig.effects()) == 4
    assert rig.value("SELECT count(*) FROM consumer_offsets") == 2


def test_a_topic_that_is_missing_is_read_once_it_exists(postgres: Any) -> None:
    rig = Rig(postgres)
    del rig.kafka.ids[TOPIC]
    rig.kafka.logs = {partition: log for partition, log in rig.kafka.logs.items() if partition.topic != TOPIC}
    with rig.running() as run:
        until(lambda: f"Kafka lacks {TOPIC}: run `hookline topics apply`" in run.reason)
        rig.kafka.create(TOPIC, 2)
        rig.put(first := message())
        until(lambda: rig.effects() == [first.event_id])
        until(lambda: run.state.readiness().ready)
    rig.close()


def test_what_comes_back_is_handled_and_a_second_dead_letter_knows_its_origin(rig: Rig) -> None:
    origin = [("dlq-original-topic", TOPIC.encode()), ("dlq-original-partition", b"1"), ("dlq-original-offset", b"77")]
    ours = [*origin, ("dlq-original-timestamp", b"5"), ("dlq-redrive-count", b"2"), ("dlq-disposition", b"poison")]
    rig.probe.before = on("bad", Rejected("still not"))
    rig.put(good := message(), topic=REDRIVE, headers=[("ce_id", b"1"), ("dlq-redrive-count", b"1")])
    rig.put(message(text="bad"), topic=REDRIVE, headers=[("ce_id", b"2"), *ours])
    with rig.running():
        until(lambda: rig.stored() == {Partition(REDRIVE, 0): 2})
    assert rig.effects() == [good.event_id]
    [letter] = rig.producer.published
    assert letter.headers[0] == ("ce_id", b"2")
    assert [name for name, _ in letter.headers[1:]].count("dlq-redrive-count") == 1
    reported = dict(letter.headers)
    assert (reported["dlq-redrive-count"], reported["dlq-disposition"]) == (b"2", b"rejected")
    assert [(name, reported[name]) for name, _ in origin] == origin


def test_members_coming_and_going_repeat_nothing_and_lose_nothing(postgres: Any) -> None:
    rig = Rig(postgres, partitions=6, batch_records=5)
    events = [message(key=str(n)) for n in range(300)]
    for n, event in enumerate(events[:150]):
        rig.put(event, n % 6)
    with rig.running():
        with rig.running(probe=rig.another_probe()), rig.running(probe=rig.another_probe()):
            for n, event in enumerate(events[150:]):
                rig.put(event, n % 6)
            until(lambda: len(rig.effects()) > 200)
        until(lambda: len(rig.effects()) >= 300)
    assert sorted(rig.effects()) == sorted(event.event_id for event in events)
    rig.close()


def test_a_connection_that_breaks_is_made_anew(rig: Rig, postgres: Any) -> None:
    rig.put(first := message())
    with rig.running(), psycopg.connect(postgres.superuser_dsn, autocommit=True) as superuser:
        until(lambda: rig.effects() == [first.event_id])
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hookline-probe'"
        )
        rig.put(second := message())
        until(lambda: rig.effects() == [first.event_id, second.event_id])


def test_a_commit_whose_outcome_is_unknown_has_its_effect_once(rig: Rig) -> None:
    # Given a connection that is cut after PostgreSQL has committed, before it could say so
    database = CutAfterCommit(rig.connect)
    rig.put(first := message())
    with rig.running(database=database):
        until(lambda: rig.effects() == [first.event_id])
        until(lambda: database.cuts > 0)
        rig.put(second := message())
        until(lambda: len(rig.effects()) == 2)
    assert rig.effects() == [first.event_id, second.event_id]


class CutAfterCommit(Database):
    cuts = 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with super().transaction() as connection:
            yield connection
            wrote = connection.execute("SELECT pg_current_xact_id_if_assigned()").fetchone() != (None,)
        if wrote and not self.cuts:
            self.cuts += 1
            raise psycopg.OperationalError("server closed the connection unexpectedly")


class Killed(BaseException):
    """The process is gone."""


class KillsDatabase(Database):
    """Dies around a commit, once."""

    def __init__(self, connect: Any, where: str) -> None:
        super().__init__(connect)
        self.where = where

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        wrote = False
        with super().transaction() as connection:
            yield connection
            wrote = connection.execute("SELECT pg_current_xact_id_if_assigned()").fetchone() != (None,)
            if wrote and self.where == "before the commit":
                raise Killed
        if wrote and self.where == "after the commit":
            raise Killed


class KillsConsumer(MemoryConsumer):
    """Dies around a poll or the mirror, once."""

    where = ""

    def poll(self, timeout: float) -> Any:
        found = super().poll(timeout)
        if found and self.where == "after the poll":
            raise Killed
        return found

    def mirror(self, offsets: Any) -> None:
        if self.where == "before the mirror":
            raise Killed
        super().mirror(offsets)
        if self.where == "after the mirror":
            raise Killed


@pytest.mark.parametrize(
    "where", ["after the poll", "before the commit", "after the commit", "before the mirror", "after the mirror"]
)
def test_killed_around_each_step_the_effect_is_there_once(rig: Rig, where: str) -> None:
    events = [message(key=str(n)) for n in range(20)]
    for event in events:
        rig.put(event)
    dying = KillsConsumer(rig.kafka, "hookline-probe")
    dying.where = where
    with (
        pytest.raises(Killed),
        rig.running(consumer=dying, database=KillsDatabase(rig.connect, where)) as run,
    ):
        run.thread.join(10)
    with rig.running():
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 20})
    assert rig.effects() == [event.event_id for event in events]


@pytest.mark.parametrize("where", ["between two statements", "in mid-COPY"])
def test_a_member_frozen_in_its_transaction_does_not_keep_its_locks(rig: Rig, where: str) -> None:
    # Given a member that stands still with the partition's offset locked
    rig.put(message())
    with rig.running():
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 1})
    frozen = rig.connect()
    frozen.execute("SET idle_in_transaction_session_timeout = '300ms'")  # as every member sets its own
    frozen.execute("BEGIN")
    frozen.execute("UPDATE consumer_offsets SET next_offset = next_offset")
    if where == "in mid-COPY":
        frozen.pgconn.exec_(b"COPY effects (event_id) FROM STDIN")
    # When another one has the partition, it gets on
    rig.put(message())
    with rig.running(database=Database(rig.connect, idle_limit=0.3, lock_limit=0.3)):
        until(lambda: rig.stored() == {Partition(TOPIC, 0): 2})
    # Then the frozen one, resumed, finds its transaction gone
    with pytest.raises(psycopg.Error):
        frozen.execute("COMMIT")
    frozen.close()


def test_offsets_deleted_by_hand_mean_the_beginning_and_nothing_is_skipped(rig: Rig) -> None:
    rig.put(first := message())
    with rig.running():
        until(lambda: len(rig.effects()) == 1)
        rig.owner.execute("DELETE FROM consumer_offsets")
        rig.put(second := message())
        until(lambda: len(rig.effects()) == 3)
    assert rig.effects() == [first.event_id, first.event_id, second.event_id]


def test_logs_of_what_is_set_aside_name_the_place_and_nothing_personal(rig: Rig, capsys: Any) -> None:
    from runtime import logs

    logs.configure("probe")
    rig.probe.before = on("bad", Rejected("no such account"))
    rig.put(message(text="bad", contact_phone="+13035550142"), key=b"+13035550142")
    with rig.running():
        until(lambda: rig.producer.published)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    [reported] = [line for line in lines if line["event"] == "set_aside"]
    assert (reported["topic"], reported["partition"], reported["offset"], reported["disposition"]) == (
        TOPIC,
        0,
        0,
        "rejected",
    )
    assert "3035550142" not in json.dumps(lines)
