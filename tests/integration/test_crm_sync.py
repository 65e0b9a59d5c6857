"""Events into the sandbox's CRM, on a real PostgreSQL: one contact per phone, one note per message, in order."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from deploy.local.sandbox.app import Options, create_app
from deploy.local.sandbox.server import SandboxServer
from processors.crm_sync import CrmSync
from processors.crm_sync.report import states
from processors.http import status
from processors.outbox.errors import CredentialsRefused
from runtime.logs import logger
from runtime.process import log_settings
from runtime.settings import Configuration
from tests.twins.crm import PASSING_TROUBLES, CrmDesk, Sandbox
from tests.twins.events import at, call, contact, message, opt_out_state
from tests.twins.rig import until

FULL = os.environ.get("HOOKLINE_TEST_PACE") == "full"
ANN, BEN = "+13035550142", "+13035550177"


def test_a_contact_and_its_messages(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given what two people wrote and got, and a test of the provider's
    first = message(key="1", text="hello", name="Ann", tag="Warm", occurred_at=at(0))
    desk.take(first)
    desk.take(
        message(key="2", text="how are you?", occurred_at=at(1)),
        message("sent", "3", text="fine", occurred_at=at(2)),
        message(key="4", text="Working!", is_test=True),
        message(key="5", text="me too", contact_phone=BEN),
        call(occurred_at=at(3)),
    )
    # When it is worked off
    desk.work_off()
    # Then there is one contact each, with a note for each message, in order
    [ann], [ben] = sandbox.contacts(ANN), sandbox.contacts(BEN)
    assert len(sandbox.contacts()) == 2
    assert (ann["name"], ann["tags"], ann["opted_out"]) == ("Ann", ["Warm"], False)
    texts = [note["text"] for note in sandbox.notes(ann["id"])]
    assert [text.partition("\n")[0] for text in texts] == [
        "SMS received: hello",
        "SMS received: how are you?",
        "SMS sent: fine",
        "Call completed (in): ",
    ]
    assert str(first.event_id) in texts[0]
    assert sandbox.notes(ann["id"])[0]["external_id"] == str(first.event_id)
    assert len(sandbox.notes(ben["id"])) == 1
    assert desk.statuses() == {"done": 5}


def test_sent_and_then_failed_is_one_note(desk: CrmDesk, sandbox: Sandbox) -> None:
    desk.take(message("sent", "1", text="hi"))
    desk.work_off()
    desk.take(message("failed", "1", text="hi", occurred_at=at(1)))
    desk.work_off()
    [ann] = sandbox.contacts(ANN)
    [note] = sandbox.notes(ann["id"])
    assert note["text"].startswith("SMS not delivered: hi")
    # And what changes nothing costs no call
    sandbox.forget_requests()
    desk.take(message("sent", "1", text="hi", occurred_at=at(2)))
    desk.work_off()
    assert sandbox.crm_requests() == []


def test_names_and_tags_follow_their_newest_event(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given a contact that somebody has made there, with a tag of their own
    sandbox.post("/crm/contacts", phone=ANN, name="Annie", tags=["vip"])
    desk.take(contact(tag="Warm", occurred_at=at(5)), contact(tag="Cold", occurred_at=at(1)))
    desk.work_off()
    [ann] = sandbox.contacts(ANN)
    assert (ann["name"], ann["tags"]) == ("Annie", ["vip", "Warm"])
    # When the tag is taken away, and a name and tags are told
    desk.take(contact(tag="", occurred_at=at(6)), contact(name="Ann B.", tags=("a", "b"), occurred_at=at(6)))
    desk.work_off()
    # Then somebody else's tag stays
    [ann] = sandbox.contacts(ANN)
    assert (ann["name"], ann["tags"]) == ("Ann B.", ["vip", "a", "b"])


def test_an_opt_out_reaches_everybody_with_the_phone(desk: CrmDesk, sandbox: Sandbox) -> None:
    for name in ("Ann", "Ann's mother"):
        sandbox.post("/crm/contacts", phone=ANN, name=name)
    desk.take(opt_out_state("hold", 1))
    desk.work_off()
    assert [listed["opted_out"] for listed in sandbox.contacts(ANN)] == [True, True]
    # An older state that comes late changes nothing
    desk.take(opt_out_state("in", 3, occurred_at=at(1)), opt_out_state("out", 2))
    desk.work_off()
    assert [listed["opted_out"] for listed in sandbox.contacts(ANN)] == [False, False]


@pytest.mark.parametrize("path", ["/crm/contacts", "/crm/contacts/c"])
def test_a_lost_answer_makes_no_second_contact_and_no_second_note(desk: CrmDesk, sandbox: Sandbox, path: str) -> None:
    # M2. Given every kind of call whose effect is there and whose answer is lost, twice each
    desk.take(message(key="1", text="first"), message(key="2", text="second", occurred_at=at(1)))
    for method in ("POST", "PATCH"):
        sandbox.fault(path, method=method, drop_answer=True, times=2)
    sent, failed = (message(state, "3", text="third", occurred_at=at(n)) for n, state in ((2, "sent"), (3, "failed")))
    desk.take(sent, failed)
    desk.work_off()
    [ann] = sandbox.contacts(ANN)
    notes = [note["text"].partition("\n")[0] for note in sandbox.notes(ann["id"])]
    assert notes == ["SMS received: first", "SMS received: second", "SMS not delivered: third"]


@pytest.mark.parametrize(("path", "begun"), [("/crm/contacts", 0), ("/crm/contacts/c", 1)], ids=["contact", "note"])
@pytest.mark.parametrize("gives_up", [False, True], ids=["tried again", "dead, and the next one comes"])
def test_a_call_that_is_performed_late_makes_no_second_contact_and_no_second_note(
    desk: CrmDesk, sandbox: Sandbox, path: str, begun: int, gives_up: bool
) -> None:
    # M2. Given a CRM that performs a call long after we gave it up, and a contact that is there already or is not
    if begun:
        sandbox.post("/crm/contacts", phone=ANN)
    sandbox.fault(path, method="POST", effect_after_s=1.2)
    given_up = {"give_up_hours": 1e-9} if gives_up else {}
    desk.crm = desk.crm.model_copy(update={"look_after": 1.5} | given_up)
    desk.take(message("sent", "1", text="hi"), message("failed", "1", text="hi", occurred_at=at(1)))
    # When the call is tried again, or its delivery is dead and the contact's next one is taken up
    desk.work_off(desk.rest(timeout=0.3))
    # Then that waits until the call has been performed
    [ann] = sandbox.contacts(ANN)
    assert len(sandbox.notes(ann["id"])) == 1
    assert desk.statuses() == ({"dead": 1, "done": 1} if gives_up else {"done": 2})


def test_a_new_note_has_a_key_that_is_the_same_at_every_try(desk: CrmDesk, sandbox: Sandbox) -> None:
    sandbox.fault("/crm/contacts/", method="POST", status=500, times=2)
    desk.take(message(key="1", text="first"), message(key="2", text="second", occurred_at=at(1)))
    desk.work_off()
    posted = [
        (request["body"]["text"].partition("\n")[0], request["headers"]["Idempotency-Key"])
        for request in sandbox.get("/_sandbox/requests", path="/crm/contacts/", method="POST")
    ]
    keys = {text: {key for text_, key in posted if text_ == text} for text, _ in posted}
    assert [text for text, _ in posted].count("SMS received: first") == 3
    assert [len(keys_of_text) for keys_of_text in keys.values()] == [1, 1]
    assert keys["SMS received: first"] != keys["SMS received: second"]


@pytest.mark.parametrize("fault", PASSING_TROUBLES, ids=str)
def test_every_trouble_passes(
    desk: CrmDesk, sandbox: Sandbox, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # M1. Given a CRM that makes trouble at one kind of call after the other
    monkeypatch.setitem(status._STATUSES, 401, (CredentialsRefused, 0.3))
    for method in ("GET", "POST", "PATCH"):
        sandbox.fault(method=method, **{"times": 1} | fault)
    desk.take(message(key="1", text="hello", name="Ann", tag="Warm"), message(key="2", text="x", contact_phone=BEN))
    desk.work_off(desk.rest(timeout=1.0))
    # Then everything is there, once
    [ann], [ben] = sandbox.contacts(ANN), sandbox.contacts(BEN)
    assert ann["tags"] == ["Warm"]
    assert [len(sandbox.notes(listed["id"])) for listed in (ann, ben)] == [1, 1]
    assert desk.statuses() == {"done": 2}


def test_what_is_refused_is_dead_and_holds_nothing_up(desk: CrmDesk, sandbox: Sandbox) -> None:
    sandbox.post("/crm/contacts", phone=ANN)
    sandbox.fault("/crm/contacts/", method="POST", status=422)
    desk.take(message(key="1", text="first"))
    desk.take(message(key="2", text="second"))
    desk.work_off()
    assert desk.statuses() == {"dead": 1, "done": 1}
    assert desk.all("SELECT detail FROM crm_deliveries WHERE status = 'dead'") == [("rest answers 422",)]


def test_what_waits_and_why_is_known(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given one delivery that was refused, and one that waits while the CRM is paused
    sandbox.post("/crm/contacts", phone=ANN)
    sandbox.fault("/crm/contacts/", method="POST", status=422)
    desk.take(message(key="1", text="first"))
    desk.work_off()
    desk.take(message(key="2", text="second"))
    [rest] = states(desk.owner)
    assert (rest.target, rest.pending, rest.dead, rest.paused_until, rest.state) == ("rest", 1, 1, None, "dead")
    desk.owner.execute("UPDATE crm_targets SET paused_until = '2999-01-01 00:00:00+00', reason = 'x'")
    [rest] = states(desk.owner)
    assert (rest.paused_until, rest.reason) == (datetime(2999, 1, 1, tzinfo=UTC), "x")


def test_its_settings_and_those_of_its_targets_are_told_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"__TARGETS": "rest", "_REST__URL": "https://crm.example.com", "_REST__TOKEN": "s3cr3t"}.items():
        monkeypatch.setenv(f"HOOKLINE_CRM{name}", value)
    with capture_logs() as reported:
        log_settings(logger("tests"), Configuration.load(CrmSync.settings_type, *CrmSync.sections()))
    shown = {setting["variable"]: setting["shown"] for setting in reported}
    assert shown["HOOKLINE_CRM__TARGETS"] == "rest"
    assert shown["HOOKLINE_CRM_REST__URL"] == "https://crm.example.com"
    assert "s3cr3t" not in str(reported)
    assert "HOOKLINE_CRM_TEXTUS__ACCOUNTS" not in shown


def test_a_redirect_is_not_followed(desk: CrmDesk, sandbox: Sandbox) -> None:
    with SandboxServer(create_app(Options())) as elsewhere:
        sandbox.fault(status=307, headers={"Location": f"{elsewhere.url}/crm/contacts"})
        desk.take(message(key="1", text="first"))
        desk.work_off()
        other = Sandbox(elsewhere.url)
        assert other.crm_requests() == []
        other.close()
    assert desk.statuses() == {"dead": 1}


def test_a_contact_whose_calls_fail_is_dead_at_last_and_nobody_waits_for_it(desk: CrmDesk, sandbox: Sandbox) -> None:
    # M1. Given one contact at whose notes the CRM always fails
    ann = sandbox.post("/crm/contacts", phone=ANN)
    sandbox.fault(f"/crm/contacts/{ann['id']}/notes", status=500, times=None)
    desk.crm = desk.crm.model_copy(update={"max_failures": 2})
    desk.take(message(key="1", text="never"))
    with desk.working(desk.rest()):
        for number in range(40):
            desk.take(message(key=f"b{number}", text="x", contact_phone=f"+1303555{number:04d}"))
            if desk.statuses()["dead"]:
                break
            until(lambda: desk.statuses()["pending"] <= 1, "the others")
        desk.until_done()
    assert desk.statuses()["dead"] == 1


def test_a_deleted_contact_is_looked_for_and_made_anew(desk: CrmDesk, sandbox: Sandbox) -> None:
    desk.take(message(key="1", text="first"))
    desk.work_off()
    desk.owner.execute("UPDATE crm_links SET remote_id = 'c999' WHERE kind = 'contact'")
    desk.take(message(key="2", text="second"))
    desk.work_off()
    [ann] = sandbox.contacts(ANN)
    assert len(sandbox.notes(ann["id"])) == 2


def test_a_worker_that_dies_leaves_a_doubt(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given a delivery worker that dies between the call and its outcome
    from processors.crm_sync import delivery_worker_of

    desk.take(message(key="1", text="first"))
    target, database = desk.rest(), desk.new_database()
    delivery_worker = delivery_worker_of(target, desk.crm)
    delivery_worker(database)
    until(lambda: delivery_worker._unrecorded or not delivery_worker._finished.empty())
    delivery_worker._pool.shutdown()
    database.close()
    target.close()
    assert len(sandbox.notes(sandbox.contacts(ANN)[0]["id"])) == 1
    # When the lease is over and another one takes it up
    desk.expire_leases()
    desk.work_off()
    # Then the CRM was asked, and not told again
    assert len(sandbox.notes(sandbox.contacts(ANN)[0]["id"])) == 1
    # And what the first one finds out too late is nobody's
    database = desk.new_database()
    delivery_worker(database)
    database.close()
    assert desk.all("SELECT status, attempts FROM crm_deliveries") == [("done", 2)]


def test_two_couriers_share_the_work(desk: CrmDesk, sandbox: Sandbox) -> None:
    events = [
        message(key=f"{phone}-{n}", text=f"text {n:02d}", contact_phone=f"+1303555{phone:04d}", occurred_at=at(n))
        for n in range(10)
        for phone in range(20)
    ]
    desk.take(*events)
    with desk.working(desk.rest()), desk.working(desk.rest()):
        desk.until_done()
    assert len(sandbox.contacts()) == 20
    for listed in sandbox.contacts():
        texts = [note["text"].partition("\n")[0] for note in sandbox.notes(listed["id"])]
        assert texts == [f"SMS received: text {n:02d}" for n in range(10)]
    assert set(sandbox.statuses()) <= {200, 201}


@pytest.mark.slow
@pytest.mark.timeout(1800 if FULL else 180)
def test_killed_three_times_on_the_way(desk: CrmDesk, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    # C1. Given many messages, and a delivery worker that is killed again and again (HOOKLINE_TEST_PACE=full: 20,000)
    monkeypatch.setattr("tests.twins.rig.TIME_LIMIT", 900.0 if FULL else 90.0)
    count, contacts, every = (20_000, 2_000, 0.5) if FULL else (600, 60, 0.005)
    events = [
        message(key=f"{n}", text=f"text {n:05d}", contact_phone=f"+1303{n % contacts:07d}", occurred_at=at(n / 60))
        for n in range(count)
    ]
    for start in range(0, count, 2000):
        desk.take(*events[start : start + 2000])
    command = [sys.executable, "-m", "tests.twins.crm_process", desk.dsn, f"{sandbox.url}/crm"]
    for kill in range(1, 4):
        with subprocess.Popen(command) as process:
            until(lambda kill=kill: desk.statuses()["done"] >= count * kill // 5, every=every)
            process.kill()
        desk.expire_leases()
    # When one is let live
    with subprocess.Popen(command) as process:
        until(lambda: not desk.statuses()["pending"], every=every)
        process.kill()
    # Then there is one contact a phone, and every message once, in order
    assert desk.statuses() == {"done": count}
    held = sandbox.contacts()
    assert len(held) == contacts == len({listed["phone"] for listed in held})
    for listed in held:
        texts = [note["text"].partition("\n")[0] for note in sandbox.notes(listed["id"])]
        number = int(listed["phone"].removeprefix("+1303"))
        assert texts == [f"SMS received: text {n:05d}" for n in range(number, count, contacts)]
