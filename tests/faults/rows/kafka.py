"""K rows: what Kafka does to us. Three brokers; every outage is longer than some client time-out."""

from __future__ import annotations

import secrets
import time

import httpx
from kafka.admin import ConfigResource, ConfigResourceType

from tests.faults.checker import Promise
from tests.faults.rows.operator import hookline
from tests.faults.rows.registry import row
from tests.faults.run import Run
from tests.faults.services import SECRET

MESSAGES, CALLS = "sms.messages.v1", "sms.calls.v1"
#: Seconds within which new events go to Kafka again when it is back.
BACK = 10.0


@row("K1", "kill -9 of a partition leader again and again", brokers=3)
def kill_the_leader(run: Run) -> None:
    """Every second time while its followers are paused for a moment, so that they lag behind it."""
    for number in range(3):
        leader = run.cluster.leader(MESSAGES, run.rng.randrange(12))
        followers = [broker for broker in run.cluster.brokers if broker is not leader]
        if number % 2:
            for broker in followers:
                broker.freeze()
            run.sleep(run.rng.uniform(0.3, 0.8))
        leader.kill()
        for broker in followers:
            broker.thaw()
        run.sleep(run.rng.uniform(1.0, 3.0))
        leader.start()
        leader.kafka.wait_ready(60)
        run.cluster.wait_whole()


@row("K2", "rolling restart of the brokers", brokers=3)
def rolling_restart(run: Run) -> None:
    for broker in run.rng.sample(run.cluster.brokers, 3):
        broker.stop()
        run.sleep(run.rng.uniform(0.2, 2.0))
        broker.start()
        broker.kafka.wait_ready(60)
        run.cluster.wait_whole()


@row("K3", "2 of 3 brokers down (min.insync.replicas unmet)", brokers=3)
def too_few_replicas(run: Run) -> None:
    gone = run.rng.sample(run.cluster.brokers, 2)
    for broker in gone:
        broker.kill()
    run.sleep(run.rng.uniform(5.0, 8.0))
    run.require(run.spooling(), "events are spooled while too few replicas are in sync")
    for broker in gone:
        broker.start()
    run.cluster.wait_whole()
    run.back_on_kafka(BACK)


@row("K4", "all brokers down for 10 s (60 s in every fifth run)", brokers=3)
def all_down(run: Run) -> None:
    seconds = 60.0 if run.seed % 5 == 0 else 10.0
    run.note(down=seconds)
    run.cluster.kill()
    with run.listener.stalled("kafka", "persist"):
        run.sleep(seconds)
    run.require(run.spooling(), "events are spooled while Kafka is down")
    for broker in run.cluster.brokers:
        broker.start()
    run.cluster.wait_whole()
    run.back_on_kafka(BACK)


@row("K5", "brokers frozen (SIGSTOP) for 1 and 5 s (and 30 s in every fifth run)", brokers=3)
def frozen(run: Run) -> None:
    """The outcome of what was on its way is unknown: it may be in the log twice."""
    for seconds in (1.0, 5.0, *([30.0] if run.seed % 5 == 0 else [])):
        run.cluster.freeze()
        with run.listener.stalled("kafka", "persist"):
            run.sleep(seconds)
        run.cluster.thaw()
        run.back_on_kafka(BACK)
        run.sleep(run.rng.uniform(0.5, 1.5))


@row("K6", "connections cut in the middle of a Produce answer", brokers=3, through_proxies=True)
def cut_answers(run: Run) -> None:
    shears = run.cluster.shears
    before = shears.cuts
    for _ in range(4):
        shears.arm(run.rng.randrange(1, 6))
        run.sleep(run.rng.uniform(0.5, 1.5))
    for broker in run.cluster.brokers:
        broker.proxy.cut()
    run.sleep(run.rng.uniform(0.5, 1.5))
    shears.arm(0)
    run.note(cuts=shears.cuts - before)
    run.require(shears.cuts > before, "answers were cut")
    run.back_on_kafka(BACK)


@row("K7", "black hole: nothing passes, nobody is told", brokers=3, through_proxies=True)
def black_hole(run: Run) -> None:
    for broker in run.cluster.brokers:
        broker.proxy.swallow()
    began = time.monotonic()
    run.wait(run.spooling, 5.0, "the breaker opens")
    run.note(breaker_opened_after=round(time.monotonic() - began, 2))
    run.require(time.monotonic() - began < 3.0, "the breaker opens in under 3 s")
    sent = run.sent()
    run.sleep(run.rng.uniform(5.0, 8.0))
    run.require(run.sent() - sent > 2 * run.row.rate, "request threads are free while Kafka says nothing")
    for broker in run.cluster.brokers:
        broker.proxy.flow()
    run.back_on_kafka(BACK)


@row("K8", "a record refused for good (too large)", brokers=3)
def refused_record(run: Run) -> None:
    """Only that one is set aside; when the limit is raised, the operator has it back."""
    _max_bytes(run, 20_000)
    run.afterwards(lambda: _max_bytes(run, 2 * 1024 * 1024))
    url = f"http://127.0.0.1:{run.ingest.port}/webhooks/textlink/received"
    large = [f"large-{run.id}-{number}" for number in range(run.rng.randrange(2, 5))]
    for name in large:
        body = {"secret": SECRET, "phone_number": "+13035550142", "name": name, "text": secrets.token_hex(50_000)}
        answer = httpx.post(url, json=body, timeout=10)
        run.require(
            (answer.status_code, answer.headers.get("X-Durability")) == (200, "spool"),
            f"a large one is kept: {answer.status_code}",
        )
        run.sleep(0.3)
    refused = run.ingest.metrics().get("hookline_spool_refused_records", 0.0)
    run.note(set_aside=refused)
    run.require(refused == len(large), f"{len(large)} set aside, not {refused:.0f}")
    run.back_on_kafka(BACK)
    _max_bytes(run, 2 * 1024 * 1024)
    hookline(run, "spool", "requeue")
    run.wait(lambda: set(large) <= run.named_events(large), 30, "what was refused arrives once Kafka takes it")


@row("K9", "slow cluster (300 ms, give or take 300)", brokers=3, through_proxies=True)
def slow(run: Run) -> None:
    before = run.ingest.memory()
    for broker in run.cluster.brokers:
        broker.proxy.delay(0.3, 0.3)
    run.sleep(12.0)
    grown = (run.ingest.memory() - before) >> 20
    run.note(memory_grown_mib=grown)
    run.require(grown < 100, f"memory is bounded: {grown} MiB more")
    for broker in run.cluster.brokers:
        broker.proxy.delay(0.0)


@row(
    "K10",
    "a topic missing at the start; partitions added while running",
    brokers=3,
    starts=False,
    promise=Promise(partitions_move=True),
)
def missing_topic(run: Run) -> None:
    def make_anew() -> None:
        with run.cluster.client() as admin:
            admin.delete_topics([CALLS])
        run.wait(lambda: not _exists(run, CALLS), 20, f"{CALLS} is gone")

    make_anew()
    run.start_ingest()
    run.ingest.wait_ready()
    run.start_load()
    run.sleep(6.0)
    run.require(CALLS in run.ingest.printed(), "the log names the topic that is missing")
    run.require(run.ingest.ready(), "the service is ready all the same")
    run.cluster.apply_topics()
    run.made_anew(CALLS)
    run.sleep(2.0)
    with run.cluster.client() as admin:
        admin.create_partitions({CALLS: 14})
    run.sleep(3.0)

    def restore() -> None:
        make_anew()
        run.cluster.apply_topics()

    run.afterwards(restore)


def _max_bytes(run: Run, size: int) -> None:
    with run.cluster.client() as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, MESSAGES, {"max.message.bytes": str(size)})])
    run.sleep(1.0)  # the controller's word has to reach the brokers


def _exists(run: Run, topic: str) -> bool:
    with run.cluster.admin() as admin:
        return topic in admin.describe([topic])
