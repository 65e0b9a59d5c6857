"""The number that every record carries, and what is kept of it."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import ingest.durable.record_numbers
from ingest.durable.record_numbers import RecordNumbers, epochs


def test_a_record_names_its_node_its_worker_and_its_number(tmp_path: Path) -> None:
    # Given a node whose name is kept
    (tmp_path / "node").write_text("host-12ab\n")
    numbers = RecordNumbers.on_disk(tmp_path)

    first, second = numbers.next_headers(), numbers.next_headers()
    numbers.count_durable()

    assert first == [("hl-node", b"host-12ab"), ("hl-epoch", numbers.epoch.encode()), ("hl-seq", b"1")]
    assert second[-1] == ("hl-seq", b"2")
    assert list(epochs(tmp_path)) == [(numbers.epoch, 2, 1)]


def test_many_threads_get_every_number_once(tmp_path: Path) -> None:
    numbers = RecordNumbers.on_disk(tmp_path)

    def take(_: int) -> bytes:
        value = numbers.next_headers()[-1][1]
        numbers.count_durable()
        return value

    with ThreadPoolExecutor(8) as pool:
        given = sorted(int(value) for value in pool.map(take, range(2_000)))

    assert given == list(range(1, 2_001))
    assert list(epochs(tmp_path)) == [(numbers.epoch, 2_000, 2_000)]


def test_the_last_number_outlives_a_worker_that_is_killed(tmp_path: Path) -> None:
    # Given a worker that gave three numbers, of which two became durable, and was killed
    child = os.fork()
    if child == 0:
        numbers = RecordNumbers.on_disk(tmp_path)
        for _ in range(3):
            numbers.next_headers()
        numbers.count_durable()
        numbers.count_durable()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)

    [(_, given, durable)] = epochs(tmp_path)
    assert (given, durable) == (3, 2)


def test_a_disk_that_takes_no_file_keeps_no_webhook_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _offset: int, _size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)

    numbers = RecordNumbers.on_disk(tmp_path)

    assert numbers.next_headers()[-1] == ("hl-seq", b"1")
    numbers.count_durable()
    numbers.save()


def test_old_files_go_and_the_newest_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.durable.record_numbers, "FILES_LIMIT", 3)

    made = [RecordNumbers.on_disk(tmp_path).epoch for _ in range(5)]

    assert [found.epoch for found in epochs(tmp_path)] == made[-3:]
