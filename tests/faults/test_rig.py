"""The rig itself: its proxy breaks what it says, its disk forgets what was not synced, its load journals first."""

from __future__ import annotations

import itertools
import json
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.faults import results, table
from tests.faults.checker import Verdict
from tests.faults.client.journal import read
from tests.faults.injected.disk import power_cut
from tests.faults.process import NotInTime, wait_until, wait_until_done
from tests.faults.proxy import Proxy
from tests.faults.results import USUAL_CLIENT
from tests.faults.taps import CommitTap, KafkaTap, Shears

ROOT = Path(__file__).parents[2]
DEADLINE = 20.0


class Echo:
    """Says back what it hears."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(65_536):
                    connection.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    with closing(Echo()) as server:
        yield server


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=DEADLINE)


def said(connection: socket.socket, data: bytes) -> bytes:
    connection.sendall(data)
    return connection.recv(100)


def is_broken(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_proxy_passes_everything_on(echo: Echo) -> None:
    with closing(Proxy(echo.port)) as proxy, connected(proxy) as connection:
        assert said(connection, b"hello") == b"hello"


def test_what_is_swallowed_comes_when_it_flows_again(echo: Echo) -> None:
    with closing(Proxy(echo.port)) as proxy, connected(proxy) as connection:
        assert said(connection, b"before") == b"before"
        proxy.swallow()
        time.sleep(0.1)  # the proxy hears of it in its own thread
        connection.sendall(b"into the hole")
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(100)
        proxy.flow()
        connection.settimeout(DEADLINE)
        assert connection.recv(100) == b"into the hole"


def test_answers_are_late(echo: Echo) -> None:
    with closing(Proxy(echo.port)) as proxy, connected(proxy) as connection:
        proxy.delay(0.3)
        began = time.monotonic()
        assert said(connection, b"slow") == b"slow"
        assert time.monotonic() - began >= 0.3


def test_connections_are_cut(echo: Echo) -> None:
    with closing(Proxy(echo.port)) as proxy, connected(proxy) as connection:
        assert said(connection, b"before") == b"before"
        proxy.cut()
        assert is_broken(connection)
        with connected(proxy) as another:
            assert said(another, b"after") == b"after"


def frame(*parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">i", len(content)) + content


def test_an_answer_to_produce_is_cut_in_the_middle(echo: Echo) -> None:
    shears = Shears()
    with closing(Proxy(echo.port, lambda: KafkaTap(shears))) as proxy, connected(proxy) as connection:
        # Given a server whose answers begin with the correlation id, as Kafka's do: here it echoes the requests,
        # whose first four bytes are key and version, so the correlation id is made to be the same
        produce = frame(struct.pack(">hhi", 0, 9, 9), b"records")
        fetch = frame(struct.pack(">hhi", 1, 9, 65545), b"fetch please")
        shears.arm(1)
        # Then what is no Produce passes, even when it comes in pieces
        connection.sendall(fetch[:5])
        connection.sendall(fetch[5:])
        assert connection.recv(100) == fetch
        # And half of an answer to Produce is all that passes
        connection.sendall(produce)
        assert connection.recv(100) == produce[: len(produce) // 2]
        assert is_broken(connection)
        assert shears.cuts == 1


@pytest.mark.parametrize("done", [False, True])
def test_a_commit_is_cut_off(echo: Echo, done: bool) -> None:
    before, after = Shears(), Shears()
    with closing(Proxy(echo.port, lambda: CommitTap(before, after))) as proxy, connected(proxy) as connection:
        assert said(connection, b"Q....BEGIN\0") == b"Q....BEGIN\0"
        (after if done else before).arm(1)
        connection.sendall(b"Q....COMMIT\0")
        assert is_broken(connection)
        assert (before.cuts, after.cuts) == ((0, 1) if done else (1, 0))


DISK = """
import os, signal, sqlite3, sys
from pathlib import Path
from tests.faults.injected.disk import install
controls, files, synchronous = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
install(controls)
db = sqlite3.connect(files / "a.sqlite", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute(f"PRAGMA synchronous={synchronous}")
db.execute("CREATE TABLE t (x)")
for _ in range(50):
    db.execute("INSERT INTO t VALUES (?)", ("x" * 300,))
CODES = {"sync_fails": "SQLITE_IOERR_FSYNC", "write_fails": "SQLITE_IOERR_WRITE", "full": "SQLITE_FULL"}
for control, code in CODES.items():
    if synchronous == "OFF" and control == "sync_fails":
        continue
    (controls / control).touch()
    try:
        for _ in range(50):
            db.execute("INSERT INTO t VALUES (?)", ("y" * 3000,))
        print("no error")
    except sqlite3.Error as error:
        assert error.sqlite_errorname == code, error.sqlite_errorname
    (controls / control).unlink()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("synchronous", "survive"), [("FULL", True), ("OFF", False)])
def test_a_power_cut_takes_what_was_not_synced(tmp_path: Path, synchronous: str, survive: bool) -> None:
    # Given a database on the faulty disk, whose process is killed
    controls, files = tmp_path / "controls", tmp_path / "files"
    controls.mkdir()
    files.mkdir()
    command = [sys.executable, "-c", DISK, str(controls), str(files), synchronous]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.stdout == ""
    # When the power fails, too
    power_cut(controls, files)
    # Then what was committed is there if it was synced, and gone if not
    with closing(sqlite3.connect(files / "a.sqlite")) as db:
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        assert bool(tables) == survive
        if survive:
            assert db.execute("SELECT count(*) FROM t WHERE x LIKE 'x%'").fetchone()[0] == 50


class Provider(BaseHTTPRequestHandler):
    """Answers 200 when the webhook's id stands in the journal already."""

    protocol_version = "HTTP/1.1"
    journal: Path

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        id = body[(place := body.index(b"fx")) : place + 22]
        found = id in self.journal.read_bytes()
        self.send_response(200 if found else 500)
        self.send_header("X-Durability", "kafka")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_the_load_is_on_disk_before_it_is_sent(tmp_path: Path) -> None:
    Provider.journal = journal = tmp_path / "journal"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    command = [sys.executable, "-m", "tests.faults.client.load", "--port", str(server.server_port), "--run", "0" * 8]
    command += ["--seed", "1", "--journal", str(journal), "--secret", "s", "--clients", "5", "--rate", "200"]
    load = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
    assert load.stdin
    try:
        wait_until(lambda: journal.exists() and journal.read_bytes().count(b'"got"') > 50, DEADLINE, "50 answers")
    finally:
        load.stdin.close()
        assert load.wait(DEADLINE) == 0
        server.shutdown()
        server.server_close()
    attempts = read(journal)
    assert {attempt.status for attempt in attempts} == {200}
    assert {attempt.durability for attempt in attempts} == {"kafka"}
    # And a client waits for its answer before its next
    for client in range(5):
        own = [attempt for attempt in attempts if attempt.client == client]
        assert all(
            own_attempt.at <= other.sent_at
            for own_attempt, other in itertools.pairwise(own)
            if own_attempt.at is not None
        )


def line(row: str, seed: int, tree: str, **verdict: Any) -> dict[str, Any]:
    whole = {field: getattr(Verdict(), field) for field in Verdict.__slots__}
    return {"row": row, "seed": seed, "tree": tree, "green": True} | whole | verdict


def page_of(runs: list[dict[str, Any]], mutations: Sequence[dict[str, Any]] = ()) -> str:
    """The page where the services had the usual client."""
    return table.page({USUAL_CLIENT: runs}, {USUAL_CLIENT: mutations}, "new")


def test_another_client_has_a_table_of_its_own_with_what_was_played() -> None:
    seen = {"mutation": "no_fsync", "tree": "new", "seen": True, "lost": 5, "dup_effect": 0}
    text = table.page(
        {USUAL_CLIENT: [], "librdkafka": [line("K7", 1, "new", accepted=5)]}, {"librdkafka": [seen]}, "new"
    )
    _, others = text.split("## With HOOKLINE_KAFKA__CLIENT=librdkafka")
    played, taken_away = others.split("## Safeguards taken away")
    assert [row.split(" ")[1] for row in played.splitlines() if row.startswith("| ")] == ["row", "K7", "**all**"]
    assert taken_away.count("on librdkafka") == 1


def test_the_table_says_what_is_stale_and_what_is_wanting() -> None:
    runs = [
        line("K5", 1, "old", accepted=7),
        line("K5", 2, "new", accepted=1000, dup_log=3, silence=2.04, slowest=2.5, p99_spooling=0.05, p99_disk=0.031),
        line("K5", 3, "new", accepted=2000, green=False, lost=1),
        line("K6", 1, "old", accepted=30, p99_spooling=None),
        line("O1", 1, "new", stops=7, missed_stops=2),
        line("M2", 1, "new", crm_notes=9, missed_notes=1),
        line("F7", 1, "new", statements=4000, untrue=3),
        line("F9", 1, "new", progress=12, ahead=1),
    ]
    seen = [{"mutation": "no_fsync", "tree": "old", "seen": True, "lost": 5, "dup_effect": 0}]
    rows = {
        cells[1].strip(): cells
        for cells in (table_row.split("|") for table_row in page_of(runs, seen).splitlines())
        if len(cells) > 6
    }
    fault = rows["K5"][2]
    assert [cell.strip() for cell in rows["K5"][3:-1]] == [
        "2", "1", "0", "3,000", "1", "0", "3", "0", "", "", "", "", "", "", "", "", "0", "2.0", "2.50",
        "0.050", "0.031", "",
    ], fault  # fmt: skip
    assert [cell.strip() for cell in rows["O1"][11:13]] == ["7", "2"]
    assert [cell.strip() for cell in rows["M2"][13:15]] == ["9", "1"]
    assert [cell.strip() for cell in rows["F7"][15:17]] == ["4,000", "3"]
    assert [cell.strip() for cell in rows["F9"][17:19]] == ["12", "1"]
    assert [cell.strip() for cell in rows["K6 (stale: `old`)"][3:7]] == ["1", "1", "0", "30"]
    assert rows["**all**"][6].strip() == "3,000"
    assert rows["C1"][3].strip() == "0"
    assert rows["the spool does not wait for the disk (stale: `old`)"][4].strip() == "red"


def test_a_bound_needs_a_run_without_loss() -> None:
    text = page_of([line("K5", 1, "new", accepted=3_000)])
    assert "1.0e-03" in text


def test_results_are_kept_with_the_code_they_are_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FILE", tmp_path / "results.jsonl")
    monkeypatch.setattr(results.load, "__defaults__", (tmp_path / "results.jsonl", results.USUAL_CLIENT))
    code = results.tree()
    assert len(code) == 12
    for seed, problems in ((1, []), (2, ["lost: 1"])):
        results.record(results.Result("K5", seed, code, "now", 1.0), Verdict(problems=problems), {"note": 1})
    results.record(results.Result("K5", 3, "other", "now", 1.0), Verdict(), {})
    results.record(results.Result("K5", 4, code, "now", 1.0, "librdkafka"), Verdict(), {})
    assert results.done(code, "K5", results.USUAL_CLIENT) == {1}
    assert results.done(code, "K5", "librdkafka") == {4}
    assert json.loads((tmp_path / "results.jsonl").read_text().splitlines()[0])["notes"] == {"note": 1}


def test_the_code_is_another_when_any_file_of_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in results.ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "a.py").write_text("1")
    monkeypatch.setattr(results, "ROOT", tmp_path)
    before = results.tree()
    (tmp_path / "ingest" / "a.py").write_text("2")
    assert results.tree() != before


def test_a_run_waits_for_the_end_of_a_backlog_as_long_as_it_shrinks() -> None:
    shrinking = iter([5, None, 4, 3, 3, 2, 1, 0])
    wait_until_done(lambda: next(shrinking), patience=30, at_last=60, what="it is done", every=0.0)
    with pytest.raises(NotInTime, match="it is done; left: 7, at the least 7"):
        wait_until_done(lambda: 7, patience=0.0, at_last=60, what="it is done", every=0.001)
    growing_less = iter(range(1_000_000, 0, -1))
    with pytest.raises(NotInTime, match="it is done"):
        wait_until_done(lambda: next(growing_less), patience=30, at_last=0.0, what="it is done", every=0.001)
