"""Every command that a finding, an alarm, a message or a document tells people to run can be run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from tests.unit.house.shown_commands import filled, in_python, in_sentence, is_name, refusal

ROOT = Path(__file__).parents[3]
ROOMS = ("schemas", "runtime", "ingest", "processors", "ops", "deploy")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
PAGES = sorted((ROOT / "ops" / "console").rglob("*.html"))
#: commands.md is made from the commands.
DOCUMENTS = sorted(
    path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if path.name not in ("commands.md",)
)
_BLOCK = re.compile(r"```(?:sh|bash|console)\n(.*?)```", re.DOTALL)
_INLINE = re.compile(r"`hookline ([a-z][^`]*)`")


@pytest.fixture(autouse=True)
def files_that_commands_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command may take a file that has to exist, and ask for a password."""
    monkeypatch.setattr(click.Option, "prompt_for_value", lambda *_: "a password")
    monkeypatch.chdir(tmp_path)
    for name in ("mended.json", "copy.jsonl", "FILE"):
        Path(name).touch()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_messages_can_be_run(path: Path) -> None:
    found = [(line, refusal(words)) for line, words in in_python(path.read_text("utf-8"))]
    assert not [(line, why) for line, why in found if why]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_on_the_console_can_be_run(path: Path) -> None:
    text = re.sub(r"</?code>", "`", path.read_text("utf-8"))
    assert not [why for words in in_sentence(text) if not is_name(words) and (why := refusal(words))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_documents_can_be_run(path: Path) -> None:
    """What stands in a sentence may only name a command."""
    text = path.read_text("utf-8")
    shown = [words for block in _BLOCK.findall(text) for words in in_sentence(block.replace("\\\n", " "))]
    shown += [words for inline in _INLINE.findall(text) if not is_name(words := filled(inline.replace("\n", " ")))]
    for inline in re.findall(r"`([^`\n]*; ?(?:then |when [^`]*)?hookline [^`]*)`", text):
        shown += in_sentence(inline)
    assert not [why for words in shown if (why := refusal(words))]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("dlq ls persist", None),
        ("dlq ls crm:rest", None),
        ("nodes", None),
        ("dlq ls rest", "no such processor"),
        ("dlq redrive", "Missing argument"),
        ("dlq", "a family"),
        ("nothing", "there is no nothing"),
        ("process resume nobody", "is not one of"),
        ("retention accept 2026-11-20", "Missing option '--reason'"),
        ("audit --since 2026-11-20", "No such option"),
        ("opt-outs review 7", "takes a reason"),
        ("opt-outs review 7 --in --reason TEXT", None),
        ("audit --from DAY --to DAY", "no time is in it"),
        ("audit --from 2026-11-20 shows what is missing", "unexpected extra argument"),
    ],
)
def test_a_command_that_does_nothing_would_be_seen(words: str, why: str | None) -> None:
    found = refusal(words)
    assert (found is None) if why is None else (found is not None and why in found)


def test_commands_are_found_in_a_sentence() -> None:
    text = 'fix = f"see its log; hookline dlq ls {name}; when it is mended, hookline dlq resume {name}"'
    assert [words for _, words in in_python(text)] == ["dlq ls persist", "dlq resume persist"]
