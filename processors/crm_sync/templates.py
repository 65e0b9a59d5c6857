"""One request as a setting: `METHOD PATH [JSON]`, with {names} in the path and in the JSON's texts.

A text of the JSON that is nothing but one {name} becomes the value itself, whatever its type: "{tags}" a list,
"{opted_out}" a boolean. In the path every value is quoted, and none may be a dot segment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any
from urllib.parse import quote

from processors.http.paths import check_path

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_WHOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A request with gaps."""

    method: str
    path: str
    body: Any = None

    @classmethod
    def parsed(cls, text: str, names: Collection[str]) -> Template:
        """`text` as a template that may name `names`. Raises ValueError saying what is wrong."""
        method, _, rest = text.strip().partition(" ")
        path, _, body = rest.strip().partition(" ")
        if method not in _METHODS or not path.startswith("/"):
            raise ValueError(f"is no request; it looks like: POST /contacts {{...}}, with one of {', '.join(_METHODS)}")
        try:
            parsed = json.loads(body) if body.strip() else None
        except ValueError as error:
            raise ValueError(f"what follows the path is not JSON: {error}") from None
        used = {name for part in [path, *_texts(parsed)] for _, name, _, _ in Formatter().parse(part) if name}
        if unknown := sorted(used - set(names)):
            raise ValueError(f"names {', '.join(unknown)}; there are {', '.join(sorted(names))}")
        return cls(method, path, parsed)

    def filled(self, values: Mapping[str, Any]) -> tuple[str, str, Any]:
        """Method, path and body, with `values` in the gaps. Raises OddPath where one would lead to another path."""
        path = self.path.format_map({name: quote(str(value), safe="") for name, value in values.items()})
        check_path(path)
        return self.method, path, _filled(self.body, values)


def _filled(body: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(body, dict):
        return {key: _filled(value, values) for key, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, values) for value in body]
    if not isinstance(body, str):
        return body
    whole = _WHOLE.fullmatch(body)
    return values[whole[1]] if whole else body.format_map(values)


def _texts(body: Any) -> list[str]:
    if isinstance(body, dict):
        return [text for value in body.values() for text in _texts(value)]
    if isinstance(body, list):
        return [text for value in body for text in _texts(value)]
    return [body] if isinstance(body, str) else []
