"""The gate over HTTP, on a ledger that answers, fails, or hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from pydantic import SecretStr

from ops.gate.answers import Answers
from ops.gate.app import BULK, gate_app
from ops.gate.certainty import Certainty
from ops.gate.watch import EVERY, SLACK, CertaintyWatch
from runtime import logs
from runtime.admin import Readiness
from tests.twins.certainty import READ_AT as NOW
from tests.twins.certainty import READ_TOPICS as TOPICS
from tests.twins.certainty import SURE
from tests.twins.lookup_key import lookup_keys

SINCE = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ROWS = {"+13035550142": ("out", SINCE, "out by contact"), "+13035550143": ("hold", SINCE, "hold by contact")}
TOKEN = {"Authorization": "Bearer second"}


class Connection:
    """As much of a connection as the gate uses."""

    def __init__(self, fails: list[Exception], hangs: threading.Event | None, certainty: tuple[Any, ...]) -> None:
        self._fails = fails
        self._certainty = certainty
        self._hangs = hangs

    def execute(self, _statement: str, values: tuple[list[str], list[str]], *, prepare: bool) -> Connection:
        if self._hangs is not None:
            self._hangs.wait(10)
        if self._fails:
            raise self._fails.pop()
        keyed = {phone: lookup_keys(phone) for phone in ROWS}
        found = [phone for phone, keys in keyed.items() if phone in values[0] or not keys.isdisjoint(values[1])]
        rows = [(phone, *ROWS[phone], sorted(keyed[phone])) for phone in found]
        self.rows = [(*self._certainty, *row) for row in rows or [(None,) * 5]]
        return self

    def fetchall(self) -> list[Any]:
        return self.rows

    def close(self) -> None:
        pass


def answering(
    fails: list[Exception] | None = None,
    hangs: threading.Event | None = None,
    certainty: tuple[Any, ...] = SURE,
    clock: Callable[[], float] = time.monotonic,
) -> Answers:
    trouble = fails or []
    return Answers(
        lambda: Connection(trouble, hangs, certainty),  # type: ignore[arg-type, return-value]
        threads=1,
        timeout=0.1 if hangs else 5,
        fresh=5.0,
        topics=TOPICS,
        region="US",
        clock=clock,
    )


def client(fails: list[Exception] | None = None, hangs: threading.Event | None = None, **given: Any) -> FlaskClient:
    answers = answering(fails, hangs, **given)
    tokens = (SecretStr("first"), SecretStr("second"))
    return gate_app(answers, tokens, lambda: Readiness(True)).test_client()


@pytest.mark.parametrize(
    ("requests", "phone", "state", "sure"),
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
def test_one_number(requests: str, phone: str, state: str, sure: bool) -> None:
    answer = client().get(f"/opt-outs/{requests}", headers=TOKEN)
    data = answer.get_json()
    assert answer.status_code == 200
    assert (data["phone"], data["state"], data["sure"]) == (phone, state, sure)
    assert data["why"]
    assert (data["since"] is not None) == (phone in ROWS)


def test_many_numbers_in_their_order() -> None:
    phones = ["+13035550199", "+13035550142", "+13035550142", "nobody"]
    data = client().post("/opt-outs", json={"phones": phones}, headers=TOKEN).get_json()["opt_outs"]
    assert [(answer["phone"], answer["state"]) for answer in data] == list(
        zip(phones, ["in", "out", "out", "out"], strict=True)
    )
    assert client().post("/opt-outs", json={"phones": []}, headers=TOKEN).get_json() == {"opt_outs": []}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer third"}, {"Authorization": "Basic second"}])
def test_without_a_token_there_is_no_answer(headers: dict[str, str]) -> None:
    assert client().get("/opt-outs/+13035550142", headers=headers).status_code == 401
    assert client().post("/opt-outs", json={"phones": []}, headers=headers).status_code == 401
    assert client().get("/healthz", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/opt-outs", "/opt-outs/%2B13035550142", "/nowhere", "//healthz", "/healthz/more"])
def test_strangers_are_refused_before_anything_of_theirs_is_looked_at(path: str) -> None:
    class Unread:
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

    app = gate_app(answering(), (SecretStr("second"),), lambda: Readiness(True))
    app.request_class = None  # type: ignore[assignment] # Flask's own machinery would stumble over it
    statuses: list[str] = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "wsgi.input": Unread(), "HTTP_AUTHORIZATION": "Bearer no"}
    said = app(environ, lambda status, _headers, *_: statuses.append(status))  # type: ignore[arg-type, return-value]
    assert (statuses, b"Bearer TOKEN" in b"".join(said)) == (["401 UNAUTHORIZED"], True)


def test_a_token_rotates() -> None:
    """Both are let in while senders change theirs, and the old one no more when it is gone."""

    def let_in(token: str, *valid: str) -> bool:
        app = gate_app(answering(), tuple(map(SecretStr, valid)), lambda: Readiness(True)).test_client()
        answer = app.get("/opt-outs/+13035550142", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in (200, 401)
        return answer.status_code == 200

    assert let_in("old", "old")
    assert let_in("old", "new", "old")
    assert let_in("new", "new", "old")
    assert let_in("new", "new")
    assert not let_in("old", "new")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"phones": "+1"}', b'{"phones": [1]}', b"{"])
def test_a_body_that_asks_nothing_is_refused(body: bytes) -> None:
    assert client().post("/opt-outs", data=body, headers=TOKEN).status_code == 400


def test_too_many_at_once_are_refused() -> None:
    assert client().post("/opt-outs", json={"phones": ["+1"] * (BULK + 1)}, headers=TOKEN).status_code == 400
    assert client().post("/opt-outs", data=b" " * 300 * 1024, headers=TOKEN).status_code == 413


def test_a_ledger_that_is_away_means_out() -> None:
    away: list[Exception] = [psycopg.OperationalError("gone")] * 9
    data = client(away).get("/opt-outs/+13035550199", headers=TOKEN).get_json()
    assert (data["state"], data["sure"], data["since"], data["retry_after"]) == ("out", False, None, 2)


def test_a_session_that_has_ended_is_replaced() -> None:
    data = client([psycopg.OperationalError("ended")]).get("/opt-outs/+13035550199", headers=TOKEN).get_json()
    assert (data["state"], data["sure"]) == ("in", True)


def test_a_ledger_that_hangs_means_out_in_time() -> None:
    hangs = threading.Event()
    data = client(hangs=hangs).get("/opt-outs/+13035550199", headers=TOKEN).get_json()
    hangs.set()
    assert (data["state"], data["sure"]) == ("out", False)


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


def row(**given: Any) -> tuple[Any, ...]:
    """A row of the view, sure but for what is given."""
    names = [field.name for field in fields(Certainty)]
    return tuple((dict(zip(names, SURE, strict=True)) | given).values())


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("certainty", "why", "retry_after"),
    [
        (row(caught_up_at=ago(5.1)), "opt-out was last known to have caught up 5 s ago", 2),
        (row(caught_up_at=None), "opt-out has not said", 2),
        (row(topics=None, caught_up_at=None), "opt-out has not said", 2),
        # It reads a topic less than it has to
        (row(topics=["sms.messages.v1"]), "opt-out has not said", 2),
        (row(halted_at=NOW), "opt-out is halted", 60),
        # A restored database: everything that Kafka has is in it, and a row that was published is not
        (row(lost_position=7), "the ledger ends before its published row 7", 60),
        (row(spooled=3, spooling_node="b"), "node b holds events in its spool", 2),
        (row(nodes_heard_at=ago(5.1)), "node a does not say", 2),
        # All have stopped, or there never was one: who answers webhooks could not say so
        (row(nodes_heard_at=None, silent_node=None), "no node of ingest is known to run", 2),
        # Drained since: what was in the spool is on Kafka, and may not be in the ledger
        (row(drained_at=ago(0.4)), "opt-out has not caught up with what was in a spool", 2),
        # PostgreSQL's clock was set back: nothing that was written before says anything
        (row(caught_up_at=ago(-60)), "opt-out was last known", 2),
        (row(nodes_heard_at=ago(-60)), "node a does not say", 2),
    ],
)
def test_where_the_ledger_may_lack_a_stop_every_answer_is_out(
    certainty: tuple[Any, ...], why: str, retry_after: int
) -> None:
    asking = client(certainty=certainty)
    phones = ["+13035550142", "+13035550143", "+13035550199", "nobody"]
    many = asking.post("/opt-outs", json={"phones": phones}, headers=TOKEN)
    body = many.get_json()
    assert [(answer["state"], answer["sure"]) for answer in body["opt_outs"]] == [("out", False)] * 4
    assert all(answer["why"].startswith(why) for answer in body["opt_outs"])
    assert (body["retry_after"], many.headers["Retry-After"]) == (retry_after, str(retry_after))
    single = asking.get("/opt-outs/+13035550199", headers=TOKEN)
    assert (single.get_json()["state"], single.get_json()["retry_after"]) == ("out", retry_after)
    assert single.headers["Retry-After"] == str(retry_after)


def test_a_sure_answer_says_nothing_of_asking_again() -> None:
    answer = client().get("/opt-outs/+13035550199", headers=TOKEN)
    assert "retry_after" not in answer.get_json()
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("certainty", [row(drained_at=ago(0.6)), row(caught_up_at=ago(4.8))])
def test_what_is_recent_enough_is_sure(certainty: tuple[Any, ...]) -> None:
    body = client(certainty=certainty).get("/opt-outs/+13035550199", headers=TOKEN).get_json()
    assert (body["state"], body["sure"]) == ("in", True)


def test_a_gate_that_was_frozen_between_reading_and_answering_is_not_sure() -> None:
    passing = iter([100.0, 105.0])
    body = client(clock=lambda: next(passing)).get("/opt-outs/+13035550199", headers=TOKEN).get_json()
    assert (body["state"], body["sure"]) == ("out", False)


ages = st.floats(min_value=-10, max_value=20)


@given(caught_up=st.none() | ages, heard=st.none() | ages, drained=st.none() | ages, elapsed=st.floats(0, 10))
def test_sure_only_if_all_that_was_answered_by_then_is_in_the_ledger(
    caught_up: float | None, heard: float | None, drained: float | None, elapsed: float
) -> None:
    def at(age: float | None) -> datetime | None:
        return None if age is None else ago(age)

    certainty = Certainty(*row(caught_up_at=at(caught_up), nodes_heard_at=at(heard), drained_at=at(drained)))
    if certainty.doubt(TOPICS, 5.0, elapsed) is None:
        assert caught_up is not None
        assert -1e-5 <= caught_up <= 5 - elapsed + 1e-5
        assert heard is None or -1e-5 <= heard <= 5 - elapsed + 1e-5
        assert drained is None or caught_up <= drained + 1e-5


def test_the_gate_is_ready_when_it_can_answer_and_at_first_only_when_it_is_sure() -> None:
    now = 0.0

    def looked(answers: Answers) -> CertaintyWatch:
        watch = CertaintyWatch(answers, clock=lambda: now)
        assert not watch.readiness().ready, "nothing is known before the first look"
        watch.step()
        return watch

    unsure = looked(answering(certainty=row(halted_at=NOW)))
    assert not unsure.readiness().ready
    now = 10.0
    unsure.step()
    why = "every answer is out: opt-out is halted: stops are not reaching the ledger"
    assert unsure.readiness() == Readiness(True, why)
    sure = looked(answering())
    assert sure.readiness() == Readiness(True)
    away: list[Exception] = [psycopg.OperationalError("gone")] * 9
    assert looked(answering(away)).readiness() == Readiness(False, "the ledger does not answer")
    # What was seen is told for as long as the next look may take, and not for ever
    now += EVERY + answering().timeout + SLACK
    assert sure.readiness().ready
    now += 0.1
    assert sure.readiness() == Readiness(False, "the ledger was last looked at 9 s ago")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_without_a_token_ask_nobody_and_pass_no_flask(path: str) -> None:
    """Each /readyz was a statement on a connection of those who ask about numbers."""

    class Unused:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} was asked")

    reads: list[str] = []
    answers = answering()
    watch = CertaintyWatch(answers)
    watch.step()
    answers._read = lambda _: reads.append("read")  # type: ignore[assignment, method-assign, return-value]
    app = gate_app(answers, (SecretStr("second"),), watch.readiness)
    app.request_class = Unused()  # type: ignore[assignment] # Flask's own machinery would stumble over it
    asking = app.test_client()
    for _ in range(100):
        answer = asking.get(path)
        assert (answer.status_code, answer.get_json()["ok"], answer.get_json()["process"]) == (200, True, "gate")
    assert reads == []
    head = asking.head(path)
    assert (head.status_code, head.data, head.content_length) == (200, b"", len(asking.get(path).data))
    refused = asking.post(path, data=b"x")
    assert (refused.status_code, refused.get_json(), refused.headers["Allow"]) == (
        405,
        {"ok": False, "error": "Method Not Allowed"},
        "GET, HEAD",
    )


def test_readyz_tells_what_was_seen_last() -> None:
    for state in (Readiness(True), Readiness(False, "the ledger does not answer")):
        answer = gate_app(answering(), (SecretStr("second"),), lambda: state).test_client().get("/readyz")  # noqa: B023
        assert answer.status_code == (200 if state.ready else 503)
        assert answer.get_json() == {"ok": state.ready, "process": "gate", "reason": state.reason}


def test_being_unsure_is_measured_and_said_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("gate")
    now = 0.0
    unsure = CertaintyWatch(answering(certainty=row(halted_at=NOW)), clock=lambda: now)
    for now in (0.0, 1.0, 2.0, 61.0):  # noqa: B007 - the clock
        unsure.step()
    assert REGISTRY.get_sample_value("hookline_gate_unsure") == 1
    CertaintyWatch(answering(), clock=lambda: now).step()
    assert REGISTRY.get_sample_value("hookline_gate_unsure") == 0
    assert capsys.readouterr().err.count("gate_is_unsure") == 2


def test_a_bug_of_ours_lets_no_text_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> Any:
        raise OverflowError("date value out of range")

    monkeypatch.setattr(Certainty, "doubt", bug)
    answer = client().get("/opt-outs/+13035550199", headers=TOKEN)
    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["state"], body["sure"], body["why"]) == ("out", False, "it is not known: a fault of ours")


def test_a_watch_that_cannot_look_says_unsure_and_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a bug that shows at the first look
    answers, turns = answering(), iter([1.0, 1.0])
    doubt, failures = answers.doubt, [OverflowError("date value out of range")] * 2
    seen: list[float | None] = []

    def doubt_or_fail() -> Any:
        if failures:
            raise failures.pop()
        return doubt()

    def sleep(_: float) -> None:
        seen.append(REGISTRY.get_sample_value("hookline_gate_unsure"))
        if next(turns, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(answers, "doubt", doubt_or_fail)
    watch = CertaintyWatch(answers, sleep=sleep)
    watch.step()
    assert watch.readiness() == Readiness(False, "a fault of ours: OverflowError")
    # Then the thread says that nothing is sure, and goes on
    with pytest.raises(KeyboardInterrupt):
        watch.run()
    assert seen == [1, 0, 0]
