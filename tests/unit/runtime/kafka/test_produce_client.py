"""The client that a producer sends with: what it asks the brokers for."""

from __future__ import annotations

from runtime.connections import KafkaSettings
from runtime.kafka.internals.produce_client import ProduceClient, produce_settings


def test_a_topic_of_which_an_answer_under_way_said_nothing_is_asked_for_again() -> None:
    # Given a client that has asked for a topic
    client = ProduceClient(produce_settings(KafkaSettings(bootstrap_servers=("127.0.0.1:1",)), "test"))
    try:
        assert client.partitions("sms.progress.v1") == 0
        # When the answer to an earlier question comes, and says nothing of it
        client._cluster._need_update = False
        # Then it is asked for once more by whoever waits for the topic
        assert client.partitions("sms.progress.v1") == 0
        assert client._cluster.need_update
    finally:
        client.close()
