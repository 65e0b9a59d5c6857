"""analytics: every event without personal data on a topic of its own, for analysts (`sms.<x>.analytics.v1`)."""

from __future__ import annotations

from collections.abc import Sequence

from processors.analytics.anonymous import Anonymiser
from processors.analytics.features import FeatureReader
from processors.analytics.settings import AnalyticsSettings
from processors.engine.processor import Delivery, Processor, Rejected, Retryable
from runtime import metrics
from runtime.kafka.producer import BulkProducer, OutgoingRecord, RefusedForGood
from runtime.postgres import Connection
from runtime.settings import Configuration
from schemas import cloudevents
from schemas.analytics_events import AnalyticsEvent
from schemas.codec import Codec
from schemas.topics import ANALYTICS_TOPIC_OF, EVENT_TOPICS

#: Seconds to wait for Kafka's confirmation of a batch.
ACK_TIMEOUT = 10.0


class Analytics(Processor[AnalyticsSettings]):
    """Publishes a batch and waits until Kafka has confirmed it; only then does its position move.

    So nothing is left out, and after a crash the same records are published again, with the same event ids.
    """

    name = "analytics"
    topics = EVENT_TOPICS
    settings_type = AnalyticsSettings

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        readable = frozenset(self.settings.readable_tags)
        self._anonymiser = Anonymiser(self.settings.keys(), FeatureReader(), readable)
        self._producer: BulkProducer | None = None
        self._codec: Codec | None = None

    def publish_with(self, producer: BulkProducer, codec: Codec) -> None:
        self._producer, self._codec = producer, codec

    def handle(self, batch: Sequence[Delivery], connection: Connection) -> None:
        del connection  # its only effect is on Kafka
        assert self._producer is not None, "publish_with comes first"
        records = [self._record(self._anonymiser.anonymous(delivery.event)) for delivery in batch]
        outcomes = self._producer.publish_all(records, timeout=ACK_TIMEOUT)
        refused = next((outcome for outcome in outcomes if isinstance(outcome, RefusedForGood)), None)
        if refused is not None:
            raise Rejected(f"Kafka refuses an event without personal data: {refused}")
        failed = next((outcome for outcome in outcomes if outcome is not None), None)
        if failed is not None:
            raise Retryable(f"Kafka did not take the events without personal data: {failed}")
        metrics.ANALYTICS_PUBLISHED.inc(len(records))

    def _record(self, event: AnalyticsEvent) -> OutgoingRecord:
        assert self._codec is not None, "publish_with comes first"
        topic = ANALYTICS_TOPIC_OF[type(event)].name
        key = event.contact_key or str(event.event_id)  # one that names no phone goes to any partition
        return OutgoingRecord(topic, key.encode(), self._codec.encode(event), cloudevents.headers(event))
