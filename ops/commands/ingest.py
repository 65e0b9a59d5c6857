"""`hookline ingest`: the service that takes webhooks, in the foreground."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import click


@click.command()
def ingest() -> None:
    """Take webhooks until Ctrl-C or SIGTERM: answer 200 once each is durable."""
    metrics = Path(tempfile.mkdtemp(prefix="hookline-metrics-"))
    # prometheus_client decides when it is imported how it keeps its values, for this process and its forks.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    try:
        from ingest.server import serve

        serve(metrics)
    finally:
        shutil.rmtree(metrics, ignore_errors=True)
