"""A compacted topic that is filled from a table: where Kafka has another one than before, it is filled again.

The new topic is empty, or holds only what has changed since, and nobody else would notice: what is published is
remembered as published.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from processors.engine.database import Database
from processors.engine.processor import Retryable
from runtime import logs, metrics
from runtime.connections import KafkaSettings
from runtime.kafka.errors import KafkaError
from runtime.kafka.topics import TopicAdmin
from runtime.postgres import Connection

log = logs.logger("processors.engine.published_topic")

#: Seconds between two looks at Kafka.
INTERVAL = 15.0

_SEEN = "SELECT cluster_id, topic_id FROM published_topics WHERE topic = %s FOR UPDATE"
_FIRST_SEEN = """
INSERT INTO published_topics (topic, cluster_id, topic_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
_CHANGED = "UPDATE published_topics SET cluster_id = %s, topic_id = %s, changed_at = now() WHERE topic = %s"


class TopicPlace(NamedTuple):
    """A topic, whatever it is called."""

    cluster_id: str
    topic_id: UUID


class PublishedTopicWatch:
    """One topic's; a round of a periodic task. Any number of processes may run one: the table's row is locked."""

    def __init__(
        self, topic: str, place: Callable[[], TopicPlace | None], publish_again: Callable[[Connection], None]
    ) -> None:
        """`place`: where the topic is now, None while there is none. `publish_again` has all of it published."""
        self._topic = topic
        self._place = place
        self._publish_again = publish_again

    def __call__(self, database: Database) -> float:
        """Look once; seconds until the next look. Raises Retryable where Kafka does not answer."""
        place = self._place()
        if place is None:
            return INTERVAL
        with database.transaction() as connection:
            row = connection.execute(_SEEN, (self._topic,)).fetchone()
            if row is None:
                connection.execute(_FIRST_SEEN, (self._topic, *place))
                return INTERVAL
            before = TopicPlace(*row)
            if before == place:
                return INTERVAL
            self._publish_again(connection)
            connection.execute(_CHANGED, (*place, self._topic))
        metrics.PUBLISHED_TOPIC_CHANGED.labels(self._topic).inc()
        log.error(
            "published_topic_changed",
            topic=self._topic,
            cluster_before=before.cluster_id,
            cluster_now=place.cluster_id,
            effect="everything is published again",
        )
        return INTERVAL


def kafka_place(settings: KafkaSettings, topic: str, client_id: str) -> TopicPlace | None:
    """Where Kafka has `topic`; None: it is missing. Raises Retryable where Kafka does not answer."""
    try:
        with TopicAdmin(settings, client_id) as admin:
            topic_id = admin.topic_ids([topic]).get(topic)
            return None if topic_id is None else TopicPlace(admin.cluster_id(), topic_id)
    except KafkaError as error:
        raise Retryable(f"Kafka does not say where {topic} is: {type(error).__name__}") from error
