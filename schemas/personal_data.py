"""Which fields of our records hold personal data, and of what kind: the mark `x-pii` in each schema.

It says what masks a field in a command, and what a topic without personal data may not have. A field without a mark
that could hold any text stands in WITHOUT, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from schemas.ids import Schema, SchemaIds

#: The attribute of a field that holds its PersonalData.
MARK = "x-pii"


class PersonalData(StrEnum):
    """What kind of personal data a field holds."""

    PHONE = "phone"  # a phone number, or what came in the place of one
    NAME = "name"  # of a person or a business
    TEXT = "text"  # what people write: a message, a tag, an id that the sender of a message made up
    PAYLOAD = "payload"  # the provider's whole JSON: all of these


_OURS = "one of our own words"
_PROVIDERS_ID = "an id that the provider made; whoever can ask the provider finds the person by it"
_KEYED = "a keyed hash: nobody can make it from a guess without the secret"
_HASH = "a hash of the event, without a secret: whoever guesses the phone, the text and the time finds it"

#: Fields that hold none, though their type could, and why. Most ids still lead to a person, for those who can ask the
#: provider or guess: topics without personal data have keyed hashes in their place.
WITHOUT: Mapping[str, str] = MappingProxyType(
    {
        "event_id": _HASH,
        "message_key": f"TextUs: {_PROVIDERS_ID}; TextLink: {_HASH}",
        "event_type": _OURS,
        "provider": _OURS,
        "direction": _OURS,
        "state": _OURS,
        "reason": f"{_OURS}, or several; processors write no personal data into it",
        "kind": "the provider's name of a kind of webhook, or the last part of its URL",
        "account": "the account at the provider: ours, not a contact's",
        "sim_card_id": "the number of a SIM of ours at TextLink",
        "subuser_id": "the id of one of our own users at TextLink",
        "provider_message_id": _PROVIDERS_ID,
        "conversation_id": _PROVIDERS_ID,
        "failure_id": _PROVIDERS_ID,
        "provider_contact_id": _PROVIDERS_ID,
        "provider_opt_out_id": _PROVIDERS_ID,
        "provider_call_id": _PROVIDERS_ID,
        "contact_key": _KEYED,
        "account_phone_key": _KEYED,
        "provider_message_key": _KEYED,
        "conversation_key": _KEYED,
        "custom_key": _KEYED,
        "failure_key": _KEYED,
        "provider_contact_key": _KEYED,
        "provider_opt_out_key": _KEYED,
        "provider_call_key": _KEYED,
        "subuser_key": _KEYED,
        "tag_label": f"{_KEYED}; readable for the tags that a setting names",
        "tag_labels": f"{_KEYED}; readable for the tags that a setting names",
        "key_id": "the name of a secret, made from it",
        "region": "a country",
        "language": "a language",
        "opt_out_tier": _OURS,
    }
)


def marks(schema: Schema) -> dict[str, PersonalData]:
    """The fields of `schema` that hold personal data. Raises ValueError where a mark is none of PersonalData."""
    return {field["name"]: PersonalData(field[MARK]) for field in schema["fields"] if MARK in field}


@cache
def marks_of(subject: str) -> Mapping[str, PersonalData]:
    """The fields with personal data of `subject`'s newest checked-in schema. Raises UnknownSchema."""
    return MappingProxyType(marks(SchemaIds.checked_in().versions(subject)[-1].schema))


def unmarked(schema: Schema) -> list[str]:
    """The fields that can hold a text or bytes and say neither which personal data that is, nor that it is none."""
    return [
        field["name"]
        for field in schema["fields"]
        if MARK not in field and field["name"] not in WITHOUT and _holds_text(field["type"])
    ]


def _holds_text(type_: Any) -> bool:
    if isinstance(type_, list):
        return any(map(_holds_text, type_))
    if not isinstance(type_, dict):
        return type_ in ("string", "bytes")
    inner = [type_["type"], type_.get("items"), type_.get("values"), *(f["type"] for f in type_.get("fields", ()))]
    return type_["type"] == "fixed" or any(map(_holds_text, filter(None, inner)))
