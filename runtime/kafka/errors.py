"""What whoever uses a client of ours may have to catch: kafka-python's own, by the name that this package promises."""

from __future__ import annotations

from kafka.errors import KafkaError as KafkaError  # noqa: PLC0414 - for those who must not import kafka
