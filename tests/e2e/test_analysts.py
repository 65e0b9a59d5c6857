"""docs/analysts.md: every block runs as it stands there, as hookline_reader, and says what is true of what was sent."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.analysts_page import (
    BLOCKS,
    PAGE,
    SentHistory,
    environment_for_analysts,
    printed,
    rows,
    run,
    sent_history,
    statement_of_model,
    succeeded,
    tag_changes,
)
from tests.e2e.conftest import Stack, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def analyst(stack: Stack) -> dict[str, str]:
    return environment_for_analysts(stack)


@pytest.fixture(scope="module")
def history(stack: Stack, analyst: dict[str, str]) -> SentHistory:
    return sent_history(stack, analyst)


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


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("model", "block"),
    [
        ("messages_per_day", "per-day"),
        ("responses", "responses"),
        ("sim_failures", "sims"),
        ("opt_out_rates", "opt-outs"),
        ("tag_funnel", "tags"),
    ],
)
def test_the_models_of_dbt_say_what_the_page_says(model: str, block: str, analyst: dict[str, str]) -> None:
    """As far as goes without dbt, which `make analysts` runs: the SQL that it would write."""

    def same() -> bool:
        said, found = rows(analyst, BLOCKS[block][1]), rows(analyst, statement_of_model(model))
        if model == "responses":  # the page asks about all accounts together
            found = [row for row in found if row["account"] is None]
        found = [{name: row[name] for name in said[0]} for row in found]
        return sorted(found, key=str) == sorted(said, key=str)

    eventually(same, "they say the same: events may be stored meanwhile")


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
        *("environment", "complete", "consumer", "sims-from-topic", "without-personal-data"),
        *("export", "duplicates", "sql-export", "sql-both"),
        *("dbt-duckdb", "dbt-postgres", "dbt-exports", "notebook", "connect", "kcat", "spark", "spark-tables"),
    }
