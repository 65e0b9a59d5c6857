"""The README's own commands, run as they stand there: what a newcomer types works."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import BIN, ROOT, TIME_LIMIT, Stack, eventually, serving_stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

README = (ROOT / "README.md").read_text("utf-8")

#: A block that is to be run follows a comment that names it.
_BLOCK = re.compile(r"^<!-- run: ([\w-]+) -->\n```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = {name: (language, text) for name, language, text in _BLOCK.findall(README)}

#: What the first block does is the ground for all others: it says where the stack is.
GROUND = "environment"

#: Block -> what its output holds.
PRINTS = {
    "textlink": ["200 OK", '{"ok":true}', "x-event-id", "x-durability: kafka"],
    "textus": ["200 OK", '{"ok":true}', "x-event-id", "x-durability: kafka"],
    "rows": ["+13035550142 | in | received | Is the job still open?", "+13035551234 | in | received | Hi, is the job"],
    "stop": ["200 OK"],
    "trace": ["persisted", "action=out", "noted       target=rest  status=done", "account=my_account  status=done"],
    "status": ["persist", "ingest"],
}


def run(stack: Stack, name: str) -> subprocess.CompletedProcess[str]:
    """The block `name` in a shell of its own, after the first one."""
    language, text = BLOCKS[name]
    ground = BLOCKS[GROUND][1]
    script = text if language == "sh" else f".venv/bin/python - <<'END'\n{text}\nEND\n"
    whole = f"set -eu\n{ground}\n{script}".replace(".venv/bin/", f"{shlex.quote(str(BIN))}/")
    return subprocess.run(
        ["bash", "-c", whole],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One of its own: the README shows the newest five rows, and other tests' rows would be newer."""
    with serving_stack(tmp_path_factory.mktemp("home")) as stack:
        yield stack


@pytest.mark.parametrize("name", [name for name in BLOCKS if name != GROUND])
def test_a_block_does_what_the_readme_says(stack: Stack, name: str) -> None:
    missing = [tool for tool in ("bash", "curl", "openssl") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"the README's commands need {', '.join(missing)}")

    def holds() -> bool:
        done = run(stack, name)
        assert done.returncode == 0, done.stdout + done.stderr
        printed = done.stdout.lower()
        return all(expected.lower() in printed for expected in PRINTS.get(name, []))

    eventually(holds, f"the README's block {name!r} prints {PRINTS.get(name)}")


def test_every_block_is_known() -> None:
    assert GROUND in BLOCKS
    assert PRINTS.keys() <= BLOCKS.keys()
    assert README.count("<!-- run:") == len(BLOCKS), "a comment that names a block stands right above it"
