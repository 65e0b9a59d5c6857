"""A real broker that asks for credentials: who is let in, who may write what, and how a password is changed."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from kafka import errors
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from deploy.local.home import Home
from deploy.local.kafka import EmbeddedKafka
from deploy.local.ports import free_ports
from deploy.local.principals import ACCESS, OPERATOR, Principals
from deploy.local.running import running
from ops.commands.kafka import kafka as kafka_command
from ops.exits import CheckFailed
from ops.processors import processor_names, topics_of_hookline
from runtime.connections import KafkaSettings
from runtime.kafka.access import AccessAdmin, AccessRefused
from runtime.kafka.consumer import AccessWithdrawn, KafkaConsumer, Record
from runtime.kafka.librdkafka.consumer import LibrdkafkaConsumer
from runtime.kafka.producer import KafkaProducer, NotPublished, OutgoingRecord
from runtime.kafka.topics import Offsets, TopicAdmin
from runtime.settings import Configuration
from schemas.kafka_access import ACLS, PREFIXED, PRINCIPALS
from schemas.topics import (
    ANALYTICS_TOPICS,
    EVENT_TOPICS,
    OPT_OUT_HEADS,
    OPT_OUT_STATE,
    OPT_OUTS,
    dead_letter_topic,
    redrive_topic,
)
from tests.integration.test_junk import Assigned
from tests.servers.local_stack import until

PROCESSES = ("ingest", *processor_names())


class SecuredKafka:
    """A broker with its principals, and settings as each process gets them."""

    def __init__(self, principals: Principals, kafka: EmbeddedKafka) -> None:
        self._principals = principals
        self.kafka = kafka

    def environment(self, service: str) -> dict[str, str]:
        bootstrap = {"HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers}
        return self._principals.environment_of(service, bootstrap)

    def settings(self, service: str, **changed: str) -> KafkaSettings:
        changes = {f"HOOKLINE_KAFKA__{name.upper()}": value for name, value in changed.items()}
        return Configuration.load(KafkaSettings, environ=self.environment(service) | changes)[KafkaSettings]

    def hookline(self, service: str, *arguments: str, **environ: str) -> str:
        done = CliRunner().invoke(kafka_command, list(arguments), env=self.environment(service) | environ)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout


@contextmanager
def started(home: Path, principals: Principals | None) -> Iterator[EmbeddedKafka]:
    password = None if principals is None else principals.broker_password
    kafka = EmbeddedKafka(home / "kafka", *free_ports(2), broker_password=password)
    kafka.prepare()
    with running(kafka, home / "kafka.log"):
        yield kafka


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """The home is one of a version whose broker asked for nothing: it has topics and a record."""
    home = tmp_path_factory.mktemp("home")
    with started(home, None) as before:
        apply_topics(before.client_settings)
        assert publish(before.client_settings, OPT_OUTS.name) is None
    principals = Principals(Home(home))
    with started(home, principals) as kafka:
        made = SecuredKafka(principals, kafka)
        made.hookline(ACCESS, "apply")
        apply_topics(made.settings(OPERATOR))
        yield made


def apply_topics(settings: KafkaSettings) -> None:
    with TopicAdmin(settings, "tests") as admin:
        admin.apply(admin.plan(topics_of_hookline()))


def publish(settings: KafkaSettings, topic: str) -> Exception | None:
    producer = KafkaProducer(settings, "tests")
    try:
        [outcome] = producer.publish_all([OutgoingRecord(topic, b"key", b"value", [])], timeout=10)
        return outcome
    finally:
        producer.close()


def log_of(cluster: SecuredKafka, topic: str) -> list[Offsets]:
    with TopicAdmin(cluster.settings(OPERATOR), "tests") as admin:
        return list(admin.offsets(admin.describe([topic]).values()).values())


WRITERS = {
    **{topic.name: "ingest" for topic in EVENT_TOPICS},
    **{topic.name: "analytics" for topic in ANALYTICS_TOPICS},
    OPT_OUT_STATE.name: "opt-out",
    OPT_OUT_HEADS.name: "opt-out",
    **{dead_letter_topic(name).name: name for name in processor_names()},
    **{redrive_topic(name).name: name for name in processor_names()},
}


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_writes_its_own_topics_and_no_others(cluster: SecuredKafka, process: str) -> None:
    producer = KafkaProducer(cluster.settings(process), "tests")
    try:
        outcomes = producer.publish_all([OutgoingRecord(name, b"key", b"value", []) for name in WRITERS], timeout=20)
    finally:
        producer.close()
    taken = {name for name, outcome in zip(WRITERS, outcomes, strict=True) if outcome is None}
    assert taken == {name for name, writer in WRITERS.items() if writer == process}
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert all(isinstance(error, NotPublished) and "Authorization" in str(error) for error in refused)


def test_a_forged_opt_in_of_a_processor_leaves_no_trace(cluster: SecuredKafka) -> None:
    before = log_of(cluster, OPT_OUTS.name)
    for process in processor_names():
        assert isinstance(publish(cluster.settings(process), OPT_OUTS.name), NotPublished)
    assert log_of(cluster, OPT_OUTS.name) == before


@pytest.mark.parametrize(
    "changed",
    [
        {"security_protocol": "PLAINTEXT"},  # no credentials at all
        {"sasl_password": "not-the-password"},
        {"sasl_username": "hookline-nobody"},
        {"sasl_mechanism": "PLAIN"},  # which is the brokers' alone, whatever the password
        {"sasl_username": "hookline-broker", "sasl_mechanism": "PLAIN", "sasl_password": "a-guess"},
    ],
    ids=",".join,
)
def test_whoever_has_no_password_writes_nothing_and_an_ingest_keeps_its_events(
    cluster: SecuredKafka, changed: dict[str, str]
) -> None:
    before = log_of(cluster, OPT_OUTS.name)
    # Not "for good": what ingest holds goes to its spool, and on when the password is mended.
    assert isinstance(publish(cluster.settings("ingest", **changed), OPT_OUTS.name), NotPublished)
    assert log_of(cluster, OPT_OUTS.name) == before


def test_the_operator_reads_and_writes_every_topic(cluster: SecuredKafka) -> None:
    settings = cluster.settings(OPERATOR)
    assert [publish(settings, topic.name) for topic in topics_of_hookline()] == [None] * len(topics_of_hookline())
    # A record of the time before credentials is still there, beside the operator's own.
    assert sum(bounds.end for bounds in log_of(cluster, OPT_OUTS.name)) >= 2


def test_nobody_but_the_brokers_changes_acls(cluster: SecuredKafka) -> None:
    topic = ResourcePattern(ResourceType.TOPIC, OPT_OUTS.name)
    for process in (*PROCESSES, OPERATOR):
        with AccessAdmin(cluster.settings(process), "tests") as admin:
            forged = ACL(f"User:hookline-{process}", "*", ACLOperation.ALL, ACLPermissionType.ALLOW, topic)
            assert admin._client.create_acls([forged])["failed"] == [errors.ClusterAuthorizationFailedError]
            with pytest.raises((AccessRefused, errors.KafkaError)):
                admin.set_passwords({"hookline-ingest": "one-of-an-attacker"}, "SCRAM-SHA-512")


def test_the_broker_has_the_acls_that_are_declared(cluster: SecuredKafka) -> None:
    actual = json.loads(cluster.hookline(ACCESS, "acls", "--actual", "--json"))["acls"]
    assert {tuple(acl.values()) for acl in actual} == {tuple(acl) for acl in ACLS}


def test_what_somebody_allowed_or_denied_beside_them_is_taken_away(cluster: SecuredKafka) -> None:
    with AccessAdmin(cluster.settings(ACCESS), "tests") as admin:
        pattern = ResourcePattern(ResourceType.TOPIC, "sms.", ACLResourcePatternType.PREFIXED)
        topic = ResourcePattern(ResourceType.TOPIC, OPT_OUTS.name)
        persist = "User:hookline-persist"
        admin._client.create_acls(
            [
                ACL(persist, "*", ACLOperation.WRITE, ACLPermissionType.ALLOW, pattern),
                ACL(persist, "*", ACLOperation.READ, ACLPermissionType.DENY, topic),
                ACL(persist, "127.0.0.1", ACLOperation.ALTER, ACLPermissionType.ALLOW, topic),
                ACL("User:somebody-else", "*", ACLOperation.READ, ACLPermissionType.ALLOW, topic),
            ]
        )
        deadline = time.monotonic() + 30
        while len(admin.changes()[1]) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    dry = json.loads(cluster.hookline(ACCESS, "apply", "--dry-run", "--json"))
    assert {acl["operation"] for acl in dry["removed"]} == {"Write", "not Read", "Alter from 127.0.0.1"}
    cluster.hookline(ACCESS, "apply")
    with AccessAdmin(cluster.settings(ACCESS), "tests") as admin:
        assert admin.changes() == (set(), set())


def acls_of_others() -> list[ACL]:
    """What somebody has allowed and denied by hand."""
    allow, deny = ACLPermissionType.ALLOW, ACLPermissionType.DENY
    topic, group, prefixed = ResourceType.TOPIC, ResourceType.GROUP, ACLResourcePatternType.PREFIXED
    added = [
        ("User:*", ACLOperation.WRITE, allow, ResourcePattern(topic, OPT_OUTS.name)),
        ("User:*", ACLOperation.READ, allow, ResourcePattern(topic, "sms.", prefixed)),
        ("User:*", ACLOperation.READ, deny, ResourcePattern(group, "hookline-opt-out")),
        ("User:*", ACLOperation.WRITE, allow, ResourcePattern(topic, "*")),  # of another application's topics as well
        ("User:stranger", ACLOperation.WRITE, allow, ResourcePattern(topic, "s", prefixed)),
        ("User:stranger", ACLOperation.ALTER, allow, ResourcePattern(ResourceType.CLUSTER, "kafka-cluster")),
        ("User:mirror", ACLOperation.ALL, allow, ResourcePattern(topic, OPT_OUTS.name)),
        # What docs/analysts.md gives, and what has nothing to do with us
        ("User:reader", ACLOperation.READ, allow, ResourcePattern(topic, "sms.", prefixed)),
        ("User:reader", ACLOperation.READ, allow, ResourcePattern(group, "analysis-", prefixed)),
        ("User:*", ACLOperation.WRITE, allow, ResourcePattern(topic, "orders")),
    ]
    return [ACL(name, "*", operation, permission, place) for name, operation, permission, place in added]


@contextmanager
def added_by_hand(cluster: SecuredKafka, acls: list[ACL]) -> Iterator[None]:
    with AccessAdmin(cluster.settings(ACCESS), "tests") as admin:
        before = len(admin._all())
        admin._client.create_acls(acls)
        until(lambda: len(admin._all()) == before + len(acls), "they are in effect")
        try:
            yield
        finally:
            every = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
            names = {acl.principal for acl in acls}
            filters = [ACLFilter(name, None, ACLOperation.ANY, ACLPermissionType.ANY, every) for name in names]
            admin._client.delete_acls(filters)
            until(
                lambda: not any(acl.principal in ("*", "stranger", "mirror") for acl in admin._all()), "they are gone"
            )


def test_what_everybody_may_is_taken_away_and_other_writers_are_named(cluster: SecuredKafka) -> None:
    known = {"HOOKLINE_KAFKA__OTHER_PRINCIPALS": "mirror"}
    others = {
        ("*", "Topic", "*", "Write"),
        ("stranger", "Topic", f"s{PREFIXED}", "Write"),
        ("stranger", "Cluster", "kafka-cluster", "Alter"),
    }
    with added_by_hand(cluster, acls_of_others()):
        # Then the check fails and names them
        environment = cluster.environment(ACCESS) | known
        done = CliRunner().invoke(kafka_command, ["acls", "--actual", "--json"], env=environment)
        assert isinstance(done.exception, CheckFailed)
        assert "0 ACLs are missing and 3 are too many" in str(done.exception)
        assert {tuple(acl.values()) for acl in json.loads(done.stdout)["others"]} == others
        assert publish(cluster.settings("persist"), OPT_OUTS.name) is None  # a forged opt-in, of anybody
        # And apply takes away what is ours to take away
        applied = json.loads(cluster.hookline(ACCESS, "apply", "--json", **known))
        assert {(acl["principal"], acl["name"], acl["operation"]) for acl in applied["removed"]} == {
            ("*", OPT_OUTS.name, "Write"),
            ("*", f"sms.{PREFIXED}", "Read"),
            ("*", "hookline-opt-out", "not Read"),
        }
        assert {tuple(acl.values()) for acl in applied["others"]} == others
        with AccessAdmin(cluster.settings(ACCESS), "tests") as admin:
            assert admin.changes() == (set(), set())
    assert isinstance(publish(cluster.settings("persist"), OPT_OUTS.name), NotPublished)


@pytest.mark.parametrize("client", [KafkaConsumer, LibrdkafkaConsumer])
def test_rights_that_go_and_come_back_stop_no_process(
    cluster: SecuredKafka, client: type[KafkaConsumer] | type[LibrdkafkaConsumer]
) -> None:
    """As on a Kafka that was made anew, whose ACLs are not there yet."""
    topic, listener = OPT_OUTS.name, Assigned()
    # Given a member of a group, and a producer
    consumer = client(cluster.settings("persist"), "tests", "hookline-persist")
    consumer.subscribe([topic], listener)

    def polled() -> list[Record]:
        for place in listener.partitions:
            if consumer.position(place) is None:
                consumer.seek(place, 0)
        return consumer.poll(0.5)

    def has_read_all() -> bool:
        read = [consumer.position(place) or 0 for place in listener.partitions]
        return not is_withdrawn() and sum(read) == sum(bounds.end for bounds in log_of(cluster, topic))

    def is_withdrawn() -> bool:
        try:
            polled()
        except AccessWithdrawn:
            return True
        return False

    publish(cluster.settings("ingest"), topic)
    until(lambda: bool(polled()), "the member reads")
    # When every right is gone
    every = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    with AccessAdmin(cluster.settings(ACCESS), "tests") as admin:
        for principal in ("User:hookline-persist", "User:hookline-ingest"):
            admin._client.delete_acls([ACLFilter(principal, "*", ACLOperation.ANY, ACLPermissionType.ANY, every)])
    try:
        # Then the member is told so and may ask again, and what ingest holds is not refused for good
        until(is_withdrawn, "Kafka denies it")
        until(lambda: isinstance(publish(cluster.settings("ingest"), topic), NotPublished), "Kafka denies it")
        # And a process that has never been let in ends with what is wrong
        stranger = client(cluster.settings("persist"), "tests", "hookline-persist")
        stranger.subscribe([topic], Assigned())
        with pytest.raises(errors.AuthorizationError):
            until(lambda: bool(stranger.poll(0.5)), "never")
        stranger.close(5)
    finally:
        cluster.hookline(ACCESS, "apply")
    # When they are given back, it goes on
    assert publish(cluster.settings("ingest"), topic) is None
    until(has_read_all, "the member reads on")
    consumer.close(5)


def test_a_consumer_whose_password_is_wrong_ends_with_what_is_wrong(cluster: SecuredKafka) -> None:
    """On librdkafka: kafka-python tries again and again, as if no broker were there."""
    settings = cluster.settings("persist", sasl_password="not-the-password")
    stranger = LibrdkafkaConsumer(settings, "tests", "hookline-persist")
    stranger.subscribe([OPT_OUTS.name], Assigned())
    with pytest.raises(errors.SaslAuthenticationFailedError):
        until(lambda: bool(stranger.poll(0.5)), "never")
    stranger.close(5)


def test_a_password_changes_while_processes_run(cluster: SecuredKafka) -> None:
    """Each mechanism has a password of its own: the new one is set for the mechanism that is not in use."""
    old = KafkaProducer(cluster.settings("ingest"), "tests")
    record = OutgoingRecord(OPT_OUTS.name, b"key", b"value", [])
    new = {"sasl_mechanism": "SCRAM-SHA-256", "sasl_password": "the-new-password"}
    rotation = {"HOOKLINE_KAFKA__PRINCIPAL_PASSWORDS": "hookline-ingest:the-new-password"}
    try:
        assert old.publish_all([record], timeout=10) == [None]
        # When the new password is set, both are let in, by old and by new connections
        cluster.hookline(ACCESS, "apply", "--mechanism", "SCRAM-SHA-256", **rotation)
        assert old.publish_all([record], timeout=10) == [None]
        assert publish(cluster.settings("ingest"), OPT_OUTS.name) is None
        assert publish(cluster.settings("ingest", **new), OPT_OUTS.name) is None
        # When the old one is dropped, only a connection that is open goes on with it
        cluster.hookline(ACCESS, "apply", "--mechanism", "SCRAM-SHA-256", "--drop-other", **rotation)
        assert isinstance(publish(cluster.settings("ingest"), OPT_OUTS.name), NotPublished)
        assert old.publish_all([record], timeout=10) == [None]
        assert publish(cluster.settings("ingest", **new), OPT_OUTS.name) is None
    finally:
        old.close()
        cluster.hookline(ACCESS, "apply")  # the passwords of the home, for the tests behind this one
    with AccessAdmin(cluster.settings(ACCESS), "tests") as admin:
        assert admin.mechanisms().keys() == set(PRINCIPALS)


def test_the_brokers_password_is_for_their_own_user_alone(cluster: SecuredKafka) -> None:
    settings = cluster.kafka.home / "server.properties"
    assert "PlainLoginModule" in settings.read_text()
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
