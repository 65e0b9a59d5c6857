"""What every CRM target promises, found by scanning; each is held to it against the service behind it.

What that service is, how it is started and what it can do stands in `crm/<target>.py`.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from processors.crm_sync.port import CrmTarget, Note, target_types
from processors.crm_sync.targets.rest import RestSettings, RestTarget
from processors.outbox.errors import OutcomeUnknown, RateLimited, Rejected, RetryLater
from processors.outbox.rate_limiter import Unlimited
from runtime.settings import Configuration, ConfigurationError
from tests.contract.crm.service import Service, service_type
from tests.contract.crm.troubles import ASKING, CHANGING, TROUBLES, Trouble, able
from tests.twins.events import T0

PHONE, OTHER = "+13035550142", "+13035550177"
TARGETS = target_types()

#: Every operation that changes something, as it is done to a contact.
CHANGES: dict[str, Callable[[CrmTarget[Any], str], Any]] = {
    "upsert_contact": lambda target, _: target.upsert_contact(OTHER, "Ben", None),
    "rename": lambda target, contact: target.upsert_contact(PHONE, "Ann", contact),
    "log_message": lambda target, contact: target.log_message(contact, note()),
    "set_tags": lambda target, contact: target.set_tags(contact, ["Warm"], []),
    "set_opt_out": lambda target, contact: target.set_opt_out(contact, opted_out=True),
}
#: And those that only ask.
QUESTIONS: dict[str, Callable[[CrmTarget[Any], str], Any]] = {
    "find_by_phone": lambda target, _: target.find_by_phone(PHONE),
    "find_note": lambda target, contact: target.find_note(contact, "e1"),
}
assert (tuple(CHANGES), tuple(QUESTIONS)) == (CHANGING, ASKING)


def note(text: str = "hello", external_id: str = "e1") -> Note:
    return Note(text, external_id, T0)


def those_with(operation: str) -> list[str]:
    """The targets that can do it."""
    return [name for name in sorted(TARGETS) if able(name, operation)]


@pytest.fixture(scope="module")
def services() -> Iterator[Callable[[str], Service]]:
    """Starts each service once: tests that are parametrized by more than the target come in any order."""
    begun: dict[str, Service | BaseException] = {}

    def service_of(name: str) -> Service:
        if name not in begun:
            try:
                begun[name] = stack.enter_context(service_type(name).started())
            except pytest.skip.Exception as skipped:
                begun[name] = skipped
        service = begun[name]
        if isinstance(service, BaseException):
            raise service
        return service

    with ExitStack() as stack:
        yield service_of


@pytest.fixture
def serving(request: pytest.FixtureRequest, services: Callable[[str], Service]) -> Service:
    return services(request.param)


@pytest.fixture
def service(serving: Service) -> Service:
    serving.begin()
    return serving


@pytest.fixture
def target(service: Service) -> Iterator[CrmTarget[Any]]:
    other_target = service.target()
    yield other_target
    other_target.close()


each = pytest.mark.parametrize("serving", sorted(TARGETS), indirect=True)


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
        kind.configured(settings, Unlimited())


@each
def test_it_is_able_to_do_what_its_service_can(service: Service, target: CrmTarget[Any]) -> None:
    assert target.capabilities == service.capabilities


@each
def test_a_contact_is_made_found_and_renamed(service: Service, target: CrmTarget[Any]) -> None:
    assert target.find_by_phone(PHONE) == []
    made = target.upsert_contact(PHONE, None, None)
    [nameless] = target.find_by_phone(PHONE)
    assert (nameless.id, nameless.name) == (made, None)
    assert target.upsert_contact(PHONE, "Ann", made) == made
    [found] = target.find_by_phone(PHONE)
    assert (found.id, found.name) == (made, "Ann")
    assert [(contact.id, contact.name) for contact in service.contacts(PHONE)] == [(made, "Ann")]


@each
def test_another_phone_is_somebody_else(service: Service, target: CrmTarget[Any]) -> None:
    ann, ben = target.upsert_contact(PHONE, "Ann", None), target.upsert_contact(OTHER, "Ben", None)
    assert ann != ben
    assert [person.id for person in target.find_by_phone(OTHER)] == [ben]
    assert [contact.id for contact in service.contacts(OTHER)] == [ben]


@pytest.mark.parametrize("serving", those_with("log_message"), indirect=True)
def test_a_note_is_written_found_by_its_id_and_changed(service: Service, target: CrmTarget[Any]) -> None:
    contact = target.upsert_contact(PHONE, None, None)
    said = note()
    if service.capabilities.find_note:
        assert target.find_note(contact, "e1") is None
    written = target.log_message(contact, said)
    if service.capabilities.update_note:
        said = note("bye")
        target.update_note(contact, written, said)
    if service.capabilities.find_note:
        assert target.find_note(contact, "e1") == written
        assert target.find_note(contact, "e2") is None
    assert [said.text in text for text in service.notes(contact)] == [True]


@pytest.mark.parametrize("serving", those_with("set_tags"), indirect=True)
def test_tags_come_and_go_and_those_of_others_stay(service: Service, target: CrmTarget[Any]) -> None:
    contact = target.upsert_contact(PHONE, "Ann", None)
    target.set_tags(contact, ["a", "b"], [])
    target.set_tags(contact, ["c"], ["a"])
    target.set_tags(contact, ["c"], ["never there"])
    [held] = service.contacts(PHONE)
    assert (held.name, held.tags) == ("Ann", ["b", "c"])


@pytest.mark.parametrize("serving", those_with("set_opt_out"), indirect=True)
def test_a_contact_is_opted_out_and_in_again(service: Service, target: CrmTarget[Any]) -> None:
    contact = target.upsert_contact(PHONE, "Ann", None)
    for opted_out in (True, True, False):
        target.set_opt_out(contact, opted_out=opted_out)
        assert [contact.opted_out for contact in service.contacts(PHONE)] == [opted_out]


@pytest.mark.parametrize(
    ("serving", "operation"),
    [(name, operation) for name in sorted(TARGETS) for operation in CHANGES | QUESTIONS if able(name, operation)],
    indirect=["serving"],
)
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.what)
def test_every_trouble_says_what_to_do(
    service: Service, target: CrmTarget[Any], operation: str, trouble: Trouble
) -> None:
    _, fault, changing, asking = trouble
    contact = target.upsert_contact(PHONE, None, None)
    service.fault(operation, **fault)
    takes_its_time = "delay_s" in fault or "drip_s" in fault
    troubled = service.target(timeout=service.impatience) if takes_its_time else target
    with pytest.raises((RetryLater, Rejected)) as error:
        (CHANGES | QUESTIONS)[operation](troubled, contact)
    troubled.close()
    assert type(error.value) is (changing if operation in CHANGES else asking)
    assert PHONE not in str(error.value)
    assert OTHER not in str(error.value)
    assert service.secret not in str(error.value)
    if isinstance(error.value, RateLimited):
        assert error.value.retry_after is not None


@each
def test_check_tells_what_to_mend(service: Service, target: CrmTarget[Any]) -> None:
    assert [finding for finding in target.check() if not finding.ok] == []
    service.fault("check", status=401)
    [refused] = [finding for finding in target.check() if not finding.ok]
    assert "HOOKLINE_" in refused.sentence
    assert service.secret not in refused.sentence


@each
def test_nobody_listens(service: Service) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        target = service.target(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(RetryLater) as error:
            target.upsert_contact(PHONE, None, None)
    assert not isinstance(error.value, OutcomeUnknown)
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
        "processors.http.ssrf_guard.socket.getaddrinfo",
        lambda *_, **__: [(family, socket.SOCK_STREAM, 0, "", (address, 443))],
    )
    target = RestTarget.configured(RestSettings(url="https://crm.example.com"), Unlimited())
    with pytest.raises(Rejected, match="private"):
        target.find_by_phone(PHONE)
    target.close()
