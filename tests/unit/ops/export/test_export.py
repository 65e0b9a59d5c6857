"""An export's parts: every event once, whole files only, and on from where the last call stopped."""

from __future__ import annotations

import errno
import json
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.__main__ import main
from ops.exits import TryLater
from ops.export import part as part_module
from ops.export import source as source_module
from ops.export.export import PlannedPart, export
from ops.export.extra import ExtraMissing, require_analysis_extra
from ops.export.manifest import MANIFEST, Manifest, OtherExport, Part, only_writer
from ops.export.rows import UnknownSchemaNumber
from ops.export.source import LocalSource
from runtime.kafka.consumer import Partition, Record
from runtime.kafka.topics import Offsets
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import ANALYTICS_TOPICS, CONTACTS, MESSAGES, Topic
from tests.twins.events import contact, event_id, message

IDS = SchemaIds.checked_in()
_codec = Codec(IDS)
Log = list[bytes | None]


def records_of(log: Log) -> Callable[[Mapping[Partition, Offsets]], Iterator[Record]]:
    """Reads one partition that holds `log`."""

    def read(stretches: Mapping[Partition, Offsets]) -> Iterator[Record]:
        for (topic, number), stretch in stretches.items():
            for offset in range(stretch.begin, stretch.end):
                yield Record(topic, number, offset, 0, b"", log[offset], [])

    return read


def values(*numbers: int) -> Log:
    return [_codec.encode(message(event_id=event_id(number))) for number in numbers]


def planned(begin: int, end: int, day: str = "2026-11-28", manifest: Manifest | None = None) -> Iterable[PlannedPart]:
    stretches = {Partition(MESSAGES.name, 0): Offsets(begin, end)}
    gaps = [stretches] if manifest is None else manifest.missing(stretches)
    return [PlannedPart(MESSAGES, "id-1", day, gap) for gap in gaps]


def exported(folder: Path) -> list[str]:
    """The event ids in the files that the manifest names, as it stands on the disk."""
    manifest = Manifest.read(folder)
    return [found for file in manifest.files(MESSAGES.name) for found in pq.read_table(file)["event_id"].to_pylist()]


def ids(*numbers: int) -> list[str]:
    return [str(event_id(number)) for number in numbers]


def test_every_event_is_there_once_and_what_was_removed_is_counted(tmp_path: Path) -> None:
    # Given a repeat within a day, a repeat on the next day, a stranger's bytes and a deleted record
    log: Log = [*values(1, 2, 1), b"stranger", None, *values(3, 2)]
    manifest = Manifest(tmp_path)
    export([*planned(0, 5), *planned(5, 7, "2026-11-29")], manifest, IDS, LocalSource(IDS, records_of(log)))
    assert exported(tmp_path) == ids(1, 2, 3)
    [first, second] = Manifest.read(tmp_path).parts
    assert (first.rows, first.duplicates, first.unreadable, first.offsets) == (2, 1, 2, {"0": [0, 5]})
    assert (second.file, second.rows, second.duplicates) == (f"{MESSAGES.name}/day=2026-11-29/part-0.parquet", 1, 1)
    assert first.bytes == (tmp_path / str(first.file)).stat().st_size
    assert not (tmp_path / ".unfinished").exists()


@pytest.mark.parametrize("number", [1, 7, 4_000_000_000])
def test_a_schema_that_nobody_knows_is_no_empty_export(number: int, tmp_path: Path) -> None:
    # Given a record as a registry had it written that this command was not told of
    [value] = values(1)
    assert value is not None
    of_another = value[:1] + struct.pack(">I", 10_000_000 + number) + value[5:]
    source, manifest = LocalSource(IDS, records_of([*values(2), of_another])), Manifest(tmp_path)
    # When it is exported, it says what is missing and marks nothing as done
    with pytest.raises(UnknownSchemaNumber, match=f"{10_000_000 + number}.*HOOKLINE_SCHEMA_REGISTRY__URL"):
        export(planned(0, 2), manifest, IDS, source)
    assert manifest.parts == []
    # Unless such records are to be left out
    source = LocalSource(IDS, records_of([*values(2), of_another]), leaves_out_unknown=True)
    export(planned(0, 2), manifest, IDS, source)
    assert [(part.rows, part.unreadable) for part in manifest.parts] == [(1, 1)]


@pytest.mark.parametrize(("there", "added"), [(MESSAGES, ANALYTICS_TOPICS[0]), (ANALYTICS_TOPICS[1], CONTACTS)])
def test_a_folder_has_topics_with_personal_data_or_without(there: Topic, added: Topic, tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.check_topic(there, "id-1")
    manifest.add(Part(there.name, "2026-11-28", None, 0, 0, 0, 0, {"0": [0, 1]}), "id-1")
    manifest.check_topic(there, "id-1")
    with pytest.raises(OtherExport, match="a folder each"):
        Manifest.read(tmp_path).check_topic(added, "id-2")


def test_a_column_is_a_field_with_its_value(tmp_path: Path) -> None:
    event = message(text="Grüße", tag="new", maybe_inbound=True)  # the last needs the second version of the schema
    older = message(text=None)
    export(
        planned(0, 2),
        Manifest(tmp_path),
        IDS,
        LocalSource(IDS, records_of([_codec.encode(event), _codec.encode(older)])),
    )
    [file] = Manifest.read(tmp_path).files(MESSAGES.name)
    rows = pq.read_table(file, partitioning=None).to_pylist()
    assert list(rows[0]) == [field["name"] for field in IDS.versions(MESSAGES.subject)[-1].schema["fields"]]
    for row, original in zip(rows, (event, older), strict=True):
        assert row == {name: getattr(original, name) for name in row} | {"event_id": str(original.event_id)}


def test_a_topic_with_lists_and_an_empty_part(tmp_path: Path) -> None:
    value = _codec.encode(contact(tags=("a", "b")))
    stretches = {Partition(CONTACTS.name, 0): Offsets(0, 1)}
    manifest = Manifest(tmp_path)
    plan = [PlannedPart(CONTACTS, "id-2", day, stretches) for day in ("2026-11-28", "2026-11-29")]
    export(plan, manifest, IDS, LocalSource(IDS, records_of([value])))
    [file] = manifest.files(CONTACTS.name)
    assert pq.read_table(file)["tags"].to_pylist() == [["a", "b"]]
    assert [(part.file is None, part.rows, part.duplicates) for part in manifest.parts] == [
        (False, 1, 0),
        (True, 0, 1),
    ]


def test_rows_beyond_one_row_group_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "_ROWS", 4)
    export(
        planned(0, 13),
        Manifest(tmp_path),
        IDS,
        LocalSource(IDS, records_of(values(1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 5))),
    )
    assert exported(tmp_path) == ids(1, 2, 3, 4, 5, 6, 7, 8)


def test_long_values_make_shorter_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "_BYTES", 1000)
    log = [_codec.encode(message(text="x" * 600)) for _ in range(5)]
    export(planned(0, 5), Manifest(tmp_path), IDS, LocalSource(IDS, records_of([*log])))
    [file] = Manifest.read(tmp_path).files(MESSAGES.name)
    groups = pq.read_metadata(file)
    assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [2, 2, 1]


class Killed(BaseException):
    """The process ends here, as far as the files can tell."""


@settings(max_examples=25, deadline=None)  # each writes several files and waits for the disk
@given(
    numbers=st.lists(st.integers(0, 9), min_size=1, max_size=30),
    stops=st.lists(st.integers(0, 30), max_size=3),
    cuts=st.sets(st.integers(1, 29), max_size=4),
)
def test_stopped_anywhere_it_goes_on_and_ends_the_same(
    numbers: list[int], stops: list[int], cuts: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, log = tmp_path_factory.mktemp("export"), values(*numbers)
    ends = [*sorted(cut for cut in cuts if cut < len(log)), len(log)]
    days = list(zip([0, *ends], ends, strict=False))

    def run(stop: int | None) -> None:
        def read(stretches: Mapping[Partition, Offsets]) -> Iterator[Record]:
            for record in records_of(log)(stretches):
                if record.offset == stop:
                    raise Killed
                yield record

        manifest = Manifest.read(folder)
        plan = [part for number, day in enumerate(days) for part in planned(*day, str(number), manifest)]
        export(plan, manifest, IDS, LocalSource(IDS, read))

    for stop in stops:
        if stop < len(log):
            with suppress(Killed):
                run(stop)
            # Whatever is named is whole
            assert sum(part.rows for part in Manifest.read(folder).parts) == len(exported(folder))
    run(None)
    assert exported(folder) == list(dict.fromkeys(ids(*numbers)))
    parts = Manifest.read(folder).parts
    assert sum(part.rows + part.duplicates for part in parts) == len(numbers)
    run(None)
    assert Manifest.read(folder).parts == parts


def test_a_full_disk_is_said_and_the_next_call_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, whole = values(1, 2, 3), part_module.pq.ParquetWriter.write_batch

    def full(writer: Any, batch: Any) -> None:
        if batch.num_rows == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(writer, batch)

    manifest = Manifest(tmp_path)
    monkeypatch.setattr(part_module.pq.ParquetWriter, "write_batch", full)
    with pytest.raises(TryLater, match="is full"):
        export([*planned(0, 2), *planned(2, 3, "2026-11-29")], manifest, IDS, LocalSource(IDS, records_of(log)))
    assert exported(tmp_path) == ids(1, 2)
    monkeypatch.undo()
    manifest = Manifest.read(tmp_path)
    export(planned(0, 3, "2026-11-29", manifest), manifest, IDS, LocalSource(IDS, records_of(log)))
    assert exported(tmp_path) == ids(1, 2, 3)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 8)), max_size=6), st.integers(0, 20), st.integers(0, 20))
def test_what_is_missing_is_what_no_part_has(done: list[tuple[int, int]], begin: int, length: int) -> None:
    partition = Partition(MESSAGES.name, 3)
    parts = [Part(MESSAGES.name, "d", None, 0, 0, 0, 0, {"3": [first, first + size]}) for first, size in done]
    covered = {offset for first, size in done for offset in range(first, first + size)}
    gaps = Manifest(Path(), {}, parts).missing({partition: Offsets(begin, begin + length)})
    found = [offset for gap in gaps for offset in range(gap[partition].begin, gap[partition].end)]
    assert found == [offset for offset in range(begin, begin + length) if offset not in covered]


def test_a_topic_made_anew_and_another_version_are_refused(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    export(planned(0, 1), manifest, IDS, LocalSource(IDS, records_of(values(1))))
    with pytest.raises(OtherExport, match="made anew"):
        Manifest.read(tmp_path).check_topic(MESSAGES, "id-2")
    content = json.loads((tmp_path / MANIFEST).read_text("utf-8"))
    (tmp_path / MANIFEST).write_text(json.dumps(content | {"version": 2}), "utf-8")
    with pytest.raises(OtherExport, match="another version"):
        Manifest.read(tmp_path)


def test_two_exports_into_one_folder_wait_for_one_another(tmp_path: Path) -> None:
    with only_writer(tmp_path / "new"), pytest.raises(TryLater), only_writer(tmp_path / "new"):
        pass
    with only_writer(tmp_path / "new"):
        pass


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "2026-02-30"], "is no time"),
        (["--from", "2026-11-28", "--to", "2026-11-27"], "is not before"),
        (["--from", "2999-01-01", "--to", "2999-01-02"], "still to come"),
        (["--from", "2026-11-28", "--topic", "sms.massages.v1"], "no topic of events"),
        (["--from", "2026-11-28", "--topic", "sms.progress.v1"], "no topic of events"),
        (["--from", "2026-11-28", "--topic", "sms.message-state.v1"], "no topic of events"),
    ],
)
def test_a_topic_or_time_that_is_none_is_refused(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_the_extra_one_sentence_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ops.export.extra.find_spec", lambda _name: None)
    with pytest.raises(ExtraMissing, match=r"hookline\[analysis\]"):
        require_analysis_extra()
    assert main(["export", "--from", "2026-11-01", "--out", str(tmp_path / "out")]) == 78
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_is_there_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("ops.export.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert main(["export", "--help"]) == 0
