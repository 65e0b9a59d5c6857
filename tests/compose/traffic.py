"""Webhooks through TLS at a steady rate, as a provider sends them: once each."""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Self

from tests.compose.deployment import Deployment

#: Seconds that a provider waits for an answer.
ANSWER_WITHIN = 15.0
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one webhook: no status where its connection ended without an answer."""

    status: int | None
    event_id: str | None = None  #: X-Event-Id
    durability: str | None = None  #: X-Durability
    error: str | None = None  #: the answer's own word for a refusal
    why: str = ""  #: what became of the connection


def received(secret: str) -> bytes:
    """TextLink's webhook of a text, each with a time of its own."""
    number = next(_numbers)
    message = {"phone_number": "+14155550123", "text": f"text {number}", "secret": secret}
    return json.dumps(message | {"timestamp": time.time_ns() // 1_000_000 + number}).encode()


def post(deployment: Deployment, body: bytes, connection: http.client.HTTPSConnection | None = None) -> Answer:
    """Send one webhook, on `connection` or on one of its own."""
    own = connection or connect(deployment)
    try:
        own.request("POST", "/webhooks/textlink/received", body, {"Content-Type": "application/json"})
        response = own.getresponse()
        error = json.loads(response.read()).get("error")
        return Answer(response.status, response.headers["X-Event-Id"], response.headers["X-Durability"], error)
    except (OSError, ValueError, http.client.HTTPException) as error:
        own.close()
        return Answer(None, why=repr(error))
    finally:
        if connection is None:
            own.close()


def connect(deployment: Deployment) -> http.client.HTTPSConnection:
    """To nginx."""
    return http.client.HTTPSConnection("localhost", deployment.port, context=deployment.tls, timeout=ANSWER_WITHIN)


@dataclass
class Traffic:
    """`rate` webhooks a second while its block lasts, half of them on connections that are kept."""

    deployment: Deployment
    rate: float
    answers: list[Answer] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    SENDERS = 20

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(self.SENDERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        secret = self.deployment.secret("providers/textlink_secrets").partition(",")[0]
        kept = connect(self.deployment) if number % 2 else None
        pause = self.SENDERS / self.rate
        due = time.monotonic() + pause * number / self.SENDERS
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            self.answers.append(post(self.deployment, received(secret), kept))
            due = max(due + pause, time.monotonic() - 1)  # a second of catching up at most
        if kept:
            kept.close()
