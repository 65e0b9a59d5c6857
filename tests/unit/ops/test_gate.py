"""The gate over HTTP, on a ledger that answers, fails, or hangs."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from ops.gate.answers import Answers
from ops.gate.app import BULK, gate_app
from runtime.admin import Readiness
from tests.twins.lookup_key import lookup_key

SINCE = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ROWS = {"+13035550142": ("out", SINCE, "out by contact"), "+13035550143": ("hold", SINCE, "hold by contact")}
TOKEN = {"Authorization": "Bearer second"}


class Connection:
    """As much of a connection as the gate uses."""

    def __init__(self, fails: list[Exception], hangs: threading.Event | None) -> None:
        self._fails = fails
        self._hangs = hangs

    def execute(self, _statement: str, values: tuple[list[str], list[str]], *, prepare: bool) -> Connection:
        if self._hangs is not None:
            self._hangs.wait(10)
        if self._fails:
            raise self._fails.pop()
        keyed = {phone: lookup_key(phone) for phone in ROWS}
        found = [phone for phone, key in keyed.items() if phone in values[0] or key in values[1]]
        self.rows = [(phone, *ROWS[phone], keyed[phone]) for phone in found]
        return self

    def fetchall(self) -> list[Any]:
        return self.rows

    def close(self) -> None:
        pass


def client(fails: list[Exception] | None = None, hangs: threading.Event | None = None) -> FlaskClient:
    trouble = fails or []
    answers = Answers(lambda: Connection(trouble, hangs), threads=1, timeout=0.1 if hangs else 5, region="US")  # type: ignore[arg-type, return-value]
    tokens = (SecretStr("first"), SecretStr("second"))
    return gate_app(answers, tokens, lambda: Readiness(True)).test_client()


@pytest.mark.parametrize(
    ("asked", "phone", "state", "sure"),
    [
        ("%2B13035550142", "+13035550142", "out", True),
        ("+1 (303) 555-0142", "+13035550142", "out", True),
        ("3035550143", "+13035550143", "hold", True),
        ("+13035550199", "+13035550199", "in", True),
        # What is no number is nobody that may be texted
        ("abc", "abc", "out", False),
        ("12", "12", "out", False),
        ("%00", "", "out", False),
    ],
)
def test_one_number(asked: str, phone: str, state: str, sure: bool) -> None:
    answer = client().get(f"/opt-outs/{asked}", headers=TOKEN)
    told = answer.get_json()
    assert answer.status_code == 200
    assert (told["phone"], told["state"], told["sure"]) == (phone, state, sure)
    assert told["why"]
    assert (told["since"] is not None) == (phone in ROWS)


def test_many_numbers_in_their_order() -> None:
    phones = ["+13035550199", "+13035550142", "+13035550142", "nobody"]
    told = client().post("/opt-outs", json={"phones": phones}, headers=TOKEN).get_json()["opt_outs"]
    assert [(one["phone"], one["state"]) for one in told] == list(zip(phones, ["in", "out", "out", "out"], strict=True))
    assert client().post("/opt-outs", json={"phones": []}, headers=TOKEN).get_json() == {"opt_outs": []}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer third"}, {"Authorization": "Basic second"}])
def test_without_a_token_there_is_no_answer(headers: dict[str, str]) -> None:
    assert client().get("/opt-outs/+13035550142", headers=headers).status_code == 401
    assert client().post("/opt-outs", json={"phones": []}, headers=headers).status_code == 401
    assert client().get("/healthz", headers=headers).status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b'{"phones": "+1"}', b'{"phones": [1]}', b"{"])
def test_a_body_that_asks_nothing_is_refused(body: bytes) -> None:
    assert client().post("/opt-outs", data=body, headers=TOKEN).status_code == 400


def test_too_many_at_once_are_refused() -> None:
    assert client().post("/opt-outs", json={"phones": ["+1"] * (BULK + 1)}, headers=TOKEN).status_code == 400
    assert client().post("/opt-outs", data=b" " * 300 * 1024, headers=TOKEN).status_code == 413


def test_a_ledger_that_is_away_means_out() -> None:
    away: list[Exception] = [psycopg.OperationalError("gone")] * 9
    told = client(away).get("/opt-outs/+13035550199", headers=TOKEN).get_json()
    assert (told["state"], told["sure"], told["since"]) == ("out", False, None)


def test_a_session_that_has_ended_is_replaced() -> None:
    told = client([psycopg.OperationalError("ended")]).get("/opt-outs/+13035550199", headers=TOKEN).get_json()
    assert (told["state"], told["sure"]) == ("in", True)


def test_a_ledger_that_hangs_means_out_in_time() -> None:
    hangs = threading.Event()
    told = client(hangs=hangs).get("/opt-outs/+13035550199", headers=TOKEN).get_json()
    hangs.set()
    assert (told["state"], told["sure"]) == ("out", False)


def test_one_number_that_no_utf8_holds_does_not_spoil_the_others() -> None:
    body = b'{"phones": ["\\ud800", "+13035550142", "\\udfff303"]}'
    answer = client().post("/opt-outs", data=body, headers=TOKEN)
    assert answer.status_code == 200
    answers = answer.get_json()["opt_outs"]
    assert [(found["state"], found["sure"]) for found in answers] == [("out", False), ("out", True), ("out", False)]


@pytest.mark.parametrize("number", ["5550142", "+15550142", "442079460958", "60777", "TESCO 12345", "DHL4567890", ".."])
def test_what_is_no_full_number_is_out_and_unsure(number: str) -> None:
    [found] = client().post("/opt-outs", json={"phones": [number]}, headers=TOKEN).get_json()["opt_outs"]
    assert (found["phone"], found["state"], found["sure"]) == (number, "out", False)
