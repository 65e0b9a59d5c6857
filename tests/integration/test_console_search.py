"""Searching texts in the console: what is found tells what is masked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.events import Event
from tests.integration.test_console import stored
from tests.twins.console import PlayedConsole, post
from tests.twins.events import at
from tests.twins.opted_out import Desk
from tests.twins.stored import webhook

ANN = "+13035550142"


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    yield made
    made.close()


@pytest.fixture
def event(desk: Desk) -> Event:
    made = webhook("textlink", "received", at(0), phone_number=ANN, text="a wonderful thing", name="Ann Smith")
    stored(desk, made)
    return made


@pytest.mark.parametrize("part", ["wonderful", "035550", "Smit", "%"])
def test_a_viewer_cannot_spell_out_what_is_masked(desk: Desk, console: PlayedConsole, event: Event, part: str) -> None:
    client = console.client("viv")
    answer = client.get(post(client, "/events/search", query=part).headers["Location"])
    assert (answer.status_code, "by operators alone" in answer.text) == (403, True)
    assert str(event.event_id) not in answer.text
    assert "or text" not in client.get("/events").text
    assert desk.all("SELECT count(*) FROM data_reveals") == [(0,)]


@pytest.mark.usefixtures("event")
def test_who_searches_texts_is_recorded_but_not_for_what(desk: Desk, console: PlayedConsole) -> None:
    client = console.client("olga")
    where = post(client, "/events/search", query="wonderful").headers["Location"]
    assert client.get(where).status_code == 200
    assert desk.all("SELECT revealed_by, surface, reason FROM data_reveals") == [
        ("olga", f"console {where}", "searched texts for 9 characters")
    ]
    assert "searched texts for 9 characters" in client.get("/records").text
    # A number, an id, a type: nothing that is not known already
    client.get(post(client, "/events/search", query=ANN, type="message.received").headers["Location"])
    assert desk.all("SELECT count(*) FROM data_reveals") == [(1,)]
