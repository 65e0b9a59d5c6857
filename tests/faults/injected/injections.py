"""What can be done to a process of ours from outside its code: see sitecustomize.py.

Each function takes its argument and returns modules by name with what to do to each.
"""

from __future__ import annotations

import functools
import os
import signal
import struct
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

Changes = dict[str, Callable[[ModuleType], None]]

#: Both clients for Kafka, whichever a process has: module and class.
CONSUMERS = (
    ("runtime.kafka.consumer", "KafkaConsumer"),
    ("runtime.kafka.librdkafka.consumer", "LibrdkafkaConsumer"),
)
#: Where a process can be stopped in its tracks: name, module, class, method, before or after the call.
POINTS = (
    # persist: one batch's way
    *(("after_poll", *consumer, "poll", "after") for consumer in CONSUMERS),
    ("before_effects", "processors.engine.progress", "Progress", "move", "after"),
    ("before_commit", "processors.engine.progress", "Progress", "count", "after"),
    ("after_commit", "processors.engine.handling", "Handling", "handle", "after"),
    *(("before_mirror", *consumer, "mirror", "before") for consumer in CONSUMERS),
    *(("after_mirror", *consumer, "mirror", "after") for consumer in CONSUMERS),
    # crm-sync: one delivery's way
    ("before_call", "processors.outbox.worker", "OutboxWorker", "_run", "before"),
    ("after_call", "processors.http.client", "HttpClient", "call", "after"),
    ("before_told", "processors.crm_sync.delivery_queue", "DeliveryQueue", "record", "before"),
    ("after_told", "processors.crm_sync.delivery_queue", "DeliveryQueue", "recorded", "before"),
    # ingest: the spool's and the replayer's
    ("before_append", "ingest.durable.spool.turn", "Turn", "append", "before"),
    ("after_append", "ingest.durable.spool.turn", "Turn", "append", "after"),
    ("after_read", "ingest.durable.spool.turn", "Turn", "first", "after"),
    ("before_remove", "ingest.durable.spool.turn", "Turn", "remove", "before"),
    ("after_remove", "ingest.durable.spool.turn", "Turn", "remove", "after"),
    ("before_hand_back", "ingest.durable.spool.turn", "Turn", "hand_back", "before"),
    ("after_hand_back", "ingest.durable.spool.turn", "Turn", "hand_back", "after"),
)


def points(folder: str) -> Changes:
    """Send this process the signal whose number a file in `folder` holds, at the point that the file is named after.

    The file is taken away first, so that it happens once.
    """

    def change(module: ModuleType) -> None:
        for name, home, owner, method, when in POINTS:
            if home == module.__name__:
                _watch(getattr(module, owner), method, Path(folder) / name, after=when == "after")

    return dict.fromkeys({home for _, home, *_ in POINTS}, change)


def _watch(owner: type, method: str, file: Path, *, after: bool) -> None:
    original = getattr(owner, method)

    def strike() -> None:
        try:
            number = int(file.read_text())
            file.unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), number)

    @functools.wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if not after:
            strike()
        result = original(*args, **kwargs)
        if after and result != []:  # a poll or a read that brought nothing is no step
            strike()
        return result

    setattr(owner, method, watched)


def disk(folder: str) -> Changes:
    """A disk that can fail: see disk.py."""

    def change(_module: ModuleType) -> None:
        from tests.faults.injected.disk import install

        install(Path(folder))

    return {"ingest.durable.spool.database": change}


def clock(folder: str) -> Changes:
    """The wall clock, off by as many seconds as the file `clock` in `folder` holds (a double)."""
    file = Path(folder) / "clock"
    real = time.time_ns

    def stepped() -> int:
        try:
            (seconds,) = struct.unpack("<d", file.read_bytes())
        except (FileNotFoundError, struct.error):
            return real()
        return real() + int(seconds * 1e9)

    time.time_ns = stepped
    time.time = lambda: stepped() / 1e9
    return {}


def short_patience(_: str) -> Changes:
    """A group gives up on a silent member after 6 s, and the database after 8 s, so that rows are short."""

    def consumer(module: Any) -> None:
        original = module.consumer_settings

        def settings(*args: Any, **kwargs: Any) -> dict[str, Any]:
            found: dict[str, Any] = original(*args, **kwargs)
            short = {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 1_000}
            in_librdkafka = {name.replace("_", "."): value for name, value in short.items()}
            return found | (short if "session_timeout_ms" in found else in_librdkafka)

        module.consumer_settings = settings

    def database(module: Any) -> None:
        module.SESSION["idle_in_transaction_session_timeout"] = "8s"

    return {**{home: consumer for home, _ in CONSUMERS}, "processors.engine.database": database}


def short_leases(_: str) -> Changes:
    """Gives up after 6 s, in place of 60, on a call or a request whose end nobody has written down.

    Of the CRMs' it does so `HOOKLINE_CRM__LOOK_AFTER` later.
    """

    def budget(module: Any) -> None:
        module.FORGOTTEN = timedelta(seconds=6)

    def queue(module: Any) -> None:
        module.LEASE = 6.0

    def crm_queue(module: Any) -> None:
        module.CALLING = 5.0

    return {
        "processors.opt_out.enforcement_queue": queue,
        "processors.outbox.budget": budget,
        "processors.crm_sync.delivery_queue": crm_queue,
    }


def frequent_progress(_: str) -> Changes:
    """A record on `sms.progress.v1` every 3 s, in place of 60, so that a short row has many to judge."""

    def change(module: Any) -> None:
        module.PERIOD = timedelta(seconds=3)

    return {"processors.persist.topic_progress": change}


def second_crm(_: str) -> Changes:
    """One more target for crm-sync: targets/other.py."""

    def targets(module: Any) -> None:
        module.__path__.append(str(Path(__file__).parent / "targets"))

    return {"processors.crm_sync.targets": targets}


# Mutations: a safeguard is taken away, and a row has to see it.


def no_fsync(_: str) -> Changes:
    """The spool says that it is on disk when it has only been handed to the system."""

    def change(module: Any) -> None:
        original = module.prepare

        def prepare(connection: Any, limit: int) -> None:
            original(connection, limit)
            connection.execute("PRAGMA synchronous=OFF")

        module.prepare = prepare

    return {"ingest.durable.spool.database": change}


def answer_before_ack(_: str) -> Changes:
    """200 as soon as the event is handed to a thread that will publish it."""

    def change(module: Any) -> None:
        from concurrent.futures import ThreadPoolExecutor

        publish, threads = module.DurablePublisher.publish, ThreadPoolExecutor(64)

        def at_once(self: Any, event: Any) -> Any:
            threads.submit(publish, self, event)
            return module.Durability.KAFKA

        module.DurablePublisher.publish = at_once

    return {"ingest.durable.publisher": change}


def commit_before_effects(_: str) -> Changes:
    """The offsets move in a transaction of their own, before the effects."""

    def change(module: Any) -> None:
        from processors.engine.progress import Progress

        move, commit = Progress.move, module.Handling._commit

        def early(self: Any, batch: Any) -> Any:
            with self._database.transaction() as connection:
                move(self._progress, connection, batch.spans)
            return commit(self, batch)

        module.Handling._commit = early
        Progress.move = lambda *_: None  # type: ignore[method-assign]

    return {"processors.engine.handling": change}


def acks_1(_: str) -> Changes:
    """The leader alone has to have a record."""

    def change(module: Any) -> None:
        module.ACKS = 1

    def without_idempotence(module: Any) -> None:  # which librdkafka refuses with one acknowledgement
        original = module.producer_settings
        module.producer_settings = lambda *args: original(*args) | {"acks": 1, "enable.idempotence": False}

    return {
        "runtime.kafka.internals.produce_client": change,
        "runtime.kafka.librdkafka.producer": without_idempotence,
    }


def no_dedupe(_: str) -> Changes:
    """persist takes every record for a new event."""

    def change(module: Any) -> None:
        original = module.rows

        def rows(batch: Iterable[Any]) -> Iterable[tuple[Any, ...]]:
            for row in original(batch):
                yield (uuid.uuid4(), *row[1:])

        assert module.COLUMNS[0] == "event_id"
        module.rows = rows

    return {"processors.staging.rows": change}


def no_doubt(_: str) -> Changes:
    """A delivery is not said to be doubtful before its call."""

    return {"processors.crm_sync.delivery_queue": claiming(b"doubtful = true,", b"")}


def no_look(_: str) -> Changes:
    """A contact that is not known is made, without being looked for."""

    def change(module: Any) -> None:
        module.RestTarget.find_by_phone = lambda *_: []

    return {"processors.crm_sync.targets.rest": change}


def no_lanes(_: str) -> Changes:
    """Of a contact's deliveries any is taken up, not the oldest."""

    oldest, any_of_them = b"ORDER BY received_at, event_id LIMIT 1", b"ORDER BY event_id LIMIT 1"
    return {"processors.crm_sync.delivery_queue": claiming(oldest, any_of_them)}


def spools_are_empty(_: str) -> Changes:
    """The topics are said to be complete whatever the nodes say of their spools."""

    def change(module: Any) -> None:
        complete_until = module.complete_until

        def whatever_is_spooled(nodes: Iterable[Any], now: Any) -> Any:
            return complete_until([node._replace(spooled=0) for node in nodes], now)

        module.complete_until = whatever_is_spooled

    return {"processors.persist.topic_progress": change}


def lag_since_first_behind(_: str) -> Changes:
    """What is not committed is as old as the first record of its partition that ever was not."""

    def change(module: Any) -> None:
        lag, first = module.Positions._lag, dict[Any, float]()

        def lag_of(self: Any, track: Any, end: int) -> Any:
            found = lag(self, track, end)
            if not found.records:
                return found
            return found._replace(seconds=time.monotonic() - first.setdefault(track.place, time.monotonic()))

        module.Positions._lag = lag_of

    return {"processors.engine.positions": change}


def claiming(before: bytes, after: bytes) -> Callable[[Any], None]:
    """The statement that claims deliveries, with `after` in place of `before`."""

    def change(module: Any) -> None:
        claim = module._SQL["claim"]
        assert before in claim
        module._SQL = {**module._SQL, "claim": claim.replace(before, after)}

    return change


KILL = signal.SIGKILL
STOP = signal.SIGSTOP
