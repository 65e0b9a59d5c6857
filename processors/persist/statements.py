"""The SQL of persist: one statement a file, each with a plain sentence on top."""

from __future__ import annotations

from importlib.resources import files


def statement(name: str) -> bytes:
    """The text of `<name>.sql`."""
    return files(__package__).joinpath(f"{name}.sql").read_bytes()
