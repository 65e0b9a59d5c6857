"""Which processors there are, found by reading their room, and the topics that follow from that."""

from __future__ import annotations

import re
from pathlib import Path

from schemas.topics import OPT_OUT_HEADS, PROGRESS, SCHEMA_TOPICS, Topic, dead_letter_topic, redrive_topic

#: A file or package of `processors/` that defines a processor says so at its top level.
_DEFINES = re.compile(r"^(PROCESSOR\b|class \w+\((\w+\.)?(\w*Processor)\b)", re.MULTILINE)


def processor_names() -> list[str]:
    """The outside names, such as "opt-out", sorted."""
    room = Path(__file__).resolve().parent.parent / "processors"
    files = [*room.glob("[!_]*.py"), *room.glob("[!_]*/__init__.py")]
    found = {
        (path.parent.name if path.name == "__init__.py" else path.stem)
        for path in files
        if _DEFINES.search(path.read_text("utf-8"))
    }
    return sorted(name.replace("_", "-") for name in found)


def topics_of_hookline() -> list[Topic]:
    """Every topic that Hookline needs: of records, heads and progress, and two for each processor."""
    names = processor_names()
    return [*SCHEMA_TOPICS, OPT_OUT_HEADS, PROGRESS, *map(dead_letter_topic, names), *map(redrive_topic, names)]
