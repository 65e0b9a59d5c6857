"""Which events `hookline trace` finds, what it shows of personal data, and in which order steps stand."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.trace import event_phones as lookup
from ops.trace.hops import EventSteps, HopKind
from ops.trace.masking import Masking, masked_phone
from ops.trace.subject import SubjectKind, find_subject
from processors.dead_letters.letter import hidden
from schemas.events import Event
from schemas.personal_data import marks_of
from schemas.topics import TOPIC_OF
from tests.twins.lookup_key import lookup_keys
from tests.twins.numbers import CARRIERS_DIALLED, EXAMPLES, settings_of_a_region, spellings
from tests.twins.stored import webhook

T0 = datetime(2026, 11, 2, tzinfo=UTC)


@given(st.text(min_size=1))
def test_no_more_than_two_characters_of_a_phone_are_shown(phone: str) -> None:
    masked = masked_phone(phone)
    assert masked is not None
    assert len(masked) == len(phone)
    shown = [character for character in masked.removeprefix("+") if character != "*"]
    assert len(shown) <= min(2, max(0, len(phone) - 1))


def test_what_is_masked_is_shown_on_request_only() -> None:
    hidden, shown = Masking(reveal=False), Masking(reveal=True)
    assert (hidden.phone("+13035550142"), shown.phone("+13035550142")) == ("+*********42", "+13035550142")
    assert (hidden.text("call me"), shown.text("call me")) == ("[redacted]", "call me")
    assert (hidden.payload({"text": "x"}), shown.payload({"text": "x"})) == ("[redacted]", {"text": "x"})
    assert (hidden.text(None), hidden.phone(None), hidden.text("")) == (None, None, "")


@pytest.mark.parametrize("record", TOPIC_OF, ids=lambda record: record.__name__)
def test_every_marked_field_of_every_record_is_masked(record: type[Event]) -> None:
    """In `tail` and in dead letters, whatever a record's schema marks."""
    planted = {entry.name: f"planted-{entry.name}" for entry in fields(record)}
    event = record(**planted)  # type: ignore[arg-type]
    marked = marks_of(TOPIC_OF[record].subject)

    shown = {name: str(Masking(reveal=False).field(event, name)) for name in planted}

    assert {name for name in planted if planted[name] not in shown[name]} == set(marked)
    assert all(Masking(reveal=True).field(event, name) == planted[name] for name in planted)
    assert {name for name in marked if planted[name] in str(hidden(event)[name])} == set()


def test_steps_stand_by_time_and_what_is_not_done_yet_after_what_it_waits_for() -> None:
    event = EventSteps(uuid4())
    event.add(None, HopKind.ENFORCED, account="b")
    event.add(T0 + timedelta(seconds=3), HopKind.ENFORCED, account="a")
    event.add(T0 + timedelta(seconds=2), HopKind.DECIDED)
    event.add(T0 + timedelta(seconds=9), HopKind.PERSISTED)
    event.add(None, HopKind.ON_KAFKA)
    event.add(T0, HopKind.DURABLE)
    event.add(T0, HopKind.RECEIVED)
    event.sort()
    assert [hop.hop for hop in event.hops] == [
        "received", "durable", "on_kafka", "decided", "enforced", "persisted", "enforced",
    ]  # fmt: skip


class Stored:
    """`events` and `opt_outs` in memory, as far as a phone is looked up in them."""

    def __init__(self, *events: Event, ledger: tuple[str, ...] = ()) -> None:
        self._events, self._ledger = events, ledger
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, query: str, values: Any) -> Stored:
        if query == lookup._AS_IT_CAME:
            odd = {event.contact_phone for event in self._events if event.contact_phone and not event.phone_valid}
            self._rows = [(phone,) for phone in odd if not lookup_keys(phone).isdisjoint(values[0])]
        elif query == lookup._IN_LEDGER:
            self._rows = [(phone,) for phone in self._ledger if not lookup_keys(phone).isdisjoint(values[1])]
        else:  # of messages there are none
            phones = values.get("phones", ())
            self._rows = [(event.event_id,) for event in self._events if event.contact_phone in phones]
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

    def found(self, text: str, region: str | None) -> set[UUID]:
        subject = find_subject(self, text, region=region, limit=50)  # type: ignore[arg-type] # a twin
        assert subject is None or subject.kind is SubjectKind.PHONE
        return set(subject.event_ids) if subject else set()


def of_phone(phone: str, region: str | None = None) -> Event:
    """A text from `phone`, received while the setting was `region`."""
    return webhook("textlink", "received", T0, text="hello", region=region, phone_number=phone)


@given(st.sampled_from(EXAMPLES), settings_of_a_region, st.data())
def test_a_phone_is_found_however_it_was_written_and_whatever_region_was_set(
    example: tuple[str, phonenumbers.PhoneNumber], then: str | None, data: st.DataObject
) -> None:
    """What was no full number then is stored as it came; asked about is the full one, in E.164 or as it came."""
    region, number = example
    ways = spellings(number, dialled=region not in CARRIERS_DIALLED)
    event = of_phone(data.draw(st.sampled_from(ways)), then)
    full = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not event.phone_valid:
        assert Stored(event).found(full, region) == {event.event_id}
        assert Stored(event).found(event.contact_phone or "", region) == {event.event_id}


@pytest.mark.parametrize("region", ["US", None, "DE"])
@pytest.mark.parametrize(
    "written", ["(303) 555-0142", "303-555-0142", "303.555.0142 x7", "1 303 555 0142", "+1 (303) 555-0142"]
)
def test_what_was_stored_while_no_region_was_set_is_found_by_its_full_number(region: str | None, written: str) -> None:
    event = of_phone(written)
    assert Stored(event).found("+13035550142", region) == {event.event_id}


@pytest.mark.parametrize(
    "other", ["+13035550143", "+14155550142", "+4930355501", "+13130355501", "no number", "", "42"]
)
def test_no_other_number_is_found(other: str) -> None:
    events = [of_phone("(303) 555-0142"), of_phone("+13035550142"), of_phone("+491713035550142")]
    for region in ("US", None):
        assert Stored(*events).found(other, region) == set()


def test_of_two_full_numbers_only_what_is_surely_the_same_is_found() -> None:
    """The gate doubts a number that ends as one that is out; whoever reads events would see somebody else's."""
    ours, others = of_phone("+13035550142"), of_phone("+493035550142")
    stored = Stored(ours, others, ledger=("+13035550142", "+493035550142"))
    assert stored.found("+13035550142", "US") == {ours.event_id}
    # Without a region nobody knows which is meant
    assert stored.found("303 555 0142", None) == {ours.event_id, others.event_id}
    # One mobile phone in Argentina has two full numbers
    argentine = of_phone("+5491123456789")
    assert Stored(argentine, ledger=("+5491123456789",)).found("+541123456789", None) == {argentine.event_id}
