"""What `hookline trace` shows of personal data, and in which order steps stand."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.trace.hops import EventSteps, HopKind
from ops.trace.masking import Masking, masked_phone
from processors.dead_letters.letter import hidden
from schemas.events import Event
from schemas.personal_data import marks_of
from schemas.topics import TOPIC_OF

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
