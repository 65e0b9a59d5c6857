"""A stop is found on a real PostgreSQL, however its number was written when it came and is written when query about."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ops.__main__ import main
from ops.gate.answers import Answers, GateAnswer
from processors.engine.processor import SetAside
from processors.opt_out.ledger import utc_now
from processors.opt_out.verify import verify
from runtime.postgres import connect
from tests.twins.certainty import READ_TOPICS, make_certain
from tests.twins.lookup_key import lookup_key, lookup_keys
from tests.twins.opted_out import Desk, delivery
from tests.twins.stored import webhook

FULL = "+13035550142"
#: One number of the United States as people and programs write it.
SPELLINGS = (
    "+13035550142",
    "13035550142",
    "3035550142",
    "(303) 555-0142",
    "303-555-0142",
    "303.555.0142",
    "+1 (303) 555-0142",
    "1-303-555-0142",
    "0013035550142",
    "01113035550142",
    "+1 303 555 0142 ext. 12",
    "303-555-0142x12",
    "tel:+1-303-555-0142",
    "%2B13035550142",
    "%2B1%20303%20555%200142",
    "\uff0b\uff11\uff13\uff10\uff13\uff15\uff15\uff15\uff10\uff11\uff14\uff12",
    "\u0663\u0660\u0663\u0665\u0665\u0665\u0660\u0661\u0664\u0662",
    "\u202a+1 303 555 0142\u202c",
    " 303 555 0142 ",
    "\u00b3\u2070\u00b3\u2075\u2075\u2075\u2070\u00b9\u2074\u00b2",
    "\u2462\u24ea\u2462\u2464\u2464\u2464\u24ea\u2460\u2463\u2461",
    "&#43;13035550142",
    "&plus;1&nbsp;303&nbsp;555&nbsp;0142",
    "&#51;&#48;&#51;5550142",
    "tel:5550142;phone-context=+1303",
)
#: Two numbers in one field.
TWO_NUMBERS = ("+13035550142/3035550143", "+1 303 555 0142 / +1 303 555 0143", "303-555-0142, 303-555-0143")
#: As a release before these were read has stored a stop from FULL, and keeps it.
STORED_BEFORE = (*SPELLINGS[-6:], "3035550142/12", *TWO_NUMBERS)
#: What is no full number, and what it once became.
NO_NUMBERS = ("60777", "TESCO 12345", "DHL4567890", "5550142", "1-800-FLOWERS")


@pytest.fixture
def desk(postgres: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    made = Desk(postgres, "acme")
    made.now = utc_now() + timedelta(minutes=1)
    yield made
    made.close()


def gate(desk: Desk, *query: str, region: str | None = "US") -> list[GateAnswer]:
    """What the gate answers."""
    make_certain(desk.owner)
    with connect(desk.postgres.dsn("gate"), process="gate") as connection:
        answers = Answers(lambda: connection, threads=1, timeout=10, fresh=60, topics=READ_TOPICS, region=region)
        return answers.about(query)


def says(desk: Desk, text: str, phone: str, region: str | None = "US") -> None:
    """A text from `phone` comes to ingest and on to the processor, both of which read phones by `region`."""
    desk.processor.settings = desk.settings.model_copy(update={"default_region": region})
    desk.now = utc_now()
    desk.take(webhook("textlink", "received", desk.now, phone_number=phone, text=text, region=region))


@pytest.mark.parametrize("region", ["US", None, "GB", "DE"])
@pytest.mark.parametrize("spelled", SPELLINGS)
def test_no_way_to_ask_about_a_stop_is_answered_in(desk: Desk, spelled: str, region: str | None) -> None:
    says(desk, "STOP", spelled, region)
    # Given the setting as it was, and as it was changed to later
    for now in (region, "US"):
        answers = gate(desk, *SPELLINGS, *(spelling.replace("+", "%2B") for spelling in SPELLINGS), region=now)
        assert {answer.state for answer in answers} == {"out"}, (spelled, region, now)
    if region == "US" and spelled != "0013035550142":  # in the United States 00 is no international prefix
        [answer] = gate(desk, FULL)
        assert (answer.phone, answer.sure) == (FULL, True)
        assert desk.state(FULL) == "out"


@pytest.mark.parametrize("stored", STORED_BEFORE)
def test_what_was_stored_as_it_came_is_found(desk: Desk, stored: str) -> None:
    desk.owner.execute("ALTER TABLE opt_outs DISABLE TRIGGER USER")  # no row of the ledger stands behind it
    desk.owner.execute(
        "INSERT INTO opt_outs (phone, state, since, reason, position, last_position)"
        " VALUES (%s, 'out', now(), 'said so', 1, 1)",
        [stored],
    )
    full, second, stranger = gate(desk, FULL, "+13035550143", "+13035550144")
    assert full.state == "out"
    assert second.state == ("out" if stored in TWO_NUMBERS else "in")
    assert (stranger.state, stranger.sure) == ("in", True)
    if stored in TWO_NUMBERS:
        assert (full.sure, second.sure) == (False, False)


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_a_desk_finds_it_too(desk: Desk, spelled: str, capsys: pytest.CaptureFixture[str]) -> None:
    says(desk, "STOP", spelled, None)
    assert main(["opt-outs", "show", FULL, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["phone"], shown["opt_out"]["state"], len(shown["ledger"])) == (FULL, "out", 1)
    # Given no region, what was written without a country code is kept as it came
    assert shown["ledger"][0]["phone"] in {FULL, spelled.strip()}


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_a_desk_asks_as_it_likes(desk: Desk, spelled: str, capsys: pytest.CaptureFixture[str]) -> None:
    says(desk, "STOP", FULL)
    assert main(["opt-outs", "show", spelled, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["opt_out"]["state"] == "out"


def test_the_ledger_keeps_what_came_beside_the_number(desk: Desk) -> None:
    # Given an event that an ingest without a region has made
    event = webhook("textlink", "received", utc_now(), phone_number="(303) 555-0142", text="STOP", region=None)
    assert (event.contact_phone, event.phone_valid) == ("(303) 555-0142", False)
    desk.take(event)
    assert desk.all("SELECT phone, phone_as_received FROM opt_out_ledger") == [(FULL, "(303) 555-0142")]
    # Then it is enforced under the number, a repeat changes nothing, and the chain holds
    desk.take(event)
    desk.enforce()
    assert desk.target.out == {("acme", FULL)}
    with connect(desk.postgres.dsn("operator"), process="tests") as connection:
        assert verify(connection).broken is None
    assert desk.all("SELECT count(*) FROM opt_out_ledger") == [(1,)]


@pytest.mark.parametrize(
    ("phone", "region"),
    [(phone, region) for phone in NO_NUMBERS for region in ("US", "GB") if (phone, region) != ("5550142", "GB")],
)
def test_what_is_no_full_number_stays_as_it_came(desk: Desk, phone: str, region: str) -> None:
    says(desk, "STOP", phone, region)
    [(kept, valid)] = desk.all("SELECT phone, phone_as_received FROM opt_out_ledger")
    assert (kept, valid) == (phone, None)
    desk.enforce()
    assert desk.target.out == set()
    assert desk.all("SELECT status FROM enforcements") == [("parked",)]
    [known, stranger] = gate(desk, phone, phone + "9", region=region)
    assert (known.state, known.sure) == ("out", True)
    assert (stranger.state, stranger.sure) == ("out", False)


def test_a_number_without_its_area_code_is_out_and_unsure(desk: Desk) -> None:
    [local, plusless, full] = gate(desk, "5550142", "442079460958", FULL)
    assert (local.state, local.sure) == (plusless.state, plusless.sure) == ("out", False)
    assert (full.state, full.sure) == ("in", True)
    # Given a stop from the local number alone, nobody knows whose it was
    says(desk, "STOP", "5550142")
    [full, other] = gate(desk, FULL, "+13035550143")
    assert (full.state, full.sure) == ("out", False)
    assert (other.state, other.sure) == ("in", True)


@pytest.mark.parametrize(
    ("came", "query"),
    [
        ("+525512345678", "+5215512345678"),
        ("+5215512345678", "+525512345678"),
        ("+5491123456789", "+541123456789"),
        ("+541123456789", "+5491123456789"),
    ],
)
def test_twins_are_one_phone(desk: Desk, came: str, query: str) -> None:
    says(desk, "STOP", came)
    [answer] = gate(desk, query)
    assert (answer.state, answer.sure) == ("out", True)


def test_the_worst_of_all_forms_counts(desk: Desk) -> None:
    # Given no region at first: what comes without a country code is a number of its own
    says(desk, "wrong number", "3035550142", None)
    assert gate(desk, FULL)[0].state == "hold"
    says(desk, "START", FULL)
    assert (desk.state(FULL), desk.state("3035550142")) == ("in", "hold")
    assert gate(desk, FULL)[0].state == "hold"
    says(desk, "STOP", "3035550142", None)
    assert (desk.state(FULL), desk.state("3035550142")) == ("in", "out")
    [answer] = gate(desk, FULL)
    assert (answer.state, answer.sure) == ("out", True)


def test_a_hold_under_a_former_form_is_released(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    says(desk, "wrong number", "3035550142", None)
    assert main(["opt-outs", "release", FULL, "--reason", "it was none", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["row"]["phone"], shown["state"]) == ("3035550142", "in")
    assert gate(desk, FULL)[0].state == "in"


def test_a_record_that_cannot_be_read_holds_the_number_that_is_its_key(desk: Desk) -> None:
    record = delivery(webhook("textlink", "received", utc_now(), phone_number=FULL, text="?")).record
    record = record._replace(key=b"(303) 555-0142", value=b"junk")
    aside = SetAside(record, "undecodable", "Undecodable", "no Avro")
    with desk.database.transaction() as connection:
        assert desk.processor.park(aside, connection)
    assert desk.all("SELECT phone, phone_as_received FROM opt_out_ledger") == [(FULL, "(303) 555-0142")]
    assert gate(desk, "303.555.0142")[0].state == "hold"


def test_text_that_no_database_takes_is_answered(desk: Desk) -> None:
    says(desk, "STOP", FULL)
    odd, known = gate(desk, "\ud800\x00", FULL)
    assert (odd.state, odd.sure) == ("out", False)
    assert (known.state, known.sure) == ("out", True)


def test_the_look_up_goes_by_indexes(desk: Desk) -> None:
    desk.owner.execute("ALTER TABLE opt_outs DISABLE TRIGGER USER")  # no rows of the ledger stand behind these
    desk.owner.execute(
        "INSERT INTO opt_outs (phone, state, since, reason, position, last_position)"
        " SELECT '+1404' || lpad(n::text, 7, '0'), 'out', now(), '', n, n FROM generate_series(1, 20000) AS n"
    )
    desk.owner.execute("ANALYZE opt_outs")
    from ops.gate.answers import _STATES

    plan = desk.all("EXPLAIN " + _STATES, ["+14040000001"], ["000001"], ["000001"])
    steps = "\n".join(line for (line,) in plan)
    assert "opt_outs_by_lookup_key" in steps
    assert "opt_outs_by_odd_phone" in steps
    assert "Seq Scan" not in steps


def test_every_digit_has_its_value(desk: Desk) -> None:
    """PostgreSQL's list of digits is Unicode's: of those that this Python knows, all are in it."""
    known = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.digit(chr(code), None) is not None]
    rows = desk.all("SELECT digit, phone_lookup_keys(digit) FROM unnest(%s::text[]) AS digit", known)
    assert dict(rows) == {digit: [str(unicodedata.digit(digit))] for digit in known}
    # And of scripts' digits in the key that the release before goes by
    digits = [digit for digit in known if digit.isdecimal()]
    rows = desk.all("SELECT digit, phone_lookup_key(digit) FROM unnest(%s::text[]) AS digit", digits)
    assert len(rows) == len(digits)
    assert dict(rows) == {digit: str(unicodedata.decimal(digit)) for digit in digits}


_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\x00") | st.sampled_from(
    "+0123456789 -()%2Bx;,#/&\u00b2"
)
_PIECES = st.text(_CHARACTERS, max_size=3) | st.sampled_from(
    [
        "&#43;",
        "&#x2B;",
        "&plus;",
        "&#51;",
        "&#x033;",
        "&amp;#48;",
        "%31",
        "%252B",
        "%2531",
        "5550142",
        "\u2462",
        "\u2011",
    ]
)


@example("+13035550142")
@example("+12")
@example("303,555,0142")
@example("303-555-0142 \u0434\u043e\u0431. 12")
@example("")
@example("tel:+1-303-555-0142;ext=12")
@example("+13035550142/3035550143")
@example("303*555*0142 ext 12")
@given(st.lists(_PIECES, max_size=20).map("".join))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_key_is_the_same_in_both_languages(desk: Desk, text: str) -> None:
    """What is told of the look-up without a database holds with one."""
    desk.owner.execute("ALTER TABLE opt_outs DISABLE TRIGGER USER")  # as above
    rows = desk.all(
        "INSERT INTO opt_outs (phone, state, since, reason, position, last_position)"
        " VALUES (%s, 'out', now(), '', 1, 1) ON CONFLICT (phone) DO UPDATE SET position = 2"
        " RETURNING lookup_key, phone_lookup_key(phone), phone_lookup_keys(phone)",
        text,
    )
    [(stored_key, key, keys)] = rows
    assert (stored_key, key) == (lookup_key(text), lookup_key(text))
    assert sorted(keys) == sorted(lookup_keys(text))
