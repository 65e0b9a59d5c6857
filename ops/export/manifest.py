"""`manifest.json`: which files of an export are whole, and which offsets they are of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.json_files import read_json, write_json
from ingest.durable.spool.locks import FileLock
from ops.exits import TryLater
from runtime.kafka.consumer import Partition
from runtime.kafka.topics import Offsets
from schemas.topics import ANALYTICS_TOPICS, Topic

MANIFEST = "manifest.json"
_LOCK = ".lock"
#: Of the manifest's form.
_VERSION = 1


class OtherExport(Exception):
    """Take another folder: this one holds an export that the new records do not belong to. Exit code 2."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Part:
    """Stretches of one topic within one day, exported at once."""

    topic: str
    day: str  #: of Kafka's timestamps, UTC, as 2026-11-28
    file: str | None  #: relative to the manifest; None: nothing was left of these offsets
    rows: int
    bytes: int
    duplicates: int  #: records of events that this part or an earlier one has already
    unreadable: int  #: records that are none of the topic's schema, and deleted ones
    offsets: Mapping[str, Sequence[int]]  #: partition -> the first offset and the one after the last


@dataclass(slots=True)
class Manifest:
    """What a folder holds of an export. Change it by `add` alone, which is on the disk when it returns."""

    folder: Path
    topic_ids: dict[str, str] = field(default_factory=dict)  #: one made anew has another id, and other offsets
    parts: list[Part] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest in `folder`, empty where there is none. Raises DamagedFile, OtherExport, OSError."""
        try:
            found = read_json(folder / MANIFEST)
        except FileNotFoundError:
            return cls(folder)
        if found.get("version") != _VERSION:
            raise OtherExport(f"{folder / MANIFEST} is of another version of hookline: take another folder")
        return cls(folder, found["topic_ids"], [Part(**part) for part in found["parts"]])

    def check_topic(self, topic: Topic, topic_id: str) -> None:
        """Raises OtherExport where the folder has records of a topic of this name that was made anew since.

        So it does where the folder holds personal data and the topic none, or the other way round: whoever is given
        an export without personal data is given its folder.
        """
        if self.topic_ids.get(topic.name, topic_id) != topic_id:
            raise OtherExport(f"{topic.name} was made anew since {self.folder} was written: take another folder")
        without = {twin.name for twin in ANALYTICS_TOPICS}
        for known in self.topic_ids:
            if (known in without) != (topic.name in without):
                has, is_without = sorted((known, topic.name), key=without.__contains__)
                raise OtherExport(
                    f"{self.folder} has {known}: {has} holds personal data and {is_without} does not, so they take a"
                    " folder each"
                )

    def add(self, part: Part, topic_id: str) -> None:
        """Name `part`, whose file is whole and in its place. Raises OSError."""
        self.topic_ids[part.topic] = topic_id
        self.parts.append(part)
        parts = [asdict(part) for part in self.parts]
        write_json(self.folder / MANIFEST, {"version": _VERSION, "topic_ids": self.topic_ids, "parts": parts})

    def files(self, topic: str) -> list[Path]:
        """The whole files of `topic`."""
        return [self.folder / part.file for part in self.parts if part.topic == topic and part.file]

    def missing(self, stretches: Mapping[Partition, Offsets]) -> list[dict[Partition, Offsets]]:
        """What `stretches` has that no part has: first the first gap of every partition, then the second ..."""
        gaps: list[dict[Partition, Offsets]] = []
        for partition, stretch in stretches.items():
            for number, gap in enumerate(self._gaps(partition, stretch)):
                if number == len(gaps):
                    gaps.append({})
                gaps[number][partition] = gap
        return gaps

    def _gaps(self, partition: Partition, stretch: Offsets) -> Iterator[Offsets]:
        begin, number = stretch.begin, str(partition.number)
        done = [part.offsets[number] for part in self.parts if part.topic == partition.topic and number in part.offsets]
        for first, end in sorted((first, end) for first, end in done):
            if begin < min(first, stretch.end):
                yield Offsets(begin, min(first, stretch.end))
            begin = max(begin, end)
        if begin < stretch.end:
            yield Offsets(begin, stretch.end)

    def totals(self) -> dict[str, Any]:
        """Counts of each topic."""
        return {
            topic: {
                name: sum(getattr(part, name) for part in self.parts if part.topic == topic)
                for name in ("rows", "bytes", "duplicates", "unreadable")
            }
            for topic in sorted({part.topic for part in self.parts})
        }


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """While the block runs nobody else exports into `folder`, which is made. Raises TryLater, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(FileLock(folder / _LOCK)) as lock:
        if not lock.take():
            raise TryLater(f"another export writes into {folder}")
        yield
