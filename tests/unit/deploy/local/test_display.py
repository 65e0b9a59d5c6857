"""What a person sees: lines, or a table."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from deploy.local.child import Log
from deploy.local.display import LiveDisplay, PlainDisplay, display_for
from deploy.local.supervisor import Phase, Service, Supervised


def services() -> list[Supervised]:
    service = Service("kafka", list, dict, where="127.0.0.1:9092")
    return [Supervised(service, Log(Path("kafka.log")), phase=Phase.RESTARTING, restarts=2)]


def test_lines_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    display = display_for(Console(file=out, width=40))
    assert isinstance(display, PlainDisplay)

    display.announce("kafka: serving at [127.0.0.1] and this line is longer than the console")
    for done in range(0, 101, 5):
        display.report("Kafka", done * 1_000_000, 100_000_000)
    display.show(services())
    display.close()

    lines = [line.split(" ", 1)[1] for line in out.getvalue().splitlines()]
    assert lines == [
        "kafka: serving at [127.0.0.1] and this line is longer than the console",
        *(f"downloading Kafka: {done} of 100 MB" for done in (0, 25, 50, 75, 100)),
    ]


def test_a_table_on_a_terminal() -> None:
    out = io.StringIO()
    display = display_for(Console(file=out, width=100, force_terminal=True, color_system=None))
    assert isinstance(display, LiveDisplay)

    display.show(services())
    display.report("Kafka", 23_000_000, 46_000_000)
    display.announce("kafka: was ended by SIGKILL")
    display.close()

    shown = out.getvalue()
    for text in ("kafka", "restarting", "127.0.0.1:9092", "2", "downloading Kafka", "was ended by SIGKILL"):
        assert text in shown
    assert "[" not in shown.replace("\x1b[", "")
