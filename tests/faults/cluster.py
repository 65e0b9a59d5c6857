"""Kafka brokers that can be killed, frozen and started again, with a proxy in front of each for whoever wants one."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.local.kafka import EmbeddedKafka, Voter, new_cluster_id
from deploy.local.ports import free_ports
from ops.processors import topics_of_hookline
from runtime.connections import KafkaSettings
from runtime.kafka.producer import KafkaProducer
from runtime.kafka.topics import TopicAdmin
from schemas.topics import OPT_OUT_HEADS, PROGRESS, RECORD_TOPICS, dead_letter_topic, redrive_topic
from tests.faults.process import Launcher, Process, wait_until
from tests.faults.proxy import Proxy
from tests.faults.taps import KafkaTap, Shears

#: Small: several of them share a machine with everything else.
HEAP = "192m"
PROCESSORS = ("persist", "opt-out", "crm-sync")
TOPICS = (
    *RECORD_TOPICS,
    OPT_OUT_HEADS,
    PROGRESS,
    *(make(name) for make in (dead_letter_topic, redrive_topic) for name in PROCESSORS),
)

#: What no process of a run writes to or reads, and what `hookline status` asks for all the same.
UNUSED = tuple(topic.name for topic in topics_of_hookline() if topic not in TOPICS)


class Broker:
    """One broker. Clients that bootstrap through `proxied` reach it through its proxy, and only them."""

    def __init__(self, kafka: EmbeddedKafka, client_port: int, proxy: Proxy, launcher: Launcher) -> None:
        self.kafka = kafka
        self.proxy = proxy
        self.node_id = kafka.node_id
        self.bootstrap = kafka.bootstrap_servers
        self.proxied = f"127.0.0.1:{proxy.port}"
        self._launcher = launcher
        self.process: Process | None = None

    def start(self) -> None:
        """Have it run; does not wait."""
        if self.process is None or not self.process.alive:
            self.process = self._launcher.start(
                self.kafka.command(), self.kafka.environment(), self.kafka.home / "kafka.log"
            )

    def stop(self) -> None:
        """In its own time: SIGTERM, and wait."""
        assert self.process
        self.process.stop(60)

    def kill(self) -> None:
        """kill -9."""
        assert self.process
        self.process.kill()

    def freeze(self) -> None:
        """SIGSTOP."""
        assert self.process
        self.process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self.process
        self.process.signal(signal.SIGCONT)

    def heal(self) -> None:
        """As if nothing had happened; does not wait."""
        self.proxy.flow()
        self.proxy.delay(0.0)
        if self.process and self.process.alive:
            self.thaw()
        else:
            self.start()


class Cluster:
    """One broker, or three."""

    def __init__(self, home: Path, size: int, launcher: Launcher) -> None:
        self.home = home
        self.shears = Shears()
        ports = free_ports(3 * size)
        voters = [Voter(number + 1, ports[3 * number]) for number in range(size)]
        cluster_id = new_cluster_id()
        self.brokers: list[Broker] = []
        for number, voter in enumerate(voters):
            client_port = ports[3 * number + 2]
            proxy = Proxy(client_port, lambda: KafkaTap(self.shears), seed=number)
            kafka = EmbeddedKafka(
                home / f"broker-{voter.node_id}",
                ports[3 * number + 1],
                voter.port,
                node_id=voter.node_id,
                voters=voters,
                cluster_id=cluster_id,
                heap=HEAP,
                settings=_two_listeners(ports[3 * number + 1], client_port, voter.port, proxy.port),
            )
            self.brokers.append(Broker(kafka, client_port, proxy, launcher))

    @property
    def bootstrap(self) -> str:
        """The brokers themselves."""
        return ",".join(broker.bootstrap for broker in self.brokers)

    @property
    def proxied(self) -> str:
        """The brokers behind their proxies."""
        return ",".join(broker.proxied for broker in self.brokers)

    def start(self) -> None:
        """Everything up, and every topic there."""
        for broker in self.brokers:
            broker.kafka.prepare()
        self.heal()
        self.apply_topics()
        self.wait_whole()

    def heal(self) -> None:
        """Start and thaw what is not running, and wait until every partition has all its replicas."""
        for broker in self.brokers:
            broker.heal()
        for broker in self.brokers:
            broker.kafka.wait_ready(90)

    def wait_whole(self, timeout: float = 90.0) -> None:
        """Until every broker answers, every partition has a leader and all replicas are in sync.

        Each is asked itself: one that was left without a quorum knows only what was true before.
        """
        wait_until(self._all_answer, timeout, "every broker answers")
        wait_until(self._whole, timeout, "all replicas in sync")

    def kill(self) -> None:
        """kill -9 of every broker."""
        for broker in self.brokers:
            broker.kill()

    def make_anew(self) -> None:
        """Another cluster at the same addresses, with the same topics and nothing in them."""
        cluster_id = new_cluster_id()
        for broker in self.brokers:
            broker.kill()
            broker.kafka.forget(cluster_id)
            broker.kafka.prepare()
            broker.start()
        for broker in self.brokers:
            broker.kafka.wait_ready(90)
        self.apply_topics()
        self.wait_whole()

    def freeze(self) -> None:
        """SIGSTOP to every broker."""
        for broker in self.brokers:
            broker.freeze()

    def thaw(self) -> None:
        """SIGCONT to every broker."""
        for broker in self.brokers:
            broker.thaw()

    def admin(self) -> TopicAdmin:
        """Hookline's own, for what only it does right."""
        return TopicAdmin(self.settings, "faults", timeout_s=30)

    @property
    def settings(self) -> KafkaSettings:
        """How to reach the brokers themselves."""
        return KafkaSettings(bootstrap_servers=tuple(self.bootstrap.split(",")))

    def apply_topics(self) -> None:
        """Every topic as it ought to be."""
        with self.admin() as admin:
            admin.apply(admin.plan(TOPICS))
        made = {"num_partitions": 1, "replication_factor": len(self.brokers)}
        with self.client() as client:  # which says nothing of those that are there
            client.create_topics(dict.fromkeys(UNUSED, made), raise_errors=False)

    def client(self) -> closing[Any]:
        """The library's admin client, for what Hookline never does."""
        return closing(
            KafkaAdminClient(
                bootstrap_servers=self.bootstrap.split(","), bootstrap_timeout_ms=5_000, request_timeout_ms=5_000
            )
        )

    def leader(self, topic: str, partition: int = 0) -> Broker:
        """The broker that leads a partition."""
        found = self._partitions([topic])[topic, partition]["leader_id"]
        return next(broker for broker in self.brokers if broker.node_id == found)

    def close(self) -> None:
        """End everything."""
        for broker in self.brokers:
            if broker.process:
                broker.process.kill()
            broker.proxy.close()

    def _all_answer(self) -> bool:
        for broker in self.brokers:
            settings = KafkaSettings(bootstrap_servers=(broker.bootstrap,))
            producer = KafkaProducer(settings, "faults-looker")
            try:
                if not producer.answers():
                    return False
            finally:
                producer.close()
        return True

    def _whole(self) -> bool:
        try:
            partitions = self._partitions([topic.name for topic in TOPICS])
        except (KafkaError, KeyError):
            return False
        return all(
            partition["leader_id"] >= 0 and len(partition["isr_nodes"]) == len(partition["replica_nodes"])
            for partition in partitions.values()
        )

    def _partitions(self, topics: Iterable[str]) -> dict[tuple[str, int], dict[str, Any]]:
        with self.client() as admin:
            return {
                (topic["name"], partition["partition_index"]): partition
                for topic in admin.describe_topics(list(topics))
                for partition in topic["partitions"]
            }


def _two_listeners(port: int, client_port: int, controller_port: int, advertised: int) -> dict[str, str]:
    """Brokers and processors talk directly; whoever comes through a proxy is told of proxies."""
    host = "127.0.0.1"
    return {
        "listeners": f"PLAINTEXT://{host}:{port},CLIENT://{host}:{client_port},CONTROLLER://{host}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{host}:{port},CLIENT://{host}:{advertised}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }
