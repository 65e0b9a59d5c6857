"""PostgreSQL's clock, learned by one process of a node and known to all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.postgres_clock import KNOWN_FOR, PostgresClock

AT = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
SECOND = 10**9


class Boot:
    """Nanoseconds since the machine's start."""

    def __init__(self) -> None:
        self.ns = 100 * SECOND

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def boot() -> Boot:
    return Boot()


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def test_what_one_process_learns_all_know(tmp_path: Path, boot: Boot) -> None:
    first, second = PostgresClock(tmp_path / "clock", "s1", boot), PostgresClock(tmp_path / "clock", "s1", boot)
    assert second.now() is None
    first.learn(AT)
    boot.ns += 10 * SECOND
    assert first.now() == second.now() == micros(AT + timedelta(seconds=10))
    second.learn(AT)
    assert first.now() == micros(AT)


def test_it_is_known_for_some_minutes(tmp_path: Path, boot: Boot) -> None:
    clock = PostgresClock(tmp_path / "clock", "s1", boot)
    clock.learn(AT)
    boot.ns += KNOWN_FOR * SECOND
    assert clock.now() is not None
    boot.ns += 1_000
    assert clock.now() is None


def test_another_service_knows_nothing(tmp_path: Path, boot: Boot) -> None:
    """The machine may have been started anew between the two, and its time since the start be the same again."""
    PostgresClock(tmp_path / "clock", "s1", boot).learn(AT)
    assert PostgresClock(tmp_path / "clock", "s1", boot).now() is not None
    assert PostgresClock(tmp_path / "clock", "s2", boot).now() is None
    boot.ns -= 50 * SECOND
    assert PostgresClock(tmp_path / "clock", "s1", boot).now() is None


@pytest.mark.parametrize("content", [b"", b"abc", b"\0" * 36, b"\xff" * 36, b"\0" * 5000, b"\xff" * 5000])
def test_a_damaged_file_is_written_anew(tmp_path: Path, boot: Boot, content: bytes) -> None:
    (tmp_path / "clock").write_bytes(content)
    clock = PostgresClock(tmp_path / "clock", "s1", boot)
    assert clock.now() is None
    clock.learn(AT)
    assert clock.now() == micros(AT)


def test_where_the_file_cannot_be_written_nothing_is_known(tmp_path: Path, boot: Boot) -> None:
    (tmp_path / "clock").mkdir()
    clock = PostgresClock(tmp_path / "clock", "s1", boot)
    clock.learn(AT)
    assert clock.now() is None


def test_a_real_machine_knows_it(tmp_path: Path) -> None:
    clock = PostgresClock(tmp_path / "clock", "s1")
    clock.learn(AT)
    now = clock.now()
    assert now is not None
    assert 0 <= now - micros(AT) < 10_000_000
