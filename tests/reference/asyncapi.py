"""docs/asyncapi.json: the topics as an AsyncAPI 3.0 document, for tools that make code and catalogues of one."""

from __future__ import annotations

import json
from typing import Any

from runtime.version import hookline_version
from schemas.ids import SchemaIds
from schemas.topics import SCHEMA_TOPICS, Topic

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


def document() -> dict[str, Any]:
    """The whole document."""
    ids = SchemaIds.checked_in()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hookline",
            "version": hookline_version(),
            "description": "Events of SMS providers, normalised. Values are Avro in the Confluent wire format.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/avro",
        "channels": {topic.name: _channel(topic, ids) for topic in SCHEMA_TOPICS},
        "operations": {
            f"publish {topic.name}": {"action": "send", "channel": {"$ref": f"#/channels/{topic.name}"}}
            for topic in SCHEMA_TOPICS
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
