"""How commands answer: tables for people, JSON with --json; and `@command`, which every one of them is.

Whatever is shown goes through here and is escaped (`runtime/printable.py`): much of it was written by others.
"""

from __future__ import annotations

import csv
import functools
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from runtime.printable import printable, printable_json

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: Whether the command has answered, in the context of the whole run.
ANSWERED = "hookline.answered"

#: Rows of a long answer that one table has.
PAGE = 100

#: What a text begins with that a spreadsheet takes for a formula, or strips to find one behind it.
_FORMULA_SIGNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
#: A phone number, which a spreadsheet may take for a number and nothing else.
_PHONE = re.compile(r"\+[0-9]{3,15}", re.ASCII)

#: One row of a table; None is shown as nothing.
Row = Sequence[object]


class Output:
    """Where a command's answer goes: standard output. Notes and progress go to standard error."""

    def __init__(self, *, as_json: bool = False, dry_run: bool = False) -> None:
        self.as_json = as_json  #: --json was given
        self.dry_run = dry_run  #: --dry-run was given: tell, and change nothing

    def result(self, data: Any, people: Callable[[], RenderableType]) -> None:
        """The answer: `data` as one JSON document, or what `people` makes of it."""
        self._answered()
        if self.as_json:
            click.echo(as_json(data))
        else:
            self.show(people())

    def line(self, data: Mapping[str, Any], people: str) -> None:
        """One item of an answer that comes bit by bit: one JSON object a line, or a line of text."""
        self._answered()
        click.echo(printable_json(data, default=_plain) if self.as_json else printable(people))

    def rows(
        self,
        name: str,
        rows: Iterable[Mapping[str, Any]],
        columns: Sequence[str],
        *,
        numbers: Iterable[str] = (),
        rest: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        """An answer with so many rows that they are shown as they come, and never held all at once.

        In JSON: one document, in which `name` is the list of all rows, and `rest`, called last, the other keys.
        """
        self._answered()
        if self.as_json:
            click.echo(f'{{"{name}": [', nl=False)
            for number, row in enumerate(rows):
                click.echo(f"{',' if number else ''}\n{printable_json(row, default=_plain)}", nl=False)
            more = "".join(f", {printable_json(key)}: {as_json(value)}" for key, value in rest().items())
            click.echo(f"\n]{more}}}")
            return
        numbers, left = tuple(numbers), iter(rows)
        page: list[Mapping[str, Any]] | None = None
        while page is None or len(page) == PAGE:
            page = list(islice(left, PAGE))
            self.show(table(columns, [[row[column] for column in columns] for row in page], numbers=numbers))

    def csv(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """A table as CSV, escaped on a terminal, as everything is. No text in it is a formula to a spreadsheet."""
        self._answered()
        escape = sys.stdout.isatty()
        for row in chain([columns], rows):
            text = io.StringIO()
            # The line's end decides what csv quotes: without it a text of two lines would be two rows.
            csv.writer(text, lineterminator="\r\n").writerow(map(_no_formula, row))
            line = text.getvalue().removesuffix("\r\n")
            click.echo(printable(line) if escape else line)

    def _answered(self) -> None:
        """Standard output holds an answer now: a failure after this one is told on standard error only."""
        click.get_current_context().find_root().meta[ANSWERED] = True

    def show(self, renderable: RenderableType) -> None:
        """Something for people, on standard output."""
        console().print(shown(renderable))

    def note(self, text: str) -> None:
        """A remark for people beside the answer, on standard error."""
        click.echo(printable(text, lines=True), err=True)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar on standard error while the block runs; call what it yields with how much was done.

        Nothing is shown where standard error is no terminal.
        """
        with self.progress_of_unknown(label) as (begun, done):
            begun(total)
            yield done

    @contextmanager
    def progress_of_unknown(self, label: str) -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
        """For work that learns its total on the way: yields a call for the total, and one for what is done."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        err = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:
            task = bar.add_task(label, total=None)
            yield lambda total: bar.update(task, total=total), lambda done: bar.advance(task, done)


def as_json(data: Any) -> str:
    """`data` as JSON that people can read too."""
    return printable_json(data, default=_plain, indent=2)


def console() -> Console:
    """Standard output: with colours and the terminal's width, or plain and wide enough for every column."""
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=240, color_system=None, force_terminal=False)


def table(
    columns: Iterable[str], rows: Iterable[Row], *, title: str | None = None, numbers: Iterable[str] = ()
) -> RenderableType:
    """A table; the columns named in `numbers` are aligned to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    right = set(numbers)
    drawn = Table(
        title=None if title is None else Text(printable(title)),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for column in columns:
        drawn.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
    return drawn


def _no_formula(value: object) -> object:
    """`value`; where it is a text that a spreadsheet would calculate, behind an apostrophe. Numbers are no texts."""
    if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) and _PHONE.fullmatch(value) is None:
        return f"'{value}"
    return value


def _cell(value: object) -> str:
    return "" if value is None else printable(str(value))


def shown(renderable: RenderableType) -> RenderableType:
    """`renderable`; where it is text, escaped, and without a meaning for the square brackets in it."""
    from rich.text import Text

    return Text(printable(renderable, lines=True)) if isinstance(renderable, str) else renderable


def stacked(*parts: RenderableType) -> RenderableType:
    """Several parts below one another."""
    from rich.console import Group

    return Group(*map(shown, parts))


def state(text: str, *, good: bool) -> RenderableType:
    """A word that is green or red where there are colours."""
    from rich.text import Text

    return Text(printable(text), style="green" if good else "bold red")


def command(name: str | None = None, *, changes: bool = False) -> Callable[[Callable[..., None]], click.Command]:
    """`click.command` whose function gets an `Output` first: every command takes --json.

    `changes`: it changes something, so it takes --dry-run too (`Output.dry_run`).
    """

    def make(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def run(*args: Any, as_json: bool, dry_run: bool = False, **kwargs: Any) -> None:
            function(Output(as_json=as_json, dry_run=dry_run), *args, **kwargs)

        wrapped: Callable[..., None] = run
        if changes:
            wrapped = click.option("--dry-run", is_flag=True, help="Tell what it would do; do nothing.")(wrapped)
        wrapped = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(wrapped)
        return click.command(name, context_settings={"help_option_names": ["-h", "--help"]})(wrapped)

    return make


def _plain(value: Any) -> Any:
    """What `json` cannot write by itself."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, set | frozenset):
        return sorted(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
