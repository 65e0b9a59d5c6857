"""Small JSON files that are read whole and replaced whole, and are on the disk once they are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.disk import replace_file


class DamagedFile(Exception):
    """Move the file aside and make what was in it anew: it does not hold the JSON object that was written."""


def read_json(path: Path, values: type = object) -> dict[str, Any]:
    """The JSON object in `path`, all of whose values are of the type `values`.

    Raises FileNotFoundError, other OSErrors, and DamagedFile.
    """
    content = path.read_bytes()
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DamagedFile(f"{path} is damaged ({len(content)} bytes that are no JSON)") from error
    if not isinstance(found, dict) or not all(isinstance(value, values) for value in found.values()):
        raise DamagedFile(f"{path} is damaged (JSON, but not what was written there)")
    return found


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Replace `path` at once and whole, readable by its owner alone; a power failure leaves the old or the new file."""
    replace_file(path, json.dumps(data, indent=1).encode("ascii"))


def move_aside(path: Path) -> Path:
    """Give `path` a name that nothing has, NAME.damaged or NAME.damaged-2 and so on, and return it."""
    number, target = 1, path.with_name(f"{path.name}.damaged")
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.damaged-{number}")
    path.rename(target)
    return target
