"""analytics publishes before its position moves, and does not start without a secret."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from processors.analytics import Analytics
from processors.analytics.settings import AnalyticsSettings
from processors.engine.processor import Delivery, Rejected, Retryable
from runtime.kafka.consumer import Record
from runtime.kafka.producer import NotPublished, Outcome, OutgoingRecord, RefusedForGood
from runtime.settings import Configuration, ConfigurationError
from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.twins.events import contact, message, opt_out_state, unrecognized

SECRET = "a-secret-of-a-test-that-is-long-enough"
EVENTS = [message(), contact(), unrecognized()]
BATCH = [Delivery(Record("topic", 0, number, 0, b"", b"", []), event) for number, event in enumerate(EVENTS)]


class Answers:
    """A producer whose outcomes are given."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self.outcomes = outcomes
        self.published: list[OutgoingRecord] = []

    def publish_all(self, records: Any, *, timeout: float = 2.0) -> list[Outcome]:
        self.published += records
        return self.outcomes


def handled(outcomes: list[Outcome]) -> Answers:
    producer = Answers(outcomes)
    analytics = Analytics(Configuration.of(AnalyticsSettings(secret=SECRET)))
    analytics.publish_with(producer, Codec(SchemaIds.checked_in()))
    analytics.handle(BATCH, Mock())
    return producer


def test_each_event_goes_to_its_topic_with_its_contacts_key() -> None:
    records = handled([None] * 3).published

    assert [record.topic for record in records] == [
        "sms.messages.analytics.v1", "sms.contacts.analytics.v1", "sms.unrecognized.analytics.v1",
    ]  # fmt: skip
    assert records[0].key == records[1].key
    assert len(records[0].key or b"") == 22
    assert records[2].key == dict(records[2].headers)["ce_id"], "one that names no phone goes by its own id"


def test_what_kafka_did_not_confirm_is_tried_again_and_what_it_refuses_is_set_aside() -> None:
    with pytest.raises(Retryable, match="did not take"):
        handled([None, NotPublished("down"), None])
    with pytest.raises(Rejected, match="refuses"):
        handled([None, NotPublished("down"), RefusedForGood("too large")])


def test_a_record_of_another_kind_on_its_topics_is_set_aside() -> None:
    analytics = Analytics(Configuration.of(AnalyticsSettings(secret=SECRET)))
    analytics.publish_with(Answers([]), Codec(SchemaIds.checked_in()))

    with pytest.raises(Rejected, match="OptOutState"):
        analytics.handle([Delivery(BATCH[0].record, opt_out_state("out", 1))], Mock())


def test_without_a_secret_it_does_not_start() -> None:
    settings = Configuration.load(AnalyticsSettings, environ={})[AnalyticsSettings]

    with pytest.raises(ConfigurationError, match="HOOKLINE_ANALYTICS__SECRET is missing"):
        Analytics(Configuration.of(settings))


def test_a_short_secret_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigurationError, match=r"HOOKLINE_ANALYTICS__SECRET.*too short") as refused:
        Configuration.load(AnalyticsSettings, environ={"HOOKLINE_ANALYTICS__SECRET": "hunter2"})
    assert "hunter2" not in str(refused.value)
