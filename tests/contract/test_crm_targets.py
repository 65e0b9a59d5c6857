"""What every CRM target promises, found by scanning; `rest` is held to it against the sandbox's CRM."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from processors.api_budget.purse import NoLimit
from processors.crm_sync.port import Asked, Gone, Locked, Note, Target, Unknown, target_types
from processors.crm_sync.targets.rest import RestSettings, RestTarget
from processors.processor import Rejected, Retryable
from runtime.settings import Configuration, ConfigurationError
from tests.twins.crm import Sandbox, played_crm
from tests.twins.events import T0

PHONE = "+13035550142"
TARGETS = target_types()

#: Every operation that changes something, as it is done to a contact.
CHANGES: dict[str, Callable[[Target, str], Any]] = {
    "upsert_contact": lambda target, _: target.upsert_contact("+13035550177", "Ben", None),
    "rename": lambda target, contact: target.upsert_contact(PHONE, "Ann", contact),
    "log_message": lambda target, contact: target.log_message(contact, note()),
    "set_tags": lambda target, contact: target.set_tags(contact, ["Warm"], []),
    "set_opt_out": lambda target, contact: target.set_opt_out(contact, opted_out=True),
}
#: And those that only ask.
QUESTIONS: dict[str, Callable[[Target, str], Any]] = {
    "find_by_phone": lambda target, _: target.find_by_phone(PHONE),
    "find_note": lambda target, contact: target.find_note(contact, "e1"),
}


def note(text: str = "hello", external_id: str = "e1") -> Note:
    return Note(text, external_id, T0)


class Played:
    """A target and the sandbox behind it."""

    def __init__(self, name: str, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        kind = TARGETS[name]
        variable = kind.settings_type.variable
        environ = {variable("url"): f"{sandbox.url}/crm", variable("timeout"): "0.5", variable("token"): "t0ken"}
        settings = Configuration.load(kind.settings_type, environ=environ)[kind.settings_type]
        self.target = kind.configured(settings, NoLimit())


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with played_crm() as one:
        yield one


@pytest.fixture(params=sorted(TARGETS))
def played(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Played]:
    one = Played(request.param, sandbox)
    yield one
    one.target.close()


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_target_says_what_it_is(name: str) -> None:
    kind = TARGETS[name]
    assert kind.name == name
    assert kind.__doc__
    assert kind.settings_type.__doc__
    assert kind.__module__ == f"processors.crm_sync.targets.{name.replace('-', '_')}"
    assert kind.settings_type.section == f"crm_{name.replace('-', '_')}"


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_target_that_is_not_set_names_what_is_missing(name: str) -> None:
    kind = TARGETS[name]
    settings = Configuration.load(kind.settings_type, environ={})[kind.settings_type]
    with pytest.raises(ConfigurationError, match=f"HOOKLINE_{kind.settings_type.section.upper()}__"):
        kind.configured(settings, NoLimit())


def test_a_contact_is_made_found_and_renamed(played: Played) -> None:
    target = played.target
    assert target.find_by_phone(PHONE) == []
    made = target.upsert_contact(PHONE, None, None)
    assert target.upsert_contact(PHONE, "Ann", made) == made
    [found] = target.find_by_phone(PHONE)
    assert (found.id, found.name) == (made, "Ann")


def test_a_note_is_written_found_by_its_id_and_changed(played: Played) -> None:
    target = played.target
    contact = target.upsert_contact(PHONE, None, None)
    assert target.find_note(contact, "e1") is None
    written = target.log_message(contact, note())
    assert target.find_note(contact, "e1") == written
    target.update_note(contact, written, note("bye"))
    assert target.find_note(contact, "e1") == written
    assert target.find_note(contact, "e2") is None


def test_tags_come_and_go_and_those_of_others_stay(played: Played) -> None:
    target = played.target
    contact = target.upsert_contact(PHONE, None, None)
    target.set_tags(contact, ["a", "b"], [])
    target.set_tags(contact, ["c"], ["a"])
    target.set_tags(contact, ["c"], ["never there"])
    [held] = played.sandbox.contacts(PHONE)
    assert held["tags"] == ["b", "c"]


@pytest.mark.parametrize("operation", CHANGES | QUESTIONS)
@pytest.mark.parametrize(
    ("fault", "changing", "asking"),
    [
        # Whether a server that fails has done it is not known
        ({"status": 500}, Unknown, Retryable),
        ({"status": 502}, Unknown, Retryable),
        ({"status": 503, "retry_after": 7}, Asked, Asked),
        ({"status": 429, "retry_after": 3}, Asked, Asked),
        # 429 that does not say how long
        ({"status": 429}, Asked, Asked),
        # Retry-After as a date (RFC 9110)
        ({"status": 429, "retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, Asked, Asked),
        ({"status": 401}, Locked, Locked),
        ({"status": 403}, Locked, Locked),
        ({"status": 404}, Gone, Gone),
        ({"status": 409}, Retryable, Retryable),
        # Locked by somebody (HubSpot)
        ({"status": 423}, Retryable, Retryable),
        ({"status": 422}, Rejected, Rejected),
        # A redirect, to an address of the cloud that it runs in
        ({"status": 302, "headers": {"Location": "http://169.254.169.254/"}}, Rejected, Rejected),
        ({"status": 200, "body": "<html>"}, Unknown, Retryable),
        # An answer that takes too long as a whole, though no part of it does
        ({"status": 200, "body": "x" * 40, "drip_s": 0.1}, Unknown, Retryable),
        ({"drop_answer": True}, Unknown, Retryable),
        ({"delay_s": 2.0}, Unknown, Retryable),
    ],
    ids=str,
)
def test_every_trouble_says_what_to_do(
    played: Played, operation: str, fault: dict[str, Any], changing: type[Exception], asking: type[Exception]
) -> None:
    contact = played.target.upsert_contact(PHONE, None, None)
    is_change = operation in CHANGES
    method = {"method": "PATCH"} if operation == "set_tags" else {}  # the tags are read first
    played.sandbox.fault(**method, **fault)
    raised = changing if is_change else asking
    with pytest.raises((Retryable, Rejected)) as error:
        (CHANGES | QUESTIONS)[operation](played.target, contact)
    assert type(error.value) is raised
    assert PHONE not in str(error.value)
    assert "t0ken" not in str(error.value)
    if isinstance(error.value, Asked):
        assert error.value.retry_after is not None


def test_check_tells_what_to_mend(played: Played) -> None:
    assert all(finding.ok for finding in played.target.check())
    played.sandbox.fault(status=401)
    assert [finding.ok for finding in played.target.check()] == [False]


def test_nobody_listens(played: Played) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        target = RestTarget.configured(RestSettings(url=f"http://127.0.0.1:{taken.getsockname()[1]}"), NoLimit())
        with pytest.raises(Retryable) as error:
            target.upsert_contact(PHONE, None, None)
    assert not isinstance(error.value, Unknown)
    target.close()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://crm.example.com", "is not https"),
        ("ftp://crm.example.com", "is no address"),
        ("https://u:p@crm.example.com", "carries a name"),
        ("https://evil.example.com", "not among the hosts"),
    ],
)
def test_where_it_may_call_is_checked_at_the_start(url: str, why: str) -> None:
    environ = {"HOOKLINE_CRM_REST__URL": url, "HOOKLINE_CRM_REST__HOSTS": "crm.example.com"}
    with pytest.raises(ConfigurationError, match=why) as raised:
        Configuration.load(RestSettings, environ=environ)
    assert "u:p" not in str(raised.value)


@pytest.mark.parametrize("address", ["10.0.0.7", "169.254.169.254", "127.0.0.1", "::ffff:192.168.1.1", "fd00::1"])
def test_a_name_that_leads_to_a_private_address_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(
        "processors.crm_sync.guarded.socket.getaddrinfo",
        lambda *_, **__: [(family, socket.SOCK_STREAM, 0, "", (address, 443))],
    )
    target = RestTarget.configured(RestSettings(url="https://crm.example.com"), NoLimit())
    with pytest.raises(Rejected, match="private"):
        target.find_by_phone(PHONE)
    target.close()
