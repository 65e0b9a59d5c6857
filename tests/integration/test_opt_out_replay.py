"""`hookline opt-outs replay` on a real PostgreSQL: what an older rule set missed is held as of the message's times."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from processors.engine.database import Database
from processors.opt_out.ledger import utc_now
from processors.opt_out.rules import VERSION
from runtime.postgres import connect
from tests.twins.opted_out import Desk
from tests.twins.stored import store, webhook

ANN, BEN, CAT = "+13035550142", "+13035550143", "+13035550144"


@pytest.fixture
def desk(postgres: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    made = Desk(postgres, "acme")
    made.now = utc_now()
    yield made
    made.close()


def hookline(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert main(["opt-outs", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_was_missed_is_held_with_the_messages_own_times(
    desk: Desk, postgres: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a month-old history that rule set 1 let through, and an opt-in that came later
    then = utc_now() - timedelta(days=30)
    database = Database(lambda: connect(postgres.dsn("persist"), process="test"))
    texts = [(ANN, "Quit2End"), (BEN, "get off my phone"), (CAT, "see you at 5"), (CAT, "stop")]
    events = [
        webhook(
            "textlink",
            "received",
            then + timedelta(minutes=at),
            phone_number=phone,
            text=text,
            textlink_id=at + 1,
            sim_card_id=1,
        )
        for at, (phone, text) in enumerate(texts)
    ]
    store(database, events)
    database.close()
    # When it is compared, nothing changes and no text is shown
    reported = hookline(capsys, "replay", "--rules", "1..2")
    assert (reported["messages"], reported["holds"], reported["applied"]) == (4, 0, False)
    assert {(kind["from"], kind["to"], kind["messages"]) for kind in reported["differences"]} == {("none", "hold", 1)}
    assert "Quit2End" not in json.dumps(reported)
    assert "Quit2End" in json.dumps(hookline(capsys, "replay", "--rules", "1..2", "--reveal"))
    assert desk.state(ANN) is None
    # When it is applied, what was missed is held, with a clock that starts now
    reported = hookline(capsys, "replay", "--rules", "1..2", "--apply", "--by", "kim")
    assert reported["holds"] == 2
    assert (desk.state(ANN), desk.state(BEN), desk.state(CAT)) == ("hold", "hold", None)
    [row] = hookline(capsys, "show", ANN)["ledger"]
    assert row["received_at"] < (utc_now() - timedelta(days=29)).isoformat()
    assert row["reason"].startswith(f"rule change {reported['rule_change']}:")
    [question, _] = hookline(capsys, "review")["reviews"]
    assert question["due_at"] > utc_now().isoformat()
    # Then again adds nothing, and since tomorrow there is nothing
    assert hookline(capsys, "replay", "--rules", "1..2", "--apply")["holds"] == 0
    tomorrow = f"{utc_now() + timedelta(days=1):%Y-%m-%d}"
    assert hookline(capsys, "replay", "--rules", "1..2", "--since", tomorrow)["messages"] == 0
    assert hookline(capsys, "verify")["ok"]


@pytest.mark.parametrize("sets", ["2..1", "1..9", "1", "0..1"])
def test_rule_sets_that_there_are_not(desk: Desk, capsys: pytest.CaptureFixture[str], sets: str) -> None:
    assert main(["opt-outs", "replay", "--rules", sets]) == 2
    assert f"there are rule sets 1 to {VERSION}" in capsys.readouterr().err


def test_an_opt_in_that_came_later_ends_a_hold_of_a_replay(
    desk: Desk, postgres: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given wishes that rule set 1 let through; Ann and Cat have opted in since, Cat before she wrote
    then = utc_now() - timedelta(days=30)
    written = [
        (ANN, "Quit2End", 0),
        (BEN, "Quit2End", 0),
        (CAT, "Quit2End", 0),
        (ANN, "START", 60),
        (CAT, "START", -60),
    ]
    events = [
        webhook("textlink", "received", then + timedelta(minutes=at), phone_number=phone, text=text,
                textlink_id=number, sim_card_id=1)
        for number, (phone, text, at) in enumerate(written, 1)
    ]  # fmt: skip
    database = Database(lambda: connect(postgres.dsn("persist"), process="test"))
    store(database, events)
    database.close()
    desk.take(*(event for event, (_, text, _) in zip(events, written, strict=True) if text == "START"))
    # When the wishes are held as of their own times
    assert hookline(capsys, "replay", "--rules", "1..2", "--apply")["holds"] == 3
    # Then only what came after the opt-in, or without one, holds
    assert (desk.state(ANN), desk.state(BEN), desk.state(CAT)) == ("in", "hold", "hold")
    # And an opt-in that comes now ends a hold, too
    desk.take(webhook("textlink", "received", utc_now(), phone_number=BEN, text="START", textlink_id=9, sim_card_id=1))
    assert desk.state(BEN) == "in"
    assert hookline(capsys, "verify")["ok"]


def test_a_history_of_some_thousand_messages(desk: Desk, postgres: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Read and held a batch at a time: more messages than one batch has, and each wish is held once."""
    then = utc_now() - timedelta(days=30)
    texts = ["see you at 5", "Quit2End", "can I start on Monday?", "running late, sorry", "ok"]
    events = [
        webhook("textlink", "received", then + timedelta(minutes=at), phone_number=f"+1303555{at:04d}",
                text=texts[at % len(texts)], textlink_id=at + 1, sim_card_id=1)
        for at in range(2_500)
    ]  # fmt: skip
    database = Database(lambda: connect(postgres.dsn("persist"), process="test"))
    store(database, events)
    database.close()
    reported = hookline(capsys, "replay", "--rules", "1..2")
    assert (reported["messages"], reported["unreadable"], reported["holds"]) == (2_500, 0, 0)
    [kind] = reported["differences"]
    assert (kind["from"], kind["to"], kind["messages"], kind["phones"]) == ("none", "hold", 500, 500)
    assert hookline(capsys, "replay", "--rules", "1..2", "--apply")["holds"] == 500
    assert hookline(capsys, "replay", "--rules", "1..2", "--apply")["holds"] == 0
    assert desk.all("SELECT count(*) FROM opt_outs WHERE state = 'hold'") == [(500,)]
