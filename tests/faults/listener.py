"""Asks the service about itself while a run lasts, and writes down what it says, for the checker to judge."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg

from tests.faults.committed import CommitWatch
from tests.faults.services import Gate, Service
from tests.faults.statements import Answer, Entry, LetterCount, Stall, Statement, line_of
from tests.faults.status_watch import StatusWatch

#: Seconds between two questions to a process, to the gate, and two looks at what status has printed.
EVERY, EVERY_GATE, EVERY_STATUS = 1.0, 0.3, 0.1
#: Contacts who said STOP that the gate is asked about at a time, and seconds for which each is.
CHOSEN, CHOSEN_FOR = 8, 16.0
_FULL_WIDTH = str.maketrans("+0123456789", "".join(chr(ord(character) + 0xFEE0) for character in "+0123456789"))


def spellings(phone: str) -> list[str]:
    """Ways to write a number of the United States, given as E.164."""
    area, exchange, line = phone[2:5], phone[5:8], phone[8:]
    return [
        phone,
        phone[1:],
        phone[2:],
        f"({area}) {exchange}-{line}",
        f"{area}.{exchange}.{line}",
        f"+1 {area} {exchange} {line}",
        f"1-{area}-{exchange}-{line}",
        f"011{phone[1:]}",
        f"tel:{phone};ext=7",
        f" {phone}\u00a0",
        phone.translate(_FULL_WIDTH),
    ]


class Listener:
    """Threads that ask for as long as it is open. Use it in a `with` block."""

    def __init__(
        self,
        path: Path,
        journal: Path,
        services: Mapping[str, Callable[[], Service]],
        gate: Gate | None,
        watch: StatusWatch,
        commits: CommitWatch,
        postgres: str,
    ) -> None:
        """`path`: where statements go; `services`: ingest and the processors, by name, as they are at the moment.

        `postgres`: a DSN, for the rig's own look at whether it answers.
        """
        self._journal = journal
        self._gate = gate
        self._watch = watch
        self._commits = commits
        self._postgres = postgres
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._path = path
        self._read_until = 0
        self._chosen: dict[str, float] = {}  # contact -> until when
        self._known: set[str] = set()
        works: list[tuple[Callable[[], None], float]] = [
            (lambda name=name, service=service: self._ask_service(name, service()), EVERY)  # type: ignore[misc]
            for name, service in services.items()
        ]
        if gate is not None:
            works += [(self._ask_gate, EVERY_GATE), (lambda: self._ask_ready("gate", gate), EVERY)]
        works += [(self._ask_postgres, EVERY), (lambda: self._write(*watch.statements()), EVERY_STATUS)]
        works += [(lambda: self._write(*commits.look()), EVERY)]
        self._threads = [threading.Thread(target=self._repeat, args=work, daemon=True) for work in works]

    def __enter__(self) -> Listener:
        self._file = self._path.open("a", encoding="utf-8")
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._watch.close()
        self._commits.close()
        self._file.close()

    @contextmanager
    def stalled(self, *processes: str) -> Iterator[None]:
        """While the block lasts, nothing that `processes` do reaches PostgreSQL, or something else is wrong."""
        since = time.monotonic()
        try:
            yield
        finally:
            until = time.monotonic()
            self._write(*(Stall(process, since, until) for process in processes))

    def counted(self, processor: str, count: Callable[[], int]) -> int:
        """What `count` returns: dead letters of `processor` on its topic, written down."""
        asked_at = time.monotonic()
        letters = count()
        self._write(LetterCount(processor, letters, asked_at, time.monotonic()))
        return letters

    def _repeat(self, ask: Callable[[], None], seconds: float) -> None:
        while not self._stopped.wait(seconds):
            try:
                ask()
            except httpx.TransportError:
                continue  # who does not answer says nothing

    def _ask_service(self, name: str, service: Service) -> None:
        self._ask_ready(name, service)
        if name == "ingest" or not service.alive:
            return  # ingest has no lag
        asked_at = time.monotonic()
        samples = service.samples()
        answered_at = time.monotonic()
        records = [sample.value for sample in samples if sample.name == "hookline_lag_records"]
        seconds = [sample.value for sample in samples if sample.name == "hookline_lag_seconds"]
        said = [("lag records", sum(records))] if records else []
        said += [("lag seconds", max(seconds))] if seconds else []
        self._write(*(Statement(name, about, value, asked_at, answered_at) for about, value in said))

    def _ask_ready(self, name: str, service: Service) -> None:
        process = service.process
        asked_at = time.monotonic()
        try:
            ready = process is not None and service.is_ready()
        except httpx.TransportError:
            process = None
        answered_at = time.monotonic()
        self._write(Answer(name, process.pid if process else 0, asked_at, answered_at))
        if process is not None:
            self._write(Statement(name, "ready", float(ready), asked_at, answered_at))

    def _ask_postgres(self) -> None:
        """Whether it lets somebody in."""
        asked_at = time.monotonic()
        try:
            psycopg.connect(self._postgres, connect_timeout=2).close()
            answers = 1
        except psycopg.OperationalError:
            answers = 0
        self._write(Answer("postgres", answers, asked_at, time.monotonic()))

    def _ask_gate(self) -> None:
        assert self._gate
        self._choose()
        if not self._chosen or not self._gate.alive:
            return
        questions = [(contact, spelling) for contact in self._chosen for spelling in spellings(contact)]
        asked_at = time.monotonic()
        answers = self._gate.may_be_texted([spelling for _, spelling in questions])
        answered_at = time.monotonic()
        self._write(
            *(
                Statement("gate", "number", float(answer), asked_at, answered_at, contact, spelling)
                for (contact, spelling), answer in zip(questions, answers, strict=True)
            )
        )

    def _choose(self) -> None:
        """Contacts who have said STOP for the first time lately: nothing older than that STOP keeps them out."""
        now = time.monotonic()
        self._chosen = {contact: until for contact, until in self._chosen.items() if until > now}
        new = [contact for contact in self._new_stops() if contact not in self._known]
        for contact in dict.fromkeys(reversed(new)):
            if len(self._chosen) < CHOSEN:
                self._chosen[contact] = now + CHOSEN_FOR
        self._known.update(new)

    def _new_stops(self) -> list[str]:
        """The contacts of the STOPs that the journal has got since it was read last."""
        if not self._journal.exists():
            return []
        with self._journal.open("rb") as file:
            file.seek(self._read_until)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read_until += len(whole) + len(newline)
        lines = (line for line in whole.split(b"\n") if b'"stop": true' in line)
        return [json.loads(line)["contact"] for line in lines]

    def _write(self, *entries: Entry) -> None:
        lines = "".join(map(line_of, entries))
        with self._lock:
            self._file.write(lines)
