"""How much slower than a machine that does nothing else this one is now: what a bound in seconds is stretched by."""

from __future__ import annotations

import subprocess
import sys
import time

#: Seconds that the command below takes on two idle cores, rounded up.
IDLE = 1.5
#: What every process of ours does first.
_IMPORTS = "import ops.gate.server, processors.engine.service, processors.opt_out"


def slowness() -> float:
    """1 on an idle machine; 3 where a process of ours takes three times as long to start as there."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", _IMPORTS], check=True, capture_output=True, timeout=300)
    return max(1.0, (time.monotonic() - begun) / IDLE)
