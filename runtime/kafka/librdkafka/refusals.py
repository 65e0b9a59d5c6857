"""What Kafka does not allow, as the errors that kafka-python raises: callers catch those, whichever client it is."""

from __future__ import annotations

from confluent_kafka import KafkaError
from kafka import errors

_REFUSALS = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: errors.TopicAuthorizationFailedError,
    KafkaError.GROUP_AUTHORIZATION_FAILED: errors.GroupAuthorizationFailedError,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: errors.ClusterAuthorizationFailedError,
    KafkaError._AUTHENTICATION: errors.SaslAuthenticationFailedError,
    KafkaError.SASL_AUTHENTICATION_FAILED: errors.SaslAuthenticationFailedError,
    KafkaError.UNSUPPORTED_SASL_MECHANISM: errors.SaslAuthenticationFailedError,
}


def refusal_of(error: KafkaError) -> Exception | None:
    """What to raise for `error`; None: it is no refusal."""
    made = _REFUSALS.get(error.code())
    return None if made is None else made(error.str())
