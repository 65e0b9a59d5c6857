"""docs/data-dictionary.md, from the Avro schemas and the migrations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ops.processors import topics_of_hookline
from schemas.ids import RegisteredSchema, SchemaIds
from schemas.personal_data import MARK
from schemas.privileges import PRIVILEGES, ROLES
from schemas.topics import PARTITIONS, SCHEMA_TOPICS
from tests.reference.markdown import code, table
from tests.reference.tables import tables

HEADERS = (
    ("ce_specversion", "1.0 (CloudEvents)"),
    ("ce_id", "the event's id: the same for every repeat of one delivery"),
    ("ce_type", "the event's type, such as message.received"),
    ("ce_source", "/providers/PROVIDER/ACCOUNT"),
    ("ce_time", "when it happened, RFC 3339"),
    ("content-type", "application/avro"),
    ("hl-node, hl-epoch, hl-seq", "which worker of ingest made it, and its number there: docs/status.md"),
    ("hl-spooled-at", "only where it waited in the spool: since when, in microseconds since the epoch"),
)


def page() -> str:
    """The whole page."""
    ids = SchemaIds.checked_in()
    parts = [
        "# Data dictionary\n",
        "## Topics\n",
        f"Every topic has {PARTITIONS} partitions and the contact's phone as its key, so that all about one contact is "
        "on one partition number. Between topics there is no order.\n",
        table(
            ("topic", "what is on it"),
            [(code(declared_topic.name), declared_topic.about) for declared_topic in topics_of_hookline()],
        ),
        "Headers of every event:\n",
        table(("header", "value"), [(code(name), meaning) for name, meaning in HEADERS]),
        "Values are Avro in the Confluent wire format (0x00, the schema's id in four bytes, the body); `hookline "
        "registry` serves the schemas.\n",
    ]
    for topic in SCHEMA_TOPICS:
        versions = ids.versions(topic.subject)
        newest = versions[-1]
        parts.append(f"### {topic.name}\n")
        parts.append(f"{newest.schema['doc']} Schema id {newest.id}, version {newest.version}.\n")
        rows = [
            (
                code(field["name"]),
                avro(field["type"]),
                field.get(MARK, ""),
                f"{since(field['name'], versions)}",
                field["doc"],
            )
            for field in newest.schema["fields"]
        ]
        parts.append(table(("field", "type", "personal data", "since version", "meaning"), rows))
    everything = tables()
    inner = {name: relation for name, relation in everything.items() if "." not in name}
    parts.append("## Views for analysts\n")
    parts.append(
        "The schema `analytics`, which the role `hookline_reader` sees and nothing else; [how to read](analysts.md).\n"
    )
    for name, relation in everything.items():
        if name not in inner:
            parts.append(f"### {name}\n")
            parts.append(f"{relation.comment}\n")
            parts.append(
                table(
                    ("column", "meaning"), [(code(column.name), column.comment) for column in relation.columns.values()]
                )
            )
    parts.append("## Tables\n")
    parts.append("The role `hookline_owner` owns them. The roles of the processes own nothing, and may:\n")
    parts.append(table(("table", *map(code, ROLES)), [(code(name), *privileges(name)) for name in inner]))
    parts.append("r: SELECT, a: INSERT, w: UPDATE, d: DELETE, w(column): UPDATE of that column only.\n")
    for relation in inner.values():
        parts.append(f"### {relation.name}\n")
        parts.append(f"{relation.comment}\n")
        columns = [
            (code(column.name), column.type, "yes" if column.required else "", column.comment)
            for column in relation.columns.values()
        ]
        parts.append(table(("column", "type", "always there", "meaning"), columns))
    return "\n".join(parts)


def since(name: str, versions: Sequence[RegisteredSchema]) -> int:
    """The version from which on every one has the field `name`."""
    lacking = [entry.version for entry in versions if all(field["name"] != name for field in entry.schema["fields"])]
    return max(lacking, default=0) + 1


def privileges(name: str) -> list[str]:
    """What each role may do with the table `name`, in the letters of psql's \\dp."""
    letters = {"SELECT": "r", "INSERT": "a", "UPDATE": "w", "DELETE": "d"}
    found: list[str] = []
    for role in ROLES:
        granted = PRIVILEGES[role].get(name, frozenset())
        whole = "".join(letter for privilege, letter in letters.items() if privilege in granted)
        columns = sorted(
            granted_privilege.removeprefix("UPDATE ") for granted_privilege in granted if "(" in granted_privilege
        )
        found.append(" ".join([whole, *(f"w{column}" for column in columns)]))
    return found


def avro(kind: Any) -> str:
    """A field's type in few words."""
    if isinstance(kind, list):
        return " or ".join(avro(branch) for branch in kind)
    if isinstance(kind, dict):
        if "logicalType" in kind:
            return f"{kind['type']} ({kind['logicalType']})"
        return f"{kind['type']} of {avro(kind['items'])}" if "items" in kind else avro(kind["type"])
    return str(kind)
