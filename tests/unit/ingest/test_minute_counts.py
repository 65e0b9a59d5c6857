"""Counts by minute: they outlive the process, and every event is in one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.node import minute_counts
from ingest.node.minute_counts import MinuteCount, MinuteCounts, count_files, read_counts

EVENTS = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(["sms.messages.v1", "sms.calls.v1"]), st.booleans()), max_size=300
)


@given(EVENTS)
def test_every_event_is_counted_once_whatever_its_minute(events: list[tuple[int, str, bool]]) -> None:
    with TemporaryDirectory() as name:
        counts = MinuteCounts(Path(name), "e1")
        for seq, event in enumerate(events, 1):
            counts.add(*event, seq)
        read = [count for file in count_files(Path(name)) for count in read_counts(file)]
    assert Counter({count[1:4]: count.events for count in read}) == Counter(events)
    for count in read:
        numbers = [seq for seq, event in enumerate(events, 1) if event == count[1:4]]
        assert (count.first_seq, count.last_seq) == (min(numbers), max(numbers))


def test_a_full_file_is_followed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minute_counts, "SLOTS", 2)
    counts = MinuteCounts(tmp_path, "e1")
    for minute in range(5):
        counts.add(minute, "t", False, minute + 1)
    files = count_files(tmp_path)
    assert [file.name for file in files] == ["e1.000001", "e1.000002", "e1.000003"]
    read = [count for file in files for count in read_counts(file)]
    assert [count.minute for count in read] == [0, 1, 2, 3, 4]


def test_they_outlive_a_process_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from ingest.node.minute_counts import MinuteCounts\n"
        "counts = MinuteCounts(Path(sys.argv[1]), 'e1')\n"
        "[counts.add(7, 't', True, seq) for seq in range(1, 6)]\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, cwd=os.getcwd())
    [file] = count_files(tmp_path)
    assert read_counts(file) == [MinuteCount("e1", 7, "t", True, 5, 1, 5)]


def test_a_disk_that_takes_no_file_keeps_no_event_out(tmp_path: Path) -> None:
    (tmp_path / "counts").write_text("in the way")
    counts = MinuteCounts(tmp_path, "e1")
    counts.add(1, "t", False, 1)
    counts.save()


def test_the_oldest_files_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minute_counts, "MOST_FILES", 3)
    for number in range(6):
        MinuteCounts(tmp_path, f"e{number}").add(1, "t", False, 1)
    assert [file.name for file in count_files(tmp_path)] == ["e3.000001", "e4.000001", "e5.000001"]
