"""docs/analysts.md for its tests: the blocks, what runs them, and a history whose truth is known."""

from __future__ import annotations

import datetime as datetime_module
import json
import os
import re
import shlex
import subprocess
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
import psycopg
import pytest
import yaml
from psycopg.rows import dict_row

from tests.e2e.conftest import BIN, ROOT, TIME_LIMIT, Stack, eventually

PAGE = (ROOT / "docs" / "analysts.md").read_text("utf-8")
_BLOCK = re.compile(r"^<!-- run: ([\w-]+) -->\n```(sh|python|sql)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = {name: (language, text) for name, language, text in _BLOCK.findall(PAGE)}


def environment_for_analysts(stack: Stack) -> dict[str, str]:
    """What the first block leaves in the environment."""
    text = BLOCKS["environment"][1].replace(".venv/bin/", f"{shlex.quote(str(BIN))}/")
    done = subprocess.run(
        ["bash", "-c", f"set -eu\n{text}\nenv"], env=stack.environment, capture_output=True, text=True, check=True
    )
    printed = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert "hookline_reader" in printed["HOOKLINE_POSTGRES__DSN"]
    return printed


@dataclass(frozen=True)
class SentHistory:
    """A made-up month that was posted to the stack, and what the command that made it says of it."""

    truth: dict[str, Any]
    spooled: int  #: webhooks that ingest kept in its spool: Kafka may have them twice
    began_at: datetime  #: none of it was sent before
    sent_at: datetime  #: all of it was answered before
    tags_before: Counter[tuple[str | None, str | None]]  #: tag changes that others had sent before

    @property
    def timed(self) -> Counter[str]:
        """Events by type, but for those whose webhooks carry no time."""
        return Counter(self.truth["events"]) - Counter(
            {"contact.tag_changed": self.truth["events"]["contact.tag_changed"]}
        )

    def stored(self, analyst: dict[str, str]) -> Counter[str]:
        """How many of them PostgreSQL has."""
        query = """
            SELECT event_type, count(*) FROM analytics.events
            WHERE occurred_at >= %s::timestamptz - interval '1 hour' AND occurred_at < %s GROUP BY event_type"""
        return Counter(
            {row["event_type"]: row["count"] for row in rows(analyst, query, self.truth["since"], self.truth["until"])}
        )


def sent_history(stack: Stack, analyst: dict[str, str]) -> SentHistory:
    """A month with an account at TextLink and two at TextUs; all of it is stored."""
    if datetime.now(UTC) + timedelta(minutes=10) >= datetime.now(UTC).replace(hour=0, minute=0) + timedelta(days=1):
        pytest.skip("the page asks about the days before today, and today is about to end")
    before, began = tag_changes(analyst), datetime.now(UTC)
    answer = json.loads(stack.hookline("send", "--days", "30", "--accounts", "2", "--seed", "16", "--json"))
    sent = SentHistory(answer["truth"], answer["answers"].get("200 spool", 0), began, datetime.now(UTC), before)
    assert sum(sent.timed.values()) > 1000
    eventually(lambda: sent.stored(analyst) == sent.timed, "the history is stored", 120.0)
    return sent


def statement_of_model(name: str) -> str:
    """The SQL of a model of the dbt project, as dbt writes it for PostgreSQL: without dbt, by what its text uses."""
    project = ROOT / "deploy" / "analytics" / "dbt"
    text = "".join((project / file).read_text("utf-8") for file in ("macros/window.sql", f"models/{name}.sql"))
    variables = yaml.safe_load((project / "dbt_project.yml").read_text("utf-8"))["vars"]
    return jinja2.Template(text).render(
        modules={"datetime": datetime_module},
        run_started_at=datetime.now(UTC),
        analytics=lambda view: f"analytics.{view}",
        var=variables.__getitem__,
    )


def tag_changes(analyst: dict[str, str]) -> Counter[tuple[str | None, str | None]]:
    """What the block `tags` says."""
    return Counter({(row["previous_tag"], row["tag"]): row["changes"] for row in rows(analyst, BLOCKS["tags"][1])})


def rows(analyst: dict[str, str], statement: str, *values: str) -> list[dict[str, Any]]:
    with psycopg.connect(analyst["HOOKLINE_POSTGRES__DSN"], row_factory=dict_row) as connection:
        return connection.execute(statement, values or None).fetchall()


def printed(analyst: dict[str, str], name: str) -> str:
    """What the Python block called `name` prints."""
    done = subprocess.run(
        [str(BIN / "python"), "-"],
        input=BLOCKS[name][1],
        env=os.environ | analyst,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(analyst: dict[str, str], name: str, out: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """The shell block called `name`, with `out` as its EXPORT_DIR and what `changes` names put in place of it."""
    text = BLOCKS[name][1].replace(".venv/bin/", f"{shlex.quote(str(BIN))}/")
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    environment = os.environ | analyst | {"EXPORT_DIR": str(out)}
    return subprocess.run(
        ["bash", "-euc", text], env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
    )


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    """What it printed."""
    assert done.returncode == 0, done.stderr
    return done.stdout
