"""What a process says when it is asked over HTTP, and whether it is ours that answers."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace

import httpx

from ops.status.findings import Sample, samples_of
from ops.status.heartbeats import Heartbeats
from ops.status.snapshot import BEATING, ProcessState

#: Seconds that a process has for each part of its answer, and for all of it.
PART_TIMEOUT_S, ANSWER_TIMEOUT_S = 2.0, 4.0
#: Bytes that are read of an answer.
MOST_BYTES = 4 << 20
#: What `/readyz` of the local stack's sandbox does not say: its name.
_UNNAMED = "sandbox"
#: What a request may raise: httpx.InvalidURL and UnicodeError (a name that cannot be one) are no httpx.HTTPError.
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError)


@dataclass(frozen=True, slots=True)
class ProcessAddress:
    """A process and where it may be asked."""

    name: str
    url: str | None  #: of /readyz
    admin_url: str | None  #: of /metrics
    certain: bool = True  #: False: the address is a setting's, which may lead nowhere from this machine
    variables: str = ""  #: the settings that the address is from


def ask_process(address: ProcessAddress) -> ProcessState:
    """How it is by its own word. "not reachable from here": an address that is not certain says nothing of it."""
    name, url = address.name, address.url
    if url is None:
        return ProcessState(name, None, "not asked", "its admin port is not set here")
    no_answer = "unreachable" if address.certain else "not reachable from here"
    origin = f" (its address is from {address.variables})" if address.variables else ""
    try:
        return _by_answer(name, url, *_get(f"{url}/readyz"))
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        return ProcessState(name, url, no_answer, _text(error))
    except httpx.ReadTimeout as error:  # the connection was taken, and nothing came: so does a process that is frozen
        return ProcessState(name, url, "unreachable", _text(error) + origin)
    except _FAILURES as error:
        return ProcessState(name, url, no_answer, f"{url} gives no answer of it: {_text(error)}{origin}")


def ask_metrics(address: ProcessAddress) -> list[Sample]:
    """None where they cannot be had: that the process does not answer is told by `ask_process`."""
    if address.admin_url is None:
        return []
    try:
        _, page = _get(f"{address.admin_url}/metrics")
        return samples_of(page.decode("utf-8", "replace"))
    except _FAILURES:
        return []


def seen_by(heartbeats: Heartbeats, process: ProcessState, *, certain: bool) -> ProcessState:
    """`process` as it is by its heartbeats, where its own answer does not tell for sure.

    At an address that is not certain another installation may answer: there "ready" takes heartbeats that agree, or
    none. What cannot be asked from here is as its heartbeats say: where none is there, it is unreachable.
    """
    is_answer = process.state == "ready" and not certain
    if process.state not in ("not reachable from here", "not asked") and not is_answer:
        return process
    own = [beat for beat in heartbeats.processes if beat.name == process.name]
    for state in ("missing", "gone", "not ready", "ready"):
        for beat in own:
            if beat.state == state and not (is_answer and state == "ready"):
                shown = "unreachable" if state in ("missing", "gone") else state
                return ProcessState(process.name, None, shown, f"{beat.node}: {beat.reason}" if beat.reason else "")
    if process.state == "not reachable from here":
        return replace(process, state="unreachable")
    if process.state == "not asked" and heartbeats.known and process.name in BEATING:
        return ProcessState(process.name, None, "not heard of", "PostgreSQL has no heartbeat of it: it does not run")
    return process


def _by_answer(name: str, url: str, status: int, body: bytes) -> ProcessState:
    """What `/readyz` of the process `name` says. Raises ValueError where somebody else answered."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    is_own = isinstance(answer, dict) and (answer.get("process") == name or name == _UNNAMED)
    if not is_own or not isinstance(answer.get("ok"), bool):
        raise ValueError(f"something else answers there (HTTP {status})")
    if answer["ok"] and status == httpx.codes.OK:
        return ProcessState(name, url, "ready", "")
    return ProcessState(name, url, "not ready", str(answer.get("reason") or f"HTTP {status}"))


def _get(url: str) -> tuple[int, bytes]:
    """Status and body, not through any proxy that the environment names. Raises what `_FAILURES` has."""
    latest = time.monotonic() + ANSWER_TIMEOUT_S
    with httpx.stream("GET", url, timeout=PART_TIMEOUT_S, trust_env=False) as answer:
        body = b""
        for part in answer.iter_bytes():
            body += part
            if len(body) > MOST_BYTES or time.monotonic() > latest:
                raise ValueError("it does not end")
        return answer.status_code, body


def _text(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
