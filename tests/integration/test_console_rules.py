"""Rule sets tried out in the console: about a text, and over what is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from ops.console import rule_trials
from ops.console.database import connect_for_console
from ops.console.events import EventPosition
from ops.console.rule_trials import HistoryComparison
from processors.opt_out.classifier import classifier
from tests.integration.test_console import stored
from tests.twins.console import PlayedConsole, post
from tests.twins.events import at
from tests.twins.opted_out import Desk
from tests.twins.stored import webhook

#: Rule set 1 lets it through, rule set 2 does not.
MISSED = "stooop texting me"
PHONE = "+13035550142"


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    yield made
    made.close()


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_an_operator_tries_a_text_by_several_rule_sets(desk: Desk, console: PlayedConsole) -> None:
    client = console.client("olga")
    answer = post(client, "/opt-outs/rules/text", text="how do I STOP this <b>thing</b>", sets=["5", "1"])
    where = answer.headers["Location"]
    assert "thing" not in where
    page = client.get(where)
    assert "<b>thing" not in page.text
    words = words_of(page.text)
    assert "Rule set 5" in words
    assert "Rule set 1" in words
    assert "Rule set 2" not in words
    assert "c.want-out" in words
    assert "it saw “how do i stop this" in words
    # Nothing was changed, nothing is known to another session, and nobody else tries anything
    assert desk.all("SELECT count(*) FROM opt_out_ledger") == [(0,)]
    assert console.client("olga").get(where).headers["Location"] == "/opt-outs/rules"
    assert post(console.client("viv"), "/opt-outs/rules/text", text="STOP").status_code == 403
    assert "<textarea" not in console.client("viv").get("/opt-outs/rules").text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("text", {"text": " "}),
        ("text", {"text": "x" * 2001}),
        ("text", {"text": "STOP", "sets": "99"}),
        ("text", {"text": "STOP", "sets": "0"}),
        ("history", {"older": "2", "newer": "2"}),
        ("history", {"older": "1", "newer": "99"}),
        ("history", {}),
    ],
)
def test_what_cannot_be_tried_is_refused(console: PlayedConsole, path: str, fields: dict[str, str]) -> None:
    assert post(console.client("olga"), f"/opt-outs/rules/{path}", **fields).status_code == 400


def test_two_rule_sets_are_compared_over_what_is_stored(desk: Desk, console: PlayedConsole) -> None:
    # Given a text that only the newer set finds, one that both find, and one that neither does, months apart
    texts = (MISSED, "STOP", "see you tomorrow")
    events = [
        webhook("textlink", "received", at(-60 * 24 * 40 * n), phone_number=PHONE, text=text)
        for n, text in enumerate(texts)
    ]
    stored(desk, *events)
    client = console.client("olga")

    where = post(client, "/opt-outs/rules/history", older="1", newer="5").headers["Location"]

    page = client.get(where).text
    assert "3 texts read: all that are stored; 1 would be decided otherwise" in words_of(page)
    assert f"/events/{events[0].event_id}" in page
    assert "--rules 1..5 --apply" in page
    assert PHONE[2:] not in page
    assert "stooop" not in page
    post(client, "/reveal", page=where, reason="which texts these are")
    assert MISSED in client.get(where).text
    assert post(client, "/opt-outs/rules/history", trial=where.split("=")[1]).status_code == 409
    assert post(console.client("viv"), "/opt-outs/rules/history", older="1", newer="5").status_code == 403


def test_a_comparison_stops_in_time_and_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given bursts, gaps and many messages of one moment, half of which only the newer set finds
    monkeypatch.setattr(rule_trials, "BATCH", 7)
    moments = [at(0)] * 20 + [at(n) for n in range(20)] + [at(-60 * 24 * 9 - n) for n in range(20)]
    events = [
        webhook("textlink", "received", moment, phone_number=f"+1303555{n:04}", text=(MISSED, "see you")[n % 2])
        for n, moment in enumerate(moments)
    ]
    stored(desk, *events)
    place, steps, seen, different = None, 0, 0, 0
    with connect_for_console(desk.postgres.dsn("console"), 5.0) as connection:
        while steps == 0 or place is not None:
            ticks = count()
            comparison = HistoryComparison(
                connection, classifier(number=1), classifier(), seconds=6, clock=lambda ticks=ticks: float(next(ticks))
            )
            step = comparison.step(None if place is None else EventPosition.read(place))
            place, steps = step["place"], steps + 1
            seen, different = seen + step["messages"], different + sum(kind["messages"] for kind in step["kinds"])
    assert (seen, different) == (60, 30)
    assert steps > 1


def test_one_trial_goes_at_a_time(console: PlayedConsole) -> None:
    with console.services.rule_trials._alone:
        answer = post(console.client("olga"), "/opt-outs/rules/text", text="STOP")
    assert (answer.status_code, "Busy" in answer.text) == (503, True)
