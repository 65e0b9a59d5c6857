"""The version before runs on the new tables, as it does while an upgrade is under way: its own code, held to its own
tests, on this version's migrations and privileges.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.older_code import MIGRATIONS, ROOMS, ROOT, commit_before, extract

#: Of each part that uses the database what reads and writes most of its tables, in seconds: from persist's folds, the
#: ledger, the gate's certainty and the CRM's queue. Names that the version before does not have select nothing.
FILES = ("test_persist_folds", "test_opt_out_replay", "test_certainty", "test_crm_sync")
TESTS = (
    "failure_of_the_same_key", "better_match_that_arrives_later", "tests_and_unrecognized", "an_empty_tag",
    "what_was_missed_is_held", "an_opt_in_that_came_later",
    "sure_once_every_partition", "a_spool_that_holds_events", "what_came_and_went", "an_operator_ends_the_claim",
    "a_contact_and_its_messages", "sent_and_then_failed", "names_and_tags", "an_opt_out_reaches",
)  # fmt: skip
#: How many of them have to have run, so that renamed tests do not leave this one empty.
LEAST = 10


def test_the_version_before_runs_on_the_new_tables(server_kind: str, tmp_path: Path) -> None:
    if server_kind == "containers":
        pytest.skip("the version before would start containers of its own")
    migrations = sorted(MIGRATIONS.glob("*.sql"))
    before = commit_before(migrations[-1])
    extract(before, tmp_path, (*ROOMS, "tests"))
    older = {path.name for path in (tmp_path / "schemas" / "sql").glob("*.sql")}
    assert older < {path.name for path in migrations}
    # Given the old code with the new tables and what the new version grants
    for path in (*migrations, ROOT / "schemas" / "privileges.py"):
        shutil.copy(path, tmp_path / path.relative_to(ROOT))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", "-k", " or ".join(TESTS)),
            *(f"tests/integration/{name}.py" for name in FILES),
        ],
        cwd=tmp_path,
        env=environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    said = f"{before} on the new tables:\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    assert done.returncode == 0, said
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None, said
    assert int(passed[1]) >= LEAST, said
