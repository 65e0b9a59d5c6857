"""The benchmark's own arithmetic, traffic and table."""

from __future__ import annotations

import json
import random
from itertools import islice
from pathlib import Path

import pytest

from schemas.codec import Codec
from schemas.events import Message
from schemas.ids import SchemaIds
from tests.bench.figures import Bound, Figure, Series, machine, once
from tests.bench.generator import lookups
from tests.bench.record import BEGIN, END, keep
from tests.bench.webhooks import event, requests


def test_a_ratio_is_taken_round_by_round() -> None:
    # Given a machine that halves its speed after the first round
    figure = Figure("x", "/s", Series((100, 50, 50)), Series((200, 100, 100)), "the limit")
    # Then the ratio shows nothing of it
    assert figure.ratio == Series((0.5, 0.5, 0.5))
    assert figure.ratio.middle == 0.5
    assert figure.rounds.spread == (50, 100)


@pytest.mark.parametrize(
    ("bound", "value", "met"),
    [
        (Bound(least=5), 5, True),
        (Bound(least=5), 4.9, False),
        (Bound(most=30), 30, True),
        (Bound(most=30), 31, False),
        (Bound(most=0), 0, True),  # of errors
    ],
)
def test_a_bound_is_met_or_not_and_the_line_says_so(bound: Bound, value: float, met: bool) -> None:
    figure = Figure("x", "ms", once(value), bound=bound)
    assert bound.met(value) is met
    assert figure.data()["reached"] is met
    assert str(figure.row()[-1]).endswith("yes" if met else "NO")


def test_a_bound_on_the_ratio_counts_too() -> None:
    figure = Figure("x", "/s", once(1), once(10), "the limit", ratio_bound=Bound(least=0.2))
    assert figure.data()["reached"] is False


def test_no_two_events_are_the_same_and_each_is_encodable() -> None:
    codec = Codec(SchemaIds.checked_in())
    events = [event(number) for number in range(2_000)]
    assert len({sent_event.event_id for sent_event in events}) == len(events)
    assert events == [event(number) for number in range(2_000)]
    assert all(codec.decode(codec.encode(sent_event)) == sent_event for sent_event in events)
    assert {type(sent_event).__name__ for sent_event in events} == {
        "Message",
        "Contact",
        "PhoneCall",
        "ReportedOptOut",
        "Unrecognized",
    }


def test_a_failure_is_of_a_message_that_was_sent() -> None:
    messages = [sent_event for sent_event in map(event, range(300)) if isinstance(sent_event, Message)]
    sent = {message.message_key: message for message in messages if message.state == "sent"}
    failed = [message for message in messages if message.state == "failed"]
    assert len(failed) == 6
    for failed_event in failed:
        assert (failed_event.contact_phone, failed_event.text) == (
            sent[failed_event.message_key].contact_phone,
            sent[failed_event.message_key].text,
        )


def test_no_two_webhooks_are_the_same_in_whatever_run() -> None:
    made = [list(islice(requests(run, random.Random(run)), 500)) for run in (1, 2)]
    assert len({json.loads(body)["timestamp"] for run in made for _, body in run}) == 1_000
    assert {path for path, _ in made[0]} == {f"/webhooks/textlink/{kind}" for kind in ("received", "sent", "tag")}


def test_a_run_is_kept_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    keep(page, [Figure("x", "ms", once(7), bound=Bound(most=30))], "make bench", machine(), machine())
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "| x | 7 ms |" in text
    assert "old" not in text


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    with pytest.raises(ValueError, match="recorded"):
        keep(page, [], "make bench", machine(), machine())
    assert page.read_text() == "nothing here"


def test_who_asks_the_gate_asks_about_contacts_of_the_webhooks() -> None:
    [first, other] = islice(lookups("/opt-outs/PHONE", "t", 1), 2)
    assert first.startswith(b"GET /opt-outs/%2B1303555")
    assert b"Authorization: Bearer t" in first
    assert first != other
