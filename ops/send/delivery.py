"""Posting webhooks at a rate, and counting what comes back."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import httpx

from ops.send.player import Signed

T = TypeVar("T")

#: A provider's patience, in seconds.
TIMEOUT_S = 10.0


class Post(Protocol):
    """Posts one request."""

    def __call__(self, request: Signed) -> httpx.Response:
        """The answer. Raises httpx.TransportError where there is none."""


@dataclass
class SendReport:
    """What became of a run."""

    answers: Counter[str] = field(default_factory=Counter)  #: by status and durability, or the failure's name
    seconds: list[float] = field(default_factory=list)  #: from request to answer, of those that were answered
    last_failure: httpx.TransportError | None = None
    elapsed: float = 0.0  #: seconds, the whole run

    def quantile(self, share: float) -> float | None:
        """The latency in milliseconds below which `share` of the answers lie; None: no answer."""
        ordered = sorted(self.seconds)
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1) if ordered else None

    @property
    def sent(self) -> int:
        """How many requests there were."""
        return sum(self.answers.values())

    def answered(self, answer: httpx.Response, seconds: float) -> None:
        """ingest has answered after so many seconds."""
        durability = answer.headers.get("X-Durability")
        self.answers[f"{answer.status_code} {durability}" if durability else str(answer.status_code)] += 1
        self.seconds.append(seconds)

    def failed(self, error: httpx.TransportError) -> None:
        """There was no answer."""
        self.answers[type(error).__name__] += 1
        self.last_failure = error


def with_duplicates(items: Sequence[T], share: float, seed: int) -> list[T]:
    """`items`, of which `share` come a second time, a little later."""
    chance = random.Random(f"{seed}:duplicates")  # noqa: S311 - to be repeated
    out: list[T] = []
    again: list[T] = []
    for item in items:
        out.append(item)
        if chance.random() < share:
            again.append(item)
        elif again and chance.random() < 0.5:
            out.append(again.pop(0))
    return out + again


def reordered(items: Sequence[T], window: int, seed: int) -> list[T]:
    """`items`, shuffled within each run of `window`."""
    chance = random.Random(f"{seed}:order")  # noqa: S311 - to be repeated
    out: list[T] = []
    for start in range(0, len(items), max(1, window)):
        run = list(items[start : start + max(1, window)])
        chance.shuffle(run)
        out += run
    return out


def deliver(
    requests: Sequence[Signed],
    post: Post,
    *,
    rate: float | None,
    threads: int,
    done: Callable[[int], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> SendReport:
    """Post `requests` from `threads` threads, the nth not before n / `rate` seconds (None: as fast as they go).

    With one thread, each waits for the answer to the one before.
    """
    outcome = SendReport()
    lock, stop = threading.Lock(), threading.Event()
    waiting: queue.SimpleQueue[tuple[int, Signed]] = queue.SimpleQueue()
    for numbered in enumerate(requests):
        waiting.put(numbered)
    began = clock()

    def work() -> None:
        while not stop.is_set():
            try:
                number, request = waiting.get_nowait()
            except queue.Empty:
                return
            if rate is not None and (early := began + number / rate - clock()) > 0:
                sleep(early)
            sent_at = clock()
            try:
                answer = post(request)
            except httpx.TransportError as error:
                with lock:
                    outcome.failed(error)
            else:
                with lock:
                    outcome.answered(answer, clock() - sent_at)
            done(1)

    with ThreadPoolExecutor(threads, thread_name_prefix="send") as pool:
        workers = [pool.submit(work) for _ in range(threads)]
        try:
            for worker in workers:
                worker.result()
        finally:  # after Ctrl-C or a bug, nobody starts another
            stop.set()
    outcome.elapsed = clock() - began
    return outcome
