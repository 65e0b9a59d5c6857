"""What must outlive a power failure."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def to_disk(path: Path) -> None:
    """Wait until `path` is on the disk: a file's content, or the names in a folder. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put `content` in the place of `path`, on the disk when this returns. Raises OSError.

    Readers, and whoever comes after a power failure, find the old file or the new one, whole. `mode`: the permissions
    of the new one.
    """
    descriptor, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to raise
            os.unlink(partial)
        raise
    to_disk(path.parent)
