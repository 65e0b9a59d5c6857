"""Commands that texts and documents tell people to run, as the command itself reads them."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from ops.__main__ import hookline
from tests.unit.house.syntax import tree_of

#: A value for each placeholder: {name} in a text, NAME in a document.
_VALUES = {
    "day": "2026-11-20",
    "first": "2026-11-20",
    "last": "2026-11-21",
    "t": "2026-11-20T03:00Z",
    "time": "2026-11-20T03:00Z",
    "the_copys_time": "2026-11-20T03:00Z",
    "following": "2026-11-21",
    "the_day_after": "2026-11-21",
    "name": "persist",
    "beat.name": "persist",
    "processor": "persist",
    "row.processor": "persist",
    "kind": "received",
    "provider": "textlink",
    "target": "rest",
    "crm.target": "rest",
    "c.target": "rest",
    "prefix": "crm:",
    "n": "7",
    "n..m": "1..2",
    "number": "7",
    "row.id": "7",
    "%i": "persist",
}
#: What ends a command in a sentence or in a shell.
_END = re.compile(r"[;|)#<>\n]|&&|[,.:](?=\s|$)|(?<!\\)'(?=\s|$)|\s(?:then|or|and|before|when)\s")
_PLACEHOLDER = re.compile(r"\{+\s*([\w.$]+)[^{}]*\}+|<(\w+)>")
_DATE = re.compile(r"\"\$\(date [^)]*\)\"|(?<=\s)\.\.\.")
#: Not the name of a project or a database, as in `-p hookline`.
_START = re.compile(r"(?<![\w.-])(?<!-. )hookline (?=[a-z])")
#: Strings that are no commands: what is signed, a name in Spark, and how a reveal was asked for.
_NO_COMMANDS = re.compile(r"hookline (?:opt-out ledger head|topic tables$|trace$)")


def in_python(text: str) -> Iterator[tuple[int, str]]:
    """The line, and the words, of every command in the strings of a Python file; of its docstrings none."""
    tree = tree_of(text)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)} - {
        id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
    }
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inside or id(node) in docstrings:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ((node.lineno, words) for words in in_sentence(node.value))
        elif isinstance(node, ast.JoinedStr):
            parts = (
                part.value if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
                for part in node.values
                if isinstance(part, ast.Constant | ast.FormattedValue)
            )
            yield from ((node.lineno, words) for words in in_sentence("".join(map(str, parts))))


def in_sentence(text: str) -> Iterator[str]:
    """The words of every command in a text, placeholders filled in. One in backticks ends with them."""
    if _NO_COMMANDS.match(text):
        return
    for start in _START.finditer(text):
        quoted = text[: start.start()].endswith("`")
        rest = text[start.end() :]
        rest = rest.partition("`")[0] if quoted else re.split(r"`|</", rest)[0]
        yield filled(rest)


def filled(words: str) -> str:
    """`words` up to what ends a command, with a value for each placeholder."""
    words = _DATE.sub(_VALUES["time"], words)
    words = _PLACEHOLDER.sub(lambda match: _VALUES.get((match[1] or match[2]).lower(), "X"), words)
    end = _END.search(re.sub(r"\"[^\"]*\"", lambda match: "_" * len(match[0]), words))
    words = words[: end.start()] if end else words
    return words.replace("[", " ").replace("]", " ").strip()


def refusal(words: str) -> str | None:
    """Why `hookline WORDS` does nothing; None where it would run."""
    arguments = [_VALUES.get(word.lower(), word) if word.isupper() else word for word in _split(words)]
    command: click.Command = hookline
    path = []
    while isinstance(command, click.Group):
        if not arguments:
            return None if command.invoke_without_command else f"{words}: a family of commands, and none of them"
        found = command.get_command(click.Context(command), arguments[0])
        if found is None:
            return f"{words}: there is no {' '.join([*path, arguments[0]])}"
        path.append(arguments.pop(0))
        command = found
    if "--help" in arguments:
        return None
    try:
        with command.make_context(" ".join(path), arguments) as context:
            why = _refused_later(context.params)
            return f"{words}: {why}" if why else None
    except click.ClickException as error:
        return f"{words}: {error.format_message()}"


def _refused_later(given: Mapping[str, Any]) -> str | None:
    """What the command itself would refuse, before it does anything."""
    since, until = given.get("since"), given.get("until")
    if since is not None and until is not None and since >= until:
        return "no time is in it"
    if "answer" in given and given["number"] is not None and not (given["answer"] and given["reason"]):
        return "an answer takes a reason, and --out, --release or --in"
    return None


def is_name(words: str) -> bool:
    """Whether `words` only name a command or a family, or options of it, without what they take."""
    command: click.Command | None = hookline
    options = [word for word in words.split() if word.startswith("--")]
    for word in words.split():
        if word not in options:
            command = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
    return command is not None and {*options} <= {name for item in command.params for name in item.opts}


def _split(words: str) -> Sequence[str]:
    try:
        return shlex.split(words)
    except ValueError:
        return words.split()
