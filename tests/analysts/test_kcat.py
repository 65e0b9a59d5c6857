"""The page's block for kcat, where it is installed: every event is there once, by the headers of its records."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.analysts.conftest import AddRow, Tools
from tests.e2e.analysts_page import SentHistory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with the librdkafka of confluent-kafka in it: kcat's own may be too old to log in to Kafka 4."""
    package = distribution("confluent-kafka")
    [found] = [
        file for file in package.files or [] if file.name.startswith("librdkafka-") and file.name.endswith(".so.1")
    ]
    (tmp_path / "librdkafka.so.1").symlink_to(Path(str(package.locate_file(found))).resolve())
    return tmp_path


@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed (Debian: apt install kcat)")
def test_kcat_shows_the_headers_of_every_event(
    tools: Tools, add_row: AddRow, history: SentHistory, library: Path
) -> None:
    records = tools.block("kcat", LD_LIBRARY_PATH=str(library)).stdout.splitlines()
    found = [re.search(r"ce_id=([0-9a-f-]+).*ce_type=([a-z._]+)", record) for record in records]
    assert all(found)
    types = {match[1]: match[2] for match in found if match}
    sent = {name: count for name, count in history.truth["events"].items() if name.startswith("message.")}
    assert Counter(types.values()) == sent
    shown = tools.run("kcat", "-V", LD_LIBRARY_PATH=str(library)).stdout
    versions = re.findall(r"(?:^Version|librdkafka) ([\d.]+)", shown, re.MULTILINE)
    add_row(
        "kcat", "kcat {}, librdkafka {}".format(*versions), len(records), f"{len(types):,} events, by their headers"
    )
