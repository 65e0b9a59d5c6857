"""Every SQLite connection of ours begins its transactions itself."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("schemas", "runtime", "ingest", "processors", "ops", "deploy")


def test_no_connection_leaves_its_transactions_to_python() -> None:
    # Python begins one before "INSERT" only where the locale's rules make "insert" of it: under tr_TR they do not,
    # and what was to be one transaction is many.
    connects = [
        (file.relative_to(ROOT), call)
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "sqlite3.connect"
    ]
    assert connects
    for file, call in connects:
        explicit = {argument.arg: ast.unparse(argument.value) for argument in call.keywords}
        assert explicit.get("isolation_level") == "None", f"{file}:{call.lineno}"
