"""Publishes each new head of the ledger, signed: on `sms.opt-out-heads.v1` and in a file beside the logs.

Before a head is published, the row of the one before is looked at again: a chain that was cut or written anew is not
signed, and an alarm is raised instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from processors.engine.database import Database
from processors.engine.processor import Retryable
from processors.opt_out.heads import HeadSigner, HeadVerifier, SignedHead
from processors.opt_out.ledger import utc_now
from runtime import logs, metrics
from runtime.connections import KafkaSettings
from runtime.kafka.errors import KafkaError
from runtime.kafka.producer import OutgoingRecord, Producer
from runtime.kafka.reader import read
from runtime.kafka.topic_logs import topic_logs
from runtime.kafka.topics import TopicAdmin
from schemas.topics import OPT_OUT_HEADS

log = logs.logger("processors.opt_out.heads")

#: Seconds between two looks: a new head is out within 10 s.
INTERVAL = 4.0
#: Seconds to wait for Kafka's confirmation.
ACK_TIMEOUT = 5.0
#: Looks between two log lines about a chain that is not what was published.
REPEAT = 15

_KEY = b"head"  # all on one partition, in their order
_CLIENT = "hookline-opt-out-heads"
_HEADERS = [("content-type", b"application/json")]
_HEAD = "SELECT position, hash FROM opt_out_ledger ORDER BY position DESC LIMIT 1"
_HASH = "SELECT hash FROM opt_out_ledger WHERE position = %s"
#: The newest published head is kept beside the ledger, for the gate: after a restore it is written again.
_NOTE = "UPDATE opt_out_published SET position = %s WHERE position < %s"
_ACCEPTED = "SELECT accepted_position FROM opt_out_published"


class HeadPublication:
    """One process's. Several publish the same heads more than once, which is no harm."""

    def __init__(
        self,
        signer: HeadSigner,
        producer: Producer,
        published: Callable[[], Iterator[SignedHead]],
        file: Path | None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`published`: every genuine head that is on Kafka already; asked once, before the first is published."""
        self._signer = signer
        self._producer = producer
        self._published = published
        self._file = file
        self._now = now
        self._newest: SignedHead | None = None
        self._is_read = False
        self._conflicts = 0

    def __call__(self, database: Database) -> float:
        """Publish the head if it is new; seconds until the next look. Raises Retryable where Kafka is away."""
        if not self._is_read:
            self._newest = max(self._published(), key=lambda head: head.position, default=None)
            self._is_read = True
        with database.transaction() as connection:
            head = connection.execute(_HEAD).fetchone()
            known = self._newest
            row = None if known is None else connection.execute(_HASH, (known.position,)).fetchone()
            is_there = known is None or (row is not None and row[0] == known.hash)
            if known is not None:
                connection.execute(_NOTE, (known.position, known.position))
            [(accepted,)] = connection.execute(_ACCEPTED).fetchall()
        last = 0 if head is None else head[0]
        is_accepted = known is not None and known.position <= accepted
        metrics.OPT_OUT_ROWS_LOST.set(0 if known is None or is_accepted else max(0, known.position - last))
        if not is_there and is_accepted:
            known = self._newest = None  # an operator has looked: the heads go on from the ledger as it is
            is_there = True
        if known is not None and not is_there:
            self._report_conflict(known)
        elif head is not None and (known is None or head[0] > known.position):
            self._publish(self._signer.sign(head[0], head[1], self._now()))
            metrics.OPT_OUT_HEAD_CONFLICT.set(0)
        return INTERVAL

    def _publish(self, head: SignedHead) -> None:
        record = OutgoingRecord(OPT_OUT_HEADS.name, _KEY, head.line(), _HEADERS)
        [outcome] = self._producer.publish_all([record], timeout=ACK_TIMEOUT)
        if outcome is not None:
            raise Retryable(f"Kafka did not take the ledger's head: {outcome}")
        if self._file is not None:
            append_line(self._file, head.line())
        self._newest = head
        metrics.OPT_OUT_HEAD_PUBLISHED.set(head.position)

    def _report_conflict(self, known: SignedHead) -> None:
        metrics.OPT_OUT_HEAD_CONFLICT.set(1)
        if self._conflicts % REPEAT == 0:
            log.error(
                "ledger_is_not_what_was_published",
                position=known.position,
                published_at=known.signed_at,
                fix="hookline opt-outs verify --published; after a restore: hookline restored --since TIME",
            )
        self._conflicts += 1


def append_line(file: Path, line: bytes) -> None:
    """Add `line` to `file`, on the disk when this returns. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def published_lines(settings: KafkaSettings) -> Iterator[bytes]:
    """Every record of `sms.opt-out-heads.v1`, whoever wrote it. Raises Retryable where it cannot be read."""
    try:
        with TopicAdmin(settings, _CLIENT) as admin:
            log = topic_logs(admin, [OPT_OUT_HEADS.name])
        if not log.topic_ids:
            raise Retryable(f"the topic {OPT_OUT_HEADS.name} is missing: `hookline topics apply` makes it")
        for record in read(settings, _CLIENT, log.bounds):
            yield record.value or b""
    except KafkaError as error:
        raise Retryable(f"Kafka does not tell which heads are published: {type(error).__name__}") from error


def filed_lines(file: Path | None) -> Iterator[bytes]:
    """Every line of the file of heads, whoever wrote it: it outlives a Kafka that was made anew. Raises OSError."""
    if file is None or not file.exists():
        return
    with file.open("rb") as lines:
        for line in lines:
            yield line.rstrip(b"\n")


def genuine_heads(verifier: HeadVerifier, lines: Iterator[bytes]) -> Iterator[SignedHead]:
    """Those of `lines` that a known key has signed."""
    return (head for line in lines if (head := verifier.genuine(line)) is not None)
