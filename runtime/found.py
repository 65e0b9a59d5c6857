"""Modules, and the classes in them, that are found by looking into a package: a new one is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar

Kind = TypeVar("Kind")


def modules_in(package: ModuleType) -> Iterator[ModuleType]:
    """Every module of `package`, imported, in the order of their names."""
    for module in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{module.name}")


def found_in(package: ModuleType, kind: type[Kind]) -> dict[str, type[Kind]]:
    """Every subclass of `kind` that a module of `package` defines, by its `name`, in order."""
    found: dict[str, type[Kind]] = {}
    for module in modules_in(package):
        for held in vars(module).values():
            if (
                isinstance(held, type)
                and issubclass(held, kind)
                and held is not kind
                and held.__module__ == module.__name__
            ):
                found[vars(held)["name"]] = held
    return dict(sorted(found.items()))
