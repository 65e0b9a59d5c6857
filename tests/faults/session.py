"""Servers that are started once for many runs.

The brokers have a disk of their own, as where Hookline runs: memory, where there is enough. Three brokers that were
killed sync some thousand files when they start, and on a shared disk whatever ingest syncs meanwhile waits for seconds
(measured: 5.4 s). What `kill -9` leaves in memory is what it leaves on a disk.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.faults.checker import Verdict
from tests.faults.cluster import Cluster
from tests.faults.database import Database
from tests.faults.process import Launcher
from tests.faults.results import USUAL_CLIENT
from tests.faults.run import Row, Run

#: Where Linux keeps files in memory, and the bytes that three brokers may want there.
_SHM, _ENOUGH = Path("/dev/shm"), 4 << 30  # noqa: S108 - a directory of random name is made in it


class Session:
    """Lazily: a PostgreSQL, a broker, a cluster of three. Use it in a `with` block."""

    def __init__(self, *, keep: bool = False, minutes: float = 2.0, client: str = USUAL_CLIENT) -> None:
        """`keep`: leave the files of all runs behind, not only of red ones, but none in memory: the brokers'.

        `minutes`: see Run.minutes. `client`: HOOKLINE_KAFKA__CLIENT of the services.
        """
        self.home = Path(tempfile.mkdtemp(prefix="hookline-faults-"))
        self._brokers_home = Path(tempfile.mkdtemp(prefix="hookline-faults-", dir=_memory()))
        self._keep = keep
        self._minutes = minutes
        self._client = client
        self._launcher = Launcher()
        self._clusters: dict[int, Cluster] = {}
        self._database: Database | None = None
        self._count = 0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        for cluster in self._clusters.values():
            cluster.close()
        if self._database:
            self._database.close()
        self._launcher.close()
        shutil.rmtree(self._brokers_home, ignore_errors=True)
        if not self._keep:
            shutil.rmtree(self.home, ignore_errors=True)

    def run(self, row: Row, seed: int, mutation: str = "", *, lenient: bool = False) -> tuple[Verdict, Run]:
        """Play `row` once; `lenient`: however slow everything is."""
        self._count += 1
        home = self.home / f"{self._count:03d}-{row.name}-{seed}"
        home.mkdir()
        run = Run(row, seed, home, self._launcher, self._cluster(row.brokers), self._db())
        run.mutation, run.minutes = mutation, self._minutes
        run.lenient = lenient
        verdict = run.play()
        if verdict.green and not self._keep:
            shutil.rmtree(home, ignore_errors=True)
        else:
            self._keep = True
        return verdict, run

    def _cluster(self, size: int) -> Cluster:
        for other, cluster in list(self._clusters.items()):
            if other != size:  # two cores: only one of them at a time
                cluster.close()
                del self._clusters[other]
        if size not in self._clusters:
            home = self._brokers_home / f"kafka-{size}-{self._count}"
            home.mkdir()
            self._clusters[size] = Cluster(home, size, self._launcher, self._client)
            self._clusters[size].start()
        else:
            self._clusters[size].heal()
            self._clusters[size].wait_whole()
        return self._clusters[size]

    def _db(self) -> Database:
        if self._database is None:
            self._database = Database(self.home / "postgres", self._launcher)
            self._database.start()
        self._database.heal()
        return self._database


def _memory() -> Path | None:
    """Where files are kept in memory; None: nowhere, or not enough of it."""
    return _SHM if _SHM.is_dir() and shutil.disk_usage(_SHM).free >= _ENOUGH else None
