"""A worker process on a spool, with a Kafka that is a file: what tests/integration/test_spool_processes.py starts.

It answers requests on standard input, a line each, with a line on standard output once the event is durable.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.durable.publisher import DurablePublisher
from ingest.durable.replay_loop import ReplayLoop
from ingest.durable.replayer import Replayer
from ingest.durable.spool.directory import worker_lock
from ingest.durable.spool.store import Spool
from runtime import logs
from runtime.kafka.producer import NotPublished, OutgoingRecord

LIMIT = 64 * 1024 * 1024


class FileKafka:
    """A log that is a file. It does not answer while a file called `down` stands beside it."""

    def __init__(self, home: Path) -> None:
        self._down = home / "down"
        self._log = os.open(home / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def publish_all(self, records: Sequence[OutgoingRecord], *, timeout: float = 2.0) -> Any:
        lines = b"".join(record.value + b"\n" for record in records)
        time.sleep(0.002)
        if not self.answers():
            if len(records) % 3 == 0:  # unknown is not failed
                os.write(self._log, lines)
            return [NotPublished("down")] * len(records)
        os.write(self._log, lines)  # at once: all of them or none
        return [None] * len(records)

    def answers(self) -> bool:
        return not self._down.exists()


class Lines:
    """Stands in for the codec: the event is a line already."""

    def encode(self, event: Any) -> bytes:
        return bytes(event.line)


def main(home: Path) -> None:
    lock = worker_lock(home / "spool")
    spool = Spool(home / "spool", limit=LIMIT)
    kafka = FileKafka(home)
    publisher = DurablePublisher(kafka, spool, Lines(), timeout=1.0)  # type: ignore[arg-type]
    replayer = Replayer(spool, kafka, answers=kafka.answers, reserve=0)
    ReplayLoop(replayer, spool.state, home / "spool").start()
    answering = threading.Lock()

    def handle(line: bytes) -> None:
        way = publisher.publish_all([LineEvent(line)])
        with answering:
            os.write(1, line + b" " + way.value.encode() + b"\n")

    for line in sys.stdin.buffer:
        threading.Thread(target=handle, args=(line.rstrip(b"\n"),), daemon=True).start()
    lock.close()


class LineEvent:
    """`contact:number`."""

    def __init__(self, line: bytes) -> None:
        self.line = line
        self.contact_phone = line.partition(b":")[0].decode()
        self.received_at = datetime.now(UTC)


if __name__ == "__main__":
    import ingest.durable.publisher

    def outgoing(event: Any, codec: Any, _numbers: Any) -> OutgoingRecord:
        return OutgoingRecord("lines", event.contact_phone.encode(), codec.encode(event), [("hl-seq", b"1")])

    ingest.durable.publisher.outgoing = outgoing  # type: ignore[assignment]
    logs.configure("spool-worker")  # to standard error: the other one is for answers
    main(Path(sys.argv[1]))
