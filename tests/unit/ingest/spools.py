"""Spools for tests: records, directories, and looking into what is spooled."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ingest.durable.spool.directory import ServiceDirectory
from ingest.durable.spool.store import Spool
from runtime.kafka.producer import OutgoingRecord

TOPIC = "sms.messages.v1"
LIMIT = 64 * 1024 * 1024


def record(number: int, *, key: str = "+13035550142", topic: str = TOPIC, size: int = 60) -> OutgoingRecord:
    """A record that tells its number, with a value of `size` bytes or a little more."""
    value = f"{number}:".encode().ljust(size, b".")
    return OutgoingRecord(topic, key.encode(), value, [("ce_id", str(number).encode()), ("content-type", b"x")])


def number_of(sent: OutgoingRecord) -> int:
    """The number of a record made by `record`."""
    return int(sent.value.partition(b":")[0])


def opened(directory: Path, *, limit: int = LIMIT) -> tuple[ServiceDirectory, Spool]:
    """A service's hold on `directory`, and the spool in it."""
    service = ServiceDirectory(directory, reserve=0)
    return service, Spool(directory, limit=limit)


def spooled(directory: Path) -> list[int]:
    """The numbers of the records that a service finds in `directory` when it starts, in order."""
    with closing(ServiceDirectory(directory, reserve=0)), closing(Spool(directory, limit=LIMIT)) as spool:
        return numbers(spool)


def numbers(spool: Spool) -> list[int]:
    """The numbers of the records in `spool`, in order."""
    return [number_of(row.record) for row in spool.in_turn(lambda turn: turn.first(1_000_000))]
