"""Classes that are found by looking into a package, so that a new one is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

Kind = TypeVar("Kind")


def found_in(package: ModuleType, kind: type[Kind]) -> dict[str, type[Kind]]:
    """Every subclass of `kind` that a module of `package` defines, by its `name`, in order."""
    found: dict[str, type[Kind]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        name = f"{package.__name__}.{module.name}"
        for held in vars(importlib.import_module(name)).values():
            if isinstance(held, type) and issubclass(held, kind) and held is not kind and held.__module__ == name:
                found[vars(held)["name"]] = held
    return dict(sorted(found.items()))
