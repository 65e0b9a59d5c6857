"""What is shown of personal data to those who have not asked to see it."""

from __future__ import annotations

from typing import Any

from runtime.logs import MASK, Redactor
from schemas.events import Event
from schemas.personal_data import PersonalData, marks_of
from schemas.topics import TOPIC_OF

#: Characters at a number's end that are shown: enough to compare two, too few to call.
_SHOWN = 2
_redactor = Redactor()


def masked_phone(phone: str | None) -> str | None:
    """`phone` with its last two characters only."""
    if phone is None:
        return None
    sign = "+" if phone.startswith("+") else ""
    hidden = max(0, len(phone) - len(sign) - _SHOWN)
    return sign + "*" * hidden + (phone[-_SHOWN:] if hidden else "*" * (len(phone) - len(sign)))


def masked_text(text: str | None) -> str | None:
    """Whether there is a text, and nothing of it."""
    return MASK if text else text


def redacted(text: str | None) -> str | None:
    """A reason or an error's message, which should hold no personal data, without what looks like some."""
    return None if text is None else _redactor.text(text)


class Masking:
    """Masks personal data, or leaves it where it is to be revealed."""

    def __init__(self, *, reveal: bool) -> None:
        self.reveal = reveal

    def phone(self, phone: str | None) -> str | None:
        """A phone number."""
        return phone if self.reveal else masked_phone(phone)

    def text(self, text: str | None) -> str | None:
        """What a person wrote, or their name."""
        return text if self.reveal else masked_text(text)

    def payload(self, payload: Any) -> Any:
        """A provider's whole JSON."""
        return payload if self.reveal else MASK

    def field(self, event: Event, name: str) -> Any:
        """The field `name` of `event`, masked by what its schema says that it holds."""
        value = getattr(event, name)
        match marks_of(TOPIC_OF[type(event)].subject).get(name):
            case None:
                return value
            case PersonalData.PHONE:
                return self.phone(value)
            case PersonalData.PAYLOAD:
                return self.payload(value)
            case PersonalData.NAME | PersonalData.TEXT:
                return self.text(value)
