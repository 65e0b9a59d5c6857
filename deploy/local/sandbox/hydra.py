"""TextUs's collections: {"@type": "hydra:Collection", "members", "totalItems", "view": {"next": url|null}}.

apidocs.next.textus.com, seen 2026-11. URLs in `view` are relative, as in the published samples; the size of a
page and the form of the cursor are not documented, so clients may rely on neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from deploy.local.sandbox.refusals import unprocessable

Json = dict[str, Any]
T = TypeVar("T")


def collection(path: str, members: Sequence[Json], *, kind: str = "hydra:Collection") -> Json:
    """A collection inside another object: whole, without a view."""
    return {
        "@type": kind,
        "@context": f"/contexts/{kind}.jsonld",
        "id": path,
        "members": list(members),
        "totalItems": len(members),
    }


def page(
    path: str,
    rows: Iterable[tuple[int, T]],
    render: Callable[[T], Json],
    *,
    query: Sequence[tuple[str, str]],
    size: int,
    kind: str = "hydra:Collection",
) -> Json:
    """One page of `rows` (number, thing; numbers ascending), each thing as `render` shows it: what comes
    after the query's cursor.

    The cursor is the number of the last member seen, so nothing is skipped or repeated when members are added
    between two pages.
    """
    rows = list(rows)
    after = _cursor(query)
    rest = [row for row in rows if row[0] > after]
    here = rest[:size]
    filters = [(name, value) for name, value in query if name != "cursor"]
    whole = collection(path, [render(member) for _, member in here], kind=kind)
    whole["totalItems"] = len(rows)
    whole["view"] = {
        "@type": "hydra:PartialCollectionView",
        "@context": "/contexts/hydra:PartialCollectionView.jsonld",
        "id": _url(path, query),
        "first": _url(path, filters),
        "next": _url(path, [*filters, ("cursor", str(here[-1][0]))]) if len(rest) > size else None,
        "previous": None,  # always: pages are walked forwards
    }
    return whole


def _cursor(query: Sequence[tuple[str, str]]) -> int:
    for name, value in query:
        if name == "cursor":
            if not value.isdecimal():
                raise unprocessable("cursor", "is none that this API gave out")
            return int(value)
    return 0


def _url(path: str, query: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
