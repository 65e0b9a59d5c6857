"""Every Kafka topic of Hookline, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.analytics_events import (
    AnalyticsCall,
    AnalyticsContact,
    AnalyticsEvent,
    AnalyticsMessage,
    AnalyticsOptOut,
    AnalyticsUnrecognized,
)
from schemas.events import (
    Contact,
    Event,
    EventType,
    Message,
    MessageState,
    OptOutState,
    PhoneCall,
    ReportedOptOut,
    Unrecognized,
)

#: Partitions of every topic. The same number everywhere keeps a contact on one partition number.
PARTITIONS = 12


class Retention(StrEnum):
    """Which retention setting a topic follows."""

    EVENTS = "events"
    DEAD_LETTERS = "dead_letters"
    LATEST = "latest"  # compacted: the newest record of every key stays for ever
    FOREVER = "forever"  # every record stays


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic and what it is for."""

    name: str
    about: str
    retention: Retention = Retention.EVENTS
    #: what its values decode to; None: bytes of another topic
    record: type[Event] | type[AnalyticsEvent] | None = None

    @property
    def subject(self) -> str:
        """The Schema Registry subject of its values."""
        return f"{self.name}-value"


MESSAGES = Topic("sms.messages.v1", "messages received, sent, delivered, failed", record=Message)
CONTACTS = Topic("sms.contacts.v1", "contacts created, tags changed", record=Contact)
OPT_OUTS = Topic("sms.opt-outs.v1", "opt-outs and opt-ins that a provider reports", record=ReportedOptOut)
CALLS = Topic("sms.calls.v1", "phone calls completed", record=PhoneCall)
UNRECOGNIZED = Topic("sms.unrecognized.v1", "authentic webhooks of no known kind", record=Unrecognized)

OPT_OUT_STATE = Topic(
    "sms.opt-out-state.v1", "who may be texted: the newest state of every phone", Retention.LATEST, OptOutState
)

#: Its key is the message's, not the contact's phone.
MESSAGE_STATE = Topic(
    "sms.message-state.v1", "what became of each message: the newest state of every one", Retention.LATEST, MessageState
)

OPT_OUT_HEADS = Topic(
    "sms.opt-out-heads.v1",
    "signed heads of the opt-out ledger, in JSON: what its chain is verified by",
    Retention.FOREVER,
)

PROGRESS = Topic("sms.progress.v1", "up to when the topics are complete, a record a minute, in JSON")

#: What ingest writes, in the order in which people should meet them.
EVENT_TOPICS = (MESSAGES, CONTACTS, OPT_OUTS, CALLS, UNRECOGNIZED)

#: Every topic whose values are records of ours: ingest's, and what opt_out and persist publish.
RECORD_TOPICS = (*EVENT_TOPICS, OPT_OUT_STATE, MESSAGE_STATE)

#: The topic that a record belongs on.
TOPIC_OF: dict[type[Event], Topic] = {
    topic.record: topic for topic in RECORD_TOPICS if topic.record and issubclass(topic.record, Event)
}

#: The events of each topic of ingest's without personal data: what analytics writes, in the same order.
ANALYTICS_TOPICS = tuple(
    Topic(f"sms.{name}.analytics.v1", f"{about}: without personal data", record=record)
    for name, about, record in (
        ("messages", MESSAGES.about, AnalyticsMessage),
        ("contacts", CONTACTS.about, AnalyticsContact),
        ("opt-outs", OPT_OUTS.about, AnalyticsOptOut),
        ("calls", CALLS.about, AnalyticsCall),
        ("unrecognized", UNRECOGNIZED.about, AnalyticsUnrecognized),
    )
)

#: The topic that a record without personal data belongs on.
ANALYTICS_TOPIC_OF: dict[type[AnalyticsEvent], Topic] = {
    topic.record: topic for topic in ANALYTICS_TOPICS if topic.record and issubclass(topic.record, AnalyticsEvent)
}

#: Every topic that has a schema.
SCHEMA_TOPICS = (*RECORD_TOPICS, *ANALYTICS_TOPICS)


#: The record of an event type, by what the type begins with; the longest that fits.
_RECORD_OF = {
    "message.": Message,
    "contact.": Contact,
    "contact.opted_": ReportedOptOut,
    "call.": PhoneCall,
    EventType.UNRECOGNIZED.value: Unrecognized,
    EventType.OPT_OUT_STATE.value: OptOutState,
    EventType.MESSAGE_STATE.value: MessageState,
}


def record_of(event_type: str) -> type[Event] | None:
    """What kind of record carries events of this type; None: no type of ours."""
    fitting = [beginning for beginning in _RECORD_OF if event_type.startswith(beginning)]
    return _RECORD_OF[max(fitting, key=len)] if fitting else None


def dead_letter_topic(processor: str) -> Topic:
    """Where `processor` (its outside name, such as "opt-out") sets records aside."""
    return Topic(f"dlq.{processor}", f"records that {processor} set aside", Retention.DEAD_LETTERS)


def redrive_topic(processor: str) -> Topic:
    """Where dead letters of `processor` return to it, and to nobody else."""
    return Topic(f"redrive.{processor}", f"dead letters on their way back to {processor}")


def is_dead_letter(topic: str) -> bool:
    """Whether the topic of this name holds dead letters."""
    return topic.startswith(dead_letter_topic("").name)


def is_redrive(topic: str) -> bool:
    """Whether the topic of this name brings dead letters back."""
    return topic.startswith(redrive_topic("").name)


def consumer_group(processor: str) -> str:
    """The Kafka consumer group of `processor`."""
    return f"hookline-{processor}"


def processor_of(group: str) -> str:
    """The processor of a consumer group: what `consumer_group` was given."""
    return group.removeprefix("hookline-")
