"""docs/commands.md, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ops import exits
from ops.__main__ import hookline
from tests.reference.markdown import code, table

EXIT_CODES = {
    exits.OK: "all is well",
    exits.CHECK_FAILED: "a check failed; standard error says which",
    exits.USAGE: "the command line is wrong",
    exits.UNAVAILABLE: "a service cannot be reached; its name and setting are told",
    exits.SOFTWARE: "a bug of ours; `HOOKLINE_DEBUG=1` shows where",
    exits.TRY_LATER: "try again later",
    exits.CONFIG: "the configuration is wrong or incomplete; every mistake is named",
    exits.INTERRUPTED: "ended by Ctrl-C",
}


def page() -> str:
    """The whole page."""
    parts = [
        "# Commands\n",
        "Every command goes by the settings in the environment ([settings](settings.md)); without any, the tools "
        "below find the local stack that runs in `HOOKLINE_HOME`. `--json` answers in JSON on standard output; "
        "remarks and progress are on standard error. `--dry-run` tells and changes nothing.\n",
        table(("exit code", "meaning"), EXIT_CODES.items()),
    ]
    for path, command in commands(hookline, "hookline"):
        parts.append(f"## {path}\n")
        parts.append(f"{paragraphs(command.help or '')}\n")
        usage = " ".join(command.collect_usage_pieces(click.Context(command)))
        parts.append(f"```\n{path} {usage}\n```\n")
        options = [option for option in command.params if isinstance(option, click.Option)]
        if options:
            parts.append(table(("option", "default", "meaning"), map(row, options)))
    return "\n".join(parts)


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with what is typed."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        elif command is not None:
            yield f"{path} {name}", command


def paragraphs(help_text: str) -> str:
    """Help as it is typed, without the line breaks of the source."""
    return "\n\n".join(" ".join(part.split()) for part in help_text.split("\n\n"))


def row(option: click.Option) -> tuple[str, str, str]:
    """One line of the table of options."""
    metavar = option.make_metavar(click.Context(click.Command("x"))).removesuffix(" RANGE")
    takes = "" if option.is_flag else f" {metavar}"
    default = option.default if option.show_default else None
    return code(", ".join(option.opts) + takes), code(default), option.help or ""
