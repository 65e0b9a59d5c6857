"""docs/analysts.md: every block runs as it stands there, as hookline_reader, and says what was sent."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.e2e.conftest import BIN, ROOT, TIME_LIMIT, Stack, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PAGE = (ROOT / "docs" / "analysts.md").read_text("utf-8")
_BLOCK = re.compile(r"^<!-- run: ([\w-]+) -->\n```(sh|python|sql)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = {name: (language, text) for name, language, text in _BLOCK.findall(PAGE)}


@pytest.fixture(scope="module")
def analyst(stack: Stack) -> dict[str, str]:
    """What the first block leaves in the environment, and some traffic."""
    text = BLOCKS["environment"][1].replace(".venv/bin/", f"{shlex.quote(str(BIN))}/")
    done = subprocess.run(
        ["bash", "-c", f"set -eu\n{text}\nenv"], env=stack.environment, capture_output=True, text=True, check=True
    )
    printed = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    for kind in ("received", "sent", "failed"):
        sending = [f"{BIN}/hookline", "send", "textlink", kind, "--count", "20", "--seed", "5"]
        subprocess.run(sending, env=stack.environment, check=True, capture_output=True, timeout=TIME_LIMIT)
    assert "hookline_reader" in printed["HOOKLINE_POSTGRES__DSN"]
    eventually(lambda: bool(rows(printed, "SELECT FROM analytics.messages")), "messages are there")
    return printed


def rows(analyst: dict[str, str], statement: str) -> list[dict[str, Any]]:
    with psycopg.connect(analyst["HOOKLINE_POSTGRES__DSN"], row_factory=dict_row) as connection:
        return connection.execute(statement).fetchall()


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


@pytest.mark.parametrize("name", [name for name, (language, _) in BLOCKS.items() if language == "sql"])
def test_a_question_has_an_answer(analyst: dict[str, str], name: str) -> None:
    found = rows(analyst, BLOCKS[name][1])
    if name != "tags":  # nobody's tag need have changed
        eventually(lambda: bool(rows(analyst, BLOCKS[name][1])), f"the block {name} answers")
    assert all(isinstance(row, dict) for row in found)


def test_the_question_whether_an_hour_is_complete_is_answered(analyst: dict[str, str]) -> None:
    def complete() -> str:
        text = BLOCKS["complete"][1].replace(".venv/bin/", f"{shlex.quote(str(BIN))}/")
        done = subprocess.run(
            ["bash", "-c", text], env=os.environ | analyst, capture_output=True, text=True, check=False
        )
        return done.stdout

    eventually(lambda: complete().startswith("complete"), "a day ago is complete", 120.0)


def test_the_reader_of_a_topic_prints_every_event_once_and_again_on_its_second_run(analyst: dict[str, str]) -> None:
    first, second = printed(analyst, "consumer"), printed(analyst, "consumer")
    [(events,)] = [
        tuple(rows(analyst, "SELECT count(*) FROM analytics.events WHERE topic = 'sms.messages.v1'")[0].values())
    ]
    assert int(first.splitlines()[-1].split()[0]) >= int(events) > 0
    assert len(first.splitlines()) == int(first.splitlines()[-1].split()[0]) + 1
    assert second.splitlines()[-1] == first.splitlines()[-1]


def test_the_topic_without_personal_data_counts_what_was_sent_and_names_nobody(analyst: dict[str, str]) -> None:
    name = "without-personal-data"

    def counted() -> str:
        """The last line that the block is to print, by what PostgreSQL has at the moment."""
        [events] = rows(analyst, "SELECT count(*) FROM analytics.events WHERE topic = 'sms.messages.v1'")
        [wrote] = rows(analyst, "SELECT count(DISTINCT contact_phone) FROM analytics.messages WHERE direction = 'in'")
        return f"{events['count']} events of {wrote['count']} contacts who wrote"

    eventually(lambda: printed(analyst, name).splitlines()[-1] == counted(), "the topic has what PostgreSQL has")
    shown = printed(analyst, name)
    phones = {row["contact_phone"] for row in rows(analyst, "SELECT DISTINCT contact_phone FROM analytics.messages")}
    assert len(shown.splitlines()) > 1
    assert phones
    assert not [phone for phone in phones if phone.removeprefix("+1") in shown]


def test_a_day_is_exported_once_and_the_files_say_what_postgresql_says(analyst: dict[str, str], tmp_path: Path) -> None:
    def run(name: str) -> str:
        text = BLOCKS[name][1].replace(".venv/bin/", f"{shlex.quote(str(BIN))}/")
        environment = os.environ | analyst | {"EXPORT_DIR": str(tmp_path / "out")}
        done = subprocess.run(
            ["bash", "-euc", text], env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("export")
    first = run("sql-export")
    counted = {line.split(",")[0]: int(line.split(",")[1]) for line in first.splitlines()[1:]}
    query = (
        "SELECT event_type, count(*) AS events FROM analytics.events"
        " WHERE topic = 'sms.messages.v1' AND NOT is_test GROUP BY event_type"
    )
    eventually(
        lambda: {row["event_type"]: row["events"] for row in rows(analyst, query)} == counted, "the files say the same"
    )
    assert run("sql-both").splitlines()[1] == f"0,{sum(counted.values())}"
    assert int(run("duplicates")) >= 0
    # Again: nothing is new, and nothing is there twice
    run("export")
    assert run("sql-export") == first


def test_every_block_is_run_or_named_as_one_that_needs_a_tool_of_its_own() -> None:
    assert PAGE.count("<!-- run:") == len(BLOCKS)
    assert {name for name, (language, _) in BLOCKS.items() if language != "sql"} == {
        *("environment", "complete", "consumer", "without-personal-data", "spark"),
        *("export", "duplicates", "sql-export", "sql-both"),
    }
