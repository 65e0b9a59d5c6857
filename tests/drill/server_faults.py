"""Kafka and PostgreSQL: killed, frozen, locked."""

from __future__ import annotations

import psutil

from tests.drill.fault import DrillFault
from tests.drill.process_faults import KilledAgain, killing
from tests.drill.stack import DrillStack, freeze, thaw


class Frozen:
    """A server that is frozen until somebody thaws it: no supervisor asks it."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._members: list[psutil.Process] = []

    def make(self, stack: DrillStack) -> None:
        """SIGSTOP."""
        self._members = freeze(stack.service(self._service))
        stack.at_the_end(lambda: thaw(self._members))

    def repair(self, _: DrillStack) -> None:
        """SIGCONT."""
        thaw(self._members)


def lock_table(stack: DrillStack) -> None:
    """Somebody begins a transaction by hand, and goes to lunch."""
    person = stack.superuser()
    person.autocommit = False
    person.execute("SET application_name = 'a person'")
    person.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
    stack.at_the_end(person.close)


_kafka_frozen, _postgres_frozen = Frozen("kafka"), Frozen("postgres")
_kafka_killed = KilledAgain("kafka", every=1.0)

SERVER_FAULTS = (
    DrillFault(
        "kafka-killed",
        "Kafka is killed -9 whenever it starts again",
        _kafka_killed.make,
        status=r"^Kafka: ",
        alarm="HooklineBreakerOpen",
        alarm_text="ingest",
        repair=_kafka_killed.repair,
        mended_by="its supervisor, once nobody kills it",
    ),
    DrillFault(
        "kafka-frozen",
        "Kafka is frozen (SIGSTOP)",
        _kafka_frozen.make,
        status=r"^Kafka: ",
        alarm="HooklineBreakerOpen",
        alarm_text="frozen",
        repair=_kafka_frozen.repair,
        mended_by="SIGCONT",
    ),
    DrillFault(
        "postgres-killed",
        "PostgreSQL is killed -9",
        killing("postgres"),
        status=r"^postgres was started again .*SIGKILL",
        alarm="HooklinePostgresRestarted",
        mended_by="its supervisor",
        over_within=420.0,
    ),
    DrillFault(
        "postgres-frozen",
        "PostgreSQL is frozen (SIGSTOP)",
        _postgres_frozen.make,
        status=r"^PostgreSQL: ",
        alarm="HooklinePostgresUnreachable",
        alarm_text="frozen",
        repair=_postgres_frozen.repair,
        mended_by="SIGCONT",
    ),
    DrillFault(
        "table-locked",
        "a session by hand holds the table messages",
        lock_table,
        status=r"^hookline-persist waits for a lock that the session \d+ holds \(a person",
        alarm="HooklineWaitsForLock",
        alarm_text=r"the session \d+ holds .*\(a person",
        command=r"SELECT pg_terminate_backend\(\d+\)",
    ),
)
