"""The stack of a drill: `hookline up`, a receiver of its alarms, a `hookline status` that watches, and traffic."""

from __future__ import annotations

import itertools
import json
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg

from deploy.local.postgres import EmbeddedPostgres
from tests.drill.judgement import StatusReading
from tests.servers.alarm_receiver import AlarmReceiver
from tests.servers.local_stack import LocalStack, texts, until

#: Webhooks a second.
RATE = 3.0
#: Bytes in MiB that a spool may hold: so little that an outage of Kafka fills it within the drill.
SPOOL_MB = 2
#: It answers with exit code 1 where it finds something, such as what another fault of the drill has broken meanwhile.
_DIAGNOSIS = "hookline doctor"
_PHONES = tuple(f"+1303555{number:04d}" for number in range(100, 160))


class DrillStack:
    """A context manager; `keep`: its home stays."""

    def __init__(self, note: Callable[[str], None], *, keep: bool = False) -> None:
        self.note = note
        self._keep = keep
        self.home = Path(tempfile.mkdtemp(prefix="hookline-drill-"))
        self.secret_file = self.home / "textlink-secret"
        self.secret_file.write_text("drill-secret-of-textlink", "utf-8")
        self.receiver = AlarmReceiver()
        self.local = LocalStack(
            self.home / "stack",
            HOOKLINE_NOTIFIER__TARGETS=f"json://127.0.0.1:{self.receiver.port}",
            HOOKLINE_TEXTLINK__SECRETS_FILE=str(self.secret_file),
            HOOKLINE_INGEST__SPOOL_MAX_MB=str(SPOOL_MB),
        )
        self.readings: list[StatusReading] = []
        self.unreadable: list[str] = []  #: lines of status that are no JSON: one is a miss of the whole drill
        self.environment: dict[str, str] = {}
        self._leaving = threading.Event()
        self._threads: list[threading.Thread] = []
        self._status: subprocess.Popen[str] | None = None
        self._on_leave: list[Callable[[], None]] = []
        self._failing: dict[str, int] = {}
        self.traffic: Traffic | None = None

    def __enter__(self) -> DrillStack:
        began = time.monotonic()
        try:
            self.environment = self.local.up()
            self.note(f"the stack serves after {time.monotonic() - began:.0f} s in {self.home}")
            self.traffic = Traffic(self.environment)
            self._run(self._watch_status)
            self._run(lambda: self.traffic.run(self._leaving) if self.traffic else None)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.let_be()
        self._leaving.set()
        if self._status is not None:
            self._status.terminate()
        for thread in self._threads:
            thread.join(15.0)
        self.local.run("down")
        self.receiver.close()
        if not self._keep:
            subprocess.run(["rm", "-rf", str(self.home)], check=False)

    def let_be(self) -> None:
        """End whatever faults have begun: what is frozen, locked or killed again and again."""
        while self._on_leave:
            self._on_leave.pop()()

    def at_the_end(self, leave: Callable[[], None]) -> None:
        """Call `leave` before the stack is stopped: what a fault has begun has to end."""
        self._on_leave.append(leave)

    def _run(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _watch_status(self) -> None:
        while not self._leaving.is_set():
            self._status = self.local.popen(
                "status", "--watch", "--json", "--interval", "1", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            assert self._status.stdout is not None
            for line in self._status.stdout:
                try:
                    said = json.loads(line.replace(f"{self.home}/", ""))  # a page names no path of this machine
                except ValueError:
                    self.unreadable.append(line)
                    self.note(f"status said what is no JSON: {line[:300]!r}")
                    continue
                reading = StatusReading(
                    time.monotonic(), said["healthy"], tuple(said["problems"]), tuple(said["warnings"])
                )
                self.readings.append(reading)
            self._status.wait()

    def service(self, name: str) -> psutil.Process:
        """The process of a service of the stack. Raises KeyError where it has none now."""
        return psutil.Process(self.local.service(name)["pid"])

    def restart(self, name: str) -> None:
        """SIGTERM, after which the supervisor starts it again: so it reads its settings anew."""
        self.service(name).terminate()

    @property
    def _postgres(self) -> EmbeddedPostgres:
        parts = urlsplit(self.environment["HOOKLINE_POSTGRES__DSN"])
        return EmbeddedPostgres(self.local.home / "postgres", parts.port or 5432)

    def dsn(self, process: str) -> str:
        """Of the role of `process`."""
        return self._postgres.dsn(process)

    def superuser(self) -> psycopg.Connection[Any]:
        """Of the stack's PostgreSQL, in Hookline's database."""
        dsn = self._postgres.superuser_dsn.removesuffix("/postgres") + "/hookline"
        return psycopg.connect(dsn, autocommit=True)

    def mend_secret(self) -> None:
        """Gives ingest the secret that the traffic has, and waits until it serves."""
        assert self.traffic is not None
        self.secret_file.write_text(self.traffic.secret, "utf-8")
        before = self.service("ingest").pid
        self.restart("ingest")
        until(lambda: self._serves("ingest", before), "ingest serves again")

    def _serves(self, name: str, before: int) -> bool:
        found = self.local.service(name)
        return found["phase"] == "serving" and found["pid"] != before

    def send_stop(self) -> None:
        """Somebody says STOP."""
        assert self.traffic is not None
        with httpx.Client(timeout=3.0, trust_env=False) as client:
            self.traffic.post(client, "STOP", "+13035550777")

    def fail_calls(self, path: str, status: int) -> None:
        """Have the sandbox answer `status` to every call whose path begins with `path`."""
        self._failing[path] = status
        self.sandbox("POST", "/faults", {"path": path, "status": status, "times": None})

    def heal_calls(self, path: str) -> None:
        """Have it answer as it should there."""
        del self._failing[path]
        self.sandbox("DELETE", "/faults")
        for other, status in list(self._failing.items()):
            self.sandbox("POST", "/faults", {"path": other, "status": status, "times": None})

    def sandbox(self, method: str, path: str, body: object = None) -> Any:
        """Ask the sandbox's control."""
        url = f"{self.environment['SANDBOX_URL']}/_sandbox{path}"
        answer = httpx.request(method, url, json=body, timeout=10, trust_env=False)
        answer.raise_for_status()
        return answer

    def run_command(self, command: str) -> str:
        """Run what a text says to run: `hookline ...`, or SQL as the superuser. Returns how it failed, or nothing."""
        if not command.startswith("hookline "):
            with self.superuser() as connection:
                connection.execute(command)  # type: ignore[call-overload]
            return ""
        done = self.local.run(*shlex.split(command)[1:])
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        is_answer = done.returncode == 0 or (done.returncode == 1 and command.startswith(_DIAGNOSIS))
        return "" if is_answer else f"exit code {done.returncode}: {''.join(last)[:300]}"

    def lost(self) -> set[str]:
        """The texts that were answered 200 and have no row."""
        assert self.traffic is not None
        self.let_be()
        return self.traffic.accepted - texts(self.environment)


class Traffic:
    """Texts from many phones, each with a text of its own, so that every one can be found again."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.secret = environment["TEXTLINK_SECRET"]
        self._url = f"{environment['INGEST_URL']}/webhooks/textlink/received"
        self.accepted: set[str] = set()
        self.answers: Counter[str] = Counter()
        self.rate = RATE
        self.padding = ""

    def calm(self) -> None:
        """The usual rate, of short texts."""
        self.rate, self.padding = RATE, ""

    def run(self, leaving: threading.Event) -> None:
        """Until `leaving`."""
        with httpx.Client(timeout=3.0, trust_env=False) as client:
            for number in itertools.count():
                if leaving.is_set():
                    return
                self.post(client, f"drill {number}{self.padding}", _PHONES[number % len(_PHONES)])
                leaving.wait(1.0 / self.rate)

    def post(self, client: httpx.Client, text: str, phone: str) -> int | None:
        """The status of the answer; None: there was none."""
        body = {"phone_number": phone, "text": text, "timestamp": int(time.time() * 1000), "secret": self.secret}
        try:
            status = client.post(self._url, json=body).status_code
        except httpx.TransportError:
            self.answers["none"] += 1
            return None
        self.answers[str(status)] += 1
        if status == httpx.codes.OK:
            self.accepted.add(text)
        return status


def freeze(process: psutil.Process) -> list[psutil.Process]:
    """SIGSTOP to it and to all that it started; who they are."""
    members = [process, *process.children(recursive=True)]
    for member in members:
        member.send_signal(signal.SIGSTOP)
    return members


def thaw(members: list[psutil.Process]) -> None:
    """SIGCONT to those that are still there."""
    for member in members:
        try:
            member.send_signal(signal.SIGCONT)
        except psutil.NoSuchProcess:
            continue
