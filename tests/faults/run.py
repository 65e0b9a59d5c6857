"""One run of one row: everything started anew but the servers, load, the fault, quiet, and the verdict."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
from kafka.errors import KafkaError

from deploy.local.principals import OPERATOR
from runtime.kafka.ends import KafkaEnds
from tests.faults import crm, evidence, ledger
from tests.faults.checker import Promise, Verdict, check
from tests.faults.client.journal import read
from tests.faults.cluster import Cluster
from tests.faults.committed import CommitWatch, stored_offsets
from tests.faults.crm import PlayedCrm
from tests.faults.database import Database
from tests.faults.listener import Listener
from tests.faults.process import Launcher, NotInTime, wait_until, wait_until_done
from tests.faults.services import ROOT, SECRET, Gate, Ingest, Processor, Service
from tests.faults.statements import read_record
from tests.faults.status_watch import StatusWatch
from tests.faults.textus import TextUs
from tests.servers.disk import Sync, disk_watched

#: Seconds of load before the fault, and after it.
BEFORE, AFTER = 1.5, 2.0
#: Seconds of waiting until nobody lags behind: without less to do for so long it ends, and at last it ends anyway.
#: What has gathered in minutes of faults is worked off at the machine's speed, which is not what a row is about.
QUIET, QUIET_AT_LAST = 90.0, 600.0
#: Seconds within which `hookline status` answers for the first time, behind all the rest.
SPOKEN_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table in docs/faults.md."""

    name: str
    fault: str
    story: Callable[[Run], None]
    brokers: int = 1
    rate: float = 300.0
    clients: int = 60
    promise: Promise = field(default_factory=Promise)
    settings: Mapping[str, str] = field(default_factory=dict)  #: of ingest, beside the usual
    through_proxies: bool = False  #: ingest reaches Kafka through the proxies
    starts: bool = True  #: False: the story itself starts ingest and the load
    inject: tuple[str, ...] = ()  #: into ingest, names in injected/injections.py
    inject_processors: tuple[str, ...] = ()  #: the same, into the processors
    opt_out: Mapping[str, str] | None = None  #: its settings beside the usual; None: it does not run
    crms: tuple[str, ...] = ()  #: that crm-sync keeps in step; none: it does not run
    crm: Mapping[str, str] = field(default_factory=dict)  #: its settings beside the usual
    load: Mapping[str, object] = field(default_factory=dict)  #: options of the load generator beside the usual


class Run:
    """What a row's story has in its hands."""

    def __init__(self, row: Row, seed: int, home: Path, launcher: Launcher, cluster: Cluster, db: Database) -> None:
        self.row = row
        self.seed = seed
        self.id = hashlib.sha256(f"{row.name}/{seed}/{time.time_ns()}".encode()).hexdigest()[:8]
        self.rng = random.Random(f"{row.name}/{seed}")
        self.home = home
        self.launcher = launcher
        self.cluster = cluster
        self.db = db
        self.notes: dict[str, Any] = {}
        self.problems: list[str] = []
        self.promise = row.promise
        self.lenient = False  #: do not judge how fast anything is
        self.minutes = 2.0  #: how long a row goes on that may go on for any time
        self.mutation = ""  #: what is taken away from every process
        self.controls = home / "controls"
        self.controls.mkdir()
        kafka = cluster.environment("ingest", proxied=row.through_proxies)
        # Ingest tells PostgreSQL what its spool holds, for the gate, which is there wherever opt-out is.
        ledger_dsn = {} if row.opt_out is None else {"HOOKLINE_POSTGRES__DSN": db.server.dsn("ingest")}
        self.ingest = Ingest(launcher, home, kafka, **ledger_dsn, **row.settings)
        self.other_nodes: list[Ingest] = []
        self.gate = Gate(launcher, home, db.server.dsn("gate"))
        self.persist = self.member()
        self.members = [self.persist]
        self.textus = TextUs()
        self.opt_out = self._opt_out(db.server.dsn("opt-out"))
        self.crms = {name: PlayedCrm(name) for name in row.crms}
        self.crm_sync = self._crm_sync(db.server.dsn("crm-sync"))
        self.redriven: list[str] = []  #: event ids of deliveries that were dead, and that the story has tried again
        self.watch = StatusWatch(launcher, home / "status.log", self._status_settings)
        self.commits = self._commit_watch()
        self.listener = self._listener()
        self._load: subprocess.Popen[bytes] | None = None
        self._begun = 0.0
        self._since: dict[tuple[str, int], int] = {}
        self._syncs: list[Sync] = []
        self._afterwards: list[Callable[[], None]] = []
        self._when_quiet: list[Callable[[], None]] = []

    def _listener(self) -> Listener:
        services: dict[str, Callable[[], Service]] = {"ingest": lambda: self.ingest, "persist": lambda: self.persist}
        if self.row.opt_out is not None:
            services["opt-out"] = lambda: self.opt_out
        if self.crms:
            services["crm-sync"] = lambda: self.crm_sync
        gate = None if self.row.opt_out is None else self.gate
        return Listener(self.statements, self.journal, services, gate, self.watch, self.commits, self.db.superuser)

    def _commit_watch(self) -> CommitWatch:
        names = ["persist", *([] if self.row.opt_out is None else ["opt-out"]), *(["crm-sync"] if self.crms else [])]
        stored = partial(stored_offsets, self.db.superuser)
        return CommitWatch(names, stored, KafkaEnds(self.cluster.settings, "faults-ends"), self._is_judged)

    def _is_judged(self, processor: str) -> bool:
        """Not where it is one of several, nor where ingest gives records a time of its own."""
        is_alone = processor != "persist" or sum(member.alive for member in self.members) == 1
        return is_alone and "clock" not in self.row.inject

    def operator_settings(self) -> dict[str, str]:
        """What an operator of all of the run's services has set."""
        servers = {"HOOKLINE_POSTGRES__DSN": self.db.dsn, "HOOKLINE_POSTGRES__OWNER_DSN": self.db.server.owner_dsn}
        services = (self.ingest, self.persist, self.opt_out, self.crm_sync)
        return {name: value for service in services for name, value in service.settings.items()} | (
            servers | self.cluster.environment(OPERATOR)
        )

    def _status_settings(self) -> dict[str, str]:
        """The same, with the addresses that a local stack tells, and none of a service that the row does not have."""
        absent = [*([] if self.row.opt_out is not None else [self.opt_out]), *([] if self.crms else [self.crm_sync])]
        found = self.operator_settings() | {service.admin_port_variable: "0" for service in absent}
        found |= {"HOOKLINE_HOME": str(self.home), "INGEST_URL": self.ingest.url}
        return found if self.row.opt_out is None else found | {"GATE_URL": self.gate.url}

    # what a story does

    def member(self, number: int = 1, dsn: str | None = None) -> Processor:
        """One more persist, not started."""
        dsn = dsn or self.db.server.dsn("persist")
        return Processor(self.launcher, self.home, "persist", self.cluster.environment("persist"), dsn, number=number)

    def opt_out_through(self, dsn: str) -> None:
        """From its next start opt-out reaches PostgreSQL by `dsn`."""
        self.opt_out = self._opt_out(dsn)

    def _opt_out(self, dsn: str) -> Processor:
        settings = self.textus.settings() | dict(self.row.opt_out or {})
        return Processor(self.launcher, self.home, "opt-out", self.cluster.environment("opt-out"), dsn, **settings)

    def crm_sync_through(self, dsn: str) -> None:
        """From its next start crm-sync reaches PostgreSQL by `dsn`."""
        self.crm_sync = self._crm_sync(dsn)

    def _crm_sync(self, dsn: str) -> Processor:
        settings = {"HOOKLINE_CRM__TARGETS": ",".join(self.crms), "HOOKLINE_CRM__LOOK_AFTER": str(crm.LOOK_AFTER)}
        for played_crm in self.crms.values():
            settings |= played_crm.settings()
        settings |= self.row.crm
        return Processor(self.launcher, self.home, "crm-sync", self.cluster.environment("crm-sync"), dsn, **settings)

    def arm(self, point: str, number: int = signal.SIGKILL, of: str = "persist") -> None:
        """Have the next of ingest or of processor `of` to come by `point` send itself a signal.

        Only where the row injects `points`.
        """
        folder = self._controls_of(of)
        (folder / f"{point}.new").write_text(str(int(number)))
        (folder / f"{point}.new").rename(folder / point)

    def armed(self, point: str, of: str = "persist") -> bool:
        """Whether nobody has come by since."""
        return (self._controls_of(of) / point).exists()

    def _controls_of(self, process: str) -> Path:
        folder = self.controls if process == "persist" else self.controls / process
        folder.mkdir(exist_ok=True)
        return folder

    def control(self, name: str, *, on: bool) -> None:
        """Set one of the controls of what the row injects."""
        if on:
            (self.controls / name).touch()
        else:
            (self.controls / name).unlink(missing_ok=True)

    def promises(self, **changes: Any) -> None:
        """What only the story knows of the row's promise."""
        self.promise = replace(self.promise, **changes)

    def afterwards(self, work: Callable[[], None]) -> None:
        """Once the verdict is there, leave the servers as they were."""
        self._afterwards.append(work)

    def when_quiet(self, work: Callable[[], None]) -> None:
        """Once everything is done, and before the verdict."""
        self._when_quiet.append(work)

    def made_anew(self, *topics: str) -> None:
        """Their logs begin at 0 again."""
        self._since = {place: end for place, end in self._since.items() if place[0] not in topics}

    def start_ingest(self) -> None:
        """With what the row injects; does not wait."""
        self.ingest.inject = self._injected(self.row.inject)
        self.ingest.start()

    def start_persist(self, member: Processor | None = None) -> None:
        """The same, of persist."""
        self._start(member or self.persist)

    def start_opt_out(self) -> None:
        """The same, of opt-out."""
        self._start(self.opt_out)

    def start_crm_sync(self) -> None:
        """The same, of crm-sync."""
        self._start(self.crm_sync)

    def _start(self, member: Processor) -> None:
        member.inject = self._injected(self.row.inject_processors, self._controls_of(member.name))
        member.start()

    def replay_opt_outs(self) -> None:
        """Have opt-out, which must not run now, read everything of this run once more."""
        ledger.move(self.cluster.settings, self.db.superuser, self._since)

    def _injected(self, names: tuple[str, ...], folder: Path | None = None) -> str:
        given = [f"{name}={folder or self.controls}" for name in names]
        return ";".join([*given, *([self.mutation] if self.mutation else [])])

    def spooling(self) -> bool:
        """Whether new events queue in the spool."""
        try:
            return self.ingest.metrics().get("hookline_spooling", 0.0) > 0
        except httpx.TransportError:
            return False

    def behind(self) -> int:
        """Records on the topics whose effects are not there yet."""
        return evidence.behind(self.cluster.settings, self.db.dsn)

    def opt_out_unread(self) -> int:
        """The same of opt-out."""
        return evidence.behind(self.cluster.settings, self.db.dsn, ledger.GROUP, ledger.TOPICS)

    def opt_out_behind(self) -> int:
        """And what its rows of the ledger still ask for."""
        return self.opt_out_unread() + ledger.waiting(self.db.dsn)

    def crm_sync_unread(self) -> int:
        """The same of crm-sync."""
        return evidence.behind(self.cluster.settings, self.db.dsn, crm.GROUP, crm.TOPICS)

    def crm_sync_behind(self) -> int:
        """And what has not been brought to the CRMs yet."""
        return self.crm_sync_unread() + crm.waiting(self.db.dsn)

    def letters(self, processor: str = "persist") -> int:
        """Dead letters of `processor`, of all runs, which `hookline status` has to tell as well."""
        topic = f"dlq.{processor}"
        return self.listener.counted(processor, lambda: sum(evidence.ends(self.cluster.settings, [topic]).values()))

    def named_events(self, names: Iterable[str]) -> set[str]:
        """Which of `names` stand as a contact's name in an event's payload."""
        with psycopg.connect(self.db.dsn) as connection:
            rows = connection.execute(
                "SELECT payload->>'name' FROM events WHERE payload->>'name' = ANY (%s)", (list(names),)
            )
            return {name for (name,) in rows}

    def refusals(self, status: int) -> int:
        """How many answers so far had this status."""
        return self.journal.read_bytes().count(f'"status": {status},'.encode())

    def second_ingest(self) -> Ingest:
        """Another service on the same spool, not started."""
        home = self.home / "second"
        home.mkdir()
        spool = {"HOOKLINE_INGEST__SPOOL_DIR": str(self.ingest.spool)}
        return Ingest(self.launcher, home, self.cluster.environment("ingest"), **spool)

    def other_node(self) -> Ingest:
        """Another node: a service with a spool of its own, not started; the load goes to all nodes."""
        home = self.home / f"node-{len(self.other_nodes) + 2}"
        home.mkdir()
        node = Ingest(self.launcher, home, self.cluster.environment("ingest", proxied=self.row.through_proxies))
        self.other_nodes.append(node)
        return node

    @property
    def nodes(self) -> list[Ingest]:
        return [self.ingest, *self.other_nodes]

    def back_on_kafka(self, within: float) -> None:
        """Red unless new events go to Kafka again within so many seconds; the load goes on meanwhile."""
        began = time.monotonic()
        self.wait(lambda: not self.spooling(), within, "events go to Kafka again")
        self.note(back_on_kafka=round(time.monotonic() - began, 2))

    def sleep(self, seconds: float) -> None:
        """Let the fault last."""
        time.sleep(seconds)

    def note(self, **values: Any) -> None:
        """For the record."""
        self.notes |= values

    def require(self, holds: bool, what: str) -> None:
        """Red where it does not hold."""
        if not holds:
            self.problems.append(what)

    def wait(self, holds: Callable[[], Any], timeout: float, what: str) -> Any:
        """What `holds` returns once that is true; red, and None, after `timeout` seconds (lenient: thrice)."""
        try:
            return wait_until(holds, timeout * (3 if self.lenient else 1), what)
        except NotInTime as late:
            self.problems.append(str(late))
            return None

    def start_load(self, **options: Any) -> None:
        """Begin to send."""
        given = {"rate": self.row.rate, "clients": self.row.clients} | dict(self.row.load) | options
        words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
        words += [word for node in self.nodes for word in ("--port", str(node.port))]
        command = [sys.executable, "-m", "tests.faults.client.load", "--run", self.id]
        command += ["--seed", f"{self.row.name}/{self.seed}", "--journal", str(self.journal), "--secret", SECRET]
        with (self.home / "load.log").open("ab") as log:
            self._load = subprocess.Popen([*command, *words], cwd=ROOT, stdin=subprocess.PIPE, stderr=log)

    def rate(self, value: float) -> None:
        """Send so many webhooks a second from now on."""
        assert self._load
        assert self._load.stdin
        self._load.stdin.write(f"rate {value}\n".encode())
        self._load.stdin.flush()

    def stop_load(self) -> None:
        """Stop sending, and wait for the last answers."""
        if self._load is None:
            return
        assert self._load.stdin
        self._load.stdin.close()
        self.require(self._load.wait(30) == 0, f"the load generator failed: {self._tail('load.log')}")
        self._load = None

    def sent(self) -> int:
        """How many requests have been begun."""
        return self.journal.read_bytes().count(b'"send"') if self.journal.exists() else 0

    @property
    def journal(self) -> Path:
        return self.home / "journal.jsonl"

    @property
    def statements(self) -> Path:
        return self.home / "statements.jsonl"

    # what the rig does

    def play(self) -> Verdict:
        """The whole run."""
        with disk_watched(self.home) as self._syncs:
            return self._play()

    def _play(self) -> Verdict:
        self._begun = time.monotonic()
        try:
            with self.listener:
                self._begin()
                try:
                    self.row.story(self)
                except Exception as error:  # noqa: BLE001 - what the row saw is a result, and the checker has its say
                    self.problems.append(f"the story ended early: {type(error).__name__}: {error}")
                if self.row.starts:
                    self.sleep(AFTER)
                self.stop_load()
                self._heal()
                self._settle()
            for work in self._when_quiet:
                work()
            return self._verdict()
        finally:
            self._end()
            for work in self._afterwards:
                work()

    def _begin(self) -> None:
        self._since = evidence.ends(
            self.cluster.settings, (*evidence.EVENTS, *evidence.ASIDE, evidence.PROGRESS, crm.STATES)
        )
        self.db.forget_heartbeats()
        self.start_persist()
        if self.row.opt_out is not None:
            # What other rows have sent meanwhile, and what TextUs said to them, is none of this run's.
            ledger.move(self.cluster.settings, self.db.superuser, self._since)
            ledger.forget_budget(self.db.superuser)
            ledger.forget_nodes(self.db.superuser)
            self.start_opt_out()
            self.gate.start()
        if self.crms:
            ledger.move(self.cluster.settings, self.db.superuser, self._since, crm.GROUP, crm.TOPICS)
            crm.forget(self.db.superuser)
            self.start_crm_sync()
        if not self.row.starts:
            return
        self.start_ingest()
        self.ingest.wait_ready()
        self.start_load()
        self.sleep(BEFORE)

    def _heal(self) -> None:
        self.db.heal()
        self.cluster.heal()
        self.textus.recovers()
        for played_crm in self.crms.values():
            played_crm.recovers()
        for service in self._services():
            service.signal(signal.SIGCONT)
            if service.alive:
                continue
            if service.process and service.process.code not in (0, -signal.SIGKILL):
                self.problems.append(
                    f"{service.log.stem} ended with {service.process.code}: {service.printed()[-600:]}"
                )
            service.inject = self.mutation
            service.start()

    def _services(self) -> list[Service]:
        others = [
            *([] if self.row.opt_out is None else [self.opt_out, self.gate]),
            *([self.crm_sync] if self.crms else []),
        ]
        return [*self.nodes, *self.members, *others]

    def _settle(self) -> None:
        """Until the spool is empty and the processors have done everything."""

        def left() -> float | None:
            try:
                found = sum(node.spooled() for node in self.nodes) + self.behind()
                found += 0 if self.row.opt_out is None else self.opt_out_behind()
                # crm-sync last: it reads what opt-out writes
                return found + (self.crm_sync_behind() if self.crms else 0)
            except (httpx.TransportError, KafkaError, psycopg.OperationalError):
                return None

        began = time.monotonic()
        try:
            wait_until_done(left, QUIET, QUIET_AT_LAST, "quiet: spool empty, lag 0", every=0.25)
        except NotInTime as late:
            self.problems.append(f"{late} ({self._standing()})")
        self.note(quiet_after=round(time.monotonic() - began, 1))

    def _standing(self) -> str:
        try:
            ready = self.ingest.ready()
            reported = f"ingest ready {ready}, spooled {self.ingest.spooled():.0f}, persist {self.persist.readiness()}"
            reported += "" if self.row.opt_out is None else f", opt-out {self.opt_out.readiness()}"
            return f"{reported}, crm-sync {self.crm_sync.readiness()}" if self.crms else reported
        except httpx.TransportError as error:
            return f"ingest does not answer: {type(error).__name__}"

    def _verdict(self) -> Verdict:
        attempts = read(self.journal)
        opt_outs = None if self.row.opt_out is None else ledger.collect(self.db.dsn, self.id, self.textus)
        crms = [crm.collect(played_crm, self.db.dsn, self.id, self.redriven) for played_crm in self.crms.values()]
        found = evidence.collect(self.cluster.settings, self.db.dsn, self.id, self._since, opt_outs, crms)
        found = replace(found, syncs=self._syncs[:])
        evidence.write(found, self.home / "evidence.json")
        promise = replace(self.promise, slowest=60.0, silence=None) if self.lenient else self.promise
        verdict = check(attempts, found, promise, read_record(self.statements))
        verdict.problems += self.problems
        if self.watch.ended:
            verdict.problems.append(self.watch.ended)
        if not self.watch.lines and time.monotonic() - self._begun > SPOKEN_WITHIN:
            verdict.problems.append("hookline status never answered")
        if not self.commits.looks and time.monotonic() - self._begun > SPOKEN_WITHIN:
            verdict.problems.append("the rig never saw what is committed")
        (self.home / "verdict.json").write_text(json.dumps(asdict(verdict)), "utf-8")
        return verdict

    def _end(self) -> None:
        if self._load is not None:
            self._load.kill()
            self._load.wait()
        for service in self._services():
            if service.process:
                service.kill()
        self.textus.close()
        for played_crm in self.crms.values():
            played_crm.close()

    def _tail(self, name: str) -> str:
        return (self.home / name).read_text("utf-8", "replace")[-500:]
