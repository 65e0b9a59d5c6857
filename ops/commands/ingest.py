"""`hookline ingest`: the service that takes webhooks, in the foreground."""

from __future__ import annotations

import click


@click.command()
def ingest() -> None:
    """Take webhooks until Ctrl-C or SIGTERM: answer 200 once each is durable."""
    from ingest.server import serve

    serve()
