from __future__ import annotations

import os
import sys

import pytest

from runtime.web_server import processor_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lets a process choose")


@pytest.mark.parametrize(
    ("processors", "workers", "expected"),
    [
        ({0, 1}, 2, [0, 1]),
        ({0, 1}, 3, [0, 1, 0]),
        ({4, 9}, 2, [4, 9]),
        ({7}, 1, [7]),
        ({0, 1}, 1, [None]),
        (set(range(16)), 4, [None, None, None, None]),
    ],
)
def test_workers_that_share_out_all_processors_keep_to_them(
    monkeypatch: pytest.MonkeyPatch, processors: set[int], workers: int, expected: list[int | None]
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: processors)
    assert [processor_of(worker, workers) for worker in range(workers)] == expected
