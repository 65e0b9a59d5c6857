"""The client journal: what was going to be sent, on disk before it is sent, and what came back.

One JSON object a line. A line with `send` goes to disk (fsync) before the first byte of the request leaves; a line
with `got` follows when the answer, or none, has come. Nothing here knows anything of the service.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Attempt:
    """One request. Times are seconds of CLOCK_MONOTONIC, the same in every process of a machine."""

    number: int  #: counts the requests of a journal
    id: str  #: the webhook's own id, which stands in its body; a repeated delivery has the same
    client: int
    contact: str  #: the phone
    topic: str  #: the name of what it is, for order: a client's webhooks of one topic never overtake each other
    stop: bool  #: it says STOP, or that the contact is opted out
    sent_at: float
    start: bool = False  #: it says START, or that the contact is opted in
    textus: bool = False  #: TextUs posts it: one clock for all of its contacts
    said: int = 0  #: the time that it claims, microseconds since the epoch
    note: str = ""  #: id of the first webhook of the message or call that a CRM has one note about; none: no note
    status: int | None = None  #: None: no answer
    durability: str | None = None
    event_id: str | None = None
    seconds: float | None = None  #: from when somebody listened until the answer, or until it was given up
    at: float | None = None
    refused_connections: int = 0  #: tries to connect that nobody listened to
    failure: str | None = None  #: why there was no answer


class Journal:
    """Written by one event loop: waiting lines share one fsync."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()

    async def on_disk(self, line: dict[str, Any]) -> None:
        """Return once `line` is on disk."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((json.dumps(line).encode() + b"\n", done))
        self._wake.set()
        await done

    def add(self, line: dict[str, Any]) -> None:
        """Write `line` with the next that has to be on disk, or at the end."""
        self._waiting.append((json.dumps(line).encode() + b"\n", asyncio.get_running_loop().create_future()))

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            group, self._waiting = self._waiting, []
            await loop.run_in_executor(None, self._write, b"".join(line for line, _ in group))
            for _, done in group:
                done.set_result(None)

    def close(self) -> None:
        """Write what is left."""
        self._write(b"".join(line for line, _ in self._waiting))
        os.close(self._file)

    def _write(self, lines: bytes) -> None:
        view = memoryview(lines)
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)


def read(path: Path) -> list[Attempt]:
    """The attempts of a journal in the order in which they were begun; a torn last line is no attempt."""
    found: dict[int, Attempt] = {}
    for line in path.read_bytes().split(b"\n"):
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "send" in entry:
            number = entry.pop("send")
            found[number] = Attempt(number, **entry)
        else:
            attempt = found[entry.pop("got")]
            for name, value in entry.items():
                setattr(attempt, name, value)
    return list(found.values())


def outages(attempts: Sequence[Attempt]) -> list[tuple[float, float]]:
    """From each first answer that says spool to the last before one that says Kafka again."""
    answers = sorted(
        (attempt for attempt in attempts if attempt.durability is not None),
        key=lambda own_attempt: own_attempt.at or 0.0,
    )
    runs = [
        list(run) for where, run in itertools.groupby(answers, lambda answer: answer.durability) if where == "spool"
    ]
    return [(run[0].at or 0.0, run[-1].at or 0.0) for run in runs]
