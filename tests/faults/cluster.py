"""Kafka brokers that can be killed, frozen and started again, with a proxy in front of each for whoever wants one."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from kafka.errors import KafkaError

from deploy.local.home import Home
from deploy.local.kafka import CLIENTS, EmbeddedKafka, Voter, listener_settings, new_cluster_id
from deploy.local.ports import HOST, free_ports
from deploy.local.principals import MECHANISM, OPERATOR, Principals
from ops.processors import topics_of_hookline
from runtime.connections import KafkaSettings
from runtime.kafka.access import AccessAdmin
from runtime.kafka.connection import client_settings
from runtime.kafka.internals.admin_client import AdminClient
from runtime.kafka.producer import KafkaProducer
from runtime.kafka.topics import TopicAdmin
from runtime.settings import Configuration
from schemas.topics import OPT_OUT_HEADS, PROGRESS, RECORD_TOPICS, dead_letter_topic, redrive_topic
from tests.faults.process import Launcher, Process, wait_until
from tests.faults.proxy import Proxy
from tests.faults.taps import KafkaTap, Shears

#: Small: several of them share a machine with everything else.
HEAP = "192m"
#: The second listener of clients: who comes there is told of the proxies, and asked for credentials all the same.
PROXIED = "PROXIED"
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
    """One broker, or three. As in the local stack each process has a principal of its own, and its ACLs alone.

    The rig is the operator, who may read and write every topic.
    """

    def __init__(self, home: Path, size: int, launcher: Launcher, client: str) -> None:
        self.home = home
        self._client = client
        self.shears = Shears()
        self._principals = Principals(Home(home))
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
                settings=_two_listeners(
                    self._principals.broker_password, ports[3 * number + 1], client_port, voter.port, proxy.port
                ),
                broker_password=self._principals.broker_password,
            )
            self.brokers.append(Broker(kafka, client_port, proxy, launcher))

    def environment(self, process: str, *, proxied: bool = False) -> dict[str, str]:
        """The variables by which `process` reaches the brokers as its own principal; `proxied`: through the proxies."""
        addresses = ",".join(broker.proxied if proxied else broker.bootstrap for broker in self.brokers)
        shared = {
            KafkaSettings.variable("bootstrap_servers"): addresses,
            KafkaSettings.variable("client"): self._client,
        }
        return self._principals.environment_of(process, shared)

    def start(self) -> None:
        """Everything up, every principal let in, and every topic there."""
        for broker in self.brokers:
            broker.kafka.prepare()
        self.heal()
        self._let_in()
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
        self._let_in()
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
        """How the operator reaches the brokers themselves."""
        return Configuration.load(KafkaSettings, environ=self.environment(OPERATOR))[KafkaSettings]

    def apply_topics(self) -> None:
        """Every topic as it ought to be."""
        with self.admin() as admin:
            admin.apply(admin.plan(TOPICS))
        made = {"num_partitions": 1, "replication_factor": len(self.brokers)}
        with self.client() as client:  # which says nothing of those that are there
            client.create_topics(dict.fromkeys(UNUSED, made), raise_errors=False)

    def client(self) -> closing[Any]:
        """The library's admin client, for what Hookline never does."""
        return closing(admin_client(self.settings))

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

    def _let_in(self) -> None:
        """Passwords and ACLs are part of a cluster's metadata: each new one needs them anew."""
        with AccessAdmin(self.brokers[0].kafka.client_settings, "faults") as access:
            access.set_passwords(self._principals.passwords, MECHANISM)
            access.apply()

    def _all_answer(self) -> bool:
        for broker in self.brokers:
            settings = self.settings.model_copy(update={"bootstrap_servers": (broker.bootstrap,)})
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


def admin_client(settings: KafkaSettings) -> AdminClient:
    """The library's, which gives up after 5 s."""
    return AdminClient(**client_settings(settings, "faults"), bootstrap_timeout_ms=5_000, request_timeout_ms=5_000)


def _two_listeners(
    broker_password: str, port: int, client_port: int, controller_port: int, advertised: int
) -> dict[str, str]:
    """Brokers and processors talk directly; whoever comes through a proxy is told of proxies."""
    return listener_settings(broker_password, (CLIENTS, PROXIED)) | {
        "listeners": ",".join(
            f"{name}://{HOST}:{number}"
            for name, number in ((CLIENTS, port), (PROXIED, client_port), ("CONTROLLER", controller_port))
        ),
        "advertised.listeners": f"{CLIENTS}://{HOST}:{port},{PROXIED}://{HOST}:{advertised}",
    }
