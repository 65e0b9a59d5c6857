"""What anybody may put on a topic stops analytics as little as the others: it is published, or set aside."""

from __future__ import annotations

import random
from contextlib import suppress
from unittest.mock import Mock

import pytest

from processors.analytics import Analytics
from processors.analytics.settings import AnalyticsSettings
from processors.engine.batch import decoded
from processors.engine.processor import Rejected
from runtime.kafka.consumer import Record
from runtime.settings import Configuration
from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.fuzz.junk import junk_value
from tests.twins.kafka import MemoryProducer

CODEC = Codec(SchemaIds.checked_in())


@pytest.mark.parametrize("seed", range(20))
def test_junk_is_published_or_set_aside(seed: int) -> None:
    chance, taken, producer = random.Random(seed), 0, MemoryProducer()
    analytics = Analytics(Configuration.of(AnalyticsSettings(secret="a" * 40)))
    analytics.publish_with(producer, CODEC)
    for offset in range(100):
        record = Record("sms.messages.v1", 0, offset, 0, b"+13035550142", junk_value(chance), [])
        deliveries, _ = decoded([record], CODEC)
        with suppress(Rejected):
            analytics.handle(deliveries, Mock())
            taken += len(deliveries)
    assert taken > 0
