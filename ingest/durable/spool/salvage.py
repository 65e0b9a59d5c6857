"""Finding rows in a damaged database file, whatever state the file is in.

SQLite reads a write-ahead log up to its first bad frame and says nothing about the rest, and it gives up on a main
file whose tree is broken. The rows behind the damage were synced and answered 200 all the same. So this walks every
page image in both files, takes the cells of table leaves as the file format has them (sqlite.org/fileformat2.html,
sections 1.6, 2.1 and 4.1), and keeps what carries a row's checksum (`row.py`). It may bring back a row that had been
drained already: a duplicate in the log, which costs nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ingest.durable.spool.row import is_whole

#: Bytes of a page; the spool's own choice at creation, also SQLite's default.
PAGE = 4096
_WAL_HEADER = 32
_FRAME_HEADER = 24
_FRAME = _FRAME_HEADER + PAGE
_TABLE_LEAF = 0x0D
_FIRST_PAGE_OFFSET = 100  # page 1 begins with the database's header

#: The most of a cell that stands on its own page, and the least (section 1.6, U = PAGE).
_LARGEST_LOCAL = PAGE - 35
_LEAST_LOCAL = (PAGE - 12) * 32 // 255 - 23

Checksum = tuple[int, int]


class FoundRow(NamedTuple):
    """A whole row."""

    id: int
    body: bytes
    reason: str | None  #: not None: it is one that Kafka refused for good


@dataclass(frozen=True, slots=True)
class Leftover:
    """What stands in a write-ahead log behind the last frame that SQLite takes."""

    pages: dict[int, list[bytes]]  #: page images by page number, oldest first
    broken: bool  #: True: frames that were written are damaged; False: a transaction that never ended


class _Frame(NamedTuple):
    page: int
    salts: bytes
    checksum: Checksum
    begin: int


def _frames(wal: bytes) -> list[_Frame]:
    """The frames of the log's present round, damaged ones included; those of earlier rounds have other salts."""
    found = []
    for begin in range(_WAL_HEADER, len(wal) - _FRAME + 1, _FRAME):
        page, _, salts, first, second = struct.unpack_from(">II8sII", wal, begin)
        found.append(_Frame(page, salts, (first, second), begin))
    if not found:
        return []
    current = {wal[16:24], found[0].salts}
    if len(found) > 2 and found[0].salts != wal[16:24] and found[1].salts == found[2].salts:
        current.add(found[1].salts)  # header or first frame damaged: what the next ones agree upon
    last = max((number for number, frame in enumerate(found) if frame.salts in current), default=-1)
    behind = last + 1
    if behind < len(found) and not _is_earlier(found[behind].salts, found[last].salts if last >= 0 else wal[16:24]):
        behind += 1  # of no earlier round: a frame of this one whose own header is damaged
    return found[:behind]


def _is_earlier(salts: bytes, current: bytes) -> bool:
    """Whether `salts` are of a round before `current`: the first number grows by one a round (section 4.1)."""
    distance = int.from_bytes(current[:4], "big") - int.from_bytes(salts[:4], "big")
    return 0 < distance % 2**32 < 2**20


def leftover(wal: bytes, taken: int) -> Leftover | None:
    """What SQLite left in the log `wal`, of which it has taken `taken` frames; None: nothing."""
    frames = _frames(wal)
    current = frames[0].salts if taken else wal[16:24]
    behind = frames[taken:]
    if not behind:
        return None
    previous = frames[taken - 1].checksum if taken else struct.unpack_from(">II", wal, 24)
    big_endian = bool(wal[3] & 1)
    broken = False
    pages: dict[int, list[bytes]] = {}
    for frame in behind:
        content = wal[frame.begin + _FRAME_HEADER : frame.begin + _FRAME]
        expected = _checksum(wal[frame.begin : frame.begin + 8] + content, previous, big_endian=big_endian)
        broken = broken or frame.salts != current or expected != frame.checksum
        previous = frame.checksum
        pages.setdefault(frame.page, []).append(content)
    return Leftover(pages, broken)


def _checksum(content: bytes, seed: Checksum, *, big_endian: bool) -> Checksum:
    """Section 4.2."""
    first, second = seed
    words = struct.unpack(f"{'>' if big_endian else '<'}{len(content) // 4}I", content)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second


def log_pages(wal: bytes) -> dict[int, list[bytes]]:
    """Every page image of the log's present round, by page number, oldest first."""
    pages: dict[int, list[bytes]] = {}
    for frame in _frames(wal):
        pages.setdefault(frame.page, []).append(wal[frame.begin + _FRAME_HEADER : frame.begin + _FRAME])
    return pages


def rows_in(main: Path, pages: dict[int, list[bytes]]) -> Iterator[FoundRow]:
    """Every whole row in the file `main` (it may be missing) and in the page images `pages`, in no order.

    A row may come more than once.
    """
    with _Pages(main, pages) as source:
        for image in source.all():
            yield from _rows(image, source)


class _Pages:
    """Page images: those of a log before those of the main file, which are read one at a time."""

    def __init__(self, main: Path, pages: dict[int, list[bytes]]) -> None:
        self._main = main.open("rb") if main.exists() else None
        self._pages = pages

    def __enter__(self) -> _Pages:
        return self

    def __exit__(self, *_: object) -> None:
        if self._main:
            self._main.close()

    def all(self) -> Iterator[bytes]:
        """Every image there is."""
        for images in self._pages.values():
            yield from images
        if self._main:
            number = 1
            while len(image := self._of_main(number)) >= _FIRST_PAGE_OFFSET:
                yield image.ljust(PAGE, b"\0")  # the last page may be torn
                number += 1

    def candidates(self, number: int) -> Iterator[bytes]:
        """The images of the page `number`, newest first."""
        yield from reversed(self._pages.get(number, []))
        image = self._of_main(number)
        if len(image) == PAGE:
            yield image

    def _of_main(self, number: int) -> bytes:
        if self._main is None or number < 1:
            return b""
        self._main.seek((number - 1) * PAGE)
        return self._main.read(PAGE)


def _rows(page: bytes, source: _Pages) -> Iterator[FoundRow]:
    """The rows of one page, if it is a table's leaf."""
    if page[0] != _TABLE_LEAF:
        return
    (cells,) = struct.unpack_from(">H", page, 3)
    for number in range(min(cells, (PAGE - 8) // 2)):
        (place,) = struct.unpack_from(">H", page, 8 + 2 * number)
        try:
            found = _cell(page, place, source)
        except (IndexError, struct.error):  # what a damaged page points at
            continue
        if found:
            yield found


def _cell(page: bytes, place: int, source: _Pages) -> FoundRow | None:
    size, place = _varint(page, place)
    number, place = _varint(page, place)
    if size > PAGE * PAGE:
        return None
    if size <= _LARGEST_LOCAL:
        return _record(number, page[place : place + size])
    local = _LEAST_LOCAL + (size - _LEAST_LOCAL) % (PAGE - 4)
    if local > _LARGEST_LOCAL:
        local = _LEAST_LOCAL
    (next_page,) = struct.unpack_from(">I", page, place + local)
    start = page[place : place + local]
    for newest in (True, False):  # the chain as the log has it, and as the main file has it
        if found := _record(number, start + _chain(next_page, size - local, source, newest=newest)):
            return found
    return None


def _chain(number: int, size: int, source: _Pages, *, newest: bool) -> bytes:
    """The rest of a cell, from its overflow pages (section 1.6)."""
    parts: list[bytes] = []
    while number and size > 0:
        images = list(source.candidates(number))
        if not images:
            break
        image = images[0 if newest else -1]
        (number,) = struct.unpack_from(">I", image, 0)
        parts.append(image[4 : 4 + size])
        size -= PAGE - 4
    return b"".join(parts)


def _record(number: int, payload: bytes) -> FoundRow | None:
    """The row in a cell's payload: (id, body) or (id, body, reason), the id being the cell's own (section 2.1)."""
    end, place = _varint(payload, 0)
    types = []
    while place < end:
        kind, place = _varint(payload, place)
        types.append(kind)
    if len(types) not in (2, 3) or types[0] != 0 or types[1] < 12 or types[1] % 2:
        return None
    size = (types[1] - 12) // 2
    body = payload[place : place + size]
    if len(body) != size or not is_whole(body):
        return None
    if len(types) == 2:
        return FoundRow(number, body, None)
    return FoundRow(number, body, payload[place + size :].decode("utf-8", "replace"))


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """The number at `place` and the place behind it (section 1.6)."""
    value = 0
    for count in range(8):
        byte = data[place + count]
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, place + count + 1
    return (value << 8) | data[place + 8], place + 9
