"""SQL in files of its own: one statement a file, each with a plain sentence on top."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def sql(package: str, name: str) -> bytes:
    """The text of `<name>.sql` in `package`."""
    return files(package).joinpath(f"{name}.sql").read_bytes()
