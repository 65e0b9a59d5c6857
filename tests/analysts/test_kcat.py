"""The page's block for kcat, where it is installed: every event is there once, by the headers of its records."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter

import pytest

from tests.analysts.conftest import AddRow, Tools
from tests.e2e.analysts_page import SentHistory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed (Debian: apt install kcat)")
def test_kcat_shows_the_headers_of_every_event(tools: Tools, add_row: AddRow, history: SentHistory) -> None:
    records = tools.block("kcat").stdout.splitlines()
    found = [re.search(r"ce_id=([0-9a-f-]+).*ce_type=([a-z._]+)", record) for record in records]
    assert all(found)
    types = {match[1]: match[2] for match in found if match}
    sent = {name: count for name, count in history.truth["events"].items() if name.startswith("message.")}
    assert Counter(types.values()) == sent
    version = subprocess.run(["kcat", "-V"], capture_output=True, text=True, check=True).stdout
    [named] = re.findall(r"^Version ([\w.-]+)", version, re.MULTILINE)
    add_row("kcat", f"kcat {named}", len(records), f"{len(types):,} events, by their headers")
