"""`hookline process pause` and `resume`, on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from ops.__main__ import main
from processors.engine.batch import PartitionId, Span
from processors.engine.progress import Fenced, GroupHalt, Progress
from runtime.kafka.consumer import Partition
from runtime.postgres import connect

GROUP = "hookline-persist"


@pytest.fixture(autouse=True)
def environment(postgres: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["process", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_paused_group_commits_nothing_until_it_is_resumed(postgres: Any, capsys: pytest.CaptureFixture[str]) -> None:
    progress, place = Progress(GROUP), PartitionId("c", uuid4(), 0)
    partition = Partition("t", 0)
    with connect(postgres.dsn("persist"), process="persist") as connection:

        def move(start: int | None, to: int) -> None:
            with connection.transaction():
                progress.move(connection, {partition: Span(place, start, to)})

        move(None, 3)
        # A dry run changes nothing
        code, answer = run(capsys, "pause", "persist", "--reason", "a migration", "--by", "kim", "--dry-run")
        assert (code, answer["paused"]) == (0, "paused by kim until somebody resumes it: a migration")
        move(3, 4)

        assert run(capsys, "pause", "persist", "--reason", "a migration", "--by", "kim")[0] == 0
        paused = GroupHalt("paused by kim until somebody resumes it: a migration", is_pause=True)
        assert progress.stopped_by(connection) == paused
        assert progress.halt(connection) is None
        with pytest.raises(Fenced):
            move(4, 5)
        with pytest.raises(Fenced), connection.transaction():
            progress.move(connection, {Partition("t", 1): Span(PartitionId("c", place.topic_id, 1), None, 1)})
        assert Progress("hookline-opt-out").stopped_by(connection) is None

        code, answer = run(capsys, "resume", "persist", "--by", "lee")
        assert (code, answer["was_paused"]) == (0, True)
        move(4, 5)
    assert run(capsys, "resume", "persist")[0] == 1
    with psycopg.connect(postgres.owner_dsn) as owner:
        rows = owner.execute("SELECT paused_by, reason, resumed_by FROM process_pauses").fetchall()
    assert rows == [("kim", "a migration", "lee")]


def test_a_pause_ends_by_itself(postgres: Any, capsys: pytest.CaptureFixture[str]) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    assert run(capsys, "pause", "persist", "--reason", "x", "--until", until.isoformat())[0] == 0
    with connect(postgres.dsn("persist"), process="persist") as connection:
        pause = Progress(GROUP).stopped_by(connection)
        assert pause is not None
        assert until.isoformat(timespec="seconds") in pause.reason
        with psycopg.connect(postgres.owner_dsn, autocommit=True) as owner:
            owner.execute("UPDATE process_pauses SET paused_until = now() - interval '1 second'")
        assert Progress(GROUP).stopped_by(connection) is None


@pytest.mark.parametrize(
    "words",
    [
        ["pause", "persist"],
        ["pause", "nobody", "--reason", "x"],
        ["pause", "persist", "--reason", "x", "--until", "2020-01-01"],
    ],
)
def test_what_cannot_be_meant_is_refused(words: list[str]) -> None:
    assert main(["process", *words]) == 2
