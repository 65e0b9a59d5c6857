"""One part of an export: records into a Parquet file that has every event once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ops.export.source import RowBatch
from runtime.disk import to_disk

#: DuckDB goes to disk with what it has beyond that.
_MEMORY = "256MB"
_COMPRESSION = "zstd"


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """What came of some records."""

    rows: int  #: in the file
    duplicates: int
    unreadable: int


def write_part(
    batches: Iterable[RowBatch],
    columns: pa.Schema,
    target: Path,
    staging: Path,
    earlier: Sequence[Path],
    *,
    done: Callable[[int], None],
) -> WrittenRows:
    """Write `batches` to `target`, without the events that stand before them or in the files `earlier`.

    Of an event's records the first counts. `target` appears whole and on the disk, or not at all: it is written in
    `staging`, a folder that is emptied. Where no row is left there is no file. `done` is called with how many records
    were read. Raises OSError and duckdb.Error.
    """
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    all_rows = staging / "all.parquet"
    read = _write_all(batches, columns, all_rows, done)
    total = pq.read_metadata(all_rows).num_rows
    repeated = _repeated(all_rows, earlier, staging) if total else pa.array([], pa.int64())
    left = total - len(repeated)
    if left:
        whole = all_rows if not len(repeated) else _without(all_rows, repeated, staging / "once.parquet")
        target.parent.mkdir(parents=True, exist_ok=True)
        to_disk(whole)
        whole.replace(target)
        to_disk(target.parent)
    shutil.rmtree(staging)
    return WrittenRows(left, len(repeated), read - total)


def _write_all(batches: Iterable[RowBatch], columns: pa.Schema, path: Path, done: Callable[[int], None]) -> int:
    """How many records were read."""
    read = 0
    with pq.ParquetWriter(path, columns, compression=_COMPRESSION) as writer:
        for batch in batches:
            writer.write_batch(batch.rows)
            read += batch.read
            done(batch.read)
    return read


def _repeated(path: Path, earlier: Sequence[Path], staging: Path) -> pa.Array:
    """The numbers of the rows of `path` whose event another row has: an earlier one of it, or one of `earlier`."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "temp_directory": str(staging / "spilled"),
        "threads": 1,
    }
    with duckdb.connect(config=settings) as database:
        # The part's own ids are what is held; those of earlier files, which may be many more, pass by.
        of_earlier = "SELECT event_id FROM read_parquet($earlier) SEMI JOIN firsts USING (event_id)"
        seen = of_earlier if earlier else "SELECT NULL::VARCHAR AS event_id WHERE false"
        values: dict[str, Any] = {"path": str(path)}
        if earlier:
            values["earlier"] = [str(file) for file in earlier]
        found = database.execute(
            f"""
            WITH rows AS (SELECT event_id, file_row_number AS number FROM read_parquet($path, file_row_number = true)),
            firsts AS (SELECT event_id, min(number) AS number FROM rows GROUP BY event_id),
            distinct_rows AS (SELECT number FROM firsts ANTI JOIN ({seen}) AS seen USING (event_id))
            SELECT number FROM rows ANTI JOIN distinct_rows USING (number) ORDER BY number
            """,  # noqa: S608 - one of two fixed texts
            values,
        ).to_arrow_table()
    return found.column(0).combine_chunks()


def _without(path: Path, numbers: pa.Array, target: Path) -> Path:
    """`path` without the rows `numbers`, written to `target` a row group at a time."""
    source, begin = pq.ParquetFile(path), 0
    with pq.ParquetWriter(target, source.schema_arrow, compression=_COMPRESSION) as writer:
        for group in range(source.num_row_groups):
            table = source.read_row_group(group)
            end = begin + table.num_rows
            is_repeated = pc.is_in(pa.array(range(begin, end), pa.int64()), value_set=numbers)
            remaining = table.filter(pc.invert(is_repeated))
            begin = end
            if remaining.num_rows:
                writer.write_table(remaining)
    return target
