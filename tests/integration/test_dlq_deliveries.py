"""`hookline dlq` for what a CRM did not take, on a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from tests.twins.crm import CrmDesk, Sandbox
from tests.twins.events import at
from tests.twins.stored import store, webhook

ANN, BEN = "+13035550142", "+13035550177"


@pytest.fixture
def desk(postgres: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CrmDesk]:
    """Seven messages: the CRM has refused five, of which four for one reason; the last is of nobody that is stored."""
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    made = CrmDesk(postgres, sandbox)
    events = [
        webhook("textlink", "received", at(n), phone_number=(ANN, BEN)[n % 2], text=f"call {n}", name="Ann")
        for n in range(7)
    ]
    store(made.persist, events)
    made.take(*events)
    made.owner.execute(
        "UPDATE crm_deliveries SET status = 'dead', attempts = 3, last_attempt_at = received_at,"
        " detail = CASE WHEN received_at > %s THEN 'rest answers 409' ELSE 'rest answers 422' END"
        " WHERE received_at < %s",
        (at(3.5), at(5)),
    )
    yield made
    made.close()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = main(["dlq", *words, "--json"])
    output = capsys.readouterr().out
    return code, json.loads(output) if output else {}


def test_they_are_counted_and_shown_without_what_is_personal(desk: CrmDesk, capsys: pytest.CaptureFixture[str]) -> None:
    _, reported = run(capsys, "ls", "crm:rest")
    counts = [(row["processor"], row["error_class"], row["letters"]) for row in reported["dead_letters"]]
    assert counts == [("crm:rest", "rest answers 409", 1), ("crm:rest", "rest answers 422", 4)]

    _, reported = run(capsys, "show", "crm:rest", "--limit", "2", "--decode")
    assert [row["reason"] for row in reported["letters"]] == ["rest answers 422", "rest answers 409"]
    text = json.dumps(reported)
    assert not [word for word in (ANN, BEN, "call", "Ann", ANN.lstrip("+")) if word in text]
    event = reported["letters"][1]["event_id"]

    # One by its event, and what is in it for those who ask
    _, reported = run(capsys, "show", "crm:rest", "--event", event, "--decode", "--reveal")
    assert [row["event"]["text"] for row in reported["letters"]] == ["call 4"]
    assert run(capsys, "show", "crm:rest", "--event", "00000000-0000-4000-8000-000000000000")[0] == 1
    # What is not in `events` is said to be elsewhere
    desk.owner.execute("DELETE FROM events")
    assert "not_stored" in run(capsys, "show", "crm:rest", "--event", event, "--decode")[1]["letters"][0]["event"]


def test_they_go_back_once_and_arrive(desk: CrmDesk, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    # A dry run tells, and without --yes nothing goes
    code, reported = run(capsys, "redrive", "crm:rest", "--dry-run")
    assert (code, reported["counts"]) == (0, {"would go": 5})
    assert main(["dlq", "redrive", "crm:rest"]) == 2
    assert desk.statuses() == {"dead": 5, "pending": 2}
    # In parts: the oldest, then those of one reason, at a rate, then the rest
    assert run(capsys, "redrive", "crm:rest", "--yes", "--limit", "1")[1]["counts"] == {"sent back": 1}
    _, reported = run(capsys, "redrive", "crm:rest", "--yes", "--error-class", "rest answers 422", "--rate", "500")
    assert reported["counts"] == {"sent back": 3}
    assert run(capsys, "redrive", "crm:rest", "--yes")[1]["counts"] == {"sent back": 1}
    assert run(capsys, "redrive", "crm:rest", "--yes")[1]["counts"] == {}
    desk.work_off()
    assert desk.statuses() == {"done": 7}
    assert sorted(len(sandbox.notes(contact["id"])) for contact in sandbox.contacts()) == [3, 4]


def test_two_redrives_at_once_send_each_back_once(
    desk: CrmDesk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given somebody who sends them back after this one has looked
    from ops.dead_letters import deliveries

    def later(*given: Any, **named: Any) -> Any:
        desk.owner.execute("UPDATE crm_deliveries SET status = 'pending' WHERE detail = 'rest answers 409'")
        return original(*given, **named)

    original = deliveries.send_back
    monkeypatch.setattr(deliveries, "send_back", later)
    _, reported = run(capsys, "redrive", "crm:rest", "--yes")
    assert reported["counts"] == {"sent back": 4, "kept: somebody else has sent it back": 1}


@pytest.mark.parametrize(
    "words",
    [
        ["show", "crm:nothing"],
        ["redrive", "crm:rest", "--force"],
        ["show", "crm:rest", "--partition", "0", "--offset", "1"],
        ["redrive", "persist", "--event", "00000000-0000-4000-8000-000000000000"],
        ["resume", "crm:rest"],
    ],
    ids=" ".join,
)
def test_what_does_not_fit_is_a_mistake_of_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dlq", *words]) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize(("outcome", "code", "sent_back"), [("done", 0, 5), ("dead", 1, 2)])
def test_a_canary_goes_first_and_stops_the_others_where_it_fails(
    desk: CrmDesk, capsys: pytest.CaptureFixture[str], outcome: str, code: int, sent_back: int
) -> None:
    # Given a delivery worker that comes to the canary's two deliveries at once: the trigger plays it
    desk.owner.execute(
        "CREATE FUNCTION play() RETURNS trigger LANGUAGE plpgsql"
        f" AS $$ BEGIN NEW.status := '{outcome}'; RETURN NEW; END $$"
    )
    desk.owner.execute(
        "CREATE TRIGGER play BEFORE UPDATE ON crm_deliveries FOR EACH ROW"
        " WHEN (OLD.status = 'dead' AND NEW.status = 'pending') EXECUTE FUNCTION play()"
    )

    ended, answer = run(capsys, "redrive", "crm:rest", "--yes", "--canary", "2")

    assert (ended, answer["counts"]["sent back"]) == (code, sent_back)
    assert answer["counts"].get("kept: the canary failed", 0) == 5 - sent_back


def test_a_canary_that_no_courier_comes_to_stops_the_others(desk: CrmDesk, capsys: pytest.CaptureFixture[str]) -> None:
    ended = main(["dlq", "redrive", "crm:rest", "--yes", "--canary", "2", "--canary-timeout", "0.5"])
    assert ended == 75
    assert "2 of the canary's 2 deliveries are not done" in capsys.readouterr().err
    counts = desk.owner.execute("SELECT status, count(*) FROM crm_deliveries GROUP BY status ORDER BY 1").fetchall()
    assert dict(counts)["dead"] == 3
