"""A few rows with a new seed each time, for CI: under three minutes. All of them: `make faults`."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.faults.rows.registry import all_rows
from tests.faults.session import Session

#: One of ingest, one of the processors, one of PostgreSQL, one of the CRMs; one broker each.
SELECTED = ("I1", "C1", "P2", "M2")
SEED = int(os.environ.get("HOOKLINE_FAULTS_SEED") or random.SystemRandom().randrange(1, 100_000))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as session:
        yield session


@pytest.mark.slow
@pytest.mark.timeout(900)  # a run waits 10 minutes at most until a backlog is worked off
@pytest.mark.parametrize("name", SELECTED)
def test_nothing_is_lost_and_nothing_doubled(session: Session, name: str) -> None:
    """Speed is not judged here, on a machine of which nothing is known: that is for `make faults`."""
    print(f"HOOKLINE_FAULTS_SEED={SEED}")
    verdict, run = session.run(all_rows()[name], SEED, lenient=True)
    assert not verdict.problems, f"HOOKLINE_FAULTS_SEED={SEED} {run.home}: {verdict}"


def test_every_row_of_the_table_has_its_story() -> None:
    rows = all_rows()
    expected = [
        f"{letter}{number}"
        for letter, count in (("K", 10), ("I", 10), ("C", 5), ("P", 3), ("M", 2), ("O", 2), ("S", 2))
        for number in range(1, count + 1)
    ]
    assert list(rows) == [*expected, *(f"F{number}" for number in range(1, 10)), "X1"]
    for row in rows.values():
        assert row.story.__module__.startswith("tests.faults.rows.")
