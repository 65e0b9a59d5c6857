"""Contacts in TextUs accounts, on a real PostgreSQL, and their echoes: webhooks read by ingest itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from ingest.durable.durability import Durability
from ingest.webhooks import receive
from processors.http import status
from processors.outbox.budget import Budget
from processors.outbox.errors import CredentialsRefused
from processors.outbox.rate_limiter import BudgetLimiter
from schemas.events import Event
from tests.contract.players import NEW_SECRET, PLAYERS
from tests.twins.crm import PASSING_TROUBLES, CrmDesk, Sandbox
from tests.twins.events import at, call, contact, message, opt_out_state
from tests.twins.rig import until

ANN, BEN = "+13035550142", "+13035550177"
HERE, NORTH = "textus", "my_account_north"
_deliveries = count(1)


@pytest.fixture
def desk(postgres: Any, sandbox: Sandbox) -> Iterator[CrmDesk]:
    made = CrmDesk(postgres, sandbox, targets=("rest", f"textus:{HERE}", f"textus:{NORTH}"))
    yield made
    made.close()


def work_off(desk: CrmDesk) -> None:
    with desk.working(desk.rest()), desk.working(desk.textus(HERE)), desk.working(desk.textus(NORTH)):
        desk.until_done()


def created(held: dict[str, Any], minutes: float = 1.0) -> Event:
    """The webhook contact.created of a contact as TextUs holds it, as ingest reads it."""
    events: list[Event] = []

    class Kept:
        def publish_all(self, found: Sequence[Event]) -> Durability:
            events.extend(found)
            return Durability.KAFKA

    fields = {
        "@type": "ContactWebhookDelivery",
        "id": f"/integrations/h13Jc5/deliveries/{next(_deliveries)}",
        "timestamp": at(minutes).isoformat(),
        "action": "contact.created",
        "webHook": "/integrations/h13Jc5",
        "contact": held,
    }
    player = PLAYERS["textus"]
    request = player.posted(fields, NEW_SECRET).request(datetime.now(UTC))
    answer = receive(player.provider(NEW_SECRET), request, Kept())
    assert answer.status == 200
    return events[0]


def changes(sandbox: Sandbox) -> list[tuple[str, str]]:
    """What was asked of TextUs that changes anything."""
    return [
        request for method in ("POST", "PUT") for request in sandbox.requests("/", method) if "/crm" not in request[1]
    ]


def test_a_contact_goes_to_the_other_accounts_and_its_echo_ends_here(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given a contact that somebody has made in the account `textus`
    desk.take(created({"id": "/contacts/Zy12", "name": "Ann", "phones": {"members": [{"phoneNumber": ANN}]}}))
    # When it is worked off
    work_off(desk)
    # Then the other account has it, and the one that it came from was not called
    [made] = sandbox.textus_contacts(NORTH)
    assert (made["name"], [phone["phoneNumber"] for phone in made["phones"]["members"]]) == ("Ann", [ANN])
    assert changes(sandbox) == [("POST", f"/{NORTH}/contacts")]
    assert [path for _, path in sandbox.requests(f"/{HERE}/contact_filters")] == []
    # When TextUs tells of the contact that we made
    sandbox.forget_requests()
    desk.take(created(made), created(made))
    work_off(desk)
    # Then it has ended: nothing was ordered, nobody was called
    assert desk.statuses() == {"done": 2}
    assert sandbox.requests("/") == []
    assert desk.all("SELECT name FROM crm_contacts") == [("Ann",)]


def test_an_echo_of_a_contact_whose_making_is_in_doubt(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given a contact whose making was answered to nobody
    sandbox.fault(f"/{NORTH}/contacts", method="POST", drop_answer=True)
    desk.take(contact(name="Ann", tag="Warm"))
    with desk.working(desk.textus(NORTH)):
        until(lambda: sandbox.textus_contacts(NORTH), "the contact")
        # When its echo is here before it has been looked for
        [made] = sandbox.textus_contacts(NORTH)
        desk.take(created(made))
        desk.until_done(f"textus:{NORTH}")
    # Then it was found, and not made a second time
    [held] = sandbox.textus_contacts(NORTH)
    assert held["data"]["tags"] == ["Warm"]


def test_a_contact_that_was_found_is_no_echo(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given a contact of TextUs's own, whose webhook is late
    with closing(desk.textus(NORTH)) as target:
        held = target.upsert_contact(ANN, "Ann", None)
    desk.take(contact(tag="Warm", occurred_at=at(0)))
    work_off(desk)
    # When it comes at last
    desk.take(created(sandbox.textus_contacts(NORTH)[0]))
    work_off(desk)
    # Then what it tells is kept
    assert [textus_contact["id"] for textus_contact in sandbox.textus_contacts(NORTH)] == [held]
    assert [listed_contact["name"] for listed_contact in sandbox.contacts(ANN)] == ["Ann"]


def test_names_and_tags_follow_the_fold_and_those_of_others_stay(desk: CrmDesk, sandbox: Sandbox) -> None:
    desk.take(contact(name="Annie", tag="Warm", occurred_at=at(1)))
    work_off(desk)
    with closing(desk.textus(HERE)) as target:
        [annie] = target.find_by_phone(ANN)
        target.set_tags(annie.id, ["vip"], [])
    desk.take(contact(name="Ann", tag="Cold", occurred_at=at(3)), contact(name="Old", tag="Old", occurred_at=at(2)))
    work_off(desk)
    [here], [north] = sandbox.textus_contacts(HERE), sandbox.textus_contacts(NORTH)
    assert (here["name"], here["data"]["tags"]) == ("Ann", ["vip", "Cold"])
    assert (north["name"], north["data"]["tags"]) == ("Ann", ["Cold"])


def test_what_makes_no_contact(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given messages and calls of people without a name, a stop, a short code, a test
    desk.take(
        message(key="1", text="hello"),
        call(account=HERE),
        opt_out_state("out", 1, contact_phone=BEN),
        message(key="2", text="your code is 1234", contact_phone="72975", phone_valid=False, name="Bank"),
        contact(name="Nobody", is_test=True),
    )
    work_off(desk)
    # Then TextUs was not called at all, and nothing is dead
    assert changes(sandbox) == []
    assert sandbox.requests(f"/{HERE}") == sandbox.requests(f"/{NORTH}") == []
    assert set(desk.statuses()) == {"done"}
    # And a name that comes later makes one
    desk.take(message("sent", "3", text="hi", name="Ann"))
    work_off(desk)
    assert [textus_contact["name"] for textus_contact in sandbox.textus_contacts(HERE)] == ["Ann"]


def test_a_contact_without_a_name_brings_none_back(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given a contact of which a tag is known and no name: TextUs takes none without
    desk.take(contact(tag="Warm"))
    work_off(desk)
    [made] = sandbox.textus_contacts(HERE)
    assert made["name"] == ANN
    # When its webhook is read by somebody who does not know it for an echo
    desk.owner.execute("UPDATE crm_links SET written = written - 'made'")
    desk.take(created(made))
    work_off(desk)
    # Then nobody is called by a phone number
    assert desk.all("SELECT name FROM crm_contacts") == [(None,)]
    assert [listed_contact["name"] for listed_contact in sandbox.contacts(ANN)] == [None]


@pytest.mark.parametrize("fault", PASSING_TROUBLES, ids=str)
def test_every_trouble_passes(
    desk: CrmDesk, sandbox: Sandbox, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # M1, M2. Given a TextUs that makes trouble at one kind of call after the other
    monkeypatch.setitem(status._STATUSES, 401, (CredentialsRefused, 0.3))
    for method in ("GET", "POST", "PUT"):
        sandbox.fault("/", method=method, **{"times": 1} | fault)
    desk.take(contact(name="Ann", tag="Warm"), contact(name="Ben", contact_phone=BEN))
    with desk.working(desk.textus(NORTH, timeout=1.0)):
        desk.until_done(f"textus:{NORTH}")
    # Then everything is there, once
    held = {
        textus_contact["name"]: textus_contact["data"].get("tags", [])
        for textus_contact in sandbox.textus_contacts(NORTH)
    }
    assert held == {"Ann": ["Warm"], "Ben": []}
    assert len(sandbox.textus_contacts(NORTH)) == 2


def test_an_account_that_is_gone_holds_up_no_other(desk: CrmDesk, sandbox: Sandbox) -> None:
    sandbox.put("/_sandbox/accounts", ["org", HERE])
    desk.take(contact(name="Ann"))
    with desk.working(desk.rest()), desk.working(desk.textus(HERE)), desk.working(desk.textus(NORTH)):
        desk.until_done("rest")
        desk.until_done(f"textus:{HERE}")
        until(lambda: desk.all("SELECT FROM crm_deliveries WHERE target = %s AND detail ~ '404'", f"textus:{NORTH}"))
    assert desk.statuses(f"textus:{NORTH}") == {"pending": 1}


def test_contacts_leave_the_reserve_to_opt_outs(desk: CrmDesk, sandbox: Sandbox) -> None:
    # Given ten requests a window, of which five are for opt-outs alone
    sandbox.limit("textus", limit=10, window_s=300)
    budget = Budget("textus", limit=10, window=300, reserve=5)
    stopped: list[bool] = []
    limiter = BudgetLimiter(budget, desk.connect, lambda _: bool(stopped))
    desk.take(*(contact(name=f"Ann {n}", contact_phone=f"+1303555{n:04d}") for n in range(8)))
    desk.crm = desk.crm.model_copy(update={"calls_at_once": 1})
    # When the contacts have had theirs
    with desk.working(desk.textus(NORTH, limiter)):
        until(lambda: desk.all("SELECT FROM api_budgets WHERE used = 5 AND in_flight = 0"), "the contacts' share")
        # Then an opt-out is granted what is left
        database = desk.new_database()
        with database.transaction() as connection:
            grant = budget.take(connection, 10, urgent=True)
        database.close()
        stopped.append(True)
    limiter.close()
    assert grant.count == 5
    assert len(sandbox.requests(f"/{NORTH}")) == 5
    assert sandbox.get("/_sandbox/requests", path=f"/{NORTH}")[-1]["status"] in (200, 201)


def findings(desk: CrmDesk, account: str, **settings: Any) -> dict[str, tuple[bool, str]]:
    with closing(desk.textus(account, **settings)) as target:
        return {finding.about: (finding.ok, finding.sentence) for finding in target.check()}


def test_check_names_what_is_wrong_and_its_fix(desk: CrmDesk, sandbox: Sandbox) -> None:
    # All is well
    reported = findings(desk, HERE)
    assert [ok for ok, _ in reported.values()] == [True, True, True]
    assert "999 of 1000 requests are left" in reported["quota"][1]
    # An account that there is not
    assert findings(desk, "nobody")["account"] == (
        False,
        "there is no account nobody, or the token's user is no member; mend HOOKLINE_CRM_TEXTUS__ACCOUNTS",
    )
    # A token that is not taken
    sandbox.fault("/", status=401)
    assert "HOOKLINE_TEXTUS__API_TOKEN" in findings(desk, HERE)["credentials"][1]
    # Nothing left but what is kept for opt-outs
    sandbox.limit("textus", limit=50, window_s=300)
    ok, why = findings(desk, HERE)["quota"]
    assert not ok
    assert "49 of 50 requests are left" in why
    assert "HOOKLINE_TEXTUS__RATE_RESERVE (49)" in why
