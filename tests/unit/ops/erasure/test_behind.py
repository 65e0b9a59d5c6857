"""A processor that does not know how far behind it is may have something on its way to the tables."""

from __future__ import annotations

from typing import Any

import pytest

from ops.erasure import obligations


class Answers:
    """A connection that answers what is asked about processors."""

    def __init__(self, behind: list[tuple[Any, ...]]) -> None:
        self._behind = behind

    def execute(self, query: str, _values: object = ()) -> Any:
        return self if query == obligations._CERTAINTY else iter(self._behind)

    def fetchone(self) -> tuple[()]:
        return ()


class Sure:
    def doubt(self, *_: object) -> None:
        return None


@pytest.mark.parametrize(
    ("seconds", "members", "what"),
    [
        (None, 1, "persist does not know yet how far behind it is"),
        (None, 0, "persist does not run, so it may be behind"),
        (6.0, 1, "persist is 6 s behind"),
    ],
)
def test_what_may_be_on_its_way_is_waited_for(
    seconds: float | None, members: int, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obligations, "Certainty", Sure)
    connection: Any = Answers([("persist", seconds, members), ("crm-sync", 0.0, 1)])
    [obligation] = obligations._behind(connection)
    assert obligation.what == what
    assert obligation.passes
