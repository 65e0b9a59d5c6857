"""A service's log: what came last, and what is set aside when it has grown."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from deploy.local.child import Child, Log


def test_a_log_is_set_aside_when_it_has_grown_and_goes_on_in_the_same_file(tmp_path: Path) -> None:
    log = Log(tmp_path / "web.log")
    with log.path.open("a") as service:
        service.write("x" * 90)
        service.flush()
        log.rotate(limit=100)
        assert log.end() == 90

        service.write("y" * 20)
        service.flush()
        log.rotate(limit=100)
        service.write("after\n")

    assert log.path.read_text() == "after\n"
    assert (tmp_path / "web.log.1").read_text() == "x" * 90 + "y" * 20


def test_the_tail_is_of_this_run_alone(tmp_path: Path) -> None:
    log = Log(tmp_path / "web.log")
    assert log.tail() == []
    log.path.write_text("of the run before\n")

    child = Child([sys.executable, "-c", "print('one'); print('two'); raise SystemExit(3)"], os.environ, log)
    while (code := child.ended()) is None:
        pass

    assert code == 3
    assert child.tail() == ["one", "two"]
    assert log.tail(lines=2) == ["one", "two"]
    assert log.tail(lines=3)[0] == "of the run before"


def test_the_tail_survives_a_log_that_was_set_aside_meanwhile(tmp_path: Path) -> None:
    log = Log(tmp_path / "web.log")
    log.path.write_text("short\n")
    assert log.tail(since=10_000) == ["short"]
