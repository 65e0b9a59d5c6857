"""What events come to: drafts of rows for the ledger, or a question about nobody known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from processors.opt_out.classifier import classifier
from processors.opt_out.reading import Read, read
from schemas.events import Event
from tests.twins.events import message
from tests.twins.facts import DECLARED
from tests.twins.opted_out import delivery


def actions(event: Event) -> list[str]:
    return [draft.action for draft in found(event).drafts]


def found(event: Event) -> Read:
    return read(delivery(event), classifier(), "US", DECLARED)


def payload(**fields: Any) -> dict[str, Any]:
    return {"payload": json.dumps({"phone_number": "+13035550142"} | fields)}


@pytest.mark.parametrize("state", ["sent", "failed", "delivered"])
@pytest.mark.parametrize("text", ["STOP", "please stop texting me", "wrong number"])
def test_what_may_be_inbound_is_held_whatever_its_tier(state: str, text: str) -> None:
    event = message(state, text=text, maybe_inbound=True, **payload(text=text))
    [draft] = found(event).drafts
    assert (draft.action, draft.phone, draft.review) == ("hold", "+13035550142", "unrecognized")
    assert draft.evidence is not None
    assert draft.evidence.text == text


@pytest.mark.parametrize("state", ["sent", "failed", "delivered"])
def test_where_the_direction_is_a_guess_either_number_may_be_the_contacts(state: str) -> None:
    ours = "+13035550100"
    event = message(state, text="STOP", maybe_inbound=True, account_phone=ours, **payload(text="STOP"))
    assert {(draft.action, draft.phone) for draft in found(event).drafts} == {("hold", ours), ("hold", "+13035550142")}
    # A message that was surely received is its contact's
    assert [draft.phone for draft in found(message(text="STOP", account_phone=ours)).drafts] == ["+13035550142"]
    untold = message(text=None, account_phone=ours, **payload(content="STOP"))
    assert [draft.phone for draft in found(untold).drafts] == ["+13035550142"]


@pytest.mark.parametrize("text", ["hello", "START", "Reply STOP to opt out"])
def test_what_may_be_inbound_and_says_no_stop_is_nothing(text: str) -> None:
    assert actions(message("sent", text=text, maybe_inbound=True, **payload(text=text))) == []


@pytest.mark.parametrize("state", ["sent", "failed", "delivered"])
def test_what_we_surely_sent_is_not_read(state: str) -> None:
    assert actions(message(state, text="STOP", **payload(text="STOP"))) == []


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_received_message_without_a_text_is_read_wherever_it_has_one(text: str | None) -> None:
    assert actions(message(text=text, **payload(content={"words": ["STOP"]}))) == ["hold"]
    assert actions(message(text=text, **payload(content="see you at 5"))) == []


def test_a_text_that_is_there_is_all_that_is_read() -> None:
    assert actions(message(text="see you at 5", **payload(text="see you at 5", name="Stop"))) == []
