"""It does what Python's selector does, and formats no socket to say that it does not have it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.connections import KafkaSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.socket_selector import SocketSelector


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_every_client_has_it() -> None:
    settings = client_settings(KafkaSettings(bootstrap_servers=("127.0.0.1:1",)), "a-client")
    assert settings["selector"] is SocketSelector


def test_says_that_a_socket_is_not_there_without_its_repr(pair: tuple[socket.socket, socket.socket]) -> None:
    class Unprintable(socket.socket):
        def __repr__(self) -> str:
            raise AssertionError("the kernel is asked for both of its addresses")

    with SocketSelector() as selector, Unprintable(fileno=pair[0].detach()) as ours:
        with pytest.raises(KeyError):
            selector.get_key(ours)
        selector.register(ours, EVENT_READ, "reader")
        assert selector.get_key(ours).data == "reader"
        selector.unregister(ours)
        with pytest.raises(KeyError):
            selector.get_key(ours)


def test_a_socket_that_was_closed_first_can_be_taken_out(pair: tuple[socket.socket, socket.socket]) -> None:
    with SocketSelector() as selector:
        selector.register(pair[0], EVENT_READ)
        pair[0].close()
        assert selector.get_key(pair[0]).events == EVENT_READ
        selector.unregister(pair[0])
        assert not selector.get_map()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["register", "modify", "unregister", "get_key", "close socket"]),
        st.sampled_from([0, 1]),
        st.sampled_from([EVENT_READ, EVENT_WRITE, EVENT_READ | EVENT_WRITE, 0]),
    ),
    max_size=12,
)


@given(steps=STEPS)
def test_registers_what_pythons_own_registers(steps: list[tuple[str, int, int]]) -> None:
    sockets = socket.socketpair()
    with sockets[0], sockets[1], SocketSelector() as ours, DefaultSelector() as pythons:
        for step, which, events in steps:
            fileobj = sockets[which]
            if step == "close socket":
                fileobj.close()
            else:
                assert _done(ours, step, fileobj, events) == _done(pythons, step, fileobj, events)
        assert sorted(ours.get_map()) == sorted(pythons.get_map())


def _done(selector: DefaultSelector, step: str, fileobj: socket.socket, events: int) -> object:
    """What came of a step: the registration, or that it failed, as kafka-python tells failures apart."""
    try:
        match step:
            case "register":
                return selector.register(fileobj, events, events)
            case "modify":
                return selector.modify(fileobj, events, events)
            case "unregister":
                return selector.unregister(fileobj)
            case _:
                return selector.get_key(fileobj)
    except (KeyError, ValueError, OSError):
        return "failed"
