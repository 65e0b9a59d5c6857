"""`hookline completion`: the script by which a shell completes commands, options and choices."""

from __future__ import annotations

import click

from ops.output import Output, command


@command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(out: Output, shell: str) -> None:
    """The script that lets a shell complete hookline's commands and options; bash from 4.4 on.

    In ~/.bashrc: eval "$(hookline completion bash)"; in ~/.zshrc, after compinit: eval "$(hookline completion zsh)";
    for fish: hookline completion fish > ~/.config/fish/completions/hookline.fish
    """
    from ops.completion import script

    text = script(click.get_current_context().find_root().command, shell)
    out.result({"shell": shell, "script": text}, lambda: text)
