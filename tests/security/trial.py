"""One attack on a running service from beginning to end: quiet, attacked, and quiet again."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from runtime.connections import KafkaSettings
from runtime.kafka.consumer import Partition
from runtime.kafka.reader import read
from runtime.kafka.topics import Offsets, TopicAdmin
from schemas.topics import EVENT_TOPICS
from tests.security.victims import KEPT, Attacked, Genuine, Victim, attacked, genuine, kept_webhooks, scrapes

#: MB (PSS) that all processes of the attacked service may have together.
MEMORY_MB = 512
#: Seconds after which everything has to be well again.
RECOVERY = 10.0
#: Times its quiet value that the genuine 99th percentile may have.
RATIO = 3.0

#: What keeps each attack from working. Without it the test of that attack fails.
MENDS = {
    "json-nodes": "values are counted, once, before anything is decoded, in one large body at a time "
    "(ingest/json_body.py); large bodies have few slots of their own, which rest after a refusal "
    "(runtime/request_bodies.py); the quarantine's thread takes a quarter of a processor at most",
    "json-values": "4,000 values at most (ingest/json_body.py); bodies of many parts have few slots of their own, "
    "which rest after a refusal, the longer the more it cost (runtime/request_bodies.py)",
    "json-nested": "the same as of many nodes",
    "compressed": "256 KiB unpacked at most, in one step (ingest/content_coding.py); compressed bodies have few "
    "slots of their own, which rest after a refusal (runtime/request_bodies.py)",
    "slow-bodies": "a thread that waits for a body gives its slot away; a deadline (runtime/request_bodies.py)",
    "slow-headers": "a head has 10 s, and takes no thread (runtime/web_server.py)",
    "aborted-http2": "HTTP/1.1 only (runtime/web_server.py)",
    "aborted-bodies": "a body that ends early is an error, not a wait (runtime/request_bodies.py)",
    "wrong-secrets": "one log line a kind of refusal and minute; the quarantine never holds up an answer",
    "quarantine": "the quarantine evicts by sender, and a new secret each time is a sender that goes first",
    "quarantine-regex": "no pattern goes back; a body is looked through in steps, between which others run "
    "(ingest/quarantine/secret_pairs.py); before it waits, four keys are looked at",
    "form-fields": "1,000 fields, read once (ingest/form.py); a header of more than 1 KiB is none (ingest/request.py); "
    "bodies of many parts have few slots of their own, and so has what cost much (runtime/request_bodies.py)",
    "huge-headers": "heads are bounded by the server (runtime/granian_server.py); nothing is kept of them",
    "long-headers": "heads are bounded by the server; a sender is remembered by 16 bytes (ingest/quarantine/queue.py)",
    "readyz": "answered before Flask, from what was seen last (runtime/probes.py, ops/gate/watch.py)",
    "gate-spellings": "the token is asked for before Flask, the number or the body is looked at "
    "(ops/gate/token_check.py)",
    "idle-connections": "an admin server handles 16 requests at once; idle connections are none (runtime/admin.py)",
}

#: Attacks by what anybody may ask.
_OPEN_TO_ALL = frozenset({"readyz"})


@dataclass(frozen=True, slots=True)
class Trial:
    """What one attack came to."""

    attack: str
    attackers: int
    quiet: Genuine  #: before
    meanwhile: Attacked
    after: Genuine  #: `RECOVERY` seconds after the attackers left, or sooner
    lost: int | None  #: events that were answered 200 and are not on Kafka; None: the service publishes none
    kept: int | None  #: of the `KEPT` webhooks with an unknown secret; None: the service keeps none
    lost_workers: int  #: workers of before that are gone
    scrapes: tuple[bool, ...]  #: of /metrics while its port is attacked

    @property
    def quiet_p99_ms(self) -> float:
        """The larger of both quiet values: a machine that is busy with something else is so for a while."""
        return max(self.quiet.p99_ms, self.after.p99_ms if self.after.errors == 0 else 0.0)

    @property
    def ratio(self) -> float:
        """The genuine 99th percentile under attack, as a multiple of the quiet one."""
        return self.meanwhile.genuine.p99_ms / self.quiet_p99_ms

    def faults(self) -> list[str]:
        """What must not be, whatever machine this is."""
        found = []
        if self.meanwhile.genuine.errors:
            genuine = self.meanwhile.genuine
            found.append(f"{genuine.errors} of {genuine.requests} genuine requests were not answered 200")
        if self.meanwhile.genuine.requests < self.meanwhile.genuine.due / 2:
            genuine = self.meanwhile.genuine
            found.append(f"only {genuine.requests} of {genuine.due} genuine requests could be sent")
        if self.after.errors:
            found.append(f"{self.after.errors} were not after the attackers had left")
        if self.lost:
            found.append(f"{self.lost} events that were answered 200 are not on Kafka")
        if self.kept is not None and self.kept < KEPT:
            found.append(f"{KEPT - self.kept} of {KEPT} genuine webhooks were evicted from the quarantine")
        if self.lost_workers:
            found.append(f"{self.lost_workers} workers have died")
        if self.meanwhile.memory_mb >= MEMORY_MB:
            found.append(f"{self.meanwhile.memory_mb:.0f} MB of memory")
        if "200" in self.meanwhile.seen and self.attack not in _OPEN_TO_ALL:
            found.append(f"{self.meanwhile.seen['200']} attackers were let in")
        if self.scrapes and not any(self.scrapes):
            found.append("/metrics did not answer once")
        return found


def trial(
    victim: Victim, attack: str, *, attackers: int, seconds: float, run: int, kafka: KafkaSettings | None
) -> Trial:
    """Attack `victim`; `kafka`: where its events go, if it publishes any. `run` makes every webhook its own."""
    ends = None if kafka is None else _log_ends(kafka)
    workers = victim.workers()
    quiet = genuine(victim, seconds, 3 * run)
    is_admin = attack == "idle-connections"
    port = victim.admin_port if is_admin else victim.port
    with scrapes(victim, are_made=is_admin) as scraped:
        meanwhile = attacked(victim, attack, port, attackers, seconds, 3 * run + 1)
    left = time.monotonic()
    while not victim.is_alive() and time.monotonic() - left < RECOVERY:
        time.sleep(0.1)
    time.sleep(min(RECOVERY, seconds))
    after = genuine(victim, seconds, 3 * run + 2)
    ids = quiet.event_ids | meanwhile.genuine.event_ids | after.event_ids
    return Trial(
        attack,
        attackers,
        quiet,
        meanwhile,
        after,
        None if kafka is None or ends is None else _lost(kafka, ends, ids),
        kept_webhooks(victim) if victim.name == "ingest" else None,
        sum(not psutil.pid_exists(worker) for worker in workers),
        tuple(scraped),
    )


def _log_ends(kafka: KafkaSettings) -> dict[tuple[str, int], Offsets]:
    with TopicAdmin(kafka, "hookline-attack") as admin:
        return admin.offsets(admin.describe(topic.name for topic in EVENT_TOPICS).values())


def _lost(kafka: KafkaSettings, before: dict[tuple[str, int], Offsets], ids: frozenset[str]) -> int:
    """How many of the events `ids` are not on Kafka; what was spooled has a minute to get there."""
    until, kept = time.monotonic() + 60, set[str]()
    while ids - kept and time.monotonic() < until:
        after = _log_ends(kafka)
        stretches = {Partition(*place): Offsets(before[place].end, bounds.end) for place, bounds in after.items()}
        for record in read(kafka, "hookline-attack", stretches):
            kept.add(dict(record.headers)["ce_id"].decode())
    return len(ids - kept)
