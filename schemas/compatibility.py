"""Whether a new version of a schema can live beside the old: old readers with new records, new with old ones.

Stricter than Avro's own rules: a logical type may not change either, for the bytes would be read as another
time; a field may not be renamed, for a reader would find its default and never learn that it lost something; and a
default may not change, for what a record without the field says would depend on who reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.ids import ANNOTATIONS, Schema, without_annotations

#: What a Schema Registry is to hold the versions of our subjects to: the nearest that it knows to this file.
COMPATIBILITY = "FULL_TRANSITIVE"

#: What two versions may differ in.
_DOCUMENTATION = (*ANNOTATIONS, "default", "aliases", "order")


class Incompatibility(NamedTuple):
    """What forbids a schema as the next version of another."""

    field: str  #: its path, such as `place.city`; "the record" where it is about the whole
    reason: str  #: what changed, and the fix

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


class FieldChange(NamedTuple):
    """How a field differs between two versions."""

    field: str
    change: str  #: "added", "removed" or "changed"
    old: str | None  #: its type in few words; None: it was added
    new: str | None  #: the same; None: it was removed


def incompatibilities(old: Schema, new: Schema) -> list[Incompatibility]:
    """Everything that forbids `new` as the next version of `old`, each with the field and the fix."""
    return list(_record(old, new, ""))


def field_changes(old: Schema, new: Schema) -> list[FieldChange]:
    """The fields of the record that `new` added to `old`, removed, or gave another type or default."""
    before = {field["name"]: field for field in old["fields"]}
    after = {field["name"]: field for field in new["fields"]}
    changes = []
    for name in [*before, *(name for name in after if name not in before)]:
        was, now = before.get(name), after.get(name)
        if was is None or now is None or without_annotations(was) != without_annotations(now):
            change = "added" if was is None else "removed" if now is None else "changed"
            changes.append(FieldChange(name, change, _field_shown(was), _field_shown(now)))
    return changes


def _record(old: Schema, new: Schema, path: str) -> Iterator[Incompatibility]:
    for key in ("name", "namespace"):
        if old.get(key) != new.get(key):
            where = path.rstrip(".") or "the record"
            yield Incompatibility(where, f"its {key} was {old.get(key)} and is {new.get(key)}; leave it as it was")
    before = {field["name"]: field for field in old["fields"]}
    after = {field["name"]: field for field in new["fields"]}
    removed = [field for name, field in before.items() if name not in after]
    added = [field for name, field in after.items() if name not in before]
    for field in removed:
        yield from _removed(field, added, path)
    for field in added:
        if "default" not in field:
            reason = "is new and has no default, so old records cannot be read; give it one"
            yield Incompatibility(f"{path}{field['name']}", reason)
    for name, field in before.items():
        if name in after:
            yield from _type(field["type"], after[name]["type"], f"{path}{name}")
            yield from _default(field, after[name], f"{path}{name}")


def _removed(field: Schema, added: list[Schema], path: str) -> Iterator[Incompatibility]:
    name = f"{path}{field['name']}"
    likely = [other["name"] for other in added if _bare(other["type"]) == _bare(field["type"])]
    if likely:
        reason = f"seems renamed to {' or '.join(likely)}; keep it, add the other with a default, and fill both"
        yield Incompatibility(name, reason)
    elif "default" not in field:
        yield Incompatibility(name, "was removed and has no default, so old readers cannot read new records; keep it")


def _default(old: Schema, new: Schema, name: str) -> Iterator[Incompatibility]:
    if "default" in old and "default" in new and json.dumps(old["default"]) != json.dumps(new["default"]):
        was, now = json.dumps(old["default"]), json.dumps(new["default"])
        reason = f"its default was {was} and is {now}, so records without it would say another thing; leave it"
        yield Incompatibility(name, reason)


def _type(old: Any, new: Any, name: str) -> Iterator[Incompatibility]:
    # A union of null and one thing is that thing, as long as it is one on both sides.
    inner_old, inner_new = _branches(old), _branches(new)
    records = [part for part in inner_old if _is_record(part)]
    if records and len(inner_old) == len(inner_new):
        partners = [part for part in inner_new if _is_record(part)]
        plain = [_bare(part) for part in inner_old if not _is_record(part)]
        if len(partners) == len(records) == 1 and plain == [_bare(part) for part in inner_new if not _is_record(part)]:
            yield from _record(records[0], partners[0], f"{name}.")
            return
    if sorted(map(str, map(_bare, inner_old))) != sorted(map(str, map(_bare, inner_new))):
        reason = f"its type was {_shown(old)} and is {_shown(new)}; leave it and add another field with a default"
        yield Incompatibility(name, reason)


def _branches(type_: Any) -> list[Any]:
    return type_ if isinstance(type_, list) else [type_]


def _is_record(type_: Any) -> bool:
    return isinstance(type_, dict) and type_.get("type") == "record"


def _bare(type_: Any) -> Any:
    """`type_` without what two versions may differ in; {"type": "string"} is "string"."""
    if isinstance(type_, list):
        return [_bare(branch) for branch in type_]
    if isinstance(type_, dict):
        relevant = {key: _bare(value) for key, value in sorted(type_.items()) if key not in _DOCUMENTATION}
        return relevant["type"] if set(relevant) == {"type"} else relevant
    return type_


def _field_shown(field: Schema | None) -> str | None:
    if field is None:
        return None
    default = f", default {json.dumps(field['default'])}" if "default" in field else ""
    return f"{_shown(field['type'])}{default}"


def _shown(type_: Any) -> str:
    """`type_` in few words, such as `null|long(timestamp-micros)`."""
    if isinstance(type_, list):
        return "|".join(map(_shown, type_))
    if isinstance(type_, dict):
        if "logicalType" in type_:
            return f"{_shown(type_['type'])}({type_['logicalType']})"
        if "items" in type_ or "values" in type_:
            return f"{type_['type']} of {_shown(type_.get('items', type_.get('values')))}"
        return f"{type_['type']} {type_['name']}" if "name" in type_ else _shown(type_["type"])
    return str(type_)
