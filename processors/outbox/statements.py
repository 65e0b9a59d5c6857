"""A queue's SQL in one file: statements with a name and a plain sentence each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_NAME = re.compile(rb"^-- name: (\w+)\n", re.MULTILINE)


@cache
def statements(package: str, file: str) -> Mapping[str, bytes]:
    """The statements of `<file>.sql` in `package`, each under the name on the line before it: `-- name: claim`."""
    _, *parts = _NAME.split(files(package).joinpath(f"{file}.sql").read_bytes())
    return {name.decode(): statement for name, statement in zip(parts[::2], parts[1::2], strict=True)}
