"""What every provider's webhooks come to: opt-outs, opt-ins and CRM notes, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from ingest.event import events_of
from schemas.events import Event, EventType
from tests.contract.players import NEW_SECRET, PHONE, PLAYERS
from tests.twins.crm import CrmDesk, Sandbox
from tests.twins.events import T0
from tests.twins.opted_out import Desk

NAMES = sorted(PLAYERS)
OURS = (EventType.MESSAGE_SENT, EventType.MESSAGE_DELIVERED, EventType.MESSAGE_FAILED)


class Posting:
    """A provider that texts us; what comes, comes a minute after what came before."""

    def __init__(self, name: str) -> None:
        self.played = PLAYERS[name]
        self._minutes = count(1)

    def events(self, text: str, kind: str | None = None) -> list[Event]:
        minutes = next(self._minutes)
        kind = kind or self.played.player.received
        fields = self.played.fields(kind, text=text, seed=minutes)
        moment = T0 + timedelta(minutes=minutes)
        if field := self.played.player.time_field:
            fields[field] = moment.isoformat()
        segment = kind if kind in self.played.type.url_kinds else None
        request = self.played.posted(fields, NEW_SECRET, segment).request(moment + timedelta(seconds=1))
        provider = self.played.provider(NEW_SECRET)
        provider.verify(request)
        return events_of(provider, request)


@pytest.fixture
def opted(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    yield made
    made.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_stop_is_an_opt_out_and_a_repeat_changes_nothing(name: str, opted: Desk) -> None:
    posting = Posting(name)
    stop = posting.events("STOP")
    opted.take(*stop)
    opted.take(*stop)
    opted.take(*posting.events("thanks for the offer"))
    assert opted.state(PHONE) == "out"
    assert opted.all("SELECT count(*) FROM opt_out_ledger") == [(1,)]


@pytest.mark.parametrize("name", NAMES)
def test_a_start_opens_again_where_the_provider_does_not_report_opt_ins(name: str, opted: Desk) -> None:
    posting = Posting(name)
    opted.take(*posting.events("STOP"))
    start = posting.events("START")
    opted.take(*start)
    assert opted.state(PHONE) == ("out" if posting.played.type.facts.reports_opt_ins else "in")
    # A stop after it holds, and the old START again does not open it
    opted.take(*posting.events("STOP"))
    opted.take(*start)
    assert opted.state(PHONE) == "out"


REPORTING = [(name, kind) for name in NAMES for kind in PLAYERS[name].player.kinds if kind.lower() in ("stop", "start")]


@pytest.mark.parametrize(("name", "kind"), REPORTING)
def test_what_the_provider_did_about_a_keyword_is_in_the_ledger(name: str, kind: str, opted: Desk) -> None:
    posting = Posting(name)
    if kind == "start":
        opted.take(*posting.events("STOP"))
    opted.take(*posting.events("", kind))
    actors = [actor for (actor,) in opted.all("SELECT actor FROM opt_out_ledger WHERE action = %s", _action(kind))]
    assert "provider" in actors
    assert opted.state(PHONE) == _action(kind)


def _action(kind: str) -> str:
    return "out" if kind == "stop" else "in"


@pytest.mark.parametrize("name", NAMES)
def test_a_text_becomes_a_note_and_its_repeat_none(name: str, desk: CrmDesk, sandbox: Sandbox) -> None:
    texts = Posting(name).events("Is the job still open?")
    desk.take(*texts)
    desk.take(*texts)
    desk.work_off()
    [contact] = sandbox.contacts(PHONE)
    [note] = sandbox.notes(contact["id"])
    assert note["text"].startswith("SMS received: Is the job still open?")
    assert name in note["text"]
    assert note["external_id"] == str(texts[0].event_id)


@pytest.mark.parametrize("name", NAMES)
def test_what_became_of_a_message_is_one_note(name: str, desk: CrmDesk, sandbox: Sandbox) -> None:
    """Every kind that tells of one message of ours: one note, whatever the order."""
    played = PLAYERS[name]
    ours = [kind for kind, of_type in played.player.kinds.items() if of_type in OURS]
    posting, events = Posting(name), []
    for kind in reversed(ours):
        posting._minutes = count(1)  # about one message: the same chance each time
        events += posting.events("hello", kind)
    assert len({getattr(event, "message_key", None) for event in events}) == 1
    desk.take(*events)
    desk.work_off()
    [contact] = sandbox.contacts(PHONE)
    [note] = sandbox.notes(contact["id"])
    assert note["text"].startswith("SMS not delivered")
