"""How many events a second analytics makes anonymous: decoded, without personal data, and encoded again."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from processors.analytics.anonymous import Anonymiser
from processors.analytics.features import FeatureReader
from processors.analytics.keys import Keys
from schemas import cloudevents
from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.bench.classify import everyday
from tests.bench.figures import Bound, Figure, Series
from tests.bench.options import Options
from tests.twins.events import at, message

EVENTS = 20_000
PHONES = 5_000
_SECRET = "what-a-bench-hashes-phones-with-is-no-secret"


def run(options: Options) -> list[Figure]:
    """Events a second of the process's own time: whatever else the machine does hardly counts."""
    codec = Codec(SchemaIds.checked_in())
    values = messages(codec, EVENTS)
    rates: list[float] = []
    for number in range(1, options.rounds + 1):
        options.note(f"analytics: round {number} of {options.rounds}")
        rates.append(rate(codec, values))
    return [Figure("analytics, events made anonymous", "/s", Series(tuple(rates)), bound=Bound(least=8_000))]


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
