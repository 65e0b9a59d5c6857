"""A name server that does not answer, or answers late or wrongly, holds up nobody who publishes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.connections import KafkaSettings
from runtime.kafka.internals.name_lookup import AddressInfo, NameLookup
from runtime.kafka.producer import KafkaProducer, NotPublished, OutgoingRecord

_real_getaddrinfo = socket.getaddrinfo


class NameServer:
    """Plays the system's resolver: silent until it is told to answer."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.address: str | None = "10.0.0.1"
        self.lookups = 0

    def getaddrinfo(self, host: str, port: int, *rest: Any, flags: int = 0) -> list[AddressInfo]:
        if flags & socket.AI_NUMERICHOST:  # asks no name server
            return list(_real_getaddrinfo(host, port, *rest, flags=flags))
        self.lookups += 1
        self.answers.wait()  # whoever waits for it hangs, until the test is ended
        if self.address is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (self.address, port))]


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    played = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", played.getaddrinfo)
    yield played
    played.answers.set()


def test_it_is_waited_for_a_moment_and_its_late_answer_is_used(name_server: NameServer) -> None:
    lookup = NameLookup()
    assert lookup.addresses("kafka", 9092) == []
    assert lookup.addresses("kafka", 9092) == []  # the same lookup is still under way
    assert not name_server.answers.is_set()
    assert name_server.lookups == 1

    name_server.answers.set()
    _until(lambda: _addresses(lookup) == ["10.0.0.1"])


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_address_is_no_name_and_asks_nobody(name_server: NameServer, address: str) -> None:
    found = NameLookup().addresses(address, 9092, wait=0)
    assert [entry[4][:2] for entry in found] == [(address, 9092)]
    assert name_server.lookups == 0


def test_an_answer_in_time_is_used_at_once_and_a_new_one_follows(name_server: NameServer) -> None:
    name_server.answers.set()
    lookup = NameLookup()
    assert _addresses(lookup) == ["10.0.0.1"]
    name_server.address = "10.0.0.2"
    assert _addresses(lookup) == ["10.0.0.2"]


@pytest.mark.parametrize("unknown", [True, False])
def test_without_an_answer_the_last_one_holds(name_server: NameServer, unknown: bool) -> None:
    name_server.answers.set()
    lookup = NameLookup()
    assert _addresses(lookup) == ["10.0.0.1"]
    if unknown:
        name_server.address = None
    else:
        name_server.answers.clear()
    assert _addresses(lookup, wait=0.1) == ["10.0.0.1"]


def test_a_name_that_was_never_known_has_no_address(name_server: NameServer) -> None:
    name_server.address = None
    name_server.answers.set()
    assert _addresses(NameLookup()) == []


def test_a_publisher_keeps_its_deadline(name_server: NameServer) -> None:
    """Three brokers' names, none of which is answered: the spool has its turn in time."""
    servers = tuple(f"kafka-{number}.silent:9092" for number in (1, 2, 3))
    producer = KafkaProducer(KafkaSettings(bootstrap_servers=servers), "tests")
    [outcome] = producer.publish_all([OutgoingRecord("sms.messages.v1", b"k", b"v", [])], timeout=2.0)
    producer.close()
    assert isinstance(outcome, NotPublished)
    assert name_server.lookups > 0
    assert not name_server.answers.is_set()  # nor was one waited for


def _addresses(lookup: NameLookup, wait: float = 10) -> list[str]:
    return [entry[4][0] for entry in lookup.addresses("kafka", 9092, wait)]


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_a_name_is_looked_up_again_and_leaves_no_lookup_behind() -> None:
    lookup = NameLookup()
    for _ in range(2):
        assert lookup.addresses("a..b", 9092) == []  # UnicodeError: an empty label
    assert lookup._pending == {}
