"""What operators ask for in the console about a node's quarantine, carried out beside a real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingest.durable.publisher import Unavailable
from ingest.durable.spool.directory import ServiceDirectory
from ingest.node.facts import NodeFacts
from ingest.node.request_watch import RequestWatch
from ingest.quarantine import carry_out as program
from ingest.quarantine.carry_out import TRY_AGAIN, carry_out
from ingest.quarantine.keeping import KeepingQuarantine
from ingest.quarantine.replaying import EnabledProviders
from ingest.quarantine.requests import MOST_ATTEMPTS
from ingest.quarantine.store import QuarantineStore
from ingest.webhooks import receive
from runtime.admin import Readiness
from runtime.heartbeat import Heartbeat
from runtime.postgres import Connection, connect
from tests.conftest import Database
from tests.contract.players import NEW_SECRET, OLD_SECRET, PLAYERS
from tests.fuzz.providers import settings
from tests.twins.console import PlayedConsole, post

PLAYER = PLAYERS["textlink"]


class Taken:
    """A publisher that keeps what it is given; or is away."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.is_away = False

    def publish_all(self, events: Sequence[Any]) -> Any:
        if self.is_away:
            raise Unavailable("spool_full")
        self.events += events


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A node with three texts in its quarantine that verify now, and one that does not."""
    folder = tmp_path / "spool"
    folder.mkdir()
    fill(folder, NEW_SECRET, 3)
    fill(folder, "nobody's secret", 1)
    return folder


def fill(folder: Path, secret: str, count: int) -> None:
    """Have texts with `secret` refused."""
    with closing(KeepingQuarantine(QuarantineStore(folder, limit=2**24, days=7))) as quarantine:
        for number in range(count):
            posted = PLAYER.posted({**PLAYER.message, "text": f"text {secret} {number}"}, secret)
            answer = receive(PLAYER.provider(OLD_SECRET), posted.request(datetime.now(UTC)), Taken(), quarantine)  # type: ignore[arg-type]
            assert answer.status == 401


@pytest.fixture
def node(postgres: Database) -> Iterator[Connection]:
    with connect(postgres.dsn("ingest"), process="tests") as connection:
        yield connection


@pytest.fixture
def console(postgres: Database, tmp_path: Path) -> Iterator[PlayedConsole]:
    made = PlayedConsole(tmp_path, postgres.dsn("console"))
    yield made
    made.close()


@pytest.fixture
def ask(console: PlayedConsole, node: Connection) -> Callable[..., int]:
    """Asks as an operator does; the request's number."""

    def request_replay(**fields: str) -> int:
        given = {"node": "n1", "provider": "textlink", "refusal": "wrong_secret", "most": "100", "reason": "mended"}
        answer = post(console.client("olga"), "/quarantine/requests", **(given | fields))
        assert answer.status_code == 303, answer.text
        [(number,)] = node.execute("SELECT max(id) FROM quarantine_requests").fetchall()
        return int(number)

    return request_replay


def row(node: Connection, number: int) -> tuple[Any, ...]:
    query = "SELECT state, expected, handled, kept, detail FROM quarantine_requests WHERE id = %s"
    return node.execute(query, (number,)).fetchall()[0]


@pytest.fixture
def carried_out(node: Connection, directory: Path) -> Iterator[Callable[..., int]]:
    enabled = EnabledProviders({"textlink": PLAYER.provider(NEW_SECRET)}, "")
    with closing(QuarantineStore(directory, limit=2**24, days=7)) as store:
        yield lambda publisher: carry_out(node, "n1", store, enabled, publisher)


def test_what_verifies_comes_back_once_and_the_rest_stays(
    node: Connection, ask: Callable[..., int], carried_out: Callable[..., int], console: PlayedConsole
) -> None:
    taken = Taken()
    assert carried_out(taken) == 0  # nothing is asked for
    other, number = ask(node="n2"), ask()

    assert carried_out(taken) == 0

    assert row(node, number) == ("done", 4, 3, 1, "1 kept: wrong_secret")
    assert row(node, other)[0] == "waiting"
    assert len({event.event_id for event in taken.events}) == 3
    again = ask()
    assert carried_out(taken) == 0
    assert row(node, again) == ("done", 1, 0, 1, "1 kept: wrong_secret")
    assert len(taken.events) == 3
    records = console.client("viv").get("/records").text
    assert "replay quarantine" in records
    assert "request 2: quarantine of n1, textlink wrong_secret" in records


def test_no_more_than_asked_for_and_only_of_the_reason(
    node: Connection, ask: Callable[..., int], carried_out: Callable[..., int]
) -> None:
    few, none = ask(most="2"), ask(refusal="bad_json")
    taken = Taken()
    carried_out(taken)
    carried_out(taken)
    assert row(node, few)[:3] == ("done", 4, 2)
    assert row(node, none)[:3] == ("done", 0, 0)
    assert len(taken.events) == 2


def test_a_spool_that_takes_nothing_is_tried_again_and_goes_on(
    node: Connection, ask: Callable[..., int], carried_out: Callable[..., int]
) -> None:
    number, taken = ask(), Taken()
    taken.is_away = True
    assert carried_out(taken) == TRY_AGAIN
    assert row(node, number)[0] == "running"
    taken.is_away = False
    assert carried_out(taken) == 0
    assert row(node, number)[:3] == ("done", 4, 3)


def test_one_that_is_stopped_or_always_dies_ends(
    node: Connection, ask: Callable[..., int], carried_out: Callable[..., int], console: PlayedConsole
) -> None:
    number, taken = ask(), Taken()
    client = console.client("olga")
    assert post(client, f"/quarantine/requests/{number}/stop", reason="the wrong one").status_code == 303
    assert post(client, f"/quarantine/requests/{number}/stop", reason="the wrong one").status_code == 409
    carried_out(taken)
    assert row(node, number)[0] == "stopped"
    assert row(node, number)[4] == "stopped by olga"
    number = ask()
    node.execute("UPDATE quarantine_requests SET attempts = %s WHERE id = %s", (MOST_ATTEMPTS, number))
    carried_out(taken)
    assert row(node, number)[0] == "failed"
    assert taken.events == []


def test_the_page_names_reasons_and_no_webhook_and_viewers_ask_for_nothing(
    postgres: Database, directory: Path, console: PlayedConsole, ask: Callable[..., int]
) -> None:
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as owner:
        Heartbeat("ingest", node="n1").beat(owner, Readiness(True), NodeFacts(directory, None)())
    ask(reason="the secret is set again")
    for name, forms in (("viv", 0), ("olga", 2)):
        page = console.client(name).get("/quarantine").text
        assert "<code>wrong_secret</code>" in page
        assert '<td class="num">4</td>' in page
        assert "until n1 takes it" in page
        assert "the secret is set again" in page
        assert page.count("/quarantine/requests") - page.count("hx-get") == forms
        assert "text nobody" not in page
    assert post(console.client("viv"), "/quarantine/requests", node="n1").status_code == 403


@pytest.mark.parametrize("fields", [{"node": ""}, {"most": "0"}, {"most": "x"}, {"reason": ""}, {"refusal": "x" * 101}])
def test_what_says_too_little_is_refused(console: PlayedConsole, fields: dict[str, str]) -> None:
    given = {"node": "n1", "provider": "textlink", "refusal": "wrong_secret", "most": "1", "reason": "mended"} | fields
    assert post(console.client("olga"), "/quarantine/requests", **given).status_code == 400


def test_a_node_starts_one_process_at_a_time_and_waits_after_a_failure(
    node: Connection, ask: Callable[..., int], tmp_path: Path
) -> None:
    runs, now = tmp_path / "runs", [0.0]
    script = f"open({str(runs)!r}, 'a').write('x'); raise SystemExit(75)"
    watch = RequestWatch("n1", command=lambda: [sys.executable, "-c", script], monotonic=lambda: now[0])
    watch(node)
    assert watch._process is None
    ask()
    now[0] += 2
    watch(node)
    process = watch._process
    assert process is not None
    watch(node)
    assert watch._process is process
    process.wait()
    watch(node)  # it has failed: there is a pause
    assert watch._process is None
    now[0] += 2
    watch(node)
    watch.close()
    assert 1 <= len(runs.read_text()) <= 2


def test_tables_that_are_not_there_yet_keep_no_report_up(postgres: Database, node: Connection) -> None:
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as owner:
        owner.execute("ALTER TABLE quarantine_requests RENAME TO not_yet")
        try:
            RequestWatch("n1")(node)
        finally:
            owner.execute("ALTER TABLE not_yet RENAME TO quarantine_requests")
    assert node.execute("SELECT 1").fetchone() == (1,)


def test_the_program_brings_them_into_the_nodes_spool(
    postgres: Database, directory: Path, node: Connection, ask: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask()
    monkeypatch.setenv("HOOKLINE_INGEST__SPOOL_DIR", str(directory))
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("ingest"))
    for variable, value in settings(NEW_SECRET).items():
        monkeypatch.setenv(variable, value)
    with closing(ServiceDirectory(directory, reserve=0)) as service:
        watch = RequestWatch("n1")
        deadline = time.monotonic() + 60
        while row(node, number)[0] != "done" and time.monotonic() < deadline:
            watch(node)
            time.sleep(0.1)
        watch.close()
        assert row(node, number)[:4] == ("done", 4, 3, 1)
        assert service.state.records == 3
    # Where no service has the spool, nobody touches it
    ask()
    code = subprocess.run([sys.executable, "-m", program.__name__, "n1", str(os.getpid())], check=False)
    assert code.returncode == TRY_AGAIN
