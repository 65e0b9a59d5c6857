"""The results of all runs so far, one JSON object a line, each with the code that it was about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runtime.connections import KAFKA_CLIENTS
from tests.faults.checker import Verdict

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).parent / "results.jsonl"
#: What the results are about: any change here makes them stale.
ROOMS = ("ingest", "runtime", "processors")
#: The client for Kafka of the services where nobody chooses; results that name none had it.
USUAL_CLIENT = KAFKA_CLIENTS[0]


@dataclass(frozen=True, slots=True)
class Result:
    """Which run it was."""

    row: str
    seed: int
    tree: str  #: of the code, see tree()
    at: str
    took: float  #: seconds
    client: str = USUAL_CLIENT  #: HOOKLINE_KAFKA__CLIENT of the services


def tree() -> str:
    """A hash of every source file of the rooms as they are now, committed or not."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def record(result: Result, verdict: Verdict, notes: Mapping[str, Any]) -> None:
    """Add a line."""
    line = asdict(result) | {"green": verdict.green} | asdict(verdict) | ({"notes": dict(notes)} if notes else {})
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def load(file: Path = FILE, client: str = USUAL_CLIENT) -> list[dict[str, Any]]:
    """Every line about `client`."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [result for line in lines if (result := json.loads(line)).get("client", USUAL_CLIENT) == client]


def done(code: str, row: str, client: str) -> set[int]:
    """The seeds that were green for `code` on `client`."""
    results = load(client=client)
    return {result["seed"] for result in results if result["row"] == row and result["green"] and result["tree"] == code}
