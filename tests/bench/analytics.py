"""How many events a second analytics makes anonymous: of its own time, and from Kafka to Kafka."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from processors.analytics.anonymous import Anonymiser
from processors.analytics.features import FeatureReader
from processors.analytics.keys import Keys
from runtime.connections import KAFKA_CLIENTS
from schemas import cloudevents
from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.bench import processors
from tests.bench.classify import everyday
from tests.bench.figures import Bound, Figure, Series
from tests.bench.options import Options
from tests.bench.servers import servers
from tests.twins.events import at, message

EVENTS = 20_000
PHONES = 5_000
_SECRET = "what-a-bench-hashes-phones-with-is-no-secret"


def run(options: Options) -> list[Figure]:
    """Decoding, making anonymous and encoding alone, where whatever else the machine does hardly counts; then one
    process on a real Kafka and PostgreSQL, with each client for Kafka."""
    codec = Codec(SchemaIds.checked_in())
    values = messages(codec, EVENTS)
    own: list[float] = []
    by_client: dict[str, list[float]] = {client: [] for client in KAFKA_CLIENTS}
    with servers(options.note) as ours:
        options.note(f"analytics: publishing {options.events:,} events")
        processors.publish(ours, 0, options.events)
        for number in range(1, options.rounds + 1):
            options.note(f"analytics: round {number} of {options.rounds}")
            own.append(rate(codec, values))
            for client, rates in by_client.items():
                settings = {"ANALYTICS__SECRET": _SECRET, "KAFKA__CLIENT": client}
                with processors.at_the_start(ours, "analytics", 1, **settings) as started:
                    rates.append(started.rate(options.events))
    return [
        Figure("analytics, events made anonymous", "/s", Series(tuple(own)), bound=Bound(least=8_000)),
        *(
            Figure(f"analytics, from Kafka to Kafka ({client})", "/s", Series(tuple(rates)))
            for client, rates in by_client.items()
        ),
    ]


def messages(codec: Codec, count: int) -> list[bytes]:
    """So many encoded messages, each with a text of its own, half of them from contacts."""
    chance = random.Random(2)
    return [
        codec.encode(
            message(
                chance.choice(("received", "sent")),
                key=f"textlink:{number}",
                contact_phone=f"+1303555{chance.randrange(PHONES):04}",
                occurred_at=at(number / 100),
                text=text,
                payload=f'{{"phone_number": "+13035550142", "text": "{text}", "timestamp": 1762000000000}}',
            )
        )
        for number, text in enumerate(everyday(count))
    ]


def rate(codec: Codec, values: Sequence[bytes]) -> float:
    """With nothing remembered of phones and texts at the start."""
    anonymiser = Anonymiser(Keys(_SECRET), FeatureReader())
    start = time.thread_time()
    for value in values:
        anonymous = anonymiser.anonymous(codec.decode(value))
        codec.encode(anonymous)
        cloudevents.headers(anonymous)
    return len(values) / (time.thread_time() - start)
