"""Run by spark-submit in place of topic_tables.py: the same, killed where its second batch is written and not noted."""

from __future__ import annotations

import itertools
import os
import signal
from typing import Any

import topic_tables

_add_new_events = topic_tables.add_new_events
_batches = itertools.count(1)


def _add_then_die(*batch: Any) -> None:
    _add_new_events(*batch)
    if next(_batches) == 2:
        os.kill(os.getppid(), signal.SIGKILL)  # Spark's own process, which would note the batch in its checkpoint
        os.kill(os.getpid(), signal.SIGKILL)


topic_tables.add_new_events = _add_then_die
topic_tables.main()
