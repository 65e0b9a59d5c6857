"""One stack from its start to its end: webhooks in, rows out, a restart, and nothing left behind."""

from __future__ import annotations

import ast
import hashlib
import hmac
import json
import os
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.e2e.conftest import ROOT, Stack, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PHONE = "+13035550177"


#: Straight to the stack, whatever proxy this machine's environment names.
open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def post(url: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], Any]:
    """Status, headers (names in lower case) and the JSON of the answer."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method="POST")  # noqa: S310 - our own
    try:
        with open_url(request, timeout=30) as answer:
            status, reported, text = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        status, reported, text = refusal.code, refusal.headers, refusal.read()
    return status, {name.lower(): value for name, value in reported.items()}, json.loads(text)


def rows(stack: Stack, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.env["HOOKLINE_POSTGRES__DSN"]) as connection:
        return connection.execute(query, values).fetchall()


def post_textlink(stack: Stack, text: str) -> UUID:
    env = stack.env
    fields = {"secret": env["TEXTLINK_SECRET"], "phone_number": PHONE, "text": text, "name": "Dana", "tag": "Warm"}
    status, headers, answer = post(f"{env['INGEST_URL']}/webhooks/textlink/received", json.dumps(fields).encode())
    assert (status, answer, headers["x-durability"]) == (200, {"ok": True}, "kafka")
    return UUID(headers["x-event-id"])


def test_before_it_runs_the_command_says_so(tmp_path: Path) -> None:
    done = Stack(tmp_path).run("env")
    assert done.returncode == 69
    assert "hookline up" in done.stderr


def test_a_textlink_webhook_becomes_rows(stack: Stack) -> None:
    event_id = post_textlink(stack, "from end to end")
    found = "SELECT event_type, provider, contact_phone, payload FROM events WHERE event_id = %s"
    [(event_type, provider, phone, payload)] = eventually(lambda: rows(stack, found, event_id), "the event's row")
    assert (event_type, provider, phone) == ("message.received", "textlink", PHONE)
    assert payload["text"] == "from end to end"
    assert "secret" not in payload
    message = "SELECT direction, state, text FROM messages WHERE contact_phone = %s"
    assert rows(stack, message, PHONE) == [("in", "received", "from end to end")]
    assert rows(stack, "SELECT name, tag FROM contacts WHERE phone = %s", PHONE) == [("Dana", "Warm")]


def test_a_signed_textus_webhook_becomes_a_row_however_often_it_comes(stack: Stack) -> None:
    env = stack.env
    body = (ROOT / "tests" / "payloads" / "textus" / "message.received.json").read_bytes()
    signature = hmac.new(env["TEXTUS_SIGNING_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    url = f"{env['INGEST_URL']}/webhooks/textus"
    answers = [post(url, body, {"X-TextUs-Signature": signature}) for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 200]
    (event_id,) = {headers["x-event-id"] for _, headers, _ in answers}
    last = post_textlink(stack, "after the repeats")
    eventually(lambda: rows(stack, "SELECT FROM events WHERE event_id = %s", last), "the last one's row")
    count = "SELECT count(*) FROM events WHERE event_id = %s"
    eventually(lambda: rows(stack, count, event_id) == [(1,)], "the event's row, once")


def test_what_is_not_authentic_is_refused(stack: Stack) -> None:
    url = stack.env["INGEST_URL"]
    body = json.dumps({"secret": "a guess", "phone_number": PHONE, "text": "let me in"}).encode()
    assert post(f"{url}/webhooks/textlink/received", body)[0] == 401
    assert post(f"{url}/webhooks/textus", b"{}", {"X-TextUs-Signature": "0" * 64})[0] == 401


def test_the_command_tells_how_it_stands(stack: Stack) -> None:
    status = json.loads(stack.hookline("status", "--json"))
    assert status["healthy"], status["problems"]
    beating = {beat["name"] for beat in status["heartbeats"] if beat["state"] == "ready"}
    assert {"ingest", "persist", "opt-out", "crm-sync", "analytics", "gate", "console"} <= beating
    assert json.loads(stack.hookline("send", "textlink", "received", "--count", "20", "--json"))["sent"] == 20
    assert stack.run("dlq", "ls").returncode == 0
    # Nobody can start a second stack in the same home
    assert stack.run("up", "--detach").returncode == 75


def test_a_process_that_is_killed_is_named_with_its_cause_and_comes_back(stack: Stack) -> None:
    """The short form of the drill (make drill)."""

    def status() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(stack.run("status", "--json").stdout)
        return found

    services = json.loads((stack.home / "stack.json").read_text())["services"]
    [pid] = [service["pid"] for service in services if service["name"] == "crm-sync"]
    os.kill(pid, signal.SIGKILL)

    def named() -> list[str]:
        begin = "crm-sync was started again within an hour (1 x)"
        return [text for text in status()["warnings"] if text.startswith(begin)]

    [warning, *_] = eventually(lambda: [text for text in named() if "was ended by SIGKILL" in text], "it is named", 30)
    assert f"see {stack.home / 'logs' / 'crm-sync.log'}" in warning
    eventually(lambda: status()["healthy"], "everything is well again")


def test_a_restart_keeps_everything_and_an_end_leaves_nothing(stack: Stack) -> None:
    # Given a stack with an event in it
    event_id = post_textlink(stack, "before the restart")
    look = "SELECT FROM events WHERE event_id = %s"
    eventually(lambda: rows(stack, look, event_id), "the event's row")
    before = json.loads(stack.hookline("env", "--json"))
    assert len(stack.processes()) > 5, "Kafka, PostgreSQL, and ours"
    # When it is stopped, no process is left
    stack.hookline("down")
    assert not stack.processes()
    assert stack.run("env").returncode == 69
    # And once it is started again, everything is where and as it was, and it goes on
    stack.hookline("up", "--detach")
    assert json.loads(stack.hookline("env", "--json")) == before
    assert rows(stack, look, event_id)
    again = post_textlink(stack, "after the restart")
    eventually(lambda: rows(stack, look, again), "the event's row")
    assert rows(stack, "SELECT count(*) FROM events WHERE event_id = ANY (%s)", [event_id, again]) == [(2,)]


def test_nothing_here_imports_anything_of_ours() -> None:
    ours = {"schemas", "runtime", "ingest", "processors", "deploy", "ops"}
    for file in Path(__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & ours, file
