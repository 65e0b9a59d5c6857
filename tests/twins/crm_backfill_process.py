"""`hookline crm backfill` in a process of its own, to be killed: BATCH BATCHES WORDS...

In the transaction after so many BATCHES it stands still, having said so on standard output.
"""

from __future__ import annotations

import sys
import time
from itertools import count
from typing import Any

from ops.__main__ import main
from processors.crm_sync import backfill

if __name__ == "__main__":
    batch, batches, *words = sys.argv[1:]
    backfill.BATCH = int(batch)
    original, calls = backfill.order, count()

    def order(*given: Any, **named: Any) -> tuple[int, int]:
        made = original(*given, **named)
        if next(calls) == int(batches):
            print("standing still", flush=True)
            time.sleep(3600)
        return made

    backfill.order = order
    sys.exit(main(["crm", "backfill", *words]))
