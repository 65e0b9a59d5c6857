"""Dead letters: what may be shown, which may go back, and that each goes once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from ops.dead_letters.tally import tally
from processors.dead_letters.box import Box
from processors.dead_letters.letter import Letter
from processors.dead_letters.redrive import BATCH, MAX_REDRIVES, Interrupted, LetterFilter, RedriveDecision, judge, send
from processors.engine.dead_letter import DeadLetters
from processors.engine.processor import SetAside
from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Record
from runtime.kafka.producer import NotPublished, RefusedForGood
from schemas.cloudevents import headers
from schemas.codec import Codec
from schemas.events import Message
from schemas.ids import SchemaIds
from tests.twins.kafka import MemoryProducer

CODEC = Codec(SchemaIds.checked_in())
MESSAGE = Message(
    event_id=UUID("0191d0d0-0000-7000-8000-000000000001"),
    event_type="message.received",
    provider="textlink",
    account="textlink",
    contact_phone="+13035550142",
    phone_valid=True,
    account_phone="+13035550100",
    occurred_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    time_valid=True,
    received_at=datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
    is_test=False,
    sanitised=False,
    payload='{"text": "call me on 303-555-0142", "name": "Dana"}',
    message_key="textlink:+13035550142",
    direction="in",
    state="received",
    text="call me on 303-555-0142",
    provider_message_id=None,
    conversation_id=None,
    custom_id=None,
    failure_id=None,
    sim_card_id=None,
    portal=None,
    name="Dana",
    tag="Warm",
)
VALUE = CODEC.encode(MESSAGE)
OWN_HEADERS = [*headers(MESSAGE), ("trace", b"\xff\x00"), ("trace", b"twice")]


class Memory:
    """Remembers in a set."""

    def __init__(self) -> None:
        self.sent: set[tuple[int, int]] = set()

    def remember(self, _box: Box, letters: Iterable[Letter]) -> None:
        self.sent |= {letter.place for letter in letters}


def set_aside(**more: Any) -> Letter:
    """A letter as a processor writes it: what `dlq` reads is what `processors` says."""
    record = Record("sms.messages.v1", 3, 17, 1_767_323_045_000, b"+13035550142", VALUE, OWN_HEADERS)
    record = record._replace(**more.pop("record", {}))
    written = MemoryProducer()
    group = more.pop("group", "hookline-persist")
    letters = DeadLetters(written, "dlq.persist", group, now=lambda: datetime(2026, 2, 1, tzinfo=UTC))
    fields = {"disposition": "rejected", "error_class": "NumericValueOutOfRange", "error_message": "no"} | more
    letters.publish([SetAside(record, **fields)])
    [out] = written.published
    return Letter(Record("dlq.persist", 0, 0, 1_769_904_000_000, out.key, out.value, out.headers))


def at(letter: Letter, partition: int, offset: int) -> Letter:
    return Letter(letter.record._replace(partition=partition, offset=offset))


def come_back(letter: Letter, times: int) -> Letter:
    """The letter that `letter` becomes after so many redrives that did not help."""
    for _ in range(times):
        back = letter.returned("persist")
        letter = set_aside(record={"topic": back.topic, "headers": back.headers})
    return letter


BOX = Box(KafkaSettings(bootstrap_servers=("kafka:9092",)), "persist", "cluster", UUID(int=1), {})


def test_a_letter_says_why_it_was_set_aside() -> None:
    shown = set_aside(attempts=3).described()

    assert shown["event_id"] == str(MESSAGE.event_id)
    assert shown["event_type"] == "message.received"
    assert (shown["disposition"], shown["error_class"], shown["attempts"]) == (
        "rejected",
        "NumericValueOutOfRange",
        "3",
    )
    assert shown["original"]["topic"] == "sms.messages.v1"
    assert (shown["original"]["partition"], shown["original"]["offset"]) == ("3", "17")


def test_what_goes_back_is_the_record_as_it_was_and_a_count() -> None:
    back = set_aside().returned("persist")

    assert back.topic == "redrive.persist"
    assert (back.key, back.value) == (b"+13035550142", VALUE)
    assert back.headers == [*OWN_HEADERS, ("dlq-redrive-count", b"1")]


def test_the_count_goes_on_when_it_is_set_aside_again() -> None:
    assert come_back(set_aside(), 2).redrive_count == 2
    assert come_back(set_aside(), 2).returned("persist").headers[-1] == ("dlq-redrive-count", b"3")


def test_a_record_of_nothing_goes_back_as_it_was() -> None:
    back = set_aside(record={"key": None, "value": None}).returned("persist")

    assert (back.key, back.value) == (None, None)


def test_a_record_without_a_value_goes_back_without() -> None:
    back = set_aside(record={"value": None}).returned("persist")

    assert (back.key, back.value) == (b"+13035550142", None)


def test_a_letter_of_somebody_elses_is_still_shown() -> None:
    strange = Letter(Record("dlq.persist", 0, 0, 0, None, None, [("dlq-redrive-count", b"many"), ("ce_type", b"\xff")]))

    assert strange.described()["disposition"] == "unknown"
    assert strange.redrive_count == 0


def test_nothing_about_a_person_is_shown_unless_it_is_asked_for() -> None:
    letter = set_aside(error_message="value too long for +1 (303) 555-0142")

    everything = str(letter.described()) + str(letter.decoded(CODEC, reveal=False))

    for personal in ("5550142", "555-0142", "5550100", "Dana", "Warm", "call me"):
        assert personal not in everything
    assert letter.decoded(CODEC, reveal=False)["state"] == "received"
    assert letter.decoded(CODEC, reveal=True)["text"] == MESSAGE.text


def test_what_cannot_be_decoded_is_told_and_its_bytes_only_on_request() -> None:
    letter = set_aside(record={"value": b"\x00\x00\x00\x00\x63+13035550142"})

    assert letter.decoded(CODEC, reveal=False) == {"undecodable": "no schema has the id 99"}
    assert "value_base64" in letter.decoded(CODEC, reveal=True)


def verdicts(
    letters: list[Letter], redriven: set[tuple[int, int]] | None = None, **expected: Any
) -> list[RedriveDecision]:
    return list(judge(letters, "persist", redriven or set(), LetterFilter(**expected)))


def test_each_letter_goes_once() -> None:
    letters = [at(set_aside(), 0, number) for number in range(4)]

    going = verdicts(letters, {(0, 0), (0, 2)})

    assert [verdict.letter.place for verdict in going] == [(0, 1), (0, 3)]
    assert all(verdict.reason is None for verdict in going)


def test_only_what_is_asked_for_goes() -> None:
    bad, worse = set_aside(), set_aside(disposition="undecodable", error_class="Undecodable")

    assert [verdict.letter for verdict in verdicts([bad, worse], disposition="undecodable")] == [worse]
    assert [verdict.letter for verdict in verdicts([bad, worse], error_class="NumericValueOutOfRange")] == [bad]
    assert len(verdicts([bad, worse, bad], limit=2)) == 2


def test_what_has_come_back_three_times_stays_unless_forced() -> None:
    loops = come_back(set_aside(), MAX_REDRIVES)

    [kept] = verdicts([loops])
    [forced] = verdicts([loops], force=True)

    assert kept.reason is not None
    assert "3 times" in kept.reason
    assert forced.reason is None


def test_what_stays_does_not_use_up_the_limit() -> None:
    loops, fine = come_back(set_aside(), MAX_REDRIVES), set_aside()

    assert [verdict.reason is None for verdict in verdicts([loops, fine, fine], limit=1)] == [False, True]


def test_a_letter_of_another_group_never_goes() -> None:
    [verdict] = verdicts([set_aside(group="hookline-opt-out")], force=True)

    assert verdict.reason is not None
    assert "hookline-opt-out" in verdict.reason


def sent_with(kafka: MemoryProducer, letters: list[Letter], memory: Memory, rate: float | None = None) -> list[Letter]:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return send(
        BOX, letters, kafka, memory,  # type: ignore[arg-type]
        rate=rate, done=lambda _: None, clock=lambda: now[0], sleep=sleep,
    )  # fmt: skip


def test_letters_are_remembered_once_kafka_has_them() -> None:
    letters = [at(set_aside(), 0, number) for number in range(250)]
    kafka, memory = MemoryProducer(), Memory()

    assert sent_with(kafka, letters, memory) == []

    assert [len(part) for part in kafka.parts] == [BATCH, BATCH, 50]
    assert memory.sent == {letter.place for letter in letters}


def test_an_outage_in_the_middle_forgets_nothing_and_repeats_nothing() -> None:
    # Given a Kafka that goes away after 130 letters
    letters = [at(set_aside(), 0, number) for number in range(250)]
    kafka, memory = MemoryProducer(), Memory()
    kafka.failures = [None] * 130 + [NotPublished("KafkaTimeoutError")] * BATCH
    with pytest.raises(Interrupted, match="130 were sent"):
        sent_with(kafka, letters, memory)
    assert len(memory.sent) == 130

    # When the same command runs again
    again = MemoryProducer()
    rest = [verdict.letter for verdict in verdicts(letters, memory.sent)]
    sent_with(again, rest, memory)

    # Then only the rest was sent
    assert len(again.published) == 120
    assert len(memory.sent) == 250


def test_what_kafka_refuses_for_good_is_returned_and_the_rest_goes() -> None:
    letters = [at(set_aside(), 0, number) for number in range(3)]
    kafka, memory = MemoryProducer(), Memory()
    kafka.failures = [None, RefusedForGood("MessageSizeTooLargeError")]

    refused = sent_with(kafka, letters, memory)

    assert [letter.place for letter in refused] == [(0, 1)]
    assert memory.sent == {(0, 0), (0, 2)}


def test_a_rate_sends_one_at_a_time_and_waits_between() -> None:
    letters = [at(set_aside(), 0, number) for number in range(5)]
    kafka = MemoryProducer()

    sent_with(kafka, letters, Memory(), rate=2.0)

    assert [len(part) for part in kafka.parts] == [1] * 5


def test_letters_are_counted_by_what_was_wrong() -> None:
    letters = [at(set_aside(), 0, 0), at(set_aside(), 0, 1), at(set_aside(error_class="Other"), 1, 0)]

    counts = tally(letters, {(0, 1)}, lambda _: None)

    assert [(count.error_class, count.letters, count.waiting) for count in counts] == [
        ("NumericValueOutOfRange", 2, 1),
        ("Other", 1, 1),
    ]
    assert [count.waiting for count in tally(letters, None, lambda _: None)] == [None, None]
