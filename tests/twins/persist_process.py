"""persist as a process of its own, on topics and in a group of the test's choice: SERVER CLIENT DSN GROUP TOPIC..."""

from __future__ import annotations

import sys

from processors.engine.database import Database
from processors.engine.service import runner_of
from processors.engine.state import State
from processors.persist import Persist, PersistSettings
from runtime import logs
from runtime.connections import KafkaClient, KafkaSettings
from runtime.kafka.clients import consumer_of, producer_of
from runtime.postgres import connect
from runtime.process import StopSignal
from runtime.settings import Configuration


def main(bootstrap: str, client: KafkaClient, dsn: str, group: str, *topics: str) -> None:
    logs.configure("persist")
    stop = StopSignal().install()
    kafka = KafkaSettings(bootstrap_servers=(bootstrap,), client=client)
    producer = producer_of(kafka, "test-persist")
    runner_of(
        Persist(Configuration.of(PersistSettings(batch_records=500))),
        consumer_of(kafka, "test-persist", group, max_records=500, session_timeout=6.0),
        producer,
        Database(lambda: connect(dsn, process="persist"), idle_limit=4.0),
        state=State("persist"),
        stop=stop,
        topics=topics,
        group=group,
    ).run()
    producer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type] # the settings check the client
