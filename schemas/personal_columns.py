"""Where PostgreSQL holds personal data, column by column, and what `hookline erase` does with each.

Every column that can hold a text or bytes stands here, in PERSONAL or in WITHOUT: a test compares both with the
migrated database. What the records on Kafka hold is marked in their schemas (`schemas/personal_data.py`): a column that
is named like a marked field is personal here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from schemas.personal_data import PersonalData


class Erasing(StrEnum):
    """What becomes of a column when a person is erased."""

    ROW = "the row is deleted"
    EMPTIED = "emptied, the row stays"
    DIGEST = "the number's digest takes its place"
    WORDS = "written by operators, who are told to name no number: looked through, and told"


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    """One column."""

    kind: PersonalData
    erasing: Erasing


_PHONE, _NAME, _TEXT, _PAYLOAD = PersonalData.PHONE, PersonalData.NAME, PersonalData.TEXT, PersonalData.PAYLOAD


def _of(erasing: Erasing, **kinds: PersonalData) -> dict[str, PersonalColumn]:
    return {column: PersonalColumn(kind, erasing) for column, kind in kinds.items()}


_FIELDS_OF_CONTACT = {"phone": _PHONE, "name": _NAME, "tag": _TEXT, "tags": _TEXT, "business_name": _NAME}

#: By table, by column.
PERSONAL: Mapping[str, Mapping[str, PersonalColumn]] = MappingProxyType(
    {
        # The row stays: an event that is read again is known by its id, and an audit still finds it.
        "events": _of(Erasing.EMPTIED, contact_phone=_PHONE, payload=_PAYLOAD, message_key=_TEXT),
        "messages": _of(
            Erasing.ROW,
            contact_phone=_PHONE,
            text=_TEXT,
            message_key=_TEXT,
            custom_id=_TEXT,
            own_custom_id=_TEXT,
            failure_custom_id=_TEXT,
            failure_key=_TEXT,
        ),
        "message_failures": _of(
            Erasing.ROW, contact_phone=_PHONE, text=_TEXT, message_key=_TEXT, custom_id=_TEXT, joined_key=_TEXT
        ),
        "contacts": _of(Erasing.ROW, **_FIELDS_OF_CONTACT),
        "crm_contacts": _of(Erasing.ROW, **_FIELDS_OF_CONTACT),
        "crm_notes": _of(Erasing.ROW, contact_phone=_PHONE, text=_TEXT, note_key=_TEXT),
        "crm_deliveries": _of(Erasing.ROW, contact_phone=_PHONE, note_key=_TEXT, detail=_TEXT),
        "crm_lanes": _of(Erasing.ROW, contact_phone=_PHONE),
        "crm_links": _of(Erasing.ROW, key=_PHONE, written=_TEXT),
        "opt_out_ledger": _of(Erasing.DIGEST, phone=_PHONE)
        | _of(Erasing.EMPTIED, phone_as_received=_PHONE)
        | _of(Erasing.WORDS, reason=_TEXT),
        "opt_out_evidence": _of(Erasing.ROW, text=_TEXT, name=_NAME),
        "opt_outs": _of(Erasing.DIGEST, phone=_PHONE, lookup_key=_PHONE) | _of(Erasing.WORDS, reason=_TEXT),
        "opt_out_reviews": _of(Erasing.DIGEST, phone=_PHONE) | _of(Erasing.EMPTIED, question=_TEXT),
        "opt_out_parked": _of(
            Erasing.EMPTIED, key=_PHONE, phone=_PHONE, value=_PAYLOAD, headers=_PAYLOAD, error_message=_TEXT
        ),
        "enforcements": _of(Erasing.DIGEST, phone=_PHONE) | _of(Erasing.EMPTIED, detail=_TEXT),
        "erased_returns": _of(Erasing.ROW, phone=_PHONE),
        "erasures": _of(Erasing.WORDS, asked_by=_TEXT, reason=_TEXT),
        "audited_days": _of(Erasing.WORDS, reason=_TEXT),
        "dead_letter_requests": _of(Erasing.WORDS, reason=_TEXT),
        "quarantine_requests": _of(Erasing.WORDS, reason=_TEXT),
        "console_records": _of(Erasing.WORDS, subject=_TEXT, reason=_TEXT),
        "data_reveals": _of(Erasing.WORDS, reason=_TEXT),
        "discarded_letters": _of(Erasing.WORDS, reason=_TEXT),
        "ingest_nodes": _of(Erasing.WORDS, retired_reason=_TEXT),
        "process_pauses": _of(Erasing.WORDS, reason=_TEXT),
    }
)

_PLACE = ("consumer_group", "cluster_id", "topic")
#: Columns that hold no personal data though their type could: names and ids of ours, words of our own, hashes, our own
#: numbers, and ids that a provider made, which tell nothing to whoever cannot ask it.
WITHOUT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        table: frozenset(columns)
        for table, columns in {
            "alarms": ("key", "rule", "severity", "summary", "cause", "command", "runbook", "sent"),
            "api_budgets": ("api",),
            "audited_days": ("accepted_by",),
            "console_records": ("username", "kind", "action"),
            "consumer_failures": (*_PLACE[:2], "error_class"),
            "consumer_freshness": ("consumer_group", "topics"),
            "consumer_offsets": _PLACE,
            "consumer_outcomes": ("consumer_group", "recent", "set_aside"),
            "contacts": ("provider_contact_id",),
            "crm_backfills": ("target", "started_by"),
            "crm_contacts": ("provider_contact_id", "opt_out_state"),
            "crm_deliveries": ("target", "event_type", "status"),
            "crm_lanes": ("target",),
            "crm_links": ("target", "kind", "external_id", "remote_id"),
            "crm_notes": ("provider", "account", "kind", "direction", "state", "provider_message_id"),
            "crm_targets": ("target", "reason"),
            "data_reveals": ("revealed_by", "surface"),
            "dead_letter_requests": (
                *("processor", "action", "disposition", "error_class", "writer", "requested_by", "stopped_by", "state"),
                "detail",  # numbers and words of our own, for people
            ),
            # The message of an error is redacted before it is stored.
            "dead_letters": ("consumer_group", "topic", "event_type", "disposition", "error_class", "error_message"),
            "discarded_letters": ("cluster_id", "processor", "discarded_by"),
            "enforcements": ("target", "account", "status"),
            "erased_numbers": ("digest", "phone"),
            "erased_peppers": ("pepper",),
            "erased_returns": ("erased_phone",),
            "erasures": ("phone", "erased_by", "result"),
            "event_rhythms": ("provider", "event_type"),
            "event_traces": ("consumer_group", "traceparent"),
            "events": ("event_type", "provider", "account", "account_phone", "topic"),
            "ingest_counts": ("node", "epoch", "topic", "durability"),
            "ingest_nodes": ("node",),
            # Published, then deleted, within a second.
            "message_changes": ("message_keys",),
            "message_failures": ("provider", "account", "account_phone", "sim_card_id", "failure_id"),
            "messages": (
                *("provider", "account", "account_phone", "direction", "state", "own_state", "sim_card_id"),
                *("provider_message_id", "conversation_id", "failure_id", "own_failure_id", "failure_failure_id"),
            ),
            "opt_out_cursors": ("name",),
            "opt_out_evidence": ("digest", "salt"),
            "opt_out_joined_phones": ("phone_digest", "phone_pepper"),
            "opt_out_ledger": (
                *("action", "tier", "rule", "actor", "provider", "account", "account_phone", "message_id"),
                *("event_hash", "topic", "evidence_digest", "previous_hash", "hash", "phone_digest", "phone_pepper"),
            ),
            "opt_out_parked": ("topic", "disposition", "error_class", "writer"),
            "opt_out_published": ("accepted_by",),
            "opt_out_reviews": ("kind", "decision", "decided_by"),
            "opt_out_rule_changes": ("decided_by",),
            "opt_outs": ("state", "provider", "account"),
            "process_heartbeats": ("name", "instance", "node", "version", "state", "reason", "facts"),
            "process_pauses": ("consumer_group", "paused_by", "resumed_by"),
            "provider_facts": ("provider",),
            "published_topics": ("topic", "cluster_id"),
            "quarantine_requests": (
                *("node", "provider", "refusal", "requested_by", "stopped_by", "state"),
                "detail",  # numbers and words of our own, for people
            ),
            "redriven_letters": ("cluster_id", "processor"),
            "restores": ("noted_by",),
            "retention_marks": ("history",),
            "sim_numbers": ("sim_card_id", "phone"),
            "target_accounts": ("target", "account", "name", "source"),
            "target_rounds": ("target", "work", "result"),
            "topic_progress": ("logs",),
        }.items()
    }
)


def columns_of(erasing: Erasing) -> list[tuple[str, str]]:
    """Table and column of everything that is erased in this way."""
    return [
        (table, name)
        for table, columns in PERSONAL.items()
        for name, column in columns.items()
        if column.erasing is erasing
    ]
