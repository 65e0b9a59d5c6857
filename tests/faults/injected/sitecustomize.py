"""Python runs this at the start of a process that has this folder on its path: the fault suite's way into one.

FAULTS_INJECT says what to do there: `name` or `name=argument`, several separated by `;`. Each is a function in
`injections.py` that returns the modules to change, by name, and what to do to each once it has been imported. The
product has no switch for any of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

Change = Callable[[ModuleType], None]


class ChangingFinder(MetaPathFinder):
    """Finds modules as ever, and changes some of them as soon as they are there."""

    def __init__(self, changes: dict[str, list[Change]]) -> None:
        self._changes = changes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        changes = self._changes.get(fullname)
        spec = PathFinder.find_spec(fullname, path, target) if changes else None
        if spec is None or spec.loader is None or changes is None:
            return None
        _change_after(spec.loader, changes)
        return spec


def _change_after(loader: Loader, changes: list[Change]) -> None:
    run = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        run(module)
        for change in changes:
            change(module)

    loader.exec_module = exec_module  # type: ignore[method-assign]


def install(expected: str) -> None:
    """Have everything that `wanted` names happen in this process."""
    from tests.faults.injected import injections

    changes: dict[str, list[Change]] = {}
    for injection in filter(None, expected.split(";")):
        name, _, argument = injection.partition("=")
        for module, change in getattr(injections, name)(argument).items():
            changes.setdefault(module, []).append(change)
    sys.meta_path.insert(0, ChangingFinder(changes))


if os.environ.get("FAULTS_INJECT"):
    install(os.environ["FAULTS_INJECT"])
