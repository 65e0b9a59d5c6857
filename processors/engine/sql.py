"""SQL in files of its own: one statement a file, each with a plain sentence on top. Its text is never changed here."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from psycopg.sql import SQL, Identifier


@cache
def sql(package: str, name: str, **identifiers: str) -> bytes:
    """The text of `<name>.sql` in `package`.

    `identifiers`: the names of tables and columns that stand in it as `{...}`; braces of its own are doubled then.
    """
    text = files(package).joinpath(f"{name}.sql").read_bytes()
    if not identifiers:
        return text
    statement = SQL(text.decode())
    return statement.format(**{key: Identifier(value) for key, value in identifiers.items()}).as_bytes(None)
