"""docs/analysts.md: every block runs as it stands there, as hookline_reader, and says what is true of what was sent."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def history(stack: Stack, analyst: dict[str, str]) -> SentHistory:
    """A month with an account at TextLink and two at TextUs; all of it is stored."""
    if datetime.now(UTC) + timedelta(minutes=10) >= datetime.now(UTC).replace(hour=0, minute=0) + timedelta(days=1):
        pytest.skip("the page asks about the days before today, and today is about to end")
    before, began = tag_changes(analyst), datetime.now(UTC)
    answer = json.loads(stack.hookline("send", "--days", "30", "--accounts", "2", "--seed", "16", "--json"))
    sent = SentHistory(answer["truth"], answer["answers"].get("200 spool", 0), began, datetime.now(UTC), before)
    assert sum(sent.timed.values()) > 1000
    eventually(lambda: sent.stored(analyst) == sent.timed, "the history is stored", 120.0)
    return sent


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


def test_messages_per_day_and_account(analyst: dict[str, str], history: SentHistory) -> None:
    found = rows(analyst, BLOCKS["per-day"][1])
    in_time = [row | {"day": row["day"].isoformat()} for row in found]
    begin, end = history.truth["since"][:10], history.truth["until"][:10]
    of_history = [row for row in in_time if begin <= row["day"] < end and row["messages_in"] + row["messages_out"]]
    assert of_history == history.truth["per_day"]


def test_response_rate_and_time(analyst: dict[str, str], history: SentHistory) -> None:
    [found] = rows(analyst, BLOCKS["responses"][1])
    assert found["response_rate"] == pytest.approx(history.truth["response_rate"])
    assert found["median_seconds"] == pytest.approx(history.truth["median_seconds"])


def test_failures_of_each_sim_are_the_same_from_the_table_and_from_the_topic(
    analyst: dict[str, str], history: SentHistory
) -> None:
    truth = {sim: (count["messages_out"], count["failed"]) for sim, count in history.truth["sims"].items()}
    table = {row["sim_card_id"]: (row["messages_out"], row["failed"]) for row in rows(analyst, BLOCKS["sims"][1])}
    assert {sim: table.get(sim) for sim in truth} == truth

    def from_topic() -> dict[str, tuple[int, int]]:
        lines = [line.split() for line in printed(analyst, "sims-from-topic").splitlines()]
        return {sim: (int(sent), int(failed)) for sim, sent, failed, _ in lines if sim in truth}

    eventually(lambda: from_topic() == truth, "the topic has the state of every message", 120.0)


def test_opt_out_rate_over_thirty_days(analyst: dict[str, str], history: SentHistory) -> None:
    def found() -> list[dict[str, Any]]:
        counted = [row for row in rows(analyst, BLOCKS["opt-outs"][1]) if row["texted"]]
        texted = [
            {name: row[name] for name in ("provider", "account", "texted")} | {"opt_outs": int(row["opt_outs"] or 0)}
            for row in counted
        ]
        return sorted(texted, key=lambda row: (row["provider"], row["account"]))

    eventually(lambda: found() == history.truth["opt_outs"], "every opt-out is in the ledger")


def test_which_tag_follows_which(analyst: dict[str, str], history: SentHistory) -> None:
    truth = Counter({(row["previous_tag"], row["tag"]): row["changes"] for row in history.truth["tags"]})
    eventually(lambda: tag_changes(analyst) - history.tags_before == truth, "the tags that came last are stored")


def test_the_message_of_an_event(analyst: dict[str, str], history: SentHistory) -> None:
    found = rows(analyst, BLOCKS["message-of-event"][1])
    begun = Counter(row["first_at"].astimezone(UTC) for row in found)
    assert begun == Counter(datetime.fromisoformat(first_at) for first_at in history.truth["failures"].values())
    assert {row["state"] for row in found} == {"failed"}


def test_all_events_of_one_message(analyst: dict[str, str], history: SentHistory) -> None:
    assert history.truth
    found = rows(analyst, BLOCKS["one-message"][1])
    assert len(found) == 20
    assert all(row["topic"] == "sms.messages.v1" and row["offset"] >= 0 for row in found)


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


def test_the_hour_that_was_sent_becomes_complete_and_then_nothing_lacks(
    analyst: dict[str, str], history: SentHistory, tmp_path: Path
) -> None:
    assert succeeded(run(analyst, "complete", tmp_path))  # as it stands: about yesterday
    ended = (history.sent_at + timedelta(seconds=1)).isoformat(timespec="seconds")
    yesterday = BLOCKS["complete"][1].split("--at ")[1].rpartition(" || true")[0]
    eventually(
        lambda: run(analyst, "complete", tmp_path, **{yesterday: ended}).stdout.startswith("complete"),
        "what was sent is complete",
        150.0,
    )
    assert history.stored(analyst) == history.timed

    # Then repeats are on the topics too, and an export from the first webhook on has removed them
    from_its_begin = {'"$(date -u +%F)"': history.began_at.isoformat()}
    succeeded(run(analyst, "export", tmp_path, **from_its_begin))
    repeats = history.truth["repeats"]
    assert repeats <= int(succeeded(run(analyst, "duplicates", tmp_path))) <= repeats + history.spooled
    in_files = {
        line.split(",")[0]: int(line.split(",")[1])
        for line in succeeded(run(analyst, "sql-export", tmp_path)).splitlines()[1:]
    }
    assert in_files == {name: count for name, count in history.timed.items() if name.startswith("message.")}


@pytest.mark.usefixtures("history")
def test_the_reader_of_a_topic_prints_every_event_once_and_again_on_its_second_run(analyst: dict[str, str]) -> None:
    first, second = printed(analyst, "consumer"), printed(analyst, "consumer")
    [(events,)] = [
        tuple(rows(analyst, "SELECT count(*) FROM analytics.events WHERE topic = 'sms.messages.v1'")[0].values())
    ]
    assert int(first.splitlines()[-1].split()[0]) >= int(events) > 0
    assert len(first.splitlines()) == int(first.splitlines()[-1].split()[0]) + 1
    assert second.splitlines()[-1] == first.splitlines()[-1]


@pytest.mark.usefixtures("history")
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


@pytest.mark.usefixtures("history")
def test_a_day_is_exported_once_and_the_files_say_what_postgresql_says(analyst: dict[str, str], tmp_path: Path) -> None:
    succeeded(run(analyst, "export", tmp_path))
    first = succeeded(run(analyst, "sql-export", tmp_path))
    counted = {line.split(",")[0]: int(line.split(",")[1]) for line in first.splitlines()[1:]}
    query = (
        "SELECT event_type, count(*) AS events FROM analytics.events"
        " WHERE topic = 'sms.messages.v1' AND NOT is_test GROUP BY event_type"
    )
    eventually(
        lambda: {row["event_type"]: row["events"] for row in rows(analyst, query)} == counted, "the files say the same"
    )
    both = succeeded(run(analyst, "sql-both", tmp_path)).splitlines()[1]
    assert both == f"0,{sum(counted.values())}"
    # Again: nothing is new, and nothing is there twice
    succeeded(run(analyst, "export", tmp_path))
    assert succeeded(run(analyst, "sql-export", tmp_path)) == first


def test_every_block_is_run_or_named_as_one_that_needs_a_tool_of_its_own() -> None:
    assert PAGE.count("<!-- run:") == len(BLOCKS)
    assert {name for name, (language, _) in BLOCKS.items() if language != "sql"} == {
        *("environment", "complete", "consumer", "sims-from-topic", "without-personal-data", "spark"),
        *("export", "duplicates", "sql-export", "sql-both"),
    }
