"""What a node tells about itself with its heartbeat."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ingest.node.facts
from ingest.node.facts import HOUR, LEAST, WINDOW, NodeFacts
from ingest.quarantine.store import QuarantineSize

#: A worker of ingest without a quarantine: it answers so many webhooks with a wrong secret, and so many with ours.
WORKER = """
import sys
from tests.contract.players import NEW_SECRET, PLAYERS
from tests.contract.served import PublishedEvents, served_client

client, player = served_client(PublishedEvents()), PLAYERS["textlink"]
for status, secret, count in ((401, "another", int(sys.argv[1])), (200, NEW_SECRET, int(sys.argv[2]))):
    posted = player.posted(player.message, secret)
    for _ in range(count):
        answer = client.post(posted.path, data=posted.body, headers=posted.headers)
        assert answer.status_code == status, answer.status_code
"""
#: The same without the webhooks: what a worker counts, quickly.
COUNTING = """
import sys
from runtime.metrics import WEBHOOKS

for status, count in (("401", int(sys.argv[1])), ("200", int(sys.argv[2]))):
    WEBHOOKS.labels("textlink", status).inc(count)
"""


class Node:
    """A node whose quarantine is full, or off: its size stays as it is. The clock is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self._metrics_dir = folder / "metrics"
        self._metrics_dir.mkdir()
        self.facts = NodeFacts(folder, self._metrics_dir, monotonic=lambda: self.now)

    def answer(self, refused: int, taken: int, code: str = COUNTING) -> None:
        """In a worker of its own, which ends: its counts stay."""
        environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(self._metrics_dir)}
        command = [sys.executable, "-c", code, str(refused), str(taken)]
        subprocess.run(command, env=environment, check=True, timeout=60)

    def lately(self) -> tuple[Any, Any]:
        """Answered and refused."""
        facts = self.facts()
        return facts["answered_lately"], facts["refused_lately"]


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(ingest.node.facts, "size_of", lambda _directory: QuarantineSize(0, 4096))
    return Node(tmp_path)


def test_refusals_of_every_worker_are_counted_whatever_the_quarantine_holds(node: Node) -> None:
    # Given a node at its first look, with answers that came before it
    node.answer(refused=2, taken=1)
    first = node.facts()
    assert (first["quarantined"], first["quarantine_bytes"]) == (0, 4096)
    assert (first["answered_lately"], first["refused_lately"]) == (0, 0)
    # When two workers answer
    node.answer(refused=5, taken=1, code=WORKER)
    node.answer(refused=20, taken=3)
    node.now = 60.0
    # Then both are counted
    facts = node.facts()
    assert (facts["answered_lately"], facts["refused_lately"]) == (4, 25)
    assert facts["webhooks_lately"] == {"textlink": {"webhooks": 29, "refused": 25, "seconds": WINDOW}}


def test_a_sender_of_few_is_judged_by_the_last_hour(node: Node) -> None:
    def provider() -> Any:
        return node.facts()["webhooks_lately"]["textlink"]  # type: ignore[index]

    node.answer(refused=0, taken=1)
    node.facts()
    node.answer(refused=LEAST - 1, taken=0)
    node.now = 60.0
    assert provider() == {"webhooks": LEAST - 1, "refused": LEAST - 1, "seconds": HOUR}
    node.now += WINDOW + 1
    assert node.lately() == (0, 0)
    assert provider() == {"webhooks": LEAST - 1, "refused": LEAST - 1, "seconds": HOUR}
    node.now += HOUR
    assert provider() == {"webhooks": 0, "refused": 0, "seconds": HOUR}


def test_where_the_workers_metrics_do_not_meet_answers_are_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.node.facts, "size_of", lambda _directory: QuarantineSize(3, 4096))

    assert NodeFacts(tmp_path, None)() == {"quarantined": 3, "quarantine_bytes": 4096, "quarantine_kinds": []}


def test_what_cannot_be_read_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_directory: Path) -> QuarantineSize:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ingest.node.facts, "size_of", closed)
    monkeypatch.setattr(ingest.node.facts, "kinds_of", closed)

    assert NodeFacts(tmp_path, tmp_path)() == {"answered_lately": 0, "refused_lately": 0, "webhooks_lately": {}}


def test_a_file_of_metrics_that_is_just_being_made_is_read_later(node: Node, tmp_path: Path) -> None:
    (tmp_path / "metrics" / "counter_1.db").touch()
    assert node.facts() == {"quarantined": 0, "quarantine_bytes": 4096, "quarantine_kinds": []}
    (tmp_path / "metrics" / "counter_1.db").unlink()
    assert node.lately() == (0, 0)
