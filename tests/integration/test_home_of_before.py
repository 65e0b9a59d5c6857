"""`hookline up` in the home of an older version, which was killed while it spooled: everything is brought along.

The older version is the last one with one role for all processes in PostgreSQL, and a Kafka without credentials.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from schemas.privileges import role_of
from tests.older_code import MIGRATIONS, commit_before, extract
from tests.servers.local_stack import LocalStack, post, texts, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: With it came a role for each process; a Kafka principal for each came an hour later.
FIRST_OF_ROLES = MIGRATIONS / "0017_ledger_guard.sql"


def test_a_home_of_an_older_version_comes_up_with_all_it_holds(tmp_path: Path) -> None:
    extract(commit_before(FIRST_OF_ROLES), tmp_path / "code")
    older = LocalStack(tmp_path / "home", code=tmp_path / "code")
    today = LocalStack(tmp_path / "home")
    try:
        # Given a home of then: events in Kafka and PostgreSQL, somebody who has opted out
        before = older.up()
        assert "HOOKLINE_KAFKA__SASL_USERNAME" not in before
        for text in ("hello of then", "STOP"):
            assert post(before, text).headers["X-Durability"] == "kafka"
        until(lambda: texts(before) >= {"hello of then", "STOP"}, "the messages of then did not reach PostgreSQL")
        until(lambda: _state(before) == "out", "the older version did not take the STOP")
        # And a webhook that only the spool has, when everything is killed
        os.kill(older.service("kafka")["pid"], signal.SIGSTOP)
        until(lambda: post(before, "spooled then").headers.get("X-Durability") == "spool", "nothing was spooled")
        _kill(older)

        # When today's version is started in it
        now = today.up()

        # Then what was spooled comes through, and what was there is there, each once
        kept = {"hello of then", "STOP", "spooled then"}
        until(lambda: texts(now) >= kept, "what was spooled did not reach PostgreSQL")
        with psycopg.connect(now["HOOKLINE_POSTGRES__DSN"]) as connection:
            stored = Counter(text for (text,) in connection.execute("SELECT payload->>'text' FROM events"))
            user = connection.execute("SELECT current_user").fetchone()
        assert {text: stored[text] for text in kept} == dict.fromkeys(kept, 1)
        # And who sends webhooks, and who was out, need not do anything
        assert now["TEXTLINK_SECRET"] == before["TEXTLINK_SECRET"]
        assert _state(now) == "out"
        # And every process has a role and a principal of its own from now on
        assert user == (role_of("operator"),)
        assert now["HOOKLINE_KAFKA__SASL_USERNAME"]
        # And a new webhook goes all the way
        assert post(now, "hello of today").headers["X-Durability"] == "kafka"
        until(lambda: "hello of today" in texts(now), "the message of today did not reach PostgreSQL")
        until(lambda: today.run("status").returncode == 0, "the stack is not well")
        assert today.run("opt-outs", "verify").returncode == 0
    finally:
        assert today.run("down").returncode == 0


def _state(environment: Mapping[str, str]) -> str | None:
    with psycopg.connect(environment["HOOKLINE_POSTGRES__DSN"]) as connection:
        row = connection.execute("SELECT state FROM opt_outs WHERE phone = '+15005550006'").fetchone()
    return None if row is None else str(row[0])


def _kill(stack: LocalStack) -> None:
    """As a power cut does."""
    processes = stack.processes()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert psutil.wait_procs(processes, timeout=30)[1] == []
