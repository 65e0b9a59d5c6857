"""A disk under SQLite that can fail, be full, and forget what was never synced, as a real one does when power fails.

It is a shim around SQLite's own file methods (sqlite.org/c3ref/io_methods.html): the default VFS opens the file, and
three of its methods are replaced. A folder holds the controls, as empty files: `sync_fails`, `write_fails`, `full`;
and beside them, for every file, `NAME.undo`: what stood on the disk where something was written since the last sync.
`power_cut` puts that back.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path
from typing import Any

OK, FULL, IOERR_WRITE, IOERR_FSYNC = 0, 13, 10 | 3 << 8, 10 | 4 << 8
#: place, size of the file before, length of what stood there
_ENTRY = struct.Struct("<qqi")

_pointer, _int, _i64 = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_OPEN = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _pointer, _int, _pointer)
_WRITE = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _int, _i64)
_TRUNCATE = ctypes.CFUNCTYPE(_int, _pointer, _i64)
_SYNC = ctypes.CFUNCTYPE(_int, _pointer, _int)
_CLOSE = ctypes.CFUNCTYPE(_int, _pointer)


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = [
        ("version", _int),
        ("size_of_file", _int),
        ("longest_path", _int),
        ("next", _pointer),
        ("name", ctypes.c_char_p),
        ("data", _pointer),
        ("open", _OPEN),
        ("rest", _pointer * 15),
    ]


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = [
        ("version", _int),
        ("close", _CLOSE),
        ("read", _pointer),
        ("write", _WRITE),
        ("truncate", _TRUNCATE),
        ("sync", _SYNC),
        ("rest", _pointer * 13),
    ]


class _Disk:
    """The shim of one process."""

    def __init__(self, controls: Path) -> None:
        self._controls = controls
        self._paths: dict[int, str] = {}
        self._methods: dict[int, _Methods] = {}
        self._originals: dict[int, _Methods] = {}
        self._of_file: dict[int, _Methods] = {}
        library = ctypes.CDLL("libsqlite3.so.0")
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        found = library.sqlite3_vfs_find(None)
        self._inner = found.contents
        self._inner_address = ctypes.addressof(self._inner)
        self._vfs = _Vfs.from_buffer_copy(self._inner)
        self._open = _OPEN(self.open)
        self._vfs.open, self._vfs.name, self._vfs.next = self._open, b"faulty", None
        self._replaced = _WRITE(self.write), _TRUNCATE(self.truncate), _SYNC(self.sync), _CLOSE(self.close)
        if library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1) != OK:
            raise OSError("sqlite3_vfs_register")

    def open(self, _vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        code = self._inner.open(self._inner_address, name, file, flags, out)
        address = _pointer.from_address(file).value
        if code != OK or not address or not name:
            return int(code)
        if address not in self._methods:
            original = _Methods.from_address(address)
            changed = _Methods.from_buffer_copy(original)
            changed.write, changed.truncate, changed.sync, changed.close = self._replaced
            self._originals[address], self._methods[address] = original, changed
        self._of_file[file] = self._originals[address]
        self._paths[file] = os.fsdecode(ctypes.string_at(name))
        _pointer.from_address(file).value = ctypes.addressof(self._methods[address])
        return OK

    def close(self, file: int) -> int:
        self._paths.pop(file, None)
        return int(self._of_file.pop(file).close(file))

    def write(self, file: int, data: int, amount: int, place: int) -> int:
        path = self._paths[file]
        if self._is("write_fails"):
            return IOERR_WRITE
        if self._is("full") and place + amount > os.path.getsize(path):
            return FULL
        self._remember(path, place, amount)
        return int(self._of_file[file].write(file, data, amount, place))

    def truncate(self, file: int, size: int) -> int:
        path = self._paths[file]
        self._remember(path, size, max(0, os.path.getsize(path) - size))
        return int(self._of_file[file].truncate(file, size))

    def sync(self, file: int, flags: int) -> int:
        if self._is("sync_fails"):
            return IOERR_FSYNC
        code = int(self._of_file[file].sync(file, flags))
        undo = undo_of(self._controls, self._paths[file])
        if code == OK and undo.exists():
            os.truncate(undo, 0)
        return code

    def _is(self, control: str) -> bool:
        return (self._controls / control).exists()

    def _remember(self, path: str, place: int, amount: int) -> None:
        size = os.path.getsize(path)
        with open(path, "rb") as there:
            there.seek(place)
            stood = there.read(amount)
        with undo_of(self._controls, path).open("ab") as undo:
            undo.write(_ENTRY.pack(place, size, len(stood)) + stood)


_installed: list[Any] = []


def install(controls: Path) -> None:
    """Have every file that SQLite opens in this process on such a disk. The controls' folder must exist."""
    _installed.append(_Disk(controls))


def undo_of(controls: Path, path: str) -> Path:
    """What was written to the file since its last sync."""
    return controls / f"{Path(path).name}.undo"


def power_cut(controls: Path, files: Path) -> int:
    """With nobody running, put the files in the folder `files` back to what was synced; how many writes went."""
    undone = 0
    for undo in controls.glob("*.undo"):
        file = files / undo.name.removesuffix(".undo")
        entries, raw, place = [], undo.read_bytes(), 0
        while place + _ENTRY.size <= len(raw):
            at, size, length = _ENTRY.unpack_from(raw, place)
            place += _ENTRY.size
            entries.append((at, size, raw[place : place + length]))
            place += length
        if file.exists():
            with file.open("r+b") as there:
                for at, size, stood in reversed(entries):
                    there.seek(at)
                    there.write(stood)
                    there.truncate(size)
        undone += len(entries)
        undo.unlink()
    for index in files.glob("*-shm"):  # never on a disk that matters: SQLite builds it anew
        index.unlink()
    return undone
