"""What an operator types."""

from __future__ import annotations

import os
import subprocess
import sys

from deploy.local.principals import OPERATOR
from tests.faults.run import Run
from tests.faults.services import ROOT


def hookline(run: Run, *words: str) -> None:
    """Run the `hookline` command with the settings of the run's services; red where it fails."""
    settings = run.ingest.settings | run.persist.settings | run.opt_out.settings | run.crm_sync.settings
    settings |= run.cluster.environment(OPERATOR)
    settings |= {"HOOKLINE_POSTGRES__DSN": run.db.dsn, "HOOKLINE_POSTGRES__OWNER_DSN": run.db.server.owner_dsn}
    done = subprocess.run(
        [sys.executable, "-m", "ops", *words],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")} | settings,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    run.require(done.returncode == 0, f"hookline {' '.join(words)}: {done.returncode} {done.stderr[-300:]}")
