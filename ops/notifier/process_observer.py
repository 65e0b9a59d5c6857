"""Asks every process's admin port whether it answers and is ready, and for its metrics."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.alarms.findings import ObservedItem
from ops.status.findings import Sample, samples_of

#: Seconds that a process has to answer, and bytes of its metrics that are read.
TIMEOUT, MOST_BYTES = 2.0, 4 << 20


@dataclass(frozen=True, slots=True)
class ProcessAnswer:
    """What one process said."""

    name: str
    host: str  #: of its admin port, with the port
    answered: bool
    ready: bool = False
    reason: str = ""
    samples: tuple[Sample, ...] = ()

    def facts(self) -> Iterator[ObservedItem]:
        """What is wrong with it."""
        if not self.answered:
            yield ObservedItem("process_down", {"job": f"hookline-{self.name}", "instance": self.host})
        elif not self.ready:
            yield ObservedItem("process_not_ready", {"process": self.name, "reason": self.reason})


class ProcessObserver:
    """Asks all of them at once; one that hangs delays the answer by `TIMEOUT` at most."""

    def __init__(self, admin_ports: Mapping[str, str], metrics: frozenset[str]) -> None:
        """`admin_ports`: URLs by the processes' names; `metrics`: those that are read."""
        self._admin_ports = dict(admin_ports)
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(max(1, min(16, len(self._admin_ports))), "ask")

    def ask(self) -> list[ProcessAnswer]:
        """How they are now."""
        return list(self._pool.map(self._ask, self._admin_ports, self._admin_ports.values()))

    def close(self) -> None:
        """Ask nobody any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, name: str, url: str) -> ProcessAnswer:
        host = urlsplit(url).netloc
        try:
            status, body = _get(f"{url}/readyz")
            reason = "" if status == http.HTTPStatus.OK else _reason(body, status)
            _, page = _get(f"{url}/metrics")
        except (OSError, http.client.HTTPException) as error:
            return ProcessAnswer(name, host, answered=False, reason=type(error).__name__)
        try:
            samples = tuple(samples_of(self._named_lines(page.decode("utf-8", "replace"))))
        except ValueError:
            samples = ()
        return ProcessAnswer(name, host, True, status == http.HTTPStatus.OK, reason, samples)

    def _named_lines(self, page: str) -> str:
        """Only what rules ask for: parsing every histogram of every process would be most of the work."""
        lines = (line for line in page.splitlines() if line.partition("{")[0].partition(" ")[0] in self._metrics)
        return "\n".join(lines) + "\n"


def _reason(body: bytes, status: int) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    reason = said.get("reason") if isinstance(said, dict) else None
    return str(reason or f"HTTP {status}")


def _get(url: str) -> tuple[int, bytes]:
    """Not through any proxy that the environment names. Raises OSError and http.client.HTTPException."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_BYTES)
    finally:
        connection.close()
