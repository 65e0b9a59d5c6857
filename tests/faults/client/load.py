"""The load generator: a process of its own that imports nothing of the service.

Each client is one contact and waits for each answer before its next webhook. Whoever started it writes to its
standard input: `rate 500` (webhooks a second, all clients together), `stop`; the end of input is a stop.
It finishes what is under way, and exits.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.client.bodies import Author, Webhook
from tests.faults.client.connection import Connection, Unanswered
from tests.faults.client.journal import Journal

#: Seconds after which a client gives up, waiting for somebody to listen included.
TIME_LIMIT = 10.0
#: Seconds between two tries to connect.
KNOCK = 0.1


@dataclass
class Load:
    """What all clients share."""

    host: str
    ports: Sequence[int]  #: of the nodes; each client keeps to one
    journal: Journal
    rate: float
    clients: int
    repeats: float  #: the share of TextUs deliveries, and of what people say about being texted, that come twice
    fresh: float  #: the share of requests after which the client closes its connection
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    count: int = 0

    async def client(self, number: int, author: Author, rng: random.Random) -> None:
        """One contact's webhooks, one after the other."""
        connection = Connection(self.host, self.ports[number % len(self.ports)])
        due = time.monotonic() + rng.random() * self.clients / self.rate
        while not await self._stopped_before(due):
            webhook = author.next()
            again = (webhook.textus or webhook.stop or webhook.start) and rng.random() < self.repeats
            for _ in range(2 if again else 1):
                await self._send(number, webhook, connection)
            if rng.random() < self.fresh:
                await connection.close()
            due = max(due, time.monotonic() - 1.0) + self.clients / self.rate * rng.uniform(0.5, 1.5)
        await connection.close()

    async def _stopped_before(self, due: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), max(0.0, due - time.monotonic()))
        return self.stopping.is_set()

    async def _send(self, client: int, webhook: Webhook, connection: Connection) -> None:
        self.count += 1
        number = self.count
        entry: dict[str, object] = {
            "id": webhook.id,
            "client": client,
            "contact": webhook.contact,
            "topic": webhook.topic,
        }
        entry |= {"stop": webhook.stop, "start": webhook.start, "textus": webhook.textus, "said": webhook.said}
        entry |= {"note": webhook.note}
        await self.journal.on_disk({"send": number, **entry, "sent_at": time.monotonic()})
        begun, knocks = time.monotonic(), 0
        outcome: dict[str, object] = {}
        try:
            async with asyncio.timeout(TIME_LIMIT):
                while not await connection.open():
                    knocks += 1
                    await asyncio.sleep(KNOCK)
                    begun = time.monotonic()
                answer = await connection.post(webhook.path, webhook.headers, webhook.body)
            headers = answer.headers
            outcome = {"status": answer.status, "durability": headers.get("x-durability")}
            outcome["event_id"] = headers.get("x-event-id")
        except (Unanswered, TimeoutError) as error:
            outcome = {"failure": str(error) or ("time-out" if connection.is_open else "nobody listens")}
            await connection.close()
        now = time.monotonic()
        self.journal.add(
            {"got": number, **outcome, "seconds": round(now - begun, 5), "at": now, "refused_connections": knocks}
        )

    async def listen(self) -> None:
        """Do what standard input says."""
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            match line.decode().split():
                case ["rate", rate]:
                    self.rate = float(rate)
                case ["stop"]:
                    break
        self.stopping.set()


async def run(options: argparse.Namespace) -> None:
    """All clients, until told to stop."""
    journal = Journal(options.journal)
    load = Load(
        options.host, options.ports, journal, options.rate, options.clients, options.repeats, fresh=options.fresh
    )
    writing, listening = asyncio.create_task(journal.run()), asyncio.create_task(load.listen())
    rngs = [random.Random(f"{options.seed}/{number}") for number in range(options.clients)]
    shares = {name: getattr(options, name) for name in ("stops", "sayings", "failures", "tests")}
    authors = [Author(options.run, number, options.secret, rng, **shares) for number, rng in enumerate(rngs)]
    await asyncio.gather(*(load.client(number, authors[number], rng) for number, rng in enumerate(rngs)))
    await listening
    writing.cancel()
    journal.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, action="append", required=True, dest="ports", help="repeatable")
    parser.add_argument("--run", required=True, help="8 hexadecimal digits that every id carries")
    parser.add_argument("--seed", required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--clients", type=int, default=60)
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--stops", type=float, default=0.02)
    parser.add_argument("--sayings", type=float, default=0.0)
    parser.add_argument("--failures", type=float, default=0.0)
    parser.add_argument("--tests", type=float, default=0.0)
    parser.add_argument("--repeats", type=float, default=0.05)
    parser.add_argument("--fresh", type=float, default=0.05)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
