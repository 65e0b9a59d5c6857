"""docs/asyncapi.json: the topics as an AsyncAPI 3.0 document, for tools that make code and catalogues of one."""

from __future__ import annotations

import json
from typing import Any

from runtime.version import hookline_version
from schemas.ids import SchemaIds
from schemas.topics import OPT_OUT_HEADS, PROGRESS, SCHEMA_TOPICS, Topic

#: Of a message whose payload is Avro (asyncapi.com, "Multi Format Schema Object", seen 2026-11).
_AVRO = "application/vnd.apache.avro;version=1.9.0"
_HEADERS = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "the event's id"},
        "ce_type": {"type": "string", "description": "the event's type"},
        "ce_source": {"type": "string", "description": "/providers/PROVIDER/ACCOUNT"},
        "ce_time": {"type": "string", "format": "date-time", "description": "when it happened"},
        "content-type": {"type": "string", "const": "application/avro"},
    },
}


_NATURAL = {"type": "integer", "minimum": 0}
_TIME = {"type": "string", "format": "date-time"}
#: The topics whose records are JSON: the record's name, its key, what it says, and the schema of its value.
_JSON_TOPICS = {
    PROGRESS: (
        "TopicProgress",
        "progress",
        "Every event that was answered 200 before `at` is on its topic, below the ends in `logs`.",
        {
            "type": "object",
            "required": ["at", "logs", "spooled", "parked"],
            "properties": {
                "at": _TIME,
                "logs": {
                    "type": "object",
                    "description": "by topic",
                    "additionalProperties": {
                        "type": "object",
                        "required": ["topic_id", "partitions"],
                        "properties": {
                            "topic_id": {"type": "string", "format": "uuid"},
                            "partitions": {
                                "type": "array",
                                "description": "for each partition the first offset and the one after the last",
                                "items": {"type": "array", "items": _NATURAL, "minItems": 2, "maxItems": 2},
                            },
                        },
                    },
                },
                "spooled": {"type": "integer", "const": 0},
                "parked": {**_NATURAL, "description": "of these records, those that opt-out could not process"},
            },
        },
    ),
    OPT_OUT_HEADS: (
        "SignedHead",
        "head",
        "The ledger had this row at its end when it was signed: `hookline opt-outs verify --published`.",
        {
            "type": "object",
            "required": ["position", "hash", "signed_at", "key", "signature"],
            "properties": {
                "position": {"type": "integer", "minimum": 1},
                "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "signed_at": _TIME,
                "key": {"type": "string", "description": "which key signed it"},
                "signature": {"type": "string", "description": "Ed25519, Base64"},
            },
        },
    ),
}


def document() -> dict[str, Any]:
    """The whole document."""
    ids = SchemaIds.checked_in()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hookline",
            "version": hookline_version(),
            "description": (
                "Events of SMS providers, normalised. Values are Avro in the Confluent wire format, where no other type"
                " is named."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/avro",
        "channels": {topic.name: _channel(topic, ids) for topic in SCHEMA_TOPICS}
        | {topic.name: _json_channel(topic) for topic in _JSON_TOPICS},
        "operations": {
            f"publish {topic.name}": {"action": "send", "channel": {"$ref": f"#/channels/{topic.name}"}}
            for topic in (*SCHEMA_TOPICS, *_JSON_TOPICS)
        },
    }


def page() -> str:
    """The whole file."""
    return json.dumps(document(), indent=1, ensure_ascii=False)


def _channel(topic: Topic, ids: SchemaIds) -> dict[str, Any]:
    newest = ids.versions(topic.subject)[-1]
    message = {
        "name": newest.schema["name"],
        "title": f"{newest.schema['name']}, version {newest.version}",
        "summary": newest.schema["doc"],
        "contentType": "application/avro",
        "headers": _HEADERS,
        "payload": {"schemaFormat": _AVRO, "schema": newest.schema},
        "bindings": {
            "kafka": {
                "key": {"type": "string"},
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "bindingVersion": "0.5.0",
            }
        },
    }
    return {"address": topic.name, "description": topic.about, "messages": {newest.schema["name"]: message}}


def _json_channel(topic: Topic) -> dict[str, Any]:
    name, key, says, schema = _JSON_TOPICS[topic]
    message = {
        "name": name,
        "summary": says,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "required": ["content-type"],
            "properties": {"content-type": {"type": "string", "const": "application/json"}},
        },
        "payload": schema,
        "bindings": {"kafka": {"key": {"type": "string", "const": key}, "bindingVersion": "0.5.0"}},
    }
    return {"address": topic.name, "description": topic.about, "messages": {name: message}}
