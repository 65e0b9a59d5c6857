"""`hookline notifier`: tells people what is wrong, in the foreground."""

from __future__ import annotations

import click


@click.command()
def notifier() -> None:
    """Send alarms to HOOKLINE_NOTIFIER__TARGETS until Ctrl-C or SIGTERM."""
    from ops.notifier.server import serve

    serve()
