"""The layers hold: schemas <- runtime <- ingest, processors <- deploy.local <- ops."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.unit.house.syntax import tree_of

ROOT = Path(__file__).parents[3]

#: room -> the rooms that it may import, besides itself.
MAY_IMPORT = {
    "schemas": set(),
    "runtime": {"schemas"},
    "ingest": {"schemas", "runtime"},
    "processors": {"schemas", "runtime"},
    "deploy": {"schemas", "runtime", "ingest", "processors"},
    "ops": {"schemas", "runtime", "ingest", "processors", "deploy"},
}


def imported_rooms(file: Path) -> set[str]:
    names = []
    for node in ast.walk(tree_of(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.append(node.module)
    return {name.split(".")[0] for name in names} & MAY_IMPORT.keys()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files, f"{room} is empty"
    wrong = [
        f"{file.relative_to(ROOT)} imports {other}"
        for file in files
        for other in sorted(imported_rooms(file) - MAY_IMPORT[room] - {room})
    ]
    assert not wrong


def test_relative_imports_are_not_used() -> None:
    """They would slip past the test above."""
    for room in MAY_IMPORT:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(tree_of(file.read_text("utf-8"))):
                assert not (isinstance(node, ast.ImportFrom) and node.level), file


def test_the_check_sees_a_wrong_import(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("def late():\n    from processors.engine.runner import Runner\n")
    assert imported_rooms(planted) == {"processors"}


def test_no_drawers() -> None:
    """A room or a file is named by the noun inside, never utils, common, helpers or misc."""
    drawers = {"utils", "util", "common", "helpers", "helper", "misc"}
    found = [path for room in MAY_IMPORT for path in (ROOT / room).rglob("*.py") if path.stem in drawers]
    assert not found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_file_holds_no_more_than_one_reading(room: str) -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in (ROOT / room).rglob("*.py")
        if (lines := len(file.read_text("utf-8").splitlines())) > 400
    }
    assert not long


#: A library, or part of one, and the only places that may import it.
ONLY_IN = {
    "kafka": ("runtime/kafka/",),
    "kafka.net": ("runtime/kafka/internals/",),
    "kafka.protocol": ("runtime/kafka/internals/",),
    "kafka.record": ("runtime/kafka/internals/",),
    "kafka.consumer": ("runtime/kafka/internals/",),
    "kafka.partitioner": ("runtime/kafka/internals/",),
    "granian": ("runtime/granian_server.py",),
    "opentelemetry": ("runtime/tracing.py",),
    "confluent_kafka": ("runtime/kafka/librdkafka/",),
}


def imported_modules(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@cache
def modules_by_file() -> Mapping[str, set[str]]:
    """What each file of ours imports, by its path; once for all libraries, because every file is parsed."""
    files = [file for room in MAY_IMPORT for file in sorted((ROOT / room).rglob("*.py"))]
    return {str(file.relative_to(ROOT)): imported_modules(tree_of(file.read_text("utf-8"))) for file in files}


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_by_its_adapter_alone(library: str) -> None:
    wrong = [
        f"{name} imports {module}"
        for name, modules in modules_by_file().items()
        for module in modules
        if f"{module}.".startswith(f"{library}.") and not name.startswith(ONLY_IN[library])
    ]
    assert wrong == []


def test_nobody_reaches_into_the_inside_of_another_object() -> None:
    """`library._private` stands in the adapters alone; methods of ours that others call have no underscore."""
    adapters = ("runtime/kafka/internals/", "runtime/granian_server.py")
    of_named_tuples = {"_replace", "_asdict", "_fields", "_make"}
    wrong = [
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for room in MAY_IMPORT
        for file in sorted((ROOT / room).rglob("*.py"))
        if not (name := str(file.relative_to(ROOT))).startswith(adapters)
        for node in ast.walk(tree_of(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr) and node.attr not in of_named_tuples
        if ast.unparse(node.value) not in ("self", "cls", "super()")
    ]
    assert wrong == []


LONG = 50
#: Above a longer function, what is gained by its length.
REASON = f"# Longer than {LONG} lines: "


def test_a_long_function_says_why() -> None:
    wrong = []
    for room in MAY_IMPORT:
        for file in sorted((ROOT / room).rglob("*.py")):
            text = file.read_text("utf-8")
            lines = text.splitlines()
            for node in ast.walk(tree_of(text)):
                if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= LONG:
                    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                    if not lines[first - 2].strip().startswith(REASON):
                        wrong.append(f"{file.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert wrong == []


def test_a_package_names_nothing_that_a_file_in_it_would_replace() -> None:
    """Importing `package.chain` sets `chain` in the package, whatever the package has imported by that name."""
    wrong = []
    for room in MAY_IMPORT:
        for file in sorted((ROOT / room).rglob("__init__.py")):
            package = ".".join(file.parent.relative_to(ROOT).parts)
            inside = {path.stem for path in file.parent.glob("*.py")} | {path.name for path in file.parent.iterdir()}
            for node in ast.walk(tree_of(file.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom):
                    names = {alias.asname or alias.name for alias in node.names} & inside
                    wrong += [
                        f"{file.relative_to(ROOT)}: {name}"
                        for name in names
                        if node.module not in (package, f"{package}.{name}")
                    ]
    assert wrong == []
