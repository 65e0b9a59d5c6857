"""Events into a real Tryton, and what is particular about it; counted in Tryton's own database."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from processors.crm_sync.port import CrmTarget, Note
from processors.crm_sync.targets.tryton import TrytonSettings, TrytonTarget
from processors.outbox.errors import CredentialsRefused, NotFound
from processors.outbox.rate_limiter import Unlimited
from runtime.settings import Configuration, ConfigurationError
from tests.servers.faulty import Faulty, faulty
from tests.servers.starting import started
from tests.servers.tryton import DATABASE, Tryton, start_tryton
from tests.twins.crm import CrmDesk
from tests.twins.events import T0, at, contact, message, opt_out_state
from tests.twins.rig import until

FULL = os.environ.get("HOOKLINE_TEST_PACE") == "full"
ANN = "+13035550142"

_PHONES = """
SELECT m.value_compact, p.name, count(DISTINCT p.id) FROM party_party AS p
JOIN party_contact_mechanism AS m ON m.party = p.id GROUP BY 1 ORDER BY 1
"""
_NOTES = """
SELECT m.value_compact, n.message FROM ir_note AS n JOIN party_contact_mechanism AS m
ON n.resource = 'party.party,' || m.party ORDER BY n.id
"""
_CATEGORIES = """
SELECT m.value_compact, c.name FROM "party_party-party_category" AS held
JOIN party_category AS c ON c.id = held.category JOIN party_contact_mechanism AS m ON m.party = held.party ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    home = tmp_path_factory.mktemp("tryton")
    server, stop = started("Tryton", lambda: start_tryton(home))
    yield server
    stop()


@pytest.fixture
def tryton(serving: Tryton) -> Tryton:
    serving.forget_parties()
    return serving


@pytest.fixture
def front(tryton: Tryton) -> Iterator[Faulty]:
    with faulty(tryton.url) as proxy:
        yield proxy


@pytest.fixture
def target(tryton: Tryton) -> Iterator[CrmTarget[Any]]:
    other_target = target_at(tryton.url, tryton.key)
    yield other_target
    other_target.close()


def target_at(url: str, key: str, **settings: Any) -> TrytonTarget:
    return TrytonTarget.configured(TrytonSettings(url=url, database=DATABASE, token=key, **settings), Unlimited())


def note(text: str, external_id: str = "0198c0de-0000-7000-8000-000000000001") -> Note:
    return Note(text, external_id, T0)


def change(tryton: Tryton, statement: str, *values: object) -> None:
    """As somebody in Tryton's client would."""
    with closing(sqlite3.connect(tryton.path, timeout=30)) as connection, connection:
        connection.execute(statement, values)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_on_the_way_and_answers_lost(postgres: Any, tryton: Tryton, front: Faulty, tmp_path: Path) -> None:
    # Given messages of many people, every fifth of which fails after it was sent, with names, tags and a few stops,
    # and calls of every kind whose effect is there and whose answer is lost (HOOKLINE_TEST_PACE=full: 500 messages)
    count, people = (500, 50) if FULL else (60, 12)
    phones = [f"+1303555{n:04d}" for n in range(people)]
    desk = CrmDesk(postgres, None, targets=("tryton",))  # type: ignore[arg-type] # no sandbox
    events: list[Any] = [contact(contact_phone=phone, name=f"Person {phone[-4:]}", tag="Warm") for phone in phones]
    for n in range(count):
        said = {"key": f"{n}", "text": f"text {n:05d}", "contact_phone": phones[n % people]}
        events.append(message("sent", **said, occurred_at=at(n / 60)))
        if n % 5 == 0:
            events.append(message("failed", **said, occurred_at=at(n / 60 + 0.1)))
    events += [opt_out_state("out", n, contact_phone=phone) for n, phone in enumerate(phones[::6])]
    desk.take(*events)
    for path in ("party.party", "party.category", "ir.note"):
        for method in ("POST", "PUT", "DELETE"):
            front.fault(f"/{DATABASE}/rest/model/{path}", method=method, drop_answer=True, times=3)
    # No answer in time means that Tryton is at it yet: it is waited for, and asked soon where the answer is lost
    settings = {"DATABASE": DATABASE, "TOKEN": tryton.key, "TIMEOUT": "25"}
    environment = os.environ | {f"HOOKLINE_CRM_TRYTON__{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "tests.twins.crm_process", desk.dsn, front.url, "tryton"]
    began = time.monotonic()
    # When the worker is killed again and again
    for kill in range(1, 3):
        with subprocess.Popen(command, env=environment) as process:
            until(lambda kill=kill: desk.statuses()["done"] >= len(events) * kill // 4)
            process.kill()
        # What it had begun is over by the time its leases are: whoever was accepted before us is known of then
        httpx.get(front.url, trust_env=False, timeout=60)
        until(lambda: not front.connections(), "an end of what the killed one had begun")
        desk.expire_leases()
    # And one is let live
    with subprocess.Popen(command, env=environment) as process:
        desk.until_done()
        process.kill()
    print(f"{count} messages, {len(events)} events in {time.monotonic() - began:.1f} s")
    # Then Tryton has one party a phone, and every message once, in order
    assert desk.statuses() == {"done": len(events)}
    desk.close()
    assert tryton.rows(_PHONES) == [(phone, f"Person {phone[-4:]}", 1) for phone in phones]
    assert tryton.rows("SELECT count(*) FROM party_party") == [(people,)]
    notes = [(phone, str(text).partition("\n")[0]) for phone, text in tryton.rows(_NOTES)]
    assert len(notes) == count == len(tryton.rows("SELECT id FROM ir_note"))
    reported = [f"{'SMS not delivered' if n % 5 == 0 else 'SMS sent'}: text {n:05d}" for n in range(count)]
    assert Counter(text for _, text in notes) == Counter(reported)
    for number, phone in enumerate(phones):
        assert [text for noted_phone, text in notes if noted_phone == phone] == reported[number::people]
    warm, out = {(phone, "Warm") for phone in phones}, {(phone, "SMS opted out") for phone in phones[::6]}
    assert tryton.rows(_CATEGORIES) == sorted(warm | out, key=lambda row: (row[0], row[1]))
    assert tryton.rows("SELECT name FROM party_category ORDER BY 1") == [("SMS opted out",), ("Warm",)]


def test_a_note_is_replaced_and_carries_the_event_s_id(tryton: Tryton, target: CrmTarget[Any]) -> None:
    # Given a note whose template leaves the event's id out
    party = target.upsert_contact(ANN, "Ann", None)
    said = note("hello")
    known = target.log_message(party, said)
    [(_, text)] = tryton.rows(_NOTES)
    assert text == f"hello\n[{said.external_id}]"
    # When it has to say something else, and when a try before has written the new one and died
    target.update_note(party, known, note("bye"))
    target.log_message(party, note("bye"))
    target.update_note(party, known, note("bye"))
    # Then there is one, which is known by the same id
    assert [text for _, text in tryton.rows(_NOTES)] == [f"bye\n[{said.external_id}]"]
    assert target.find_note(party, said.external_id) == known
    # And one that somebody has deleted is gone
    change(tryton, "DELETE FROM ir_note")
    with pytest.raises(NotFound):
        target.update_note(party, known, note("again"))


def test_a_key_that_may_not_replace_notes(tryton: Tryton) -> None:
    # Given the key of a user who is no administrator
    target = target_at(tryton.url, tryton.clerk_key)
    party = target.upsert_contact(ANN, "Ann", None)
    target.set_tags(party, ["Warm"], [])
    target.set_opt_out(party, opted_out=True)
    known = target.log_message(party, note("hello"))
    # Then nothing is written that could not be taken away, and somebody is told
    with pytest.raises(CredentialsRefused, match="REPLACE_NOTES=false"):
        target.update_note(party, known, note("bye"))
    assert len(tryton.rows(_NOTES)) == 1
    assert [finding.about for finding in target.check() if not finding.ok] == ["notes"]
    target.close()
    # And a target that is set so says what it cannot do
    target = target_at(tryton.url, tryton.clerk_key, replace_notes=False)
    assert not target.capabilities.update_note
    assert [finding for finding in target.check() if not finding.ok] == []
    target.close()


def test_a_key_without_rights_waits_for_somebody_to_mend_them(tryton: Tryton) -> None:
    # Given the key of somebody who may not make categories, which Tryton answers as it answers any mistake
    target = target_at(tryton.url, tryton.guest_key)
    party = target.upsert_contact(ANN, "Ann", None)
    # Then no delivery is dead of it
    with pytest.raises(CredentialsRefused, match="may not create"):
        target.set_tags(party, ["Warm"], [])
    target.close()


def test_the_category_of_the_opted_out_may_be_another_or_none(tryton: Tryton) -> None:
    target = target_at(tryton.url, tryton.key, opted_out_category="No texts / please")
    party = target.upsert_contact(ANN, "Ann", None)
    target.set_tags(party, ["No texts/please", "Warm"], [])
    assert tryton.rows(_CATEGORIES) == [(ANN, "Warm")]
    target.set_opt_out(party, opted_out=True)
    target.set_tags(party, [], ["No texts / please", "Warm"])
    assert tryton.rows(_CATEGORIES) == [(ANN, "No texts/please")]
    target.close()
    target = target_at(tryton.url, tryton.key, opted_out_category="")
    assert not target.capabilities.opt_out
    target.close()


def test_a_call_that_is_performed_late_makes_no_second_party(tryton: Tryton, target: CrmTarget[Any]) -> None:
    made = {target.upsert_contact(ANN, "Ann", None) for _ in range(3)}
    assert len(made) == 1
    assert tryton.rows(_PHONES) == [(ANN, "Ann", 1)]


def test_a_deactivated_party_is_gone_and_its_phone_gets_a_new_one(tryton: Tryton, target: CrmTarget[Any]) -> None:
    made = []
    for _ in range(3):
        made.append(target.upsert_contact(ANN, "Ann", None))
        target.set_tags(made[-1], ["Warm"], [])
        change(tryton, "UPDATE party_party SET active = 0")
        assert target.find_by_phone(ANN) == []
        for call in _changes(target):
            with pytest.raises(NotFound):
                call(made[-1])
    codes = [code for (code,) in tryton.rows("SELECT code FROM party_party ORDER BY id")]
    assert codes == [f"SMS{ANN}", f"SMS{ANN}/{made[0]}", f"SMS{ANN}/{made[0]}/{made[1]}"]
    assert tryton.rows("SELECT id FROM ir_note") == []


def _changes(target: CrmTarget[Any]) -> list[Callable[[str], Any]]:
    return [
        lambda party: target.upsert_contact(ANN, "Ann", party),
        lambda party: target.log_message(party, note("hello")),
        lambda party: target.set_tags(party, ["Warm"], []),
        lambda party: target.set_opt_out(party, opted_out=True),
    ]


@pytest.mark.parametrize(
    ("phone", "kind"),
    [
        (ANN, "mobile"),
        # A short code, the name of a sender, and a number that is possible but not valid
        ("12345", "other"),
        ("ACME", "other"),
        ("+13030000001", "other"),
    ],
)
def test_whatever_sends_texts_is_kept_and_found(tryton: Tryton, target: CrmTarget[Any], phone: str, kind: str) -> None:
    made = target.upsert_contact(phone, None, None)
    assert [(person.id, person.name) for person in target.find_by_phone(phone)] == [(made, None)]
    assert tryton.rows("SELECT type, value_compact FROM party_contact_mechanism") == [(kind, phone)]


def test_what_people_keep_there_is_found(tryton: Tryton, target: CrmTarget[Any]) -> None:
    # Given a party that somebody has made, with its phone as people write it, and two who share a phone
    for name in ("Ann", "Ann's mother"):
        api_create(tryton, name, "+1 (303) 555-0142")
    assert [person.name for person in target.find_by_phone(ANN)] == ["Ann", "Ann's mother"]


def api_create(tryton: Tryton, name: str, phone: str) -> None:
    party = {"name": name, "contact_mechanisms": [["create", [{"type": "phone", "value": phone}]]]}
    headers = {"Authorization": f"bearer {tryton.key}"}
    url = f"{tryton.url}/{DATABASE}/rest/model/party.party"
    httpx.post(url, json=party, headers=headers, trust_env=False, timeout=30).raise_for_status()


def test_a_tag_that_several_need_at_once_is_made_once(tryton: Tryton, target: CrmTarget[Any]) -> None:
    parties = [target.upsert_contact(f"+1303555{n:04d}", None, None) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda party: target.set_tags(party, ["Warm", " a  / b "], []), parties))
    assert tryton.rows("SELECT name FROM party_category ORDER BY 1") == [("Warm",), ("a/b",)]
    assert len(tryton.rows(_CATEGORIES)) == 16


def test_check_names_what_to_mend(tryton: Tryton, target: CrmTarget[Any]) -> None:
    def wrong(key: str = tryton.key, database: str = DATABASE) -> list[str]:
        target = TrytonTarget.configured(TrytonSettings(url=tryton.url, database=database, token=key), Unlimited())
        try:
            return [finding.sentence for finding in target.check() if not finding.ok]
        finally:
            target.close()

    assert wrong() == []
    assert "__TOKEN" in wrong(key="abc123")[0]
    assert "__DATABASE" in wrong(database="nobody")[0]
    # A user outside the group, who may not make categories
    reported = " ".join(wrong(key=tryton.guest_key))
    assert "may not create party.category" in reported
    assert "Party Administration" in reported
    # Phones that were written while phonenumbers was not installed
    target.upsert_contact(ANN, "Ann", None)
    change(tryton, "UPDATE party_contact_mechanism SET value_compact = '(303) 555-0142'")
    assert "phonenumbers" in wrong()[0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "HOOKLINE_CRM_TRYTON__URL is missing"),
        ({"URL": "https://tryton.example.com"}, "HOOKLINE_CRM_TRYTON__DATABASE is missing"),
        ({"URL": "https://tryton.example.com", "DATABASE": "crm"}, "HOOKLINE_CRM_TRYTON__TOKEN is missing"),
        # As it stands in the answer to the request for it
        ({"TOKEN": '"0123456789abcdef"'}, "HOOKLINE_CRM_TRYTON__TOKEN: .*quotation marks"),
        ({"URL": "http://tryton.example.com"}, "HOOKLINE_CRM_TRYTON__URL: is not https"),
    ],
    ids=str,
)
def test_wrong_settings_say_what_is_wrong(given: dict[str, str], expected: str) -> None:
    environ = {f"HOOKLINE_CRM_TRYTON__{name}": value for name, value in given.items()}
    with pytest.raises(ConfigurationError, match=expected) as raised:
        TrytonTarget.configured(Configuration.load(TrytonSettings, environ=environ)[TrytonSettings], Unlimited())
    assert "0123456789abcdef" not in str(raised.value)
