"""What the console shows of backfills: how far each is, who began it, and which was stopped."""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from processors.crm_sync import backfill
from runtime.postgres import connect
from tests.twins.console import PlayedConsole
from tests.twins.crm import CrmDesk, Sandbox
from tests.twins.events import at
from tests.twins.stored import store, webhook


@pytest.fixture
def desk(postgres: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CrmDesk]:
    made = CrmDesk(postgres, sandbox)
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", made.operator_dsn)
    monkeypatch.setenv("HOOKLINE_CRM__TARGETS", "rest")
    yield made
    made.close()


def rows(text: str) -> list[str]:
    section = text[text.index('<div id="backfills"') :].partition("</table>")[0]
    return [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in re.findall(r"<tr>.*?</tr>", section, re.S)
    ]


@pytest.mark.usefixtures("sandbox")
def test_a_backfill_tells_how_far_it_is(
    postgres: Any, desk: CrmDesk, console: PlayedConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = console.client("viv")
    assert rows(client.get("/crm").text)[1].startswith("None.")
    # Given five events, of which a first run is killed after two
    monkeypatch.setattr(backfill, "BATCH", 2)
    store(desk.persist, [webhook("textlink", "received", at(n), phone_number=f"+1303555014{n}") for n in range(5)])
    killed = iter((False, True))
    order = backfill.order

    def ordered(*given: Any, **named: Any) -> tuple[int, int]:
        if next(killed):
            raise KeyboardInterrupt
        return order(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(backfill, "order", ordered)
        main(["crm", "backfill", "--target", "rest"])
    [_, running] = rows(client.get("/crm").text)
    assert "running" in running
    assert "2 of 5" in running
    assert "hx-get" in client.get("/crm/backfills").text

    with connect(postgres.owner_dsn, process="tests") as owner:
        owner.execute("UPDATE crm_backfills SET changed_at = changed_at - interval '2 minutes'")
    assert main(["crm", "backfill", "--target", "rest", "--from", "2020-01-01"]) == 0

    [_, done, stopped] = rows(client.get("/crm/backfills").text)
    assert "stopped" in stopped
    assert "run it again" in stopped
    assert "3 of 3" in done
    assert getpass.getuser() in done
    assert "hx-get" not in client.get("/crm/backfills").text
