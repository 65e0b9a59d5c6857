"""Shell completion by click's own scripts and answers: the script runs `hookline` with a variable that asks."""

from __future__ import annotations

import os

import click
from click.shell_completion import get_completion_class, shell_complete

NAME = "hookline"
#: Set by the script: what the shell asks for, such as bash_complete.
VARIABLE = "_HOOKLINE_COMPLETE"


def script(root: click.Command, shell: str) -> str:
    """What `shell` evaluates to complete the commands below `root`.

    Raises ValueError where click knows no such shell.
    """
    made = get_completion_class(shell)
    if made is None:
        raise ValueError(f"no completion for {shell}")
    return made(root, {}, NAME, VARIABLE).source()


def answer(root: click.Command) -> None:
    """Answer a shell that asks for completions and raise Exit with the exit code; nothing where no shell asks."""
    if instruction := os.environ.get(VARIABLE):
        raise click.exceptions.Exit(shell_complete(root, {}, NAME, VARIABLE, instruction))
