"""`hookline process NAME`: one processor, in the foreground."""

from __future__ import annotations

import click

from ops.processors import processor_names


@click.command()
@click.argument("name", type=click.Choice(processor_names()))
def process(name: str) -> None:
    """Run the processor NAME until Ctrl-C or SIGTERM: poll, decode, handle, commit.

    Exits 70, with nothing of the batch committed, when a handler fails as none should: start it again.
    """
    from processors.service import serve

    serve(name)
