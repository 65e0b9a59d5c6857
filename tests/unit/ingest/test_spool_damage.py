"""A spool whose files are torn or corrupted: what was synced is recovered, the rest set aside, the service starts."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.durable.spool.directory import ServiceDirectory
from ingest.durable.spool.store import Spool
from tests.unit.ingest.spools import LIMIT, numbers, opened, record, spooled

FRAME = 24 + 4096
WAL, MAIN = "spool-1.sqlite-wal", "spool-1.sqlite"


def crashed(directory: Path, groups: list[list[int]], *, size: int = 60, checkpoint: bool = False) -> list[int]:
    """Files as a kill -9 leaves them after `groups` were committed; the sizes that the log had after each."""
    live = directory.with_name("live")
    service, spool = opened(live)
    sizes = []
    for group in groups:
        spool.append([record(number, size=size) for number in group])
        sizes.append((live / WAL).stat().st_size)
    if checkpoint:
        with spool.turn() as turn:
            turn._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    directory.mkdir()
    for file in live.iterdir():
        shutil.copy(file, directory / file.name)
    spool.close()
    service.close()
    shutil.rmtree(live)
    return sizes


def damaged(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.glob("damaged-*"))


def copies(template: Path, where: Path) -> Iterator[Path]:
    """Fresh copies of the files in `template`, for as long as they are asked for."""
    while True:
        shutil.rmtree(where, ignore_errors=True)
        shutil.copytree(template, where)
        yield where


def test_a_crash_loses_nothing(tmp_path: Path) -> None:
    crashed(tmp_path / "spool", [[1], [2, 3], [4]])
    assert spooled(tmp_path / "spool") == [1, 2, 3, 4]
    assert damaged(tmp_path / "spool") == []


def test_a_log_cut_anywhere_keeps_every_group_that_was_synced_before_the_cut(tmp_path: Path) -> None:
    # Given four groups, each synced
    groups = [[1, 2], [3], [4, 5], [6]]
    sizes = crashed(tmp_path / "crashed", groups)
    fresh = copies(tmp_path / "crashed", tmp_path / "spool")
    # When the log is cut at every place of its last two groups (a step of 61 meets every field of a header)
    for cut in [*range(sizes[1], sizes[-1], 61), *range(sizes[2] - 30, sizes[2] + 30)]:
        directory = next(fresh)
        with (directory / WAL).open("rb+") as log:
            log.truncate(cut)
        # Then all groups that lie before the cut are there, in order, and nothing that never was
        found = spooled(directory)
        whole = [number for size, group in zip(sizes, groups, strict=True) if size <= cut for number in group]
        assert found[: len(whole)] == whole, f"cut at {cut}"
        assert set(found) <= {1, 2, 3, 4, 5, 6}


def test_a_bit_flipped_anywhere_in_the_log_costs_at_most_the_row_it_hit(tmp_path: Path) -> None:
    # Given five synced groups of one row each
    sizes = crashed(tmp_path / "crashed", [[1], [2], [3], [4], [5]], size=700)
    fresh = copies(tmp_path / "crashed", tmp_path / "spool")
    # When a byte is flipped, anywhere: headers, checksums, pages, at the tail or in the middle
    chosen = random.Random(7)
    places = [*range(60), *(chosen.randrange(sizes[-1]) for _ in range(150))]
    for place in places:
        directory = next(fresh)
        with (directory / WAL).open("rb+") as log:
            log.seek(place)
            byte = log.read(1)[0]
            log.seek(place)
            log.write(bytes([byte ^ (1 << chosen.randrange(8))]))
        # Then no other row is lost, and the service has started
        found = spooled(directory)
        assert len({1, 2, 3, 4, 5} - set(found)) <= 1, f"flipped at {place}: {found}"
        assert found == sorted(found), f"flipped at {place}"


@pytest.mark.parametrize("what", ["flipped", "zeroed"])
def test_a_damaged_page_of_the_main_file_costs_at_most_its_own_rows(tmp_path: Path, what: str) -> None:
    # Given 60 rows, five on a page, that have been written back into the main file
    crashed(tmp_path / "crashed", [list(range(n, n + 10)) for n in range(0, 60, 10)], size=650, checkpoint=True)
    (tmp_path / "crashed" / WAL).unlink()
    (tmp_path / "crashed" / "spool-1.sqlite-shm").unlink()
    size = (tmp_path / "crashed" / MAIN).stat().st_size
    fresh = copies(tmp_path / "crashed", tmp_path / "spool")
    chosen = random.Random(11)
    for page in range(size // 4096):
        directory = next(fresh)
        with (directory / MAIN).open("rb+") as main:
            for _ in range(20):
                main.seek(page * 4096 + chosen.randrange(4096 - 200))
                main.write(bytes([chosen.randrange(256)]) if what == "flipped" else bytes(200))
        with closing(ServiceDirectory(directory, reserve=0)), closing(Spool(directory, limit=LIMIT)) as spool:
            found = numbers(spool)  # damage that the start did not see is found by whoever reads
            assert len(set(range(60)) - set(found)) <= 6, f"page {page}"
            # And the spool goes on taking records
            spool.append([record(1_000)])
            assert numbers(spool)[-1] == 1_000


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (MAIN, b""),
        (MAIN, b"nothing of SQLite's"),
        (MAIN, bytes(8192)),
        (MAIN, random.Random(1).randbytes(50_000)),
        (WAL, b""),
        (WAL, bytes(8192)),
        (WAL, random.Random(2).randbytes(50_000)),
        ("spool-1.sqlite-shm", random.Random(3).randbytes(32_768)),
        ("state", b""),
        ("state", random.Random(4).randbytes(128)),
    ],
)
def test_the_service_starts_whatever_the_files_look_like(tmp_path: Path, file: str, content: bytes) -> None:
    crashed(tmp_path / "spool", [[1], [2]])
    (tmp_path / "spool" / file).write_bytes(content)
    found = spooled(tmp_path / "spool")
    if file in (MAIN, "state", "spool-1.sqlite-shm"):  # the log has them all
        assert found == [1, 2]
    # And it works
    service, spool = opened(tmp_path / "spool")
    spool.append([record(3)])
    assert numbers(spool)[-1] == 3
    spool.close()
    service.close()


def test_what_is_damaged_is_set_aside_with_an_alarm_in_the_shared_state(tmp_path: Path) -> None:
    crashed(tmp_path / "spool", [[1], [2], [3]])
    with (tmp_path / "spool" / WAL).open("rb+") as log:
        log.seek(32 + 24 + 100)
        log.write(b"damage")
    service, spool = opened(tmp_path / "spool")
    assert service.state.damaged == 1
    assert [name.endswith((MAIN, WAL)) for name in damaged(tmp_path / "spool")] == [True, True]
    assert oct((tmp_path / "spool" / "spool-2.sqlite").stat().st_mode & 0o777) == "0o600"
    assert set(numbers(spool)) >= {2, 3}
    spool.close()
    service.close()


def test_rows_larger_than_a_page_are_recovered(tmp_path: Path) -> None:
    crashed(tmp_path / "spool", [[1], [2], [3]], size=20_000)
    with (tmp_path / "spool" / WAL).open("rb+") as log:  # the first frame: SQLite reads no further
        log.seek(32 + 24 + 100)
        log.write(b"damage")
    assert len({1, 2, 3} - set(spooled(tmp_path / "spool"))) <= 1


def test_a_rescue_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    # Given a damaged file, and the file that a rescue had begun to fill when the power went
    crashed(tmp_path / "spool", [[1], [2]])
    service, spool = opened(tmp_path / "other")
    spool.append([record(1)])
    spool.close()
    service.close()
    shutil.copy(tmp_path / "other" / MAIN, tmp_path / "spool" / "spool-2.sqlite")
    # Then all rows are there once
    assert spooled(tmp_path / "spool") == [1, 2]
    assert spooled(tmp_path / "spool") == [1, 2]


def test_damage_while_running_is_rescued_by_whoever_meets_it(tmp_path: Path) -> None:
    # Given two workers on one spool
    service, spool = opened(tmp_path / "spool")
    other = Spool(tmp_path / "spool", limit=LIMIT)
    spool.append([record(number, size=700) for number in range(20)])
    assert numbers(other) == list(range(20))
    # When a row of the file is damaged under them
    with spool.turn() as turn:
        turn._connection.execute("UPDATE records SET body = zeroblob(length(body)) WHERE id = 5")
    # Then the one that reads rescues them all, for the log still has the row as it was written
    assert numbers(spool) == list(range(20))
    # And both go on in the new file
    other.append([record(99)])
    assert numbers(spool) == [*range(20), 99]
    assert (spool.state.records, spool.state.damaged) == (21, 1)
    for opened_spool in (spool, other):
        opened_spool.close()
    service.close()


def test_a_transaction_that_a_crash_cut_short_is_no_damage(tmp_path: Path) -> None:
    sizes = crashed(tmp_path / "spool", [[1], [2, 3]])
    with (tmp_path / "spool" / WAL).open("rb+") as log:
        log.truncate(sizes[1] - FRAME)  # without its commit frame
    found = spooled(tmp_path / "spool")
    assert found[0] == 1
    assert damaged(tmp_path / "spool") == []
