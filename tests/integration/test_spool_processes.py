"""Several real processes on one spool: killed at any moment, coming and going, and still nothing lost or overtaken."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from ingest.durable.spool.directory import InUse, ServiceDirectory
from ingest.durable.spool.store import Spool

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0  # seconds; far beyond what any step takes
LIMIT = 64 * 1024 * 1024


class Worker:
    """A worker process, and those who wait for its answers."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.spool_worker", str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        self._waiting: dict[str, SimpleQueue[str]] = {}
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, line: str) -> str | None:
        """Which way `line` was made durable; None where the worker died before it answered."""
        answer: SimpleQueue[str] = SimpleQueue()
        with self._lock:
            self._waiting[line] = answer
        try:
            assert self.process.stdin
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return None
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            try:
                return answer.get(timeout=0.05)
            except Empty:
                if not self._reader.is_alive():
                    return None
        pytest.fail(f"{line} was not answered within {DEADLINE:g} s")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        self.kill()
        self._reader.join(DEADLINE)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # what a killed worker did not read

    def _read(self) -> None:
        assert self.process.stdout
        for answer in self.process.stdout:
            line, _, way = answer.decode().strip().rpartition(" ")
            with self._lock:
                waiting = self._waiting.pop(line, None)
            if waiting:
                waiting.put(way)


def wait_until(holds: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {DEADLINE:g} s: {what}")
        time.sleep(0.02)


def in_the_log(home: Path) -> list[str]:
    """The lines in Kafka's log, without repeats."""
    return list(dict.fromkeys((home / "log").read_text().splitlines()))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_order_holds_over_workers_that_come_and_go_while_kafka_does(tmp_path: Path, seed: int) -> None:
    # Given three workers on one spool, and clients that wait for each answer and then go to any worker
    print("seed", seed)
    chance = random.Random(seed)
    service = ServiceDirectory(tmp_path / "spool", reserve=0)
    workers = [Worker(tmp_path) for _ in range(3)]
    answered: list[set[str]] = [set() for _ in range(8)]
    stop = threading.Event()

    def more(count: int) -> None:
        """Wait until so many more are answered."""
        enough = sum(map(len, answered)) + count
        wait_until(lambda: sum(map(len, answered)) >= enough, f"{count} more answers")

    def client(number: int) -> None:
        own, count = random.Random(seed * 100 + number), 0
        while not stop.is_set():
            line = f"c{number}:{count}"
            if own.choice(workers).ask(line) is not None:
                answered[number].add(line)
            else:
                time.sleep(0.01)  # a real client would find its connection closed
            count += 1

    probes = iter(range(1_000))
    with ThreadPoolExecutor(8) as pool:
        assert workers[0].ask("warm:0") is not None
        clients = [pool.submit(client, number) for number in range(8)]
        # When Kafka goes and comes, and workers are killed and replaced
        for _ in range(5):
            (tmp_path / "down").touch()
            more(20 + chance.randrange(20))
            victim = chance.randrange(3)
            old, workers[victim] = workers[victim], Worker(tmp_path)
            old.end()
            (tmp_path / "down").unlink()
            assert workers[(victim + 1) % 3].ask(f"probe:{next(probes)}") is not None
            more(20 + chance.randrange(20))
        stop.set()
        for played_client in clients:
            played_client.result(DEADLINE)
    wait_until(lambda: service.state.spooling == 0, "handed back")
    for worker in workers:
        worker.end()
    service.close()
    # Then everything that was answered is in the log, each contact's in the order of its answers
    log = in_the_log(tmp_path)
    for lines in answered:
        mine = [line for line in log if line in lines]
        assert len(mine) == len(lines), f"lost: {lines - set(mine)}"
        counts = [int(line.partition(":")[2]) for line in mine]
        assert counts == sorted(counts)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_kill_in_the_middle_of_group_commits_loses_nothing_that_was_answered(tmp_path: Path, seed: int) -> None:
    # Given workers that spool as fast as they can
    (tmp_path / "down").touch()
    service = ServiceDirectory(tmp_path / "spool", reserve=0)
    workers = [Worker(tmp_path) for _ in range(2)]
    answered: set[str] = set()
    stop = threading.Event()

    def client(number: int) -> None:
        count = 0
        while not stop.is_set():
            line = f"c{number}:{count}"
            if workers[number % 2].ask(line) is None:
                return
            answered.add(line)
            count += 1

    with ThreadPoolExecutor(16) as pool:
        for number in range(16):
            pool.submit(client, number)
        wait_until(lambda: len(answered) > 300, "under way")
        time.sleep(random.Random(seed).uniform(0, 0.1))
        # When they are killed, and the service's main process, too
        for worker in workers:
            worker.process.send_signal(signal.SIGKILL)
        stop.set()
    for worker in workers:
        worker.end()
    service.close()
    # Then the next service finds everything that was answered, and each contact's in order
    with (
        closing(ServiceDirectory(tmp_path / "spool", reserve=0)),
        closing(Spool(tmp_path / "spool", limit=LIMIT)) as spool,
    ):
        rows = spool.in_turn(lambda turn: turn.first(1_000_000))
        found = [row.record.value.decode() for row in rows]
        assert answered <= set(found)
        assert spool.state.damaged == 0
        for number in range(16):
            mine = [int(line.partition(":")[2]) for line in found if line.startswith(f"c{number}:")]
            assert mine == list(range(len(mine)))


def test_a_service_waits_for_the_workers_of_the_one_before(tmp_path: Path) -> None:
    service = ServiceDirectory(tmp_path / "spool", reserve=0)
    worker = Worker(tmp_path)
    assert worker.ask("a:0") is not None
    with pytest.raises(InUse):
        ServiceDirectory(tmp_path / "spool", reserve=0)
    # The main process dies, its worker a moment later
    service.close()
    threading.Timer(0.3, worker.kill).start()
    ServiceDirectory(tmp_path / "spool", reserve=0).close()
    worker.end()


def test_only_one_process_drains_at_a_time(tmp_path: Path) -> None:
    service = ServiceDirectory(tmp_path / "spool", reserve=0)
    workers = [Worker(tmp_path) for _ in range(2)]
    for worker in workers:
        assert worker.ask(f"a:{worker.process.pid}") is not None
    (tmp_path / "down").touch()
    for number in range(20):
        workers[number % 2].ask(f"b:{number}")
    (tmp_path / "down").unlink()
    wait_until(lambda: service.state.records == 0, "drained")
    lines = [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("b:")]
    for worker in workers:
        worker.end()
    service.close()
    # Every line once in order; those before the first answer of `spool` may be there twice (unknown is not failed)
    assert list(dict.fromkeys(lines)) == [f"b:{number}" for number in range(20)]
    assert os.path.exists(tmp_path / "spool" / "drain.lock")
