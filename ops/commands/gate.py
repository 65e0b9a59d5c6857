"""`hookline gate`: whoever sends asks it first, in the foreground."""

from __future__ import annotations

import click


@click.command()
def gate() -> None:
    """Tell senders whether a number may be texted, until Ctrl-C or SIGTERM.

    GET /opt-outs/PHONE, or POST /opt-outs with {"phones": [...]}, with a bearer token. What is not surely known is
    `out`.
    """
    from ops.gate.server import serve

    serve()
