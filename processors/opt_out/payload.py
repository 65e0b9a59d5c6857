"""What the JSON of a webhook holds, whatever its fields are called: texts, and phone numbers in any spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from runtime.phone_lookup import parts_between_words
from runtime.phones import is_assignable, number_body, plain_text, read_phone

#: What a phone number in a webhook of no known kind may look like, without escapes, scheme and extension: without a
#: plus sign it has ten characters at least, or any id would be one.
_WRITTEN_WITH = r"[\d\s()./\u2010-\u2015\uff08\uff09\uff0d-]"
_PHONE = re.compile(rf"[\s(]*[+\uff0b]{_WRITTEN_WITH}{{6,24}}|{_WRITTEN_WITH}{{10,24}}")
#: What is dialled before a country code, in most countries and in North America.
_DIALLED = re.compile(r"[\s(]*(?:00|011)[\s().-]*")
#: No number has more than fifteen digits.
_LARGEST_NUMBER = 10**15 - 1
#: Characters of a text that may be a number, escaped twice and with an extension.
_LONGEST_WRITTEN = 100
#: Words that may stand beside a number, such as "(mobile)"; a text with more is about something.
_MOST_WORDS = 3
_WORD = re.compile(r"[^\W\d_]+")
#: A letter and a digit next to each other: an id, and no number with a word to it.
_GLUED = re.compile(r"[^\W\d_][\d-]|[\d-][^\W\d_]")

#: Names of fields that hold a message's text. A field that ends with one of the others tells something about it.
_TEXT_NAME = re.compile(r"text|body|message|msg|content|caption|subject|payload|reply", re.IGNORECASE)
_ABOUT_A_TEXT = re.compile(r"(?:id|sid|type|status|state|date|time|at|count)$", re.IGNORECASE)
#: Objects of that name have fields of their own, of which not all are texts.
_OBJECT_NAME = re.compile(r"message|msg|payload", re.IGNORECASE)


def decoded(payload: str) -> Any:
    """The JSON of `payload`; itself where that is none."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):  # nested deeper than ingest would have let through
        return payload


def values_in(node: Any) -> Iterator[str | int | float]:
    """Every text and number in a JSON document, but for the names of its fields."""
    waiting = [node]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str | int | float):
            yield value
        elif isinstance(value, dict):
            waiting += reversed(value.values())
        elif isinstance(value, list):
            waiting += reversed(value)


def texts_in(node: Any) -> list[str]:
    """The texts in a JSON document under names that a message's text has."""
    found: list[str] = []
    waiting = [(node, False)]
    while waiting:
        value, is_text = waiting.pop()
        if isinstance(value, str):
            found += [value] * is_text
        elif isinstance(value, dict):
            waiting += [
                (
                    inner,
                    (is_text or _is_text_name(name)) and not (isinstance(inner, dict) and _OBJECT_NAME.search(name)),
                )
                for name, inner in value.items()
            ]
        elif isinstance(value, list):
            waiting += [(inner, is_text) for inner in value]
    return found


@lru_cache(maxsize=1000)
def _is_text_name(name: str) -> bool:
    return _TEXT_NAME.search(name) is not None and _ABOUT_A_TEXT.search(name) is None


def phones_in(values: Sequence[str | int | float], region: str | None) -> list[str]:
    """The full numbers among `values`; where none is one alone, those with a word or another number beside them."""
    found = {number: None for value in values if (number := dialled_number_of(value, region)) is not None}
    if not found:
        found = {number: None for value in values if isinstance(value, str) for number in _numbers_of(value, region)}
    return list(found)


def dialled_number_of(value: str | int | float, region: str | None) -> str | None:
    """The E.164 of what may be a phone number; None: it is none."""
    if isinstance(value, str):
        body = number_body(value) if len(value) <= _LONGEST_WRITTEN else None
        if body is None or _PHONE.fullmatch(body.strip()) is None:
            return None
        abroad = _DIALLED.sub("+", body, count=1)  # the region may dial a country code in another way
        ways = ((value, region), (abroad, None)) if abroad != body else ((value, region),)
        read = (read_phone(written, where) for written, where in ways)
        return next((phone.number for phone in read if phone is not None and phone.valid), None)
    if isinstance(value, bool) or not 0 < value <= _LARGEST_NUMBER or value != value // 1:
        return None
    return _assignable(f"{value:.0f}", region)


def _numbers_of(text: str, region: str | None) -> list[str]:
    """The full numbers in `text`, which has words or another number beside them."""
    if len(text) > _LONGEST_WRITTEN:
        return []
    plain = plain_text(text)
    if _GLUED.search(plain) or len(_WORD.findall(plain)) > _MOST_WORDS:
        return []
    parts = (part for part in parts_between_words(plain) if _PHONE.fullmatch(part))
    return [number for part in parts if (number := _assignable(part, region)) is not None]


def _assignable(text: str, region: str | None) -> str | None:
    """Times and ids are numbers as well: what nobody can have been given is none."""
    phone = read_phone(text, region)
    return phone.number if phone is not None and phone.valid and is_assignable(phone.number) else None
