"""How many records a second `hookline export` writes into Parquet, and whether its memory grows with their number."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from uuid import UUID

from deploy.local.principals import OPERATOR
from runtime.kafka.producer import OutgoingRecord
from schemas import cloudevents
from schemas.codec import Codec
from schemas.ids import SchemaIds
from schemas.topics import TOPIC_OF
from tests.bench.figures import Bound, Figure, Series, once
from tests.bench.options import Options
from tests.bench.servers import BenchFailed, Servers, megabytes, servers
from tests.bench.webhooks import event

#: Events that are encoded; every record is one of them with an id of its own.
TEMPLATES = 1_000
BATCH = 5_000
#: Share of the records that repeat an earlier event, which the export leaves out.
REPEATED = 0.01
#: Seconds between two looks at the memory.
EVERY = 1.0
#: Records of the export whose memory the whole one's is compared with: a tenth, all in memory at no time.
FIRST_SHARE = 10


def run(options: Options) -> list[Figure]:
    """A tenth of the records, then all of them, each into a folder of its own; all of one day."""
    total = options.export_events
    with servers(options.note) as ours:
        options.note(f"export: publishing {total // FIRST_SHARE:,} records")
        ours.publish(_records(total // FIRST_SHARE, random.Random(1)), batch=BATCH)
        _, little = _exported(ours, "some")
        options.note(f"export: publishing {total - total // FIRST_SHARE:,} more")
        ours.publish(_records(total - total // FIRST_SHARE, random.Random(2)), batch=BATCH)
        options.note(f"export: {total:,} records")
        rate, most = _exported(ours, "all")
    return [
        Figure(f"export of {total:,} records", "records/s", once(rate), bound=Bound(least=25_000)),
        Figure("export, memory (PSS)", "MB", Series((most,)), Series((little,)), "of a tenth of them"),
    ]


def _records(count: int, chance: random.Random) -> Iterator[OutgoingRecord]:
    codec = Codec(SchemaIds.checked_in())
    templates = []
    for number in range(TEMPLATES):
        of_it = event(number)
        key = of_it.contact_phone.encode() if of_it.contact_phone else None
        identity = str(of_it.event_id).encode()
        value = codec.encode(of_it)
        assert value.count(identity) == 1
        others = [header for header in cloudevents.headers(of_it) if header[0] != "ce_id"]
        templates.append((TOPIC_OF[type(of_it)].name, key, value.split(identity), others))
    record: OutgoingRecord | None = None
    for number in range(count):
        if record is None or chance.random() >= REPEATED:
            topic, key, (before, after), others = templates[number % TEMPLATES]
            identity = str(UUID(int=chance.getrandbits(128))).encode()
            record = OutgoingRecord(topic, key, before + identity + after, [("ce_id", identity), *others])
        yield record


def _exported(ours: Servers, name: str) -> tuple[float, float]:
    """Records a second of `hookline export`, its start included; the most MB that it took. Raises BenchFailed."""
    folder = ours.home / f"export-{name}"
    expected = ours.log_ends()  # a record that Kafka confirmed late is there twice
    began, most = time.monotonic(), 0.0
    command = ("-m", "ops", "export", "--from", "2000-01-01", "--out", str(folder), "--json")
    access = {key.removeprefix("HOOKLINE_"): value for key, value in ours.kafka_environment(OPERATOR).items()}
    child = ours.start(f"export-{name}", *command, **access)
    while child.ended() is None:
        most = max(most, megabytes([child.pid]))
        time.sleep(EVERY)
    took = time.monotonic() - began
    if child.ended() != 0:
        raise BenchFailed(f"hookline export ended with {child.ended()}: {child.tail()}")
    parts = json.loads((folder / "manifest.json").read_text("utf-8"))["parts"]
    read = sum(part["rows"] + part["duplicates"] for part in parts)
    if read != expected:
        raise BenchFailed(f"{read:,} records were exported, not {expected:,}")
    return expected / took, most
