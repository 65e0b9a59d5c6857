"""Unpacking an archive that is trusted, on every Python 3.11."""

from __future__ import annotations

import tarfile
from pathlib import Path


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Put what `archive` holds into `folder`: its digest is known, or it is of our own history."""
    # As an attribute, which a Python before 3.11.4 has no use for; as an argument it fails there.
    archive.extraction_filter = getattr(tarfile, "data_filter", None)
    archive.extractall(folder)  # noqa: S202 - as above
