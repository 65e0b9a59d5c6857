"""Who answers requests in a running ingest."""

from __future__ import annotations

import psutil


def workers_of(main: int) -> list[psutil.Process]:
    """The workers of the service whose main process has the id `main`, oldest first.

    Its other child is a tracker of multiprocessing's.
    """
    found = []
    for child in psutil.Process(main).children():
        try:
            if "resource_tracker" not in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return sorted(found, key=lambda child: child.pid)
