"""Kafka first, the spool second, then the answer; and 503 only when neither takes the event."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.durable.breaker import BreakerState
from ingest.durable.publisher import PAST_TIMEOUT, Durability, DurablePublisher, Unavailable
from ingest.durable.replay_loop import ReplayLoop
from ingest.durable.replayer import Replayer
from ingest.durable.spool.database import SpoolFull, SpoolUnavailable
from ingest.durable.spool.store import Spool
from ingest.event import events_of
from ingest.worker import TIME_LIMIT, IngestReadiness
from runtime.kafka.producer import NotPublished, OutgoingRecord, RefusedForGood
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import SchemaIds
from tests.contract.players import NEW_SECRET, PLAYERS
from tests.twins.kafka import MemoryProducer
from tests.unit.ingest.spools import opened

CODEC = Codec(SchemaIds.checked_in())


def event(text: str = "hi", phone: str = "+13035550142") -> Event:
    player = PLAYERS["textlink"]
    fields = {**player.message, "text": text, "phone_number": phone}
    request = player.posted(fields, NEW_SECRET).request(datetime.now(UTC))
    [found] = events_of(player.provider(NEW_SECRET), request)
    return found


def text_of(outgoing_record: OutgoingRecord) -> str:
    return str(CODEC.decode(outgoing_record.value).text)  # type: ignore[attr-defined] # all are messages


class Kafka(MemoryProducer):
    """A broker that answers at once, or never, or refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.timeouts: list[float] = []  #: that each question had, in seconds
        self.hangs: float = 0.0
        self.lock = threading.Lock()

    @property
    def log(self) -> list[str]:
        return [text_of(record) for record in self.published]

    @property
    def calls(self) -> int:
        return len(self.timeouts)

    def publish_all(self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0) -> Any:
        self.timeouts.append(timeout)
        time.sleep(min(self.hangs, timeout))
        with self.lock:
            return super().publish_all(records)

    def publish_round(self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0) -> Any:
        """As a KafkaProducer would where all go to one partition: all of them, or none."""
        with self.lock:
            unknown = next((failure for record in records if (failure := self.fate(record))), None)
            self.published += [] if unknown else records
        return [unknown] * len(records)

    def down(self) -> None:
        self.fate = lambda _: NotPublished("KafkaTimeoutError")


class Rounds:
    """Kafka as the replayers reach it."""

    def __init__(self, kafka: Kafka) -> None:
        self.publish_all = kafka.publish_round


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    service, spool = opened(tmp_path / "spool")
    service.state.spooling = 0
    yield spool
    spool.close()
    service.close()


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
def publisher(spool: Spool, kafka: Kafka) -> DurablePublisher:
    return DurablePublisher(kafka, spool, CODEC, timeout=2.0)


def waiting(spool: Spool) -> list[str]:
    return [text_of(row.record) for row in spool.in_turn(lambda turn: turn.first(10_000))]


def test_kafka_takes_it(publisher: DurablePublisher, spool: Spool, kafka: Kafka) -> None:
    assert publisher.publish_all([event("a")]) is Durability.KAFKA
    assert (kafka.log, waiting(spool)) == (["a"], [])


def test_what_kafka_does_not_confirm_goes_to_the_spool_and_so_does_all_that_follows(
    publisher: DurablePublisher, spool: Spool, kafka: Kafka
) -> None:
    kafka.down()
    assert publisher.publish_all([event("a")]) is Durability.SPOOL
    # Kafka is back, but the next event must not overtake the first
    kafka.fate = lambda _: None
    assert publisher.publish_all([event("b")]) is Durability.SPOOL
    assert (kafka.calls, waiting(spool)) == (1, ["a", "b"])


def test_no_request_pays_the_time_out_once_one_has(publisher: DurablePublisher, spool: Spool, kafka: Kafka) -> None:
    # Given a Kafka that hangs, and requests that come one after the other and all at once
    kafka.down()
    kafka.hangs = 0.5
    with ThreadPoolExecutor(32) as pool:
        first = [pool.submit(publisher.publish_all, [event(str(n))]) for n in range(32)]
        assert {future.result(30) for future in first} == {Durability.SPOOL}
    # Then at most the rounds that were begun have waited for it
    assert kafka.calls <= 2
    assert len(waiting(spool)) == 32
    requested = kafka.calls
    publisher.publish_all([event("later")])
    assert kafka.calls == requested


def test_what_kafka_will_never_take_is_kept_aside_and_does_not_stop_the_next(
    publisher: DurablePublisher, spool: Spool, kafka: Kafka
) -> None:
    kafka.fate = lambda record: RefusedForGood("MessageSizeTooLargeError") if text_of(record) == "big" else None
    assert publisher.publish_all([event("big")]) is Durability.SPOOL
    assert publisher.publish_all([event("next")]) is Durability.KAFKA
    with spool.turn() as turn:
        assert [(text_of(refused.row.record), refused.reason) for refused in turn.refused(9)] == [
            ("big", "MessageSizeTooLargeError")
        ]


def test_events_that_waited_behind_the_spool_go_to_kafka_when_it_is_handed_back(
    publisher: DurablePublisher, spool: Spool, kafka: Kafka
) -> None:
    spool.divert()
    with ThreadPoolExecutor(1) as pool:
        with spool.turn() as turn:
            late = pool.submit(publisher.publish_all, [event("late")])
            while not publisher._spooled._led:
                time.sleep(0.001)
            assert turn.hand_back()
        assert late.result(30) is Durability.KAFKA
    assert (kafka.log, waiting(spool), spool.spooling) == (["late"], [], False)


class TestNeither:
    def test_503_when_the_spool_fails_and_kafka_is_down(
        self, publisher: DurablePublisher, spool: Spool, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kafka.down()
        monkeypatch.setattr(spool, "append", _failing(SpoolUnavailable("spool_failed_ioerr")))
        for _ in range(2):
            with pytest.raises(Unavailable, match="spool_failed_ioerr"):
                publisher.publish_all([event("a")])

    def test_a_full_spool_is_overtaken_when_kafka_answers(
        self, publisher: DurablePublisher, spool: Spool, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spool.divert()
        spool.state.breaker = BreakerState.HALF_OPEN
        monkeypatch.setattr(spool, "append", _failing(SpoolFull("spool_full")))
        assert publisher.publish_all([event("a")]) is Durability.KAFKA

    def test_nobody_waits_long_while_the_spool_fails_and_kafka_is_frozen(
        self, publisher: DurablePublisher, spool: Spool, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given a spool that fails, and a Kafka that says nothing, as nobody knows yet
        spool.divert()
        kafka.down()
        kafka.hangs = 60.0
        monkeypatch.setattr(spool, "append", _failing(SpoolUnavailable("spool_failed_ioerr")))

        def refused(_: int) -> None:
            with pytest.raises(Unavailable):
                publisher.publish_all([event("a")])

        # When many ask at once, then each waits for one try of Kafka at most, its own or another's, and that is short
        with ThreadPoolExecutor(20) as threads:
            list(threads.map(refused, range(20)))
        assert kafka.timeouts == [PAST_TIMEOUT]

    def test_and_not_when_it_is_known_to_be_down(
        self, publisher: DurablePublisher, spool: Spool, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spool.divert()
        spool.state.breaker = BreakerState.OPEN
        monkeypatch.setattr(spool, "append", _failing(SpoolFull("spool_full")))
        with pytest.raises(Unavailable, match="spool_full"):
            publisher.publish_all([event("a")])
        assert kafka.calls == 0


def _failing(error: Exception) -> Callable[..., bool]:
    def append(*_: Any, **__: Any) -> bool:
        raise error

    return append


def test_two_workers_and_a_replayer_keep_each_contacts_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that wait for each answer, on two workers in turn, while Kafka fails now and then."""
    monkeypatch.setattr("ingest.durable.replayer.HOLD_OFF", 0.0)  # as many changes of the way as possible
    service, first = opened(tmp_path / "spool")
    second = Spool(tmp_path / "spool", limit=64 * 1024 * 1024)
    kafka = Kafka()
    # A fifth of the time, a tenth of a second at once
    kafka.fate = lambda _: NotPublished("unknown") if int(time.monotonic() * 10) % 5 == 0 else None
    publishers = [DurablePublisher(kafka, spool, CODEC, timeout=1.0) for spool in (first, second)]
    replayers = [
        ReplayLoop(Replayer(spool, Rounds(kafka), answers=lambda: True, reserve=0), spool.state, tmp_path / "spool")
        for spool in (first, second)
    ]
    for loop in replayers:
        loop.start()

    sent = [0] * 12
    changes = [0]
    enough = time.monotonic() + 60

    def client(number: int) -> None:
        way = Durability.SPOOL
        while (changes[0] < 20 or sent[number] < 40) and time.monotonic() < enough:
            before = way
            way = publishers[sent[number] % 2].publish_all(
                [event(f"{number}:{sent[number]}", f"+130355501{number:02}")]
            )
            sent[number] += 1
            changes[0] += way is not before

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(client, range(12)))
    assert changes[0] >= 20, "both ways were taken, in turn"
    deadline = time.monotonic() + 60
    while first.spooling:
        assert time.monotonic() < deadline, "not handed back"
        time.sleep(0.01)
    for loop in replayers:
        loop.stop()
    seen = list(dict.fromkeys(kafka.log))
    for number in range(12):
        mine = [int(text.partition(":")[2]) for text in seen if text.startswith(f"{number}:")]
        assert mine == list(range(sent[number])), number
    for spool in (first, second):
        spool.close()
    service.close()


class TestReadiness:
    def readiness(self, spool: Spool, *, kafka: bool, works: bool = True) -> tuple[IngestReadiness, list[float]]:
        now = [0.0]
        return IngestReadiness(spool.state, lambda: works, lambda: kafka, lambda: now[0]), now

    def test_either_is_enough(self, spool: Spool) -> None:
        spool.state.proven = 1
        assert self.readiness(spool, kafka=False)[0]().ready
        assert self.readiness(spool, kafka=True, works=False)[0]().ready
        state = self.readiness(spool, kafka=False, works=False)[0]()
        assert (state.ready, state.reason) == (False, "neither_kafka_nor_spool")
        spool.divert()
        assert not self.readiness(spool, kafka=True, works=False)[0]().ready, "events queue in a spool that fails"

    def test_at_the_start_it_waits_a_moment_for_kafkas_first_answer(self, spool: Spool) -> None:
        readiness, now = self.readiness(spool, kafka=False)
        assert readiness().reason == "starting"
        now[0] += TIME_LIMIT
        assert readiness().ready

    def test_who_leaves_is_not_ready(self, spool: Spool) -> None:
        spool.state.proven = 1
        spool.state.leaving = 1
        assert self.readiness(spool, kafka=True)[0]().reason == "leaving"


# Several events of one webhook


def test_the_events_of_a_webhook_go_to_kafka_in_one_group(publisher: DurablePublisher, kafka: Kafka) -> None:
    assert publisher.publish_all([event("a"), event("b"), event("c")]) is Durability.KAFKA
    assert (kafka.log, kafka.calls) == (["a", "b", "c"], 1)


def test_what_kafka_did_not_confirm_of_a_webhook_goes_to_the_spool_and_nothing_else(
    publisher: DurablePublisher, spool: Spool, kafka: Kafka
) -> None:
    kafka.fate = lambda record: NotPublished("KafkaTimeoutError") if text_of(record) != "a" else None
    assert publisher.publish_all([event("a"), event("b"), event("c")]) is Durability.SPOOL
    assert (kafka.log, waiting(spool)) == (["a"], ["b", "c"])


def test_one_that_is_refused_for_good_keeps_no_other_back(
    publisher: DurablePublisher, spool: Spool, kafka: Kafka
) -> None:
    outcomes = {"big": RefusedForGood("MessageSizeTooLargeError"), "late": NotPublished("KafkaTimeoutError")}
    kafka.fate = lambda record: outcomes.get(text_of(record))
    assert publisher.publish_all([event("a"), event("big"), event("late")]) is Durability.SPOOL
    assert (kafka.log, waiting(spool)) == (["a"], ["late"])
    with spool.turn() as turn:
        assert [text_of(refused.row.record) for refused in turn.refused(9)] == ["big"]


def test_a_webhook_goes_to_the_spool_whole_or_is_not_answered_for(
    publisher: DurablePublisher, spool: Spool, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka.down()
    appended: list[int] = []
    append = spool.append

    def watched(records: Sequence[OutgoingRecord], **how: Any) -> bool:
        appended.append(len(records))
        return append(records, **how)

    monkeypatch.setattr(spool, "append", watched)
    assert publisher.publish_all([event("a"), event("b")]) is Durability.SPOOL
    assert appended == [2], "one transaction"

    def broken(*_: object, **__: object) -> bool:
        raise SpoolUnavailable("spool_full")

    monkeypatch.setattr(spool, "append", broken)
    with pytest.raises(Unavailable):
        publisher.publish_all([event("c"), event("d")])
    assert waiting(spool) == ["a", "b"]
