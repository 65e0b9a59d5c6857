"""`hookline opt-outs` on a real PostgreSQL, as an operator types it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ops.__main__ import main
from processors.engine.processor import SetAside
from processors.opt_out.ledger import utc_now
from runtime.kafka.consumer import Record
from schemas import cloudevents
from tests.twins.events import at, message
from tests.twins.opted_out import Desk

PHONE = "+13035550142"


@pytest.fixture
def desk(postgres: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    made = Desk(postgres, "acme")
    made.now = utc_now() + timedelta(minutes=1)  # the command goes by the wall clock
    yield made
    made.close()


def hookline(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """The exit code, and what `hookline opt-outs ... --json` printed."""
    capsys.readouterr()  # what the processor logged before
    code = main(["opt-outs", *words, "--json"])
    printed = capsys.readouterr().out
    return code, json.loads(printed) if printed else None


def test_an_operators_day(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    # A dry run tells, and writes nothing
    code, reported = hookline(capsys, "add", "(303) 555-0142", "--reason", "called us", "--by", "kim", "--dry-run")
    assert (code, reported["dry_run"], reported["row"]["position"], reported["state"]) == (0, True, 1, "out")
    assert desk.state() is None
    # Then it is done
    code, reported = hookline(
        capsys, "add", "(303) 555-0142", "--reason", "called us", "--text", "please no", "--by", "kim"
    )
    assert (code, reported["row"]["actor"], desk.state()) == (0, "operator:kim", "out")
    # An opt-out is not released
    assert hookline(capsys, "release", PHONE, "--reason", "no")[0] == 1
    # A hold is, by its number or by its question
    hookline(capsys, "hold", "+13035550143", "--reason", "unclear")
    assert hookline(capsys, "release", "+13035550143", "--reason", "clear")[1]["state"] == "in"
    desk.take(message(text="wrong number", contact_phone="+13035550144"))
    _, reported = hookline(capsys, "review")
    [question] = reported["reviews"]
    assert (question["phone"], question["kind"], question["text"]) == ("+13035550144", "hold", "wrong number")
    assert hookline(capsys, "review", str(question["id"]))[0] == 2
    assert hookline(capsys, "review", str(question["id"]), "--out", "--reason", "it was")[1]["state"] == "out"
    assert hookline(capsys, "review", str(question["id"]), "--out", "--reason", "again")[0] == 1
    assert hookline(capsys, "review")[1]["reviews"] == []
    # And all of it is proved
    desk.enforce()
    code, proof = hookline(capsys, "show", PHONE)
    assert code == 0
    assert (proof["opt_out"]["state"], proof["ledger"][0]["evidence"]["text"]) == ("out", "please no")
    assert [call["status"] for call in proof["enforcements"]] == ["done"]
    assert proof["chain"]["head"] == 5
    assert hookline(capsys, "show", "+13035550199")[0] == 1
    code, reported = hookline(capsys, "verify")
    assert (code, reported["ok"], reported["rows"]) == (0, True, 5)
    assert hookline(capsys, "rebuild")[1]["differing"] == []
    code, reported = hookline(capsys, "report")
    assert (code, reported["over_deadline"], reported["violations_30_days"]) == (0, [], [])


def test_a_doubtful_opt_in_is_answered_by_in_or_out(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    receipt = at(5)
    desk.take(
        message(text="STOP"),
        message(text="START", occurred_at=receipt, received_at=receipt, event_id=UUID(int=0x7 << 76 | 0x8 << 60 | 1)),
    )
    [question] = hookline(capsys, "review")[1]["reviews"]
    assert (question["kind"], question["phone"], question["text"]) == ("opt-in", PHONE, "START")
    number = str(question["id"])
    assert hookline(capsys, "review", number, "--release", "--reason", "no such answer")[0] == 1
    assert desk.state() == "out"
    assert hookline(capsys, "review", number, "--in", "--reason", "she called", "--by", "kim")[1]["state"] == "in"
    assert hookline(capsys, "review", number, "--in", "--reason", "again")[0] == 1


def test_what_is_late_is_a_failed_check(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.take(message(text="STOP"))
    desk.owner.execute("UPDATE enforcements SET deadline = now() - interval '1 minute'")
    code, reported = hookline(capsys, "report")
    assert (code, [late["phone"] for late in reported["over_deadline"]]) == (1, [PHONE])


def test_without_a_token_nothing_is_compared(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    code, reported = hookline(capsys, "reconcile", "--dry-run")
    assert (code, reported["targets"]) == (0, [])


def parked(desk: Desk, key: bytes, *, ours: bool = False, offset: int = 0) -> None:
    headers = cloudevents.headers(message()) if ours else []
    record = Record("sms.messages.v1", 0, offset, 0, key, b"\x00\x00\x00\xff\xff", headers)
    with desk.database.transaction() as connection:
        assert desk.processor.park(SetAside(record, "undecodable", "Undecodable", "no schema"), connection)


def test_many_questions_are_answered_at_once(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    # Given junk about 120 numbers, one of them three times; a record of ours; and a number that is held for two reasons
    for number in range(120):
        parked(desk, f"+1303555{number:04d}".encode())
    for offset in (1, 2):
        parked(desk, b"+13035550007", offset=offset)
    parked(desk, b"")
    parked(desk, b"+13035559001", ours=True)
    desk.take(message(text="wrong number", contact_phone="+13035559002"))
    parked(desk, b"+13035559002")
    answer = ("review", "--all", "--kind", "parked", "--writer", "unknown", "--release", "--reason", "junk")
    # Then what is not said clearly is not done
    for words in (answer[:-2], ("review", "--all", "--release", "--reason", "x"), ("review", "--release"),
                  ("review", "7", "--all", "--kind", "parked", "--out", "--reason", "x"),
                  ("review", "--kind", "hold", "--writer", "ours")):  # fmt: skip
        assert hookline(capsys, *words)[0] == 2
    # A dry run tells what would be done
    code, given = hookline(capsys, *answer, "--dry-run")
    assert (code, given["dry_run"], len(given["answered"]), len(given["kept"])) == (0, True, 123, 1)
    assert len(hookline(capsys, "review", "--kind", "parked")[1]["reviews"]) == 125
    assert desk.all("SELECT DISTINCT state FROM opt_outs") == [("hold",)]
    # When it is done, the junk's numbers are free, and nobody else's
    code, given = hookline(capsys, *answer, "--by", "kim")
    assert (code, len(given["answered"]), [row["phone"] for row in given["kept"]]) == (0, 123, ["+13035559002"])
    assert desk.all("SELECT phone FROM opt_outs WHERE state = 'hold' ORDER BY phone") == [
        ("+13035559001",),
        ("+13035559002",),
    ]
    assert desk.all("SELECT count(*) FROM opt_outs WHERE state = 'out'") == [(0,)]
    assert desk.all("SELECT DISTINCT actor FROM opt_out_ledger WHERE action = 'release'") == [("operator:kim",)]
    # And again there is nothing to do
    assert hookline(capsys, *answer)[1]["answered"] == []
    # The record of ours by --out
    words = ("review", "--all", "--kind", "parked", "--writer", "ours", "--out", "--reason", "it was a stop")
    assert [row["phone"] for row in hookline(capsys, *words)[1]["answered"]] == ["+13035559001"]
    assert desk.state("+13035559001") == "out"
