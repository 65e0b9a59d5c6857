from __future__ import annotations

import os
import sys

import pytest

from runtime.web_server import WebServer, processor_of

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


def test_a_server_that_was_told_to_stop_does_whatever_keeps_it_from_leaving_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def leave() -> float:
        raise OSError("the spool's disk has gone")

    server = WebServer("test", "127.0.0.1", 0, variable="HOOKLINE_TEST__HOST", workers=1, threads=1)
    stopped: list[bool] = []
    monkeypatch.setattr(server._server, "stop", lambda: stopped.append(True))
    server.leave = leave
    with pytest.raises(OSError, match="disk"):
        server._stop(at_once=False)
    assert stopped == [True]
