"""Whatever is frozen or halted: later than five seconds after the 200 for a stop, the gate never says `in`, sure."""

from __future__ import annotations

import http.client
import itertools
import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import psycopg
import pytest

from tests.e2e.conftest import Stack, eventually
from tests.twins.machine import slowness

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
#: HOOKLINE_GATE__FRESH_SECONDS as it is by default.
FRESH = 5.0
#: Seconds that everything stays frozen.
FROZEN = 12.0
NEVER_OUT = "+13035550190"
_phones = (f"+1415200{number:04d}" for number in itertools.count(1))


def gate(stack: Stack, phone: str) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - our own
        f"{stack.env['GATE_URL']}/opt-outs/{phone.replace('+', '%2B')}",
        headers={"Authorization": f"Bearer {stack.env['GATE_TOKEN']}"},
    )
    with open_url(request, timeout=10) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def stop(stack: Stack, phone: str) -> str:
    """A STOP that is answered 200; where it was durable then."""
    fields = {"phone_number": phone, "text": "STOP", "timestamp": int(time.time() * 1000)}
    body = json.dumps({"secret": stack.env["TEXTLINK_SECRET"], **fields}).encode()
    url = f"{stack.env['INGEST_URL']}/webhooks/textlink/received"
    with open_url(urllib.request.Request(url, data=body), timeout=10) as answer:  # noqa: S310 - our own
        return str(answer.headers["X-Durability"])


def sure(stack: Stack) -> bool:
    answer = gate(stack, NEVER_OUT)
    return bool(answer["sure"]) and answer["state"] == "in"


def running(stack: Stack, what: str) -> list[psutil.Process]:
    """The processes of the stack whose command line names `what`, and their children.

    PostgreSQL's children write their titles over their environment, which would tell whose they are.
    """
    found: dict[int, psutil.Process] = {}
    for process in stack.processes():
        try:
            if what in " ".join(process.cmdline()):
                found |= {member.pid: member for member in (process, *process.children(recursive=True))}
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return list(found.values())


@contextmanager
def frozen(processes: list[psutil.Process]) -> Iterator[None]:
    assert processes
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            if process.is_running():
                process.send_signal(signal.SIGCONT)


def watch(stack: Stack, phone: str, since: float, seconds: float) -> list[str]:
    """Why the gate was not sure, asked all the time; fails where it is `in`, sure, later than it may be."""
    whys = []
    while time.monotonic() - since < seconds:
        asked_at = time.monotonic()
        answer = gate(stack, phone)
        if answer["state"] == "in" and answer["sure"]:
            assert asked_at - since <= FRESH, f"in, sure, {asked_at - since:.1f} s after the stop"
        elif not answer["sure"]:
            assert answer["retry_after"] >= 1
            whys.append(answer["why"])
        time.sleep(0.1)
    return whys


@pytest.mark.parametrize(
    ("what", "durable", "why"),
    [
        ("process opt-out", "kafka", "caught up"),
        ("kafka.Kafka", "spool", "holds events in its spool"),
        ("postgres", "kafka", "the ledger does not answer"),
    ],
    ids=["opt-out", "Kafka, with the stop in the spool", "PostgreSQL"],
)
def test_frozen(stack: Stack, what: str, durable: str, why: str) -> None:
    eventually(lambda: sure(stack), "the gate is sure")
    phone = next(_phones)
    with frozen(running(stack, what)):
        assert stop(stack, phone) == durable
        whys = watch(stack, phone, time.monotonic(), FROZEN)
        assert any(why in line for line in whys), whys[-1:]
    # Back to sure, and the stop is there
    eventually(lambda: gate(stack, phone)["state"] == "out" and gate(stack, phone)["sure"], "the stop is known")
    eventually(lambda: sure(stack), "the gate is sure again")


def test_halted(stack: Stack) -> None:
    eventually(lambda: sure(stack), "the gate is sure")
    phone = next(_phones)
    with psycopg.connect(stack.env["HOOKLINE_POSTGRES__OWNER_DSN"], autocommit=True) as connection:
        connection.execute(
            "INSERT INTO consumer_outcomes (consumer_group, recent, halted_at) VALUES"
            " ('hookline-opt-out', repeat('1', 60), now()) ON CONFLICT (consumer_group) DO UPDATE"
            " SET recent = EXCLUDED.recent, halted_at = now()"
        )
    assert stop(stack, phone) == "kafka"
    whys = watch(stack, phone, time.monotonic(), FROZEN)
    assert any("halted" in line for line in whys)
    assert gate(stack, phone)["retry_after"] == 60
    stack.hookline("dlq", "resume", "opt-out")
    eventually(lambda: gate(stack, phone)["state"] == "out" and gate(stack, phone)["sure"], "the stop is known")
    eventually(lambda: sure(stack), "the gate is sure again")


def metric(stack: Stack, processor: str, name: str) -> float:
    """The highest sample of `name`."""
    variable = f"HOOKLINE_{processor.upper().replace('-', '_')}__ADMIN_PORT"
    with open_url(f"http://127.0.0.1:{stack.env[variable]}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return max((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{name}{{")), default=0.0)


def not_ready(stack: Stack, processor: str) -> str:
    """Why `processor` is not ready; empty: it is."""
    variable = f"HOOKLINE_{processor.upper().replace('-', '_')}__ADMIN_PORT"
    try:
        with open_url(f"http://127.0.0.1:{stack.env[variable]}/readyz", timeout=5):
            return ""
    except urllib.error.HTTPError as error:
        return str(json.loads(error.read())["reason"])


def test_postgresql_frozen_shows_within_half_a_minute(stack: Stack) -> None:
    eventually(lambda: sure(stack), "the gate is sure")
    processors = ("persist", "opt-out", "crm-sync")

    def each(is_so: Callable[[str], object]) -> Callable[[], bool]:
        return lambda: all(is_so(name) for name in processors)

    with frozen(running(stack, "postgres")):
        for _ in range(3):
            assert stop(stack, next(_phones)) == "kafka"
        seconds = 30.0
        eventually(each(lambda name: metric(stack, name, "hookline_lag_records") >= 1), "records of lag", seconds)
        eventually(each(lambda name: not_ready(stack, name)), "not ready", seconds)
        eventually(each(lambda name: metric(stack, name, "hookline_lag_seconds") > 20), "seconds of lag", seconds)
        for name in processors:
            assert "PostgreSQL" in not_ready(stack, name)
            lines = (stack.home / "logs" / f"{name}.log").read_text().splitlines()[-200:]
            assert any('"paused"' in line and "PostgreSQL" in line for line in lines)
    eventually(each(lambda name: not not_ready(stack, name)), "ready again")
    eventually(each(lambda name: metric(stack, name, "hookline_lag_seconds") == 0), "nothing waits")
    eventually(lambda: sure(stack), "the gate is sure again")


def is_surely_in(stack: Stack) -> bool:
    """The same as `sure`, of a gate that may be away."""
    try:
        return sure(stack)
    except (OSError, http.client.HTTPException):  # urllib's errors are the former
        return False


def unsure_seconds(stack: Stack, limit: float) -> float:
    """For how long the gate is not sure from now on, until it has been for eight seconds."""
    begun, unsure, sure_since = time.monotonic(), 0.0, time.monotonic()
    while time.monotonic() - sure_since < 8:
        asked_at, is_sure = time.monotonic(), is_surely_in(stack)
        time.sleep(0.1)
        if not is_sure:
            unsure += time.monotonic() - asked_at
            sure_since = time.monotonic()
        assert time.monotonic() - begun < limit, f"not sure for {unsure:.1f} s"
    return unsure


@pytest.mark.parametrize(
    ("what", "sent", "most"),
    [
        ("opt-out", signal.SIGTERM, 10.0),
        ("opt-out", signal.SIGKILL, 25.0),
        ("ingest", signal.SIGKILL, 25.0),
        ("gate", signal.SIGTERM, 10.0),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else str(value),
)
def test_a_restart_costs_no_more_than_seconds(stack: Stack, what: str, sent: signal.Signals, most: float) -> None:
    """Row F8 of the fault suite does this with every process, Kafka and PostgreSQL."""
    eventually(lambda: sure(stack), "the gate is sure")
    slow_by = slowness()
    services = [process for process in running(stack, what) if process.cmdline()[-1:] == [what]]
    main = min(services, key=lambda process: process.create_time())
    main.send_signal(sent)
    unsure = unsure_seconds(stack, 300)
    most *= max(slow_by, slowness())  # the bound is of a machine that does nothing else
    print(f"{what}, {sent.name}: unsure for {unsure:.1f} s of {most:.0f} s")
    assert not main.is_running(), "it was started anew"
    assert unsure < most, f"{unsure:.1f} s"
