"""The spool: durable before it returns, in order, bounded, and honest about what it could not do."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.durable.spool import database
from ingest.durable.spool.database import SpoolFull, SpoolUnavailable
from ingest.durable.spool.directory import InUse, ServiceDirectory, give_reserve, keep_reserve
from ingest.durable.spool.gauges import SpoolGauges
from ingest.durable.spool.row import DamagedRow, packed, unpacked
from ingest.durable.spool.store import Spool
from runtime.kafka.producer import OutgoingRecord
from runtime.settings import ConfigurationError
from tests.unit.ingest.spools import LIMIT, number_of, numbers, opened, record

records = st.builds(
    OutgoingRecord,
    topic=st.text(min_size=1, max_size=40),
    key=st.none() | st.binary(max_size=40),
    value=st.binary(max_size=300),
    headers=st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=40)), max_size=8),
)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    service, spool = opened(tmp_path / "spool")
    service.state.spooling = 0  # as after Kafka has answered
    yield spool
    spool.close()
    service.close()


class FailingConnection(sqlite3.Connection):
    """Raises what it is told when a statement begins with `on`."""

    on: str | None = None
    error: Callable[[], Exception] = RuntimeError

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if type(self).on and sql.startswith(str(type(self).on)):
            raise type(self).error()
        return super().execute(sql, *arguments)


def io_error() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"
    return error


@given(records, st.integers(0, 2**63))
def test_a_row_comes_back_as_it_was(sent: OutgoingRecord, at: int) -> None:
    row = unpacked(7, packed(sent, at))
    assert (row.id, row.at, row.record) == (7, at, sent)


@given(records, st.data())
def test_a_row_with_any_byte_changed_or_missing_is_damaged(sent: OutgoingRecord, data: st.DataObject) -> None:
    body = bytearray(packed(sent, 1))
    place = data.draw(st.integers(0, len(body) - 1))
    changed = data.draw(st.integers(1, 255))
    cut = bytes(body[:place])
    body[place] ^= changed
    for damaged in (bytes(body), cut):
        with pytest.raises(DamagedRow):
            unpacked(1, damaged)


def test_records_come_out_in_the_order_they_came_and_stay_until_removed(spool: Spool) -> None:
    spool.append([record(1), record(2)])
    spool.append([record(3)])
    assert numbers(spool) == [1, 2, 3]
    with spool.turn() as turn:
        [first, second] = turn.first(2)
        turn.remove([second])
        assert [number_of(row.record) for row in turn.first(10)] == [1, 3]
        assert [number_of(row.record) for row in turn.first(10, after=first.id)] == [3]


def test_first_is_bounded_in_bytes_and_skips_topics(spool: Spool) -> None:
    spool.append([record(n, size=1_000, topic="a" if n % 2 else "ab") for n in range(10)])
    with spool.turn() as turn:
        assert len(turn.first(100, most_bytes=2_500)) == 3
        assert [number_of(row.record) for row in turn.first(100, without=["a"])] == [0, 2, 4, 6, 8]
        assert turn.first(100, without=["a", "ab"]) == []


def test_every_worker_sees_that_events_queue_before_append_returns(tmp_path: Path, spool: Spool) -> None:
    other = Spool(spool.directory, limit=LIMIT)
    assert not other.spooling
    seen_at_commit = []

    class Watching(sqlite3.Connection):
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            if sql == "COMMIT":
                seen_at_commit.append(other.spooling)
            return super().execute(sql, *arguments)

    watched = Spool(spool.directory, limit=LIMIT, connect=lambda file: _connect(file, Watching))
    watched.append([record(1)])
    assert seen_at_commit == [True], "an answer must not come before the flag"
    assert numbers(other) == [1]
    watched.close()
    other.close()


def _connect(file: Path, factory: type[sqlite3.Connection]) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, check_same_thread=False, factory=factory)


def test_what_only_queued_behind_others_is_given_back_once_they_are_gone(spool: Spool) -> None:
    assert not spool.append([record(1)], only_while_spooling=True)
    assert spool.append([record(2)])
    assert spool.append([record(3)], only_while_spooling=True)
    with spool.turn() as turn:
        assert not turn.hand_back(), "not while something waits"
        turn.remove(turn.first(10))
        assert turn.hand_back()
    assert not spool.append([record(4)], only_while_spooling=True)
    assert numbers(spool) == []


@pytest.mark.parametrize("statement", ["BEGIN", "COMMIT"])
def test_after_a_failed_write_nobody_is_told_that_it_happened(tmp_path: Path, statement: str) -> None:
    # Given a disk that fails
    class Failing(FailingConnection):
        error = staticmethod(io_error)

    service = ServiceDirectory(tmp_path / "spool", reserve=0)
    spool = Spool(tmp_path / "spool", limit=LIMIT, connect=lambda file: _connect(file, Failing))
    spool.append([record(1)])
    Failing.on = statement
    # When an event comes, it is refused
    with pytest.raises(SpoolUnavailable, match="spool_failed_ioerr_fsync"):
        spool.append([record(2)])
    assert spool.state.failing == 1
    assert not spool.works(), "it is tried out, and still fails"
    # And once the disk is well again, it works with what it had
    Failing.on = None
    assert spool.works()
    assert spool.state.failing == 0
    spool.append([record(3)])
    assert numbers(spool) == [1, 3]
    assert spool.state.records == 2
    spool.close()
    service.close()


def test_the_limit_holds_and_room_made_is_room_again(tmp_path: Path) -> None:
    service, spool = opened(tmp_path / "spool", limit=40 * 4096)
    taken = fill(spool)
    assert 20 < taken < 160
    assert numbers(spool) == list(range(taken)), "what was taken before is kept"
    with spool.turn() as turn:
        turn.remove(turn.first(taken // 2))
    spool.append([record(5_000)])
    assert numbers(spool)[-1] == 5_000
    spool.close()
    service.close()


def fill(spool: Spool) -> int:
    """Append until the spool is full; how many it took."""
    for taken in range(1_000):
        try:
            spool.append([record(taken, size=1_000)])
        except SpoolFull as full:
            assert str(full) == "spool_full"  # noqa: PT017 - what was taken before counts, too
            return taken
    pytest.fail("it has no limit")


def test_it_is_nobody_elses_business(spool: Spool) -> None:
    spool.append([record(1)])
    assert stat.S_IMODE(spool.directory.stat().st_mode) == 0o700
    for file in spool.directory.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_a_second_service_is_refused_by_name(tmp_path: Path) -> None:
    service, spool = opened(tmp_path / "spool")
    with pytest.raises(InUse, match=r"HOOKLINE_INGEST__SPOOL_DIR.*another ingest service"):
        ServiceDirectory(tmp_path / "spool", reserve=0)
    spool.close()
    service.close()
    again, spool = opened(tmp_path / "spool")
    spool.close()
    again.close()


def test_a_directory_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="HOOKLINE_INGEST__SPOOL_DIR"):
        ServiceDirectory(tmp_path / "file" / "spool", reserve=0)


def test_what_kafka_refused_for_good_is_kept_aside_and_can_be_queued_again(spool: Spool) -> None:
    spool.append([record(1), record(2), record(3)])
    with spool.turn() as turn:
        turn.set_aside([(turn.first(1)[0], "MessageSizeTooLargeError")])
        turn.keep_refused(record(9), "TopicAuthorizationFailedError")
        assert [(number_of(refused.row.record), refused.reason) for refused in turn.refused(10)] == [
            (9, "TopicAuthorizationFailedError"),
            (1, "MessageSizeTooLargeError"),
        ]
    assert (numbers(spool), spool.state.records, spool.state.refused) == ([2, 3], 2, 2)
    assert spool.in_turn(lambda turn: turn.requeue_refused()) == 2
    assert (numbers(spool), spool.state.records, spool.state.refused) == ([2, 3, 1, 9], 4, 0)


def test_counts_survive_a_restart(tmp_path: Path) -> None:
    service, spool = opened(tmp_path / "spool")
    spool.append([record(1), record(2)])
    spool.in_turn(lambda turn: turn.keep_refused(record(3), "x"))
    before = (spool.state.records, spool.state.bytes, spool.state.oldest, spool.state.refused)
    spool.close()
    service.close()
    service, spool = opened(tmp_path / "spool")
    assert (spool.state.records, spool.state.bytes, spool.state.oldest, spool.state.refused) == before
    assert spool.spooling
    spool.close()
    service.close()


def test_the_gauges_tell_the_shared_state(spool: Spool) -> None:
    spool.append([record(1), record(2)])
    families = {
        family.name: family.samples[0].value
        for family in SpoolGauges(
            spool.state, spool.directory, 1_000_000, lambda: spool.state.oldest / 1e6 + 5
        ).collect()
    }
    disk = shutil.disk_usage(spool.directory)
    assert families["hookline_spool_limit_bytes"] == 1_000_000
    assert 0 < families["hookline_spool_disk_free_bytes"] <= disk.total
    assert families["hookline_spool_records"] == 2
    assert families["hookline_spool_bytes"] == spool.state.bytes > 0
    assert families["hookline_spool_oldest_age_seconds"] == pytest.approx(5)
    assert families["hookline_spooling"] == families["hookline_spool_unseen"] == 1


def test_after_an_outage_the_disk_gets_its_space_back(spool: Spool) -> None:
    spool.append([record(n, size=1_000) for n in range(500)])
    with spool.turn() as turn:
        turn.remove(turn.first(1_000))
        turn.shrink(above=100_000)
    assert (spool.directory / "spool-1.sqlite").stat().st_size < 50_000
    spool.append([record(1)])
    assert numbers(spool) == [1]


def test_the_reserve_is_real_bytes_and_is_given_once(tmp_path: Path) -> None:
    assert keep_reserve(tmp_path, 1_000_000)
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1_000_000
    assert give_reserve(tmp_path)
    assert not give_reserve(tmp_path)


def test_the_settings_that_durability_rests_on(spool: Spool) -> None:
    spool.append([record(1)])
    with spool.turn() as turn:
        settings = {
            name: turn._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "page_size", "fullfsync")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "page_size": 4096, "fullfsync": 1}  # 2: FULL


def test_an_error_without_a_code_is_no_damage() -> None:
    assert not database.is_damage(sqlite3.ProgrammingError("closed"))
