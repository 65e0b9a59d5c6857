"""What a node tells about itself with its heartbeat."""

from __future__ import annotations

from pathlib import Path

import pytest

import ingest.node.facts
from ingest.durable.record_numbers import RecordNumbers
from ingest.node.facts import WINDOW, NodeFacts
from ingest.quarantine.store import QuarantineSize


def test_answers_and_refusals_are_counted_over_the_last_five_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a node whose quarantine grows beside its answers
    clock, kept = [0.0], [10]
    monkeypatch.setattr(ingest.node.facts, "size_of", lambda _directory: QuarantineSize(kept[0], 4096))
    numbers = RecordNumbers.on_disk(tmp_path)
    facts = NodeFacts(tmp_path, monotonic=lambda: clock[0])
    assert facts() == {"quarantined": 10, "quarantine_bytes": 4096, "answered_lately": 0, "refused_lately": 0}

    clock[0], kept[0] = 60.0, 13
    numbers.count_durable()
    assert (facts()["answered_lately"], facts()["refused_lately"]) == (1, 3)
    # What an operator takes out is no refusal, and what is long ago counts no more
    clock[0], kept[0] = 61.0, 0
    assert facts()["refused_lately"] == 3
    clock[0] = 61.0 + WINDOW + 1
    assert (facts()["answered_lately"], facts()["refused_lately"]) == (0, 0)


def test_what_cannot_be_read_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_directory: Path) -> QuarantineSize:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ingest.node.facts, "size_of", closed)

    assert NodeFacts(tmp_path)() == {}
