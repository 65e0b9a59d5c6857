"""Python files as syntax trees."""

from __future__ import annotations

import ast


def tree_of(text: str) -> ast.Module:
    """The syntax tree of a file's text.

    Before 3.11.5 CPython keeps how deep it is in one place for all threads (gh-106905), and says SystemError where
    another thread was at it too: then once more.
    """
    try:
        return ast.parse(text)
    except SystemError:
        return ast.parse(text)
