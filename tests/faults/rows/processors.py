"""C rows: what happens to processors."""

from __future__ import annotations

import signal
from functools import partial

from kafka import KafkaProducer
from kafka.structs import TopicPartition

from runtime.kafka.connection import client_settings
from schemas import cloudevents
from schemas.topics import PARTITIONS, RECORD_TOPICS, redrive_topic
from tests.faults.rows.everybody import WITH_ALL
from tests.faults.rows.operator import hookline
from tests.faults.rows.registry import row
from tests.faults.run import Run
from tests.faults.services import Processor
from tests.fuzz.junk import junk_batch, large_batches, put_batches
from tests.twins.events import message

#: One batch's way, step by step: see injected/injections.py.
STEPS = ("after_poll", "before_effects", "before_commit", "after_commit", "before_mirror", "after_mirror")
#: And one delivery's to a CRM.
CALLS = ("before_call", "after_call", "before_told", "after_told")


@row(
    "C1",
    "persist, opt-out and crm-sync killed -9 at each step: poll, effects, database commit, offset commit; CRM call",
    inject_processors=("points", "short_patience", "short_leases"),
    **WITH_ALL,
)
def kill_at_each_step(run: Run) -> None:
    for step in run.rng.sample(STEPS, len(STEPS)):
        run.sleep(run.rng.uniform(0.1, 0.6))
        processors = (run.persist, run.opt_out, run.crm_sync)
        for processor in processors:
            run.arm(step, of=processor.name)
        for processor in processors:
            run.wait(lambda process=processor: not process.alive, 20, f"{processor.name} dies at {step}")
        run.start_persist()
        run.start_opt_out()
        run.start_crm_sync()
    for step in run.rng.sample(CALLS, len(CALLS)):
        run.arm(step, of=run.crm_sync.name)
        run.wait(lambda: not run.crm_sync.alive, 20, f"crm-sync dies at {step}")
        run.start_crm_sync()


@row("C2", "rebalance storm, 1 to 6 members coming and going")
def storm(run: Run) -> None:
    spare = [run.member(number) for number in range(2, 7)]
    run.members += spare
    for member in spare:
        member.start()
    for _ in range(10):
        member = run.rng.choice(spare)
        if not member.alive:
            member.start()
        elif run.rng.random() < 0.5:
            member.kill()
        else:
            code = member.stop()
            # -15: the signal came before it was so far as to listen to signals
            run.require(code in (0, -signal.SIGTERM), f"a member ended with {code}")
        run.sleep(run.rng.uniform(0.2, 1.5))
    for member in spare:
        if member.alive:
            member.kill()
    run.members = run.members[:1]


@row(
    "C3",
    "zombie: frozen in mid-batch until the group has gone on without it, then resumed",
    inject_processors=("points", "short_patience"),
)
def zombie(run: Run) -> None:
    step = run.rng.choice(["before_effects", "before_commit", "after_poll"])
    run.note(frozen=step)
    run.arm(step, signal.SIGSTOP)
    run.wait(lambda: not run.armed(step), 20, f"persist freezes at {step}")
    other = run.member(2)
    run.members.append(other)
    run.start_persist(other)
    run.sleep(4.0)
    run.wait(lambda: run.behind() < 2 * run.row.rate, 40, "another member goes on with its partitions")
    run.persist.signal(signal.SIGCONT)
    run.sleep(4.0)
    run.require(run.persist.alive, "who was frozen goes on, too")


#: What ingest could write where something is wrong with it, or with us: all of it in its wire format.
POISON = (
    b"\x00\x00\x00\x00\x01",  # a schema of ours, and no body
    b"\x00\x00\x00\xff\xff\x02\x02",  # an unknown schema
    b"\x00\x00\x00\x00\x01" + b"\xff" * 40,  # numbers without end
)


@row("C4", "poison: 1 % and 100 % of the records")
def poison(run: Run) -> None:
    """At 100 % it stops and says so, and goes on when an operator has had a look."""
    producer = KafkaProducer(**client_settings(run.cluster.settings, "faults"), acks="all")
    sent = 0

    def plant(count: int) -> None:
        nonlocal sent
        for _ in range(count):
            headers = cloudevents.headers(message())
            producer.send("sms.messages.v1", key=b"+13035550199", value=run.rng.choice(POISON), headers=headers)
        producer.flush(10)
        sent += count

    before = run.letters()
    for _ in range(6):
        plant(run.rng.randrange(1, 5))
        run.sleep(0.5)
    run.wait(lambda: run.letters() - before >= sent, 20, "what cannot be read is set aside")
    run.require(run.persist.readiness()[0], "1 % of poison stops nobody")
    run.rate(1.0)
    run.wait(lambda: run.behind() < 20, 20, "nothing else waits")
    plant(120)
    run.wait(lambda: not run.persist.readiness()[0], 30, "100 % of poison stops the processor, and it says so")
    run.note(said=run.persist.readiness()[1][:200])
    aside = run.letters() - before
    run.require(aside < sent, f"it stops before all is set aside: {aside} of {sent}")
    for _ in range(8):
        if run.persist.readiness()[0] and run.letters() - before >= sent:
            break
        hookline(run, "dlq", "resume", "persist")
        run.sleep(6.0)
    run.require(run.letters() - before == sent, f"{run.letters() - before} of {sent} are set aside in the end")
    run.rate(run.row.rate)
    producer.close()


def _is_ready(processor: Processor) -> bool:
    return processor.readiness()[0]


@row("F5", "junk of every kind on every topic: nobody stops, nobody halts", **WITH_ALL)
def junk(run: Run) -> None:
    """Bytes that are no event: one that can be read is an event, whoever wrote it (see docs/deploy.md on ACLs)."""
    topics = [topic.name for topic in (*RECORD_TOPICS, *map(redrive_topic, ("persist", "opt-out", "crm-sync")))]
    processors = (run.persist, run.opt_out, run.crm_sync)
    for _ in range(6):
        batches = [junk_batch(run.rng, events=False) for _ in range(60)] + run.rng.sample(large_batches(), 2)
        places = [TopicPartition(run.rng.choice(topics), run.rng.randrange(PARTITIONS)) for _ in batches]
        taken, refused = put_batches(run.cluster.settings, list(zip(places, batches, strict=True)), patience=90)
        run.note(taken=taken, refused=refused)
        run.require(taken > refused, "Kafka takes most of it")
        run.sleep(1.0)
        for processor in processors:
            run.letters(processor.name)
    for processor in processors:
        run.require(processor.alive, f"{processor.name} goes on")
        run.wait(partial(_is_ready, processor), 30, f"{processor.name} is ready")
        run.letters(processor.name)


@row("C5", "the group's offsets deleted from Kafka while it is away")
def offsets_deleted(run: Run) -> None:
    for gentle in run.rng.sample([True, False], 2):
        if gentle:
            run.persist.stop()
        else:
            run.persist.kill()
        run.sleep(run.rng.uniform(0.5, 2.0))

        def deleted() -> bool:
            with run.cluster.client() as admin:
                answers = admin.delete_groups(["hookline-persist"])
            run.note(deleted=str(answers)[:100])
            return "OK" in str(answers) or "NotFound" in str(answers)

        run.wait(deleted, 40, "Kafka forgets the group")
        run.start_persist()
        run.wait(lambda: run.behind() < run.row.rate, 40, "persist goes on where it was")
