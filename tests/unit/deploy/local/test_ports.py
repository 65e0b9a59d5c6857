"""Ports that stay, ports that have to move, and ports that must not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deploy.local import ports
from deploy.local.ports import HOST, PortRequest, PortTaken, choose, free_ports, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.socket() as server:
        server.bind((HOST, free_ports(1)[0]))
        server.listen()
        yield server.getsockname()[1]


def test_free_ports_are_free_different_and_out_of_the_way_of_outgoing_connections() -> None:
    found = free_ports(20)
    assert len(set(found)) == 20
    assert all(is_free(port) and 20_000 <= port < 32_000 for port in found)


def test_a_port_somebody_listens_on_is_not_free(taken: int) -> None:
    assert not is_free(taken)


def test_a_port_that_another_process_was_given_is_not_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "from deploy.local.ports import free_ports; print(*free_ports(3), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        theirs = [int(port) for port in other.stdout.readline().split()]
        # Given a range of ports that are all theirs but two, though nothing listens yet
        ours = free_ports(2)
        monkeypatch.setattr(ports, "_RANGE", [*theirs, *ours])
        monkeypatch.setattr(ports, "_reserved", set())
        assert all(is_free(port) for port in theirs)
        assert free_ports(5) == []
        # Then a stack that had one of them last time moves to another
        monkeypatch.setattr(ports, "_RANGE", range(20_000, 32_000))
        said: list[str] = []
        assert choose([PortRequest("kafka")], {"kafka": theirs[0]}, said.append)["kafka"] not in theirs
        assert len(said) == 1
        other.stdin.close()
    # and has it again once that process has ended
    assert choose([PortRequest("kafka")], {"kafka": theirs[0]}, said.append) == {"kafka": theirs[0]}


def test_ports_are_kept_from_start_to_start() -> None:
    said: list[str] = []
    wishes = [PortRequest("kafka"), PortRequest("postgres")]
    first = choose(wishes, {}, said.append)
    assert choose(wishes, first, said.append) == first
    assert said == []


@pytest.mark.parametrize("kept", [0, -1, 65_536, 2**70])
def test_a_kept_port_that_is_none_is_made_anew(kept: int) -> None:
    said: list[str] = []
    chosen = choose([PortRequest("kafka")], {"kafka": kept}, said.append)
    assert 0 < chosen["kafka"] < 65_536


def test_a_kept_port_that_is_taken_by_now_moves_and_says_so(taken: int) -> None:
    said: list[str] = []
    chosen = choose([PortRequest("kafka")], {"kafka": taken}, said.append)
    assert chosen["kafka"] != taken
    assert said == [f"port {taken} is in use by now: kafka moves to {chosen['kafka']}"]


def test_a_fixed_port_that_is_taken_is_a_sentence(taken: int) -> None:
    wish = PortRequest("HOOKLINE_INGEST__PORT", taken, "the default of HOOKLINE_INGEST__PORT")
    with pytest.raises(PortTaken) as raised:
        choose([wish], {}, lambda _: None)
    text = str(raised.value)
    assert f"port {taken} is the default of HOOKLINE_INGEST__PORT" in text
    assert f"process {os.getpid()}" in text
    assert "set HOOKLINE_INGEST__PORT to another port, or to 0 for a free one" in text
    assert raised.value.exit_code == 78


def test_two_settings_cannot_have_the_same_port() -> None:
    (port,) = free_ports(1)
    wishes = [
        PortRequest("HOOKLINE_A__PORT", port, "set by HOOKLINE_A__PORT"),
        PortRequest("HOOKLINE_B__PORT", port, "set by it"),
    ]
    with pytest.raises(PortTaken, match="HOOKLINE_B__PORT"):
        choose(wishes, {}, lambda _: None)
