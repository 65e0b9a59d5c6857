"""What `hookline trace` shows of personal data, and in which order steps stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from ops.trace.hops import EventSteps, HopKind
from ops.trace.masking import Masking, masked_phone

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
