"""Whatever stands in `<spool>/counts`, the node's counts are reported as far as they can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingest.node.count_report import CountReport
from ingest.node.minute_counts import _SLOT, MinuteCounts, count_files, read_counts
from runtime import logs

EPOCH = "20260101T000000.000000Z-12"
MINUTE = 29_000_000
SOUND = _SLOT.pack(MINUTE, b"sms.messages.v1", False, 3, 1, 3)


class Postgres:
    """The part of a connection that a report uses."""

    def __init__(self) -> None:
        self.closed = False
        self.reported: list[tuple[str, int]] = []  #: epoch and number of each file
        self.refuses: dict[int, Exception] = {}

    def execute(self, _statement: str, values: Any) -> None:
        _, number, epochs, *_ = values
        if number in self.refuses:
            raise self.refuses[number]
        self.reported += [(epoch, number) for epoch in epochs]


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    folder = tmp_path / "counts"
    folder.mkdir()
    (folder / f"{EPOCH}.000001").write_bytes(SOUND)
    return folder


@pytest.fixture
def postgres() -> Postgres:
    return Postgres()


def report(tmp_path: Path, postgres: Postgres, times: int = 1) -> None:
    telling = CountReport("n1", tmp_path, monotonic=iter(range(0, 10_000, 5)).__next__)
    for _ in range(times):
        telling(postgres)  # type: ignore[arg-type] # the part of a Connection that it uses


@pytest.mark.parametrize(
    "name",
    [
        f"{EPOCH}.000001~",  # an editor's copy
        f"{EPOCH}.000001.bak",
        f"{EPOCH}.000001.gz",
        f"{EPOCH}.99999999999",  # more than the column holds
        "\udcff.000002",  # no text in any charset
        "readme",
    ],
)
def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path, counts: Path, postgres: Postgres, name: str) -> None:
    (counts / name).write_bytes(SOUND)
    report(tmp_path, postgres)
    assert postgres.reported == [(EPOCH, 1)]


@pytest.mark.parametrize(
    "slot",
    [
        (2**60, b"sms.calls.v1", False, 3, 1, 3),  # a minute that no calendar has
        (2**64 - 1, b"sms.calls.v1", False, 3, 1, 3),
        (7, b"sms.calls.v1", False, 3, 1, 3),  # 1970
        (MINUTE, b"sms.calls.v1", False, 2**63, 1, 3),  # more than a bigint holds
        (MINUTE, b"sms.calls.v1", False, 3, 1, 2**64 - 1),
        (MINUTE, b"a\x00b", False, 3, 1, 3),  # what PostgreSQL takes in no text
        (MINUTE, b"\xff\xfe", False, 3, 1, 3),
    ],
)
def test_a_damaged_count_is_left_out_and_the_rest_of_its_file_is_reported(
    tmp_path: Path, counts: Path, postgres: Postgres, slot: tuple[Any, ...]
) -> None:
    (counts / f"{EPOCH}.000001").write_bytes(_SLOT.pack(*slot) + SOUND)
    report(tmp_path, postgres)
    assert postgres.reported == [(EPOCH, 1)]


def test_what_is_left_out_is_logged_once(
    tmp_path: Path, counts: Path, postgres: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("ingest")
    (counts / f"{EPOCH}.000001~").write_bytes(SOUND)
    report(tmp_path, postgres, times=5)
    assert capsys.readouterr().err.count("counts_left_out") == 1


@pytest.mark.parametrize(
    "refusal",
    [psycopg.errors.NumericValueOutOfRange(), psycopg.DataError("NUL"), UnicodeEncodeError("u", "", 0, 1, "")],
)
def test_a_file_that_postgresql_refuses_keeps_no_other_up(
    tmp_path: Path, counts: Path, postgres: Postgres, refusal: Exception
) -> None:
    # Given more files that PostgreSQL refuses than are read at once, newer than the one that it takes
    for number in range(2, 9):
        (counts / f"{EPOCH}.{number:06}").write_bytes(SOUND)
        postgres.refuses[number] = refusal
    # Then the one is reported all the same
    report(tmp_path, postgres, times=3)
    assert postgres.reported == [(EPOCH, 1)]


def test_a_folder_with_the_name_of_a_file_keeps_no_other_up(tmp_path: Path, counts: Path, postgres: Postgres) -> None:
    (counts / f"{EPOCH}.000002").mkdir()
    report(tmp_path, postgres)
    assert postgres.reported == [(EPOCH, 1)]


def test_a_connection_that_is_gone_is_told_to_whoever_opened_it(
    tmp_path: Path, counts: Path, postgres: Postgres
) -> None:
    postgres.refuses[1] = psycopg.OperationalError("gone")
    with pytest.raises(psycopg.OperationalError):
        report(tmp_path, postgres)


def test_what_a_worker_writes_is_sound(tmp_path: Path) -> None:
    MinuteCounts(tmp_path, EPOCH).add(MINUTE, "sms.messages.v1", True, 7)
    [file] = count_files(tmp_path)
    assert [count.is_sound for count in read_counts(file)] == [True]
