"""Nothing that a stranger texts reaches a terminal as a command, in whichever way it is shown."""

from __future__ import annotations

import io
import json
import logging
import sys
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.display import PlainDisplay
from ops.output import Output, command, stacked, state, table
from runtime import logs
from runtime.printable import printable, printable_json

ROOT = Path(__file__).parents[3]
#: Categories of characters that are not seen as themselves: controls, formats, surrogates, private use, unassigned,
#: and separators of lines and paragraphs.
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
#: Every control and every format character that there is.
COMMANDS = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp")]
ATTACKS = (
    "\x1b[2J\x1b[1;1H",  # clears the screen
    "\x1b]52;c;cm0gLXJmIH4=\x07",  # OSC 52 writes the clipboard
    "\x1b]8;;http://example.com\x1b\\STOP\x1b]8;;\x1b\\",  # a link that says something else
    "\x9b31m",  # CSI in one C1 character
    "\x9d52;c;x\x9c",
    "\u202egnp.exe",  # right to left
    "a\u2066b\u2069\u200b\ufeff\u00ad",
    "\r+13035550142: in",  # writes over the line
    "\x7f\x08\x08",
    "\U000e0041\U000e007f",  # tags
    "[bold red]x[/][link=http://example.com]y[/link]",  # rich's own
)
anything = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(ATTACKS) | st.sampled_from(COMMANDS)


def unseen(text: str, allowed: str = "\n\t") -> list[str]:
    return [character for character in text if unicodedata.category(character) in UNSEEN and character not in allowed]


def shown(make: object, *, as_json: bool = False) -> str:
    """What a command prints whose body is `make(out)`."""

    @command("probe")
    def probe(out: Output) -> None:
        make(out)  # type: ignore[operator]

    result = CliRunner().invoke(probe, ["--json"] if as_json else [])
    assert result.exception is None, result.exception
    return result.output


def test_every_control_and_format_character_is_escaped() -> None:
    assert len(COMMANDS) > 200
    for character in COMMANDS:
        assert not unseen(printable(f"a{character}b"), "")
        assert json.loads(printable_json({"text": character}))["text"] == character


@given(anything)
def test_whatever_it_is_nothing_unseen_is_left(text: str) -> None:
    assert unseen(printable(text), "") == []
    assert unseen(printable(text, lines=True)) == []
    dumped = printable_json([text])
    assert unseen(dumped, "") == []
    assert json.loads(dumped) == [text]


@pytest.mark.parametrize("text", ["plain", "Zoë 日本語 😀 ½", "a\u00a0b\u3000c", ""])
def test_what_is_seen_stays(text: str) -> None:
    assert printable(text) == text
    assert printable_json(text) == f'"{text}"'


def test_how_it_looks() -> None:
    assert printable("\x1b[31m\u202e\U000e0001\n") == "\\x1b[31m\\u202e\\U000e0001\\x0a"
    assert printable_json("\x1b\x9b\U000e0001\n") == '"\\u001b\\u009b\\udb40\\udc01\\n"'


@given(anything)
def test_every_way_to_answer_escapes(text: str) -> None:
    data = {"text": text, "more": [{text: [text]}]}
    ways = (
        lambda out: out.result(data, lambda: table(("text", "state"), [(text, state(text, good=True))], title=text)),
        lambda out: out.result(data, lambda: stacked(text, table(("text",), [(text,)]), text)),
        lambda out: out.result(data, lambda: text),
        lambda out: out.line(data, text),
        lambda out: out.show(text),
        lambda out: out.note(text),
    )
    for way in ways:
        assert unseen(shown(way)) == []
        assert unseen(shown(way, as_json=True)) == []
    assert json.loads(shown(ways[0], as_json=True)) == data
    assert json.loads(shown(ways[3], as_json=True)) == data


def test_square_brackets_of_others_mean_nothing() -> None:
    assert "[bold red]x[/]" in shown(lambda out: out.result(None, lambda: stacked("[bold red]x[/]")))
    assert "[bold red]x[/]" in shown(lambda out: out.show("[bold red]x[/]"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["json", "people"])
def test_logs_escape(stream: io.StringIO) -> None:
    logs.configure("probe", stream=stream)
    for attack in (*ATTACKS, *COMMANDS):
        logs.logger("probe").info(f"event{attack}", place=attack, nested={"a": [attack]})
        logging.getLogger("library").warning("said %s", attack)
    try:
        raise ValueError(ATTACKS[1])
    except ValueError:
        logs.logger("probe").exception("failed")
    for line in stream.getvalue().splitlines():
        ours = line.replace("\x1b[", "") if isinstance(stream, Terminal) else line  # colours of the renderer's
        assert unseen(ours) == [], line
    assert "\x1b]" not in stream.getvalue()
    assert "\x1b[2J" not in stream.getvalue()


def test_the_local_stack_escapes_what_it_announces(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    PlainDisplay(Console(file=sys.stdout)).announce(f"persist ended: {ATTACKS[0]}{ATTACKS[1]}{ATTACKS[5]}")
    assert unseen(capsys.readouterr().out) == []


def test_nothing_is_printed_beside_the_escaping() -> None:
    """`click.echo` and `print` stand only where what they print is escaped, or is nobody's but ours."""
    allowed = {"ops/output.py", "ops/__main__.py", "ops/commands/stack.py"}
    allowed |= {"ops/console/decide.py", "ops/console/rule_trials.py"}  # escaped JSON, to the console's own process
    allowed |= {"deploy/analytics/topic_tables.py"}  # numbers and a path of the caller's, within Spark
    found = {
        str(file.relative_to(ROOT))
        for folder in ("ops", "runtime", "ingest", "processors", "deploy")
        for file in (ROOT / folder).rglob("*.py")
        if any(
            call in file.read_text("utf-8") for call in ("click.echo(", "secho(", "\n    print(", "sys.stdout.write(")
        )
    }
    assert found <= allowed
