"""Looks for personal data in a record as it stands on Kafka: in its key, its value and its headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from schemas.cloudevents import Headers
from schemas.events import Event
from schemas.personal_data import marks_of
from schemas.topics import TOPIC_OF

#: Digits of a number that give it away: without a country's and an area's code.
DIGITS = 7
#: Characters below which a text is found by chance.
SHORTEST = 6


def personal(event: Event) -> set[str]:
    """What of `event` must not be found: whatever its schema marks, and the ids that can be guessed."""
    found = {str(event.event_id)} | {getattr(event, "message_key", "")}
    for name in marks_of(TOPIC_OF[type(event)].subject):
        value = getattr(event, name)
        found |= set(value) if isinstance(value, tuple) else {value or ""}
    return found


def hits(planted: Iterable[str], key: bytes | None, value: bytes, headers: Headers | Sequence[Any]) -> set[str]:
    """Which of `planted` stand in the record, as they are, in any case, or as a number's last digits."""
    parts = [key or b"", value, *(head for _, head in headers)]
    everything = "\n".join(part.decode("utf-8", "replace") for part in parts)
    both = everything + everything.lower()
    return {text for text in planted if any(form in both for form in _forms(text))}


def _forms(text: str) -> set[str]:
    forms = {text, text.strip(), text.lower()}
    digits = re.sub(r"\D", "", text)
    if len(digits) >= DIGITS:
        forms |= {digits, digits[-DIGITS:]}
    return {form for form in forms if len(form) >= SHORTEST}
