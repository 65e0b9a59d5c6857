"""Hookline's own processes as a run starts them, exactly as people do: `python -m ops ingest`, `process persist`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from deploy.local.launch import SystemUser, launched
from deploy.local.ports import free_ports
from tests.faults.process import Launcher, Process, wait_until
from tests.twins.workers import workers_of

ROOT = Path(__file__).parents[2]
#: What looks into a started process to break it at a chosen place: see injected/sitecustomize.py.
INJECTED = Path(__file__).parent / "injected"
SECRET = "a-secret-of-the-fault-suite-0123456789"
#: Of TextUs's API.
TOKEN = "a-token-of-the-fault-suite-9876543210"
#: Of the CRMs.
CRM_TOKEN = "a-crm-token-of-the-fault-suite-5432109876"
#: Of those who ask the gate.
GATE_TOKEN = "a-gate-token-of-the-fault-suite-1357902468"
#: A phone that no row sends anything about.
NEVER_HEARD_OF = "+14155550190"


def environment(settings: Mapping[str, str], inject: str) -> dict[str, str]:
    """The variables of a service; `inject` says what to break in it, usually nothing."""
    found = dict(settings)
    if inject:
        found |= {"PYTHONPATH": os.pathsep.join(map(str, (INJECTED, ROOT))), "FAULTS_INJECT": inject}
    return found


class Service:
    """One process of Hookline, started, killed and started again on the same ports."""

    def __init__(self, launcher: Launcher, arguments: list[str], settings: Mapping[str, str], log: Path) -> None:
        self._launcher = launcher
        self._arguments = arguments
        self.settings = dict(settings)
        self.log = log
        self.process: Process | None = None
        self.inject = ""
        self.account: SystemUser | None = None  #: whom it runs as; None: as the rig does
        self.admin_port = 0

    def start(self) -> None:
        """Does not wait."""
        assert self.process is None or not self.process.alive
        command = launched([sys.executable, "-m", "ops", *self._arguments], account=self.account, directory=ROOT)
        self.process = self._launcher.start(command, environment(self.settings, self.inject), self.log)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.alive

    def kill(self) -> None:
        """kill -9 of the process and its workers."""
        assert self.process
        self.process.kill()

    def stop(self, timeout: float = 40.0) -> int:
        """SIGTERM; its exit code."""
        assert self.process
        return self.process.stop(timeout)

    def signal(self, number: int) -> None:
        """To the process and its workers."""
        assert self.process
        self.process.signal(number)

    def metrics(self) -> dict[str, float]:
        """Its metrics without labels, each summed over its labels. Raises httpx.TransportError."""
        found: dict[str, float] = {}
        for sample in self.samples():
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
        return found

    def samples(self) -> list[Sample]:
        """Every sample of its metrics. Raises httpx.TransportError."""
        text = httpx.get(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=5).text
        families = text_string_to_metric_families(text)
        return [sample for family in families for sample in family.samples]

    def is_ready(self) -> bool:
        """What the /readyz on its admin port says. Raises httpx.TransportError."""
        return httpx.get(f"http://127.0.0.1:{self.admin_port}/readyz", timeout=3).status_code == 200

    def printed(self) -> str:
        """Its log."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""


class Ingest(Service):
    """`hookline ingest`; `kafka`: the variables by which it reaches Kafka."""

    def __init__(self, launcher: Launcher, home: Path, kafka: Mapping[str, str], **settings: str) -> None:
        self.port, admin_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.spool = home / "spool"
        own = {
            **kafka,
            "HOOKLINE_INGEST__PORT": str(self.port),
            "HOOKLINE_INGEST__ADMIN_PORT": str(admin_port),
            "HOOKLINE_INGEST__WORKERS": "2",
            "HOOKLINE_INGEST__SPOOL_DIR": str(self.spool),
            "HOOKLINE_TEXTLINK__SECRETS": SECRET,
            "HOOKLINE_TEXTUS__SIGNING_SECRETS": SECRET,
        }
        super().__init__(launcher, ["ingest"], own | settings, home / "ingest.log")
        self.admin_port = admin_port

    def is_ready(self) -> bool:
        """What the /readyz of its public port says. Raises httpx.TransportError."""
        return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=3).status_code == 200

    def ready(self) -> bool:
        """Whether it says that it can take webhooks."""
        try:
            return self.is_ready()
        except httpx.TransportError:
            return False

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Raises NotInTime."""
        wait_until(lambda: self.ready() or not self.alive, timeout, "ingest is ready")
        assert self.alive, f"ingest ended:\n{self.printed()[-2000:]}"

    def workers(self) -> list[psutil.Process]:
        """Those that answer requests, oldest first."""
        assert self.process
        return workers_of(self.process.pid)

    def processes(self) -> list[psutil.Process]:
        """The main one, and the workers."""
        assert self.process
        return [psutil.Process(self.process.pid), *self.workers()]

    def spooled(self) -> float:
        """Records that wait in the spool."""
        return self.metrics().get("hookline_spool_records", 0.0)

    def memory(self) -> int:
        """Bytes of all its processes (resident)."""
        total = 0
        for process in self.processes():
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total


class Processor(Service):
    """`hookline process NAME`; `kafka`: the variables by which it reaches Kafka."""

    def __init__(
        self,
        launcher: Launcher,
        home: Path,
        name: str,
        kafka: Mapping[str, str],
        dsn: str,
        *,
        number: int = 1,
        **settings: str,
    ) -> None:
        self.name = name
        admin_port = free_ports(1)[0]
        prefix = f"HOOKLINE_{name.upper().replace('-', '_')}"
        self.admin_port_variable = f"{prefix}__ADMIN_PORT"
        own = {
            **kafka,
            "HOOKLINE_POSTGRES__DSN": dsn,
            self.admin_port_variable: str(admin_port),
            f"{prefix}__RETRY_MAX": "2",
        }
        super().__init__(launcher, ["process", name], own | settings, home / f"{name}-{number}.log")
        self.admin_port = admin_port

    def readiness(self) -> tuple[bool, str]:
        """What its /readyz says, and why."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.admin_port}/readyz", timeout=3)
        except httpx.TransportError as error:
            return False, type(error).__name__
        return answer.status_code == 200, answer.text


class Gate(Service):
    """`hookline gate`."""

    def __init__(self, launcher: Launcher, home: Path, dsn: str, **settings: str) -> None:
        self.port, admin_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        own = {
            "HOOKLINE_POSTGRES__DSN": dsn,
            "HOOKLINE_GATE__PORT": str(self.port),
            "HOOKLINE_GATE__ADMIN_PORT": str(admin_port),
            "HOOKLINE_GATE__TOKENS": GATE_TOKEN,
        }
        super().__init__(launcher, ["gate"], own | settings, home / "gate.log")
        self.admin_port = admin_port

    def may_be_texted(self, phones: Sequence[str]) -> list[bool]:
        """Of each, whether it is in, and that is sure. Raises httpx.TransportError."""
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/opt-outs",
            json={"phones": list(phones)},
            headers={"Authorization": f"Bearer {GATE_TOKEN}"},
            timeout=5,
        )
        answer.raise_for_status()
        return [number["state"] == "in" and number["sure"] for number in answer.json()["opt_outs"]]

    def is_sure(self) -> bool:
        """Whether a number that nobody has ever heard of may be texted."""
        try:
            return self.may_be_texted([NEVER_HEARD_OF])[0]
        except (httpx.TransportError, httpx.HTTPStatusError):
            return False
