"""Texts that webhooks lack, asked of the sandbox's TextUs, in the notes of another CRM; on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from processors.crm_sync.backfill import order
from processors.http import status
from processors.outbox.errors import CredentialsRefused
from processors.textus_api.settings import TextUsApiSettings, textus_budget
from runtime.postgres import connect
from schemas.events import Event
from tests.twins.crm import CrmDesk, Sandbox
from tests.twins.events import at, message
from tests.twins.rig import until

ANN, BEN = "+13035550142", "+13035550177"


@pytest.fixture
def desk(postgres: Any, sandbox: Sandbox) -> Iterator[CrmDesk]:
    made = CrmDesk(postgres, sandbox, fetch_text="missing", fetch_patience=30.0)
    yield made
    made.close()


def textus(state: str, number: str, text: str | None = None, **given: Any) -> Event:
    """A message of TextUs, without its text unless it is given."""
    path = f"/messages/{number}"
    named = {"provider": "textus", "account": "acme", "provider_message_id": path}
    return message(state, path, text=text, **(named | given))


def notes(sandbox: Sandbox, phone: str = ANN) -> list[str]:
    """The first line of each note."""
    found = [note for contact in sandbox.contacts(phone) for note in sandbox.notes(contact["id"])]
    return [note["text"].partition("\n")[0] for note in found]


def fetched_paths(sandbox: Sandbox) -> list[str]:
    return [path for _, path in sandbox.requests("/messages")]


def test_a_text_is_fetched_once_and_kept(desk: CrmDesk, sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    # Given a message whose webhook had no text, and one whose webhook had
    sandbox.hold_message("m1", "the secret of it")
    desk.take(textus("received", "m1"), textus("received", "m2", "hello", contact_phone=BEN))
    with desk.fetching():
        desk.work_off()
        # When more is heard of it
        desk.take(textus("received", "m1", occurred_at=at(1)))
        desk.work_off()
    # Then its note was written once, with its text, which was asked for once
    assert notes(sandbox) == ["SMS received: the secret of it"]
    assert notes(sandbox, BEN) == ["SMS received: hello"]
    assert fetched_paths(sandbox) == ["/messages/m1"]
    assert len([path for _, path in sandbox.crm_requests("POST") if path.endswith("/notes")]) == 2
    assert sandbox.crm_requests("PATCH") == []
    # And is told to nobody else
    output = capfd.readouterr()
    assert "secret" not in output.out + output.err


def test_a_message_that_textus_does_not_know_is_noted_without(desk: CrmDesk, sandbox: Sandbox) -> None:
    desk.take(textus("received", "m1"), textus("received", "m2", occurred_at=at(1)))
    sandbox.hold_message("m2", "there")
    with desk.fetching():
        desk.work_off()
    assert notes(sandbox) == ["SMS received: ", "SMS received: there"]
    assert desk.statuses() == {"done": 2}


def test_while_textus_fails_nobody_else_waits_and_its_text_comes_later(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given a TextUs that fails, and delivery workers that have little patience
    sandbox.hold_message("m1", "at last")
    sandbox.fault("/messages", status=503, times=None)
    desk.crm = desk.crm.model_copy(update={"fetch_patience": 0.6})
    with desk.fetching():
        desk.take(textus("sent", "m1"), message(key="2", text="hello", contact_phone=BEN))
        # When it is worked off
        desk.work_off()
        # Then all is there but the text
        assert (notes(sandbox), notes(sandbox, BEN)) == (["SMS sent: "], ["SMS received: hello"])
        # And once TextUs is well again, the note is changed
        sandbox.no_faults()
        with desk.working(desk.rest()):
            until(lambda: notes(sandbox) == ["SMS sent: at last"], "the text")
            desk.until_done()
    assert notes(sandbox) == ["SMS sent: at last"]


def test_a_text_that_comes_while_its_note_is_being_written(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given a note that is on its way without its text, to a CRM that takes its time
    sandbox.post("/crm/contacts", phone=ANN)
    sandbox.hold_message("m1", "in time")
    sandbox.fault("/crm/contacts/", method="POST", delay_s=1.5)
    desk.crm = desk.crm.model_copy(update={"fetch_patience": 0.0})
    desk.take(textus("sent", "m1"))
    with desk.working(desk.rest()):
        until(lambda: notes(sandbox) == ["SMS sent: "], "the note")
        # When its text comes
        with desk.fetching():
            until(lambda: desk.all("SELECT FROM crm_notes WHERE text_at IS NOT NULL"), "the text")
        assert desk.statuses() == {"pending": 1}
        # Then the delivery is not over with the call
        desk.until_done()
    assert notes(sandbox) == ["SMS sent: in time"]


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        ({"status": 500, "times": 2}, "well"),
        ({"status": 429, "retry_after": 1}, "well"),
        ({"drop_answer": True}, "well"),
        ({"status": 401}, "well"),
        ({"status": 200, "body": "<html>"}, "well"),
        # Will never be any better
        ({"status": 422}, ""),
        ({"status": 200, "body": {"@type": "Message", "body": None}}, ""),
        # PostgreSQL takes neither
        ({"status": 200, "body": '{"body": "a\\u0000b\\ud83d"}'}, "a\ufffdb\ufffd"),
    ],
    ids=str,
)
def test_every_trouble_passes(
    desk: CrmDesk, sandbox: Sandbox, fault: dict[str, Any], kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(status._STATUSES, 401, (CredentialsRefused, 0.2))
    sandbox.hold_message("m1", "well")
    sandbox.fault("/messages", **fault)
    desk.take(textus("received", "m1"))
    with desk.fetching():
        desk.work_off()
    assert notes(sandbox) == [f"SMS received: {kept}"]


def test_always_asks_for_every_text_and_never_for_none(desk: CrmDesk, sandbox: Sandbox) -> None:
    sandbox.hold_message("m1", "as it is at TextUs")
    desk.crm = desk.crm.model_copy(update={"fetch_text": "always"})
    desk.take(textus("sent", "m1", "zzz as the webhook has it"))
    with desk.fetching():
        desk.work_off()
        desk.take(textus("delivered", "m1", "zzz as the webhook has it", occurred_at=at(1)))
        desk.work_off()
        desk.crm = desk.crm.model_copy(update={"fetch_text": "never"})
        desk.take(textus("sent", "m2", occurred_at=at(2)))
        desk.work_off()
    assert notes(sandbox) == ["SMS sent and delivered: as it is at TextUs", "SMS sent: "]
    assert fetched_paths(sandbox) == ["/messages/m1"]


def test_a_backfill_asks_too(desk: CrmDesk, sandbox: Sandbox) -> None:
    sandbox.hold_message("m1", "of old")
    with connect(desk.operator_dsn, process="crm") as connection:
        assert order(connection, "rest", [textus("received", "m1")], texts=desk.crm) == (1, 0)
    with desk.fetching():
        desk.work_off()
    assert notes(sandbox) == ["SMS received: of old"]


def test_opt_outs_go_first(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given ten requests a window, of which all but one are for opt-outs
    sandbox.limit("textus", limit=10, window_s=300)
    limits = {"rate_limit": 10, "rate_reserve": 9}
    for number in range(3):
        sandbox.hold_message(f"m{number}", "text")
    desk.take(*(textus("sent", f"m{n}", contact_phone=f"+1303555{n:04d}") for n in range(3)))
    # When one text is fetched
    with desk.fetching(**limits):
        until(lambda: desk.all("SELECT FROM api_budgets WHERE used = 1 AND in_flight = 0"), "a text")
        until(lambda: desk.all("SELECT FROM crm_notes WHERE text_at IS NOT NULL"), "it")
        # Then opt-outs are granted the rest
        with desk.database.transaction() as connection:
            budget = textus_budget(TextUsApiSettings(api_token="t", **limits))
            assert budget.take(connection, 10, urgent=True).count == 9
    assert len(fetched_paths(sandbox)) == 1
